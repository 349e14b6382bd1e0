/**
 * Workers and control killed in the middle of streams and between them, again and again: each request of which its client
 * saw a byte has one record, whoever died, and the figures count it once.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

const MODEL = 'tiny-qwen3'
const WORKERS = process.platform === 'linux' ? 2 : 1
/** So long that a kill finds them running. */
const LONG_TOKENS = 20_000
/** A mark is written after so many pieces, or 250 ms: what a kill may take of the count of a stream. */
const MARK_PIECES = 64

type Seen = { id: string; pieces: number; isWhole: boolean; tokensMax: number }

let product: Product
/** Each request that was accepted, by the first byte that its client saw. */
const seen: Seen[] = []

before(async () => {
  product = await startProduct({ starter: false, environment: { GATEWAY_WORKERS: String(WORKERS) } })
  await product.importModel(MODEL, await testModel('qwen3'))
  await product.load(MODEL, { sequences: 8 })
})
after(() => product.stop())

/** Asks and reads to the end, whichever it is. @param onPiece told of the first piece of text */
async function ask(tokensMax: number, stream: boolean, onPiece: () => void = () => {}): Promise<void> {
  const one: Seen = { id: '', pieces: 0, isWhole: false, tokensMax }
  try {
    const answer = await product.post('/v1/chat/completions', {
      model: MODEL,
      messages: [{ role: 'user', content: `Story ${Math.random()}` }],
      max_tokens: tokensMax,
      ignore_eos: true,
      temperature: 0,
      stream,
    })
    one.id = answer.headers.get('x-request-id') ?? ''
    if (answer.status !== 200) return void (await answer.text()) // a worker that knows no keys yet
    seen.push(one)
    const decoder = new TextDecoder()
    for await (const bytes of answer.body as ReadableStream<Uint8Array>) {
      const text = decoder.decode(bytes, { stream: true })
      one.pieces += text.match(/"(?:content|reasoning_content)":"(?!")/g)?.length ?? 0
      if (one.pieces > 0) onPiece()
    }
    one.isWhole = true
  } catch {
    // Its worker died, or none listened.
  } finally {
    onPiece()
  }
}

const serves = () =>
  product.until('it serves', async () => (await fetch(`${product.url}/readyz`).catch(() => null))?.status === 200)

/** Kills it as soon as it runs: after several deaths the supervisor waits a little. */
async function kill(role: 'worker' | 'control', name?: string): Promise<void> {
  const { pid } = await product.until(`${role} ${name ?? ''} runs`, async () =>
    product.processes().find((one) => one.role === role && (name === undefined || one.name === name)),
  )
  process.kill(pid, 'SIGKILL')
}

/** Some short requests, one after another. */
async function shortOnes(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await ask(3, done % 2 === 0)
}

describe('a request', () => {
  it('has exactly one record, however often workers and control are killed', async () => {
    for (let round = 0; round < 4; round++) {
      const begun: Promise<void>[] = []
      const streams = Array.from({ length: 4 }, () => {
        const first = Promise.withResolvers<void>()
        begun.push(first.promise)
        return ask(LONG_TOKENS, true, first.resolve)
      })
      const short = shortOnes(6)
      await Promise.all(begun)
      if (round % 2 === 1) await kill('control')
      for (let worker = 0; worker < WORKERS; worker++) await kill('worker', String(worker))
      await Promise.all([...streams, short])
      await serves()
      await shortOnes(3)
      if (round % 3 === 2) await kill('worker', '0') // right behind an answer, whose record may not be delivered yet
      await serves()
    }
    await shortOnes(2)

    const records = await product.until('every record arrives', async () => {
      const { data } = await product.get<{ data: Awaited<ReturnType<Product['usage']>> }>('/api/requests?limit=200')
      return seen.every(({ id }) => data.some((record) => record.id === id)) && data
    })
    assert.equal(new Set(records.map(({ id }) => id)).size, records.length)
    let interrupted = 0
    for (const { id, pieces, isWhole, tokensMax } of seen) {
      const record = records.find((one) => one.id === id)
      assert.ok(record)
      // Before the first piece there is no mark, so that nobody knows of the head that went out.
      if (pieces > 0) assert.equal(record.status, 200)
      assert.ok(record.tokens_out <= tokensMax, `${record.tokens_out} tokens of ${tokensMax}`)
      if (isWhole) {
        assert.deepEqual([record.cut_by, record.error_code, record.tokens_out], [null, null, tokensMax])
        continue
      }
      // Killed between the close of the record and the last bytes, all of it was made, and is counted.
      if (record.cut_by === null) {
        assert.deepEqual([record.error_code, record.tokens_out], [null, tokensMax])
        continue
      }
      interrupted++
      assert.deepEqual([record.cut_by, record.error_code], ['gateway', 'gateway_interrupted'])
      if (pieces > 0) assert.ok(record.tokens_out > 0)
      assert.ok(record.tokens_out > pieces - MARK_PIECES, `${record.tokens_out} recorded of ${pieces} that were seen`)
    }
    assert.ok(interrupted >= 10, `${interrupted} were interrupted`)
    // Those whose client saw nothing were on their way: they have a record too, and say so.
    for (const record of records)
      if (!seen.some(({ id }) => id === record.id) && record.status < 400)
        assert.equal(record.cut_by, 'gateway', JSON.stringify(record))

    const minute = 60_000
    const at = (ms: number) => new Date(Math.floor(ms / minute) * minute).toISOString()
    const { totals } = await product.get<{ totals: { requests: number; tokens_out: number } }>(
      `/api/usage?from=${at(Date.now() - 30 * minute)}&to=${at(Date.now() + minute)}&step=1m`,
    )
    assert.equal(totals.requests, records.length)
    assert.equal(
      totals.tokens_out,
      records.reduce((sum, record) => sum + record.tokens_out, 0),
    )
    console.log(`${seen.length} requests seen, ${interrupted} of them interrupted, ${records.length} records`)
  })

  it('leaves nothing behind once control has its record', async () => {
    await product.idle()
    await product.until('only the lives of running workers are left', async () => {
      const lives = readdirSync(join(product.folder.root, 'usage-journal')).filter((name) => name.startsWith('worker-'))
      return lives.length === WORKERS
    })
  })
})
