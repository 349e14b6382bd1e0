/**
 * Five hundred clients that behave as clients do on a bad day: they leave at any moment, send half of what they began,
 * read slowly, or speak no HTTP at all. Afterwards nothing is left of them.
 *
 * Everything random follows from one seed, which the test prints.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineStats } from '../src/engines/engine-wire.ts'
import { sockets } from '../src/platform/data-folder.ts'
import { socketRequest } from '../src/platform/socket-request.ts'
import { testModel } from './models/test-model.ts'
import { connectionsTo, footprintOf } from './processes.ts'
import { type Product, STARTER, startProduct } from './product.ts'

const CLIENTS = 500
const AT_ONCE = 25
const TINY = 'tiny-qwen3'

let product: Product

before(async () => {
  product = await startProduct({ environment: { METRICS_TOKEN: 'scrape' } })
  await product.importModel(TINY, await testModel('qwen3'))
  await product.load(TINY)
})
after(() => product.stop())

test('five hundred unruly clients leave nothing behind', async () => {
  const seed = Number(process.env.TEST_SEED ?? randomBytes(4).readUInt32LE())
  console.log(`TEST_SEED=${seed}`)
  const random = randomNumbers(seed)
  const worker = product.pidOf('worker')
  await crowd(200, random) // buffers and pools grow once
  const before = await restingFootprint(worker)

  const seen = await crowd(CLIENTS, random)
  console.log(
    Object.entries(seen)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(', '),
  )

  const after = await restingFootprint(worker)
  for (const model of [STARTER, TINY]) {
    const { engine_id, restarts } = await product.engine(model)
    const { body } = await socketRequest(sockets.engine(product.folder, engine_id), 'GET', '/stats')
    const { running, waiting, sequencesInUse } = body as EngineStats
    assert.deepEqual(
      { running, waiting, sequencesInUse, restarts },
      { running: 0, waiting: 0, sequencesInUse: 0, restarts: 0 },
    )
  }
  await everySequenceAnswers()
  assert.equal(product.pidOf('worker'), worker, 'the worker was started again')
  if (before && after) {
    console.log(`worker: ${before.openFiles} → ${after.openFiles} open files, ${mb(before)} → ${mb(after)} MB`)
    // Connections to the two engines are kept for later requests, at most one for each request at once.
    assert.ok(after.openFiles <= before.openFiles + 2 * AT_ONCE, `${before.openFiles} → ${after.openFiles} open files`)
    assert.ok(after.residentBytes <= before.residentBytes + 150e6, `${mb(before)} → ${mb(after)} MB`)
  }
})

/** What the worker holds when its connections have ended and its requests are over. */
async function restingFootprint(worker: number): Promise<ReturnType<typeof footprintOf>> {
  await product.idle()
  await product.until('the worker has no request left', async () => {
    const metrics = await (
      await fetch(`${product.url}/metrics`, { headers: { connection: 'close', authorization: 'Bearer scrape' } })
    ).text()
    // The request for the metrics is one itself.
    return Number(/^tradewind_gateway_in_flight\S* (\d+)/m.exec(metrics)?.[1]) <= 1
  })
  // The test's own client keeps one or two for later.
  await product.until(
    'their connections are closed',
    async () => (connectionsTo(Number(new URL(product.url).port)) ?? 0) <= 3,
  )
  return footprintOf(worker)
}

async function everySequenceAnswers(): Promise<void> {
  for (const model of [STARTER, TINY]) {
    const { sequences } = await product.engine(model)
    const answers = await Promise.all(
      Array.from({ length: sequences }, (_, at) =>
        product.post('/v1/chat/completions', { model, messages: [{ role: 'user', content: `${at}` }], max_tokens: 4 }),
      ),
    )
    for (const answer of answers) assert.equal(answer.status, 200, await answer.text())
  }
}

type Random = () => number

async function crowd(clients: number, random: Random): Promise<Record<string, number>> {
  const seen: Record<string, number> = {}
  let left = clients
  const one = async () => {
    while (left-- > 0) {
      const kinds = Object.entries(KINDS)
      const [kind, behave] = kinds[Math.floor(random() * kinds.length)]!
      seen[kind] = (seen[kind] ?? 0) + 1
      await meet(behave, random)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  return seen
}

type Behave = (socket: Socket, random: Random) => Promise<void>

/** One client from its first packet until its socket is gone. */
async function meet(behave: Behave, random: Random): Promise<void> {
  const { hostname, port } = new URL(product.url)
  const socket = connect(Number(port), hostname)
  socket.on('error', () => {}) // being thrown out is part of it
  const closed = once(socket, 'close')
  socket.pause()
  await once(socket, 'connect')
  await behave(socket, random)
  socket.destroy()
  await closed
}

const KINDS: Record<string, Behave> = {
  'only connect': async (_socket, random) => {
    await sleep(random() * 20)
  },
  'send half a head': async (socket, random) => {
    const request = requestBytes(random, true)
    socket.write(request.subarray(0, Math.floor(random() * request.indexOf('\r\n\r\n'))))
    await sleep(random() * 30)
  },
  'send garbage': async (socket, random) => {
    socket.write(Uint8Array.from({ length: 1 + Math.floor(random() * 3_000) }, () => Math.floor(random() * 256)))
    await sleep(random() * 30)
  },
  'send half a body': async (socket, random) => {
    const request = requestBytes(random, true)
    const head = request.indexOf('\r\n\r\n') + 4
    socket.write(request.subarray(0, head + Math.floor(random() * (request.length - head))))
    await sleep(random() * 60)
  },
  'send a body that is no JSON': async (socket, random) => {
    const request = requestBytes(random, true)
    request.fill(0x7b, request.indexOf('\r\n\r\n') + 4)
    socket.write(request)
    await bytesOf(socket)
  },
  'come with a wrong key': async (socket, random) => {
    socket.write(requestBytes(random, true, 'sk-tw-stranger'))
    await bytesOf(socket)
  },
  'ask and leave at once': async (socket, random) => {
    socket.write(requestBytes(random, random() < 0.5))
    await sleep(random() * 5)
  },
  'ask for a stream and leave while it waits or runs': async (socket, random) => {
    socket.write(requestBytes(random, true))
    await sleep(random() * 400)
  },
  'leave after the first bytes of a stream': async (socket, random) => {
    socket.write(requestBytes(random, true))
    await bytesOf(socket)
  },
  'leave before a whole answer': async (socket, random) => {
    socket.write(requestBytes(random, false))
    await sleep(random() * 200)
  },
  'read slowly, then leave': async (socket, random) => {
    socket.write(requestBytes(random, true))
    for (let turn = 0; turn < 4; turn++) {
      await sleep(random() * 100)
      socket.read(1 + Math.floor(random() * 200))
    }
  },
  'close their half and read to the end': async (socket, random) => {
    socket.end(requestBytes(random, true))
    socket.resume()
    await Promise.race([once(socket, 'end'), once(socket, 'close')])
  },
  'ask twice in one breath and read one answer': async (socket, random) => {
    socket.write(Buffer.concat([requestBytes(random, false), requestBytes(random, true)]))
    await bytesOf(socket)
  },
}

/** Resolves with the first bytes, or with the end. */
async function bytesOf(socket: Socket): Promise<void> {
  await Promise.race([once(socket, 'readable'), once(socket, 'close')])
}

function requestBytes(random: Random, stream: boolean, key = product.key): Buffer {
  const body = JSON.stringify({
    model: random() < 0.2 ? STARTER : TINY,
    messages: [{ role: 'user', content: `Number ${Math.floor(random() * 1_000)}. ${'word '.repeat(random() * 40)}` }],
    max_tokens: 1 + Math.floor(random() * 60),
    n: random() < 0.1 ? 2 : 1,
    stream,
  })
  const head = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ]
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`)
}

/** Numbers from 0 to 1 that follow from a seed (mulberry32). */
function randomNumbers(seed: number): Random {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function mb({ residentBytes }: { residentBytes: number }): number {
  return Math.round(residentBytes / 1e6)
}
