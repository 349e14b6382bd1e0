/** Routes to several models, before engines whose every byte is scripted. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Pool } from 'undici'
import type { ClosedRequest } from '../../billing/request-detail.ts'
import { systemClock } from '../../platform/clock.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../../platform/data-folder.ts'
import { createLog } from '../../platform/log.ts'
import { createControlClient } from '../control-client.ts'
import { ControlStandIn, keyOf, localReplica, routeOf, sendJson } from '../control-stand-in.ts'
import { createGateway } from '../gateway.ts'
import { GATEWAY_LIMITS } from '../limits.ts'
import { chat, errorOf } from '../plain-client.ts'
import { ScriptedUpstream, type UpstreamCall } from '../scripted-upstream.ts'
import type { SnapshotAlias } from '../snapshot.ts'
import { createSnapshotClient } from '../snapshot-client.ts'

const root = mkdtempSync(join(tmpdir(), 'tw-routing-'))
const folder = dataFolderAt(root)
const log = createLog('test', 'silent')
const records: ClosedRequest[] = []
const news: string[] = []
let denied = 0
const NAMES = ['a', 'b', 'c'] as const
type Name = (typeof NAMES)[number]
/** Made anew for each test, by ids of their own, so that no breaker remembers. */
let engines: Record<Name, ScriptedUpstream>
let round = 0
let chance = () => 0.5
const control = new ControlStandIn(folder, { version: 1, keys: [keyOf('tw-a')], routes: [] })
const client = createControlClient(sockets.controlAdmin(folder), '0')
const controlPublic = new Pool('http://control', { socketPath: sockets.control(folder) })
const snapshots = createSnapshotClient({ control: client, clock: systemClock, log })
const gateway = createGateway({
  snapshots,
  control: client,
  controlPublic,
  keyUses: { note() {}, stop: async () => {} },
  content: { open: () => null, heldBytes: () => 0, stop: async () => {} },
  usage: {
    open() {},
    progressed() {},
    close(record) {
      records.push(record)
      return null
    },
  },
  limits: {
    ...GATEWAY_LIMITS,
    restartWaitMs: 300,
    upstreamWaitMs: 100,
    engineFirstByteMs: 2_000,
    engineSilenceMs: 2_000,
    queueMs: 0,
    drainMs: 200,
  },
  publicUrl: 'https://cloud.example',
  trustedProxies: [],
  clock: systemClock,
  log,
  onAnswered() {},
  onRecord() {},
  routingNews: {
    attempt: (outcome, model) => news.push(`${model} ${outcome}`),
    fallback: (alias) => news.push(`${alias} fell back`),
    retryDenied: () => denied++,
    shadow: (outcome, alias, tokens) => news.push(`${alias} shadow ${outcome} ${tokens}`),
  },
  random: () => chance(),
})
let port = 0

const delta = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`
const ROLE = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })}\n\n`
const END = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\ndata: [DONE]\n\n`
const stream = ({ response }: UpstreamCall) => response.writeHead(200, { 'content-type': 'text/event-stream' })
const says =
  (text: string) =>
  ({ response }: UpstreamCall) =>
    sendJson(response, 200, {
      choices: [{ message: { content: text }, finish_reason: 'stop' }],
      usage: { completion_tokens: 3 },
    })
const refuses =
  (status: number, headers: Record<string, string> = {}) =>
  ({ response }: UpstreamCall) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end('{"error":{"code":"no"}}')
const dies = ({ response }: UpstreamCall) => response.destroy()

const alias = (tiers: [string, number][][], change: Partial<SnapshotAlias> = {}): SnapshotAlias => ({
  name: 'chat',
  createdS: 1,
  tiers: tiers.map((targets) => ({ targets: targets.map(([model, weight]) => ({ model, weight })) })),
  retries: 2,
  firstTokenMs: null,
  silenceMs: null,
  shadow: null,
  ...change,
})
const inOrder = (...models: string[]) => models.map((model): [string, number][] => [[model, 1]])
const push = (one: SnapshotAlias, draining: string[] = []) => control.push({ aliases: [one], draining })
const ask = (change: object = {}, more = {}) => chat(port, 'tw-a', { model: 'chat', ...change }, more)
const calls = (name: Name) => engines[name].calls.length

before(async () => {
  makeDataFolder(folder)
  await control.start()
  snapshots.start()
  await control.until(() => control.seen.length > 0)
  port = (await gateway.listen({ host: '127.0.0.1', port: 0, reusePort: false })).port
})
after(async () => {
  await gateway.drain()
  snapshots.stop()
  await Promise.all([client.close(), controlPublic.destroy(), control.kill()])
  await Promise.all(NAMES.map((name) => engines[name].kill()))
  rmSync(root, { recursive: true })
})
beforeEach(async () => {
  if (round++ > 0) await Promise.all(NAMES.map((name) => engines[name].kill()))
  const id = (name: Name) => `eng_${name}${round}`
  const started = NAMES.map((name) => new ScriptedUpstream(join(folder.run, `${id(name)}.sock`), says(name)).start())
  const [a, b, c] = await Promise.all(started)
  engines = { a: a!, b: b!, c: c! }
  await control.push({
    routes: NAMES.map((name) => routeOf(name, [localReplica(id(name), engines[name].socketPath)])),
    aliases: [],
    draining: [],
  })
  records.length = 0
  news.length = 0
  denied = 0
  chance = () => 0.5
})

/** The record of the last request, when it is closed. */
async function record(): Promise<ClosedRequest> {
  while (records.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  return records.at(-1)!
}

describe('a route to several models', () => {
  it('is answered by the first, which the answer and the record name', async () => {
    await push(alias(inOrder('a', 'b')))
    const answer = await ask()
    assert.match(answer.text, /"content":"a"/)
    assert.deepEqual([answer.headers['x-tradewind-model'], answer.headers['x-tradewind-attempts']], ['a', undefined])
    const { model, requestedModel, deploymentId, detail } = await record()
    assert.deepEqual([model, requestedModel, deploymentId, detail?.attempts], ['a', 'chat', 'dep_a', undefined])
    assert.equal((await chat(port, 'tw-a', { model: 'b' })).headers['x-tradewind-model'], undefined)
    assert.equal((await record()).requestedModel, null)
  })

  it('goes on to the next where an engine is away, dies, fails or is full, and its client sees nothing of it', async () => {
    await push(alias(inOrder('a', 'b', 'c')))
    for (const [script, failed, status] of [
      [dies, 'lost', null],
      [refuses(500), 'refused', 500],
      [refuses(503), 'refused', 503],
      [refuses(429), 'refused', 429],
    ] as const) {
      records.length = 0
      engines.a.script = script
      const answer = await ask()
      assert.match(answer.text, /"content":"b"/)
      assert.deepEqual([answer.headers['x-tradewind-model'], answer.headers['x-tradewind-attempts']], ['b', '2'])
      const { model, retries, errorCode, detail } = await record()
      assert.deepEqual([model, retries, errorCode], ['b', 1, null])
      assert.deepEqual(
        detail?.attempts?.map((attempt) => [attempt.model, attempt.failed, attempt.status]),
        [['a', failed, status]],
      )
    }
    await engines.a.kill()
    assert.match((await ask()).text, /"content":"b"/)
    assert.ok(news.includes('a unavailable') && news.includes('chat fell back'), news.join(', '))
  })

  it('does not go on where the request itself is at fault, or once a byte of content was sent', async () => {
    await push(alias(inOrder('a', 'b')))
    engines.a.script = refuses(400)
    assert.equal((await ask()).status, 400)
    engines.a.script = (call) => {
      stream(call).write(ROLE + delta('half'), () => setImmediate(() => call.response.destroy()))
    }
    const answer = await ask({ stream: true })
    assert.match(answer.text, /half[\s\S]*"code":"engine_lost"/)
    assert.equal(calls('b'), 0)
    const { model, cutBy, status } = await record()
    assert.deepEqual([model, cutBy, status], ['a', 'engine', 200])
  })

  it('goes on where a stream dies, errs or stops after its head and before its content', async () => {
    await push(alias(inOrder('a', 'b'), { firstTokenMs: 150 }))
    engines.b.script = (call) => stream(call).end(ROLE + delta('from b') + END)
    for (const script of [
      (call: UpstreamCall) => void stream(call).write(ROLE, () => setImmediate(() => call.response.destroy())),
      (call: UpstreamCall) => void stream(call).end('data: {"error":{"code":"boom"}}\n\n'),
      (call: UpstreamCall) => void stream(call).write(ROLE),
    ]) {
      engines.a.script = script
      const answer = await ask({ stream: true })
      assert.equal(answer.text, ROLE + delta('from b') + END)
    }
    const { detail, firstTokenMs } = await record()
    assert.equal(detail?.attempts?.[0]?.failed, 'timed_out')
    assert.ok(firstTokenMs !== null && firstTokenMs >= 149)
    while (engines.a.cancelled.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  })

  it('lets the last model answer as slowly as its patience, and then says that it was too slow', async () => {
    await push(alias(inOrder('a'), { firstTokenMs: 150 }))
    engines.a.script = (call) => void stream(call)
    const answer = await ask({ stream: true })
    assert.deepEqual([answer.status, errorOf(answer).code], [504, 'engine_timeout'])
    assert.match(errorOf(answer).message, /150 ms/)
  })

  it('ends a stream that falls silent for longer than the route bears', async () => {
    await push(alias(inOrder('a', 'b'), { silenceMs: 200 }))
    engines.a.script = (call) => void stream(call).write(delta('half'))
    const answer = await ask({ stream: true })
    assert.match(answer.text, /half[\s\S]*"code":"engine_timeout"/)
    assert.equal((await record()).cutBy, 'timeout')
    assert.equal(calls('b'), 0)
  })

  it('says in one error what was tried, without addresses, when nothing could answer', async () => {
    await push(alias(inOrder('a', 'b', 'c')))
    engines.a.script = refuses(500)
    engines.b.script = dies
    await engines.c.kill()
    const answer = await ask()
    assert.deepEqual([answer.status, errorOf(answer).code], [503, 'no_target_answered'])
    assert.match(errorOf(answer).message, /a \(500\), b \(stopped while answering\), c \(not available\)/)
    assert.doesNotMatch(answer.text, /sock|http|eng_/)
    const { errorCode, status, detail } = await record()
    assert.deepEqual([errorCode, status], ['no_target_answered', 503])
    assert.deepEqual(
      detail?.attempts?.map(({ model }) => model),
      ['a', 'b', 'c'],
    )
  })

  it('makes no more attempts than it may', async () => {
    await push(alias(inOrder('a', 'b', 'c'), { retries: 1 }))
    engines.a.script = refuses(500)
    engines.b.script = refuses(500)
    assert.equal(errorOf(await ask()).code, 'no_target_answered')
    assert.deepEqual([calls('a'), calls('b'), calls('c')], [1, 1, 0])
  })

  it('passes over what drains, and lets what runs there end', async () => {
    await push(alias(inOrder('a', 'b')))
    const go = Promise.withResolvers<void>()
    engines.a.script = async (call) => {
      await go.promise
      says('a')(call)
    }
    const running = ask()
    while (calls('a') === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    await push(alias(inOrder('a', 'b')), ['a'])
    assert.match((await ask()).text, /"content":"b"/)
    const direct = await chat(port, 'tw-a', { model: 'a' })
    assert.deepEqual([direct.status, errorOf(direct).code], [503, 'model_draining'])
    go.resolve()
    assert.match((await running).text, /"content":"a"/)
    assert.equal(calls('a'), 1)
  })

  it('that leads to nothing says so', async () => {
    await push(alias(inOrder('gone')))
    const answer = await ask()
    assert.deepEqual([answer.status, errorOf(answer).code], [503, 'no_target_answered'])
    assert.match(errorOf(answer).message, /None of the models that `chat` leads to is served here/)
  })
})

describe('weights', () => {
  it('share requests, and keep a conversation with the model that began it', async () => {
    await push(
      alias([
        [
          ['a', 80],
          ['b', 20],
        ],
      ]),
    )
    const user = (content: string) => ({ role: 'user', content })
    for (let at = 0; at < 200; at++) {
      const opening = [user(`question ${at}`)]
      const first = await ask({ messages: opening })
      const later = [...opening, { role: 'assistant', content: 'x' }, user('more')]
      const second = await ask({ messages: later })
      assert.equal(second.headers['x-tradewind-model'], first.headers['x-tradewind-model'])
    }
    assert.ok(calls('b') > 40 && calls('b') < 140, `${calls('b')} of 400`)
    assert.equal(calls('a') + calls('b'), 400)
  })
})

describe('replicas of one model', () => {
  const pushReplicas = (names: Name[]) =>
    control.push({
      routes: [
        routeOf(
          'chat',
          names.map((name) => localReplica(`eng_${name}${round}`, engines[name].socketPath)),
        ),
      ],
    })

  it('get prompts that begin alike at the same one, and others where that is full', async () => {
    await pushReplicas(['a', 'b', 'c'])
    const messages = [{ role: 'system', content: 'rules' }]
    for (let at = 0; at < 5; at++) await ask({ messages })
    const [home] = NAMES.filter((name) => calls(name) === 5)
    assert.ok(home !== undefined, NAMES.map(calls).join(' '))
    const go = Promise.withResolvers<void>()
    for (const name of NAMES)
      engines[name].script = async (call) => {
        await go.promise
        says(name)(call)
      }
    const answers = Array.from({ length: 12 }, () => ask({ messages }))
    while (NAMES.reduce((sum, name) => sum + calls(name), 0) < 17)
      await new Promise((resolve) => setTimeout(resolve, 2))
    assert.ok(Math.max(...NAMES.map((name) => calls(name) - (name === home ? 5 : 0))) <= 5, NAMES.map(calls).join(' '))
    go.resolve()
    await Promise.all(answers)
  })

  it('lose the one that keeps failing for a while, and get it back when it is well', async () => {
    await pushReplicas(['a', 'b'])
    engines.a.script = refuses(500)
    for (let at = 0; at < 30; at++) assert.equal((await ask({ n: at })).status, 200)
    const failed = calls('a')
    assert.equal(failed, 5)
    assert.deepEqual(
      gateway.brokenReplicas().map(({ state }) => state),
      ['open'],
    )
    engines.a.script = says('a')
    while (gateway.brokenReplicas().length > 0) {
      assert.equal((await ask()).status, 200)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    assert.ok(calls('a') > failed)
  })
})

describe('an upstream', () => {
  const pushUpstream = (healthy: boolean) =>
    control.push({
      routes: [
        routeOf('up', [{ ...localReplica(`eng_a${round}`, engines.a.socketPath), speaks: 'openai', healthy }], {
          upstreamId: 'up_1',
          deploymentId: null,
        }),
        routeOf('b', [localReplica(`eng_b${round}`, engines.b.socketPath)]),
      ],
      aliases: [alias(inOrder('up', 'b'))],
    })

  it('that says when to come again rests as long, and others answer meanwhile', async () => {
    await pushUpstream(true)
    engines.a.script = refuses(429, { 'retry-after-ms': '60000' })
    for (let at = 0; at < 4; at++) assert.match((await ask()).text, /"content":"b"/)
    assert.equal(calls('a'), 1)
    assert.deepEqual(
      gateway.brokenReplicas().map(({ state }) => state),
      ['resting'],
    )
  })

  it('that is not well is asked only where nothing else is left', async () => {
    await pushUpstream(false)
    assert.match((await ask()).text, /"content":"b"/)
    assert.equal(calls('a'), 0)
    assert.match((await chat(port, 'tw-a', { model: 'up' })).text, /"content":"a"/)
  })
})

describe('a storm of failures', () => {
  it('is answered with no more retries than the budget has', async () => {
    await push(alias(inOrder('a', 'b', 'c')))
    for (const name of NAMES) engines[name].script = refuses(429)
    const requests = 600
    const asked = Array.from({ length: requests }, () => ask())
    for (const answer of await Promise.all(asked)) assert.ok(answer.status === 429 || answer.status === 503)
    const attempts = NAMES.reduce((sum, name) => sum + calls(name), 0)
    // Other tests of this file have asked within the same ten seconds, which earns a few retries more.
    assert.ok(attempts <= requests * 1.2 + 100 + 200, `${attempts} attempts for ${requests} requests`)
    assert.ok(denied > 0)
  })
})

describe('a shadow', () => {
  it('gets a copy of its share, and nobody hears or pays for it', async () => {
    chance = () => 0.2
    await push(alias(inOrder('a'), { shadow: { model: 'b', share: 0.3 } }))
    const answer = await ask({ temperature: 0.5 })
    assert.match(answer.text, /"content":"a"/)
    while (!news.includes('chat shadow answered 3')) await new Promise((resolve) => setTimeout(resolve, 2))
    assert.equal(engines.b.calls[0]?.body.toString(), engines.a.calls[0]?.body.toString())
    assert.notEqual(
      engines.b.calls[0]?.request.headers['x-request-id'],
      engines.a.calls[0]?.request.headers['x-request-id'],
    )
    assert.equal(records.length, 1)
    chance = () => 0.4
    await ask()
    assert.equal(calls('b'), 1)
  })

  it('is left out where as many as may be run already, and its trouble is nobody’s', async () => {
    chance = () => 0
    await push(alias(inOrder('a'), { shadow: { model: 'b', share: 1 } }))
    const go = Promise.withResolvers<void>()
    engines.b.script = async (call) => {
      await go.promise
      dies(call)
    }
    for (let at = 0; at < GATEWAY_LIMITS.shadowsMax + 2; at++) assert.equal((await ask()).status, 200)
    assert.equal(news.filter((one) => one === 'chat shadow skipped 0').length, 2)
    go.resolve()
    const failed = () => news.filter((one) => one === 'chat shadow failed 0').length
    while (failed() < GATEWAY_LIMITS.shadowsMax) await new Promise((resolve) => setTimeout(resolve, 2))
  })
})
