/**
 * Any process killed at the worst moment. Each costs its own requests and no others, and comes back by itself.
 * Times are printed, not asserted: they are the machine's.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { liveStream } from './live-stream.ts'
import { testModel } from './models/test-model.ts'
import { type Product, STARTER, startProduct } from './product.ts'

const SEQUENCES = 8
const NEIGHBOUR = 'tiny-qwen3'

let product: Product

before(async () => {
  product = await startProduct()
  await product.importModel(NEIGHBOUR, await testModel('qwen3'))
  await product.load(NEIGHBOUR)
})
after(() => product.stop())

/** An answer of exactly so many tokens. @param told makes each prompt its own */
function asked(tokens: number, told: string | number = 1, model = STARTER): object {
  return {
    model,
    messages: [{ role: 'user', content: `Tell me story number ${told}.` }],
    max_tokens: tokens,
    ignore_eos: true,
    temperature: 0,
  }
}

async function answers(): Promise<void> {
  const answer = await product.post('/v1/chat/completions', asked(2))
  assert.equal(answer.status, 200, await answer.text())
}

function times<Value>(count: number, make: (at: number) => Value): Value[] {
  return Array.from({ length: count }, (_, at) => make(at))
}

describe('an engine killed under eight streams, with eight more waiting', () => {
  it('cuts the eight, answers those that had not begun unseen, leaves other models alone, and is ready again', async () => {
    await product.load(STARTER, { sequences: SEQUENCES, context_tokens: 1_024 })
    // So long that they still run when all is over: what they say after the kill is what is tested.
    const neighbours = times(2, (at) => liveStream(product, asked(20_000, at, NEIGHBOUR)))
    const begun = times(SEQUENCES, (at) => liveStream(product, asked(900, at)))
    await Promise.all([...begun, ...neighbours].map((stream) => stream.begun))
    const waiting = times(SEQUENCES, (at) => liveStream(product, asked(4, `w${at}`)))
    const { engine_id } = await product.until('eight run and eight wait', async () => {
      const engine = await product.engine(STARTER)
      return engine.running === SEQUENCES && engine.waiting === SEQUENCES && engine
    })

    const heardBefore = neighbours.map(({ soFar }) => soFar.pieces)
    const killedAtMs = Date.now()
    process.kill(product.pidOf('engine', STARTER), 'SIGKILL')
    const cut = await Promise.all(begun.map((stream) => stream.ended))
    await product.until('the engine is ready again', async () => {
      const engine = await product.engine(STARTER)
      return engine.state === 'ready' && engine.restarts === 1
    })
    const readyAfterMs = Date.now() - killedAtMs
    const answered = await Promise.all(waiting.map((stream) => stream.ended))
    console.log(
      `engine killed: ready again after ${readyAfterMs} ms, the eight that waited answered after ${Date.now() - killedAtMs} ms`,
    )

    for (const end of cut) {
      assert.deepEqual([end.status, end.errorCode, end.done, end.broken], [200, 'engine_lost', false, false])
      assert.ok(end.pieces > 0)
    }
    for (const end of answered) {
      assert.deepEqual([end.status, end.finish, end.done, end.errorCode], [200, 'length', true, null])
      assert.ok(end.pieces > 0)
    }
    for (const [at, { soFar, hangUp }] of neighbours.entries()) {
      assert.deepEqual([soFar.errorCode, soFar.broken], [null, false])
      assert.ok(soFar.pieces > heardBefore[at]!, 'the other model went on')
      hangUp()
    }
    await Promise.all(neighbours.map((stream) => stream.ended))
    const records = await product.until('the records arrive', async () => {
      const mine = (await product.usage()).filter((record) => record.engine_id === engine_id)
      return mine.length >= 2 * SEQUENCES && mine
    })
    assert.equal(records.filter((record) => record.cut_by === 'engine').length, SEQUENCES)
    assert.equal(records.filter((record) => record.cut_by === null && record.retries > 0).length, SEQUENCES)
    await product.idle()
  })
})

describe('control killed under streams', () => {
  it('lets the streams finish, known keys work on, and usage arrives when it is back', async () => {
    const streams = times(3, (at) => liveStream(product, asked(150, `c${at}`)))
    await Promise.all(streams.map((stream) => stream.begun))
    const before = product.pidOf('control')
    const killedAtMs = Date.now()
    process.kill(before, 'SIGKILL')
    const meanwhile = await product.post('/v1/chat/completions', asked(3, 'while control is away'))
    const requestId = meanwhile.headers.get('x-request-id')
    assert.equal(meanwhile.status, 200)
    await meanwhile.text()
    for (const end of await Promise.all(streams.map((stream) => stream.ended)))
      assert.deepEqual([end.finish, end.done, end.errorCode], ['length', true, null])
    await product.until(
      'control is back',
      async () => (await fetch(`${product.url}/readyz`).catch(() => null))?.status === 200,
    )
    console.log(`control killed: ready again after ${Date.now() - killedAtMs} ms`)
    assert.notEqual(product.pidOf('control'), before)
    const record = await product.until('the record arrives', async () =>
      (await product.usage()).find(({ id }) => id === requestId),
    )
    assert.deepEqual([record.tokens_out, record.status, record.cut_by], [3, 200, null])
    assert.equal((await product.engine(STARTER)).state, 'ready')
  })

  it('the engines that it found running are its own again: it unloads one and loads it', async () => {
    const pid = product.pidOf('engine', NEIGHBOUR)
    assert.equal((await product.ask('POST', `/api/models/${NEIGHBOUR}/unload`)).status, 200)
    assert.ok(!product.processes().some((one) => one.pid === pid))
    await product.load(NEIGHBOUR)
  })
})

describe('a gateway worker killed', () => {
  it('is started again, the next request works, and the engine works no more for those who are gone', async () => {
    const stream = liveStream(product, asked(900, 'worker'))
    await stream.begun
    const before = product.pidOf('worker')
    const killedAtMs = Date.now()
    process.kill(before, 'SIGKILL')
    const end = await stream.ended
    assert.deepEqual([end.done, end.broken], [false, true])
    await product.until(
      'it answers again',
      async () => (await fetch(`${product.url}/readyz`).catch(() => null))?.status === 200,
    )
    console.log(`worker killed: ready again after ${Date.now() - killedAtMs} ms`)
    await answers()
    assert.notEqual(product.pidOf('worker'), before)
    await product.idle()
  })
})

describe('a second start on the same folder', () => {
  it('is refused with the sentence that says what to do', async () => {
    const second = product.spawnSupervisor()
    let said = ''
    second.stdout?.on('data', (chunk) => {
      said += chunk
    })
    // One that is not refused would serve for ever.
    const [exitCode] = await once(second, 'close', { signal: AbortSignal.timeout(30_000) }).finally(() => second.kill())
    assert.equal(exitCode, 73)
    assert.equal(
      said.trim(),
      `Tradewind already runs on ${product.folder.root} (process ${product.supervisorPid}). Stop it, or set TRADEWIND_DATA to another folder.`,
    )
    await answers()
  })
})

describe('the supervisor killed', () => {
  it('takes everything with it, and the same folder starts again with the same keys', async () => {
    const stream = liveStream(product, asked(900, 'supervisor'))
    await stream.begun
    const killedAtMs = Date.now()
    process.kill(product.supervisorPid, 'SIGKILL')
    await product.ended()
    await product.until('all are gone', async () => product.processes().length === 0)
    console.log(`supervisor killed: all gone after ${Date.now() - killedAtMs} ms`)
    await stream.ended
    await product.start()
    await answers()
  })
})

describe('Ctrl-C while a stream runs', () => {
  it('lets it finish, ends with exit code 0, and leaves nothing', async () => {
    const stream = liveStream(product, asked(120, 'last'))
    await stream.begun
    const exitCode = await product.pressCtrlC()
    const end = await stream.ended
    assert.deepEqual([end.finish, end.done, end.errorCode], ['length', true, null])
    assert.equal(exitCode, 0)
    assert.deepEqual(product.processes(), [])
    await product.start()
    const [newest] = await product.usage(1)
    assert.deepEqual([newest?.tokens_out, newest?.cut_by], [120, null])
  })
})

describe('Ctrl-C twice', () => {
  it('waits for nobody, and leaves nothing', async () => {
    const stream = liveStream(product, asked(900, 'impatient'))
    await stream.begun
    process.kill(product.supervisorPid, 'SIGINT')
    await product.until('it says that it ends', async () => product.said.includes('Ctrl-C again ends at once'))
    assert.equal(await product.pressCtrlC(), 1)
    await product.until('all are gone', async () => product.processes().length === 0)
    assert.equal((await stream.ended).done, false)
    await product.start()
    await answers()
  })
})
