/** Requests that wait for room: the gateway in this process, before engines that are full. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Pool } from 'undici'
import type { UsageRecord } from '../../billing/usage-record.ts'
import { systemClock } from '../../platform/clock.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../../platform/data-folder.ts'
import { createLog } from '../../platform/log.ts'
import { createControlClient } from '../control-client.ts'
import { ControlStandIn, keyOf, localReplica, routeOf, sendJson } from '../control-stand-in.ts'
import { createGateway } from '../gateway.ts'
import { GATEWAY_LIMITS } from '../limits.ts'
import { chat, errorOf } from '../plain-client.ts'
import { ScriptedUpstream, type UpstreamCall } from '../scripted-upstream.ts'
import { createSnapshotClient } from '../snapshot-client.ts'

const root = mkdtempSync(join(tmpdir(), 'tw-queue-'))
const folder = dataFolderAt(root)
const log = createLog('test', 'silent')
const records: UsageRecord[] = []
const engine = new ScriptedUpstream(join(folder.run, 'eng_1.sock'), serve)
const control = new ControlStandIn(folder, { version: 1, keys: [keyOf('tw-a'), keyOf('tw-b')], routes: [] })
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
  limits: { ...GATEWAY_LIMITS, lastWordsMs: 100, drainMs: 100 },
  publicUrl: 'https://cloud.example',
  trustedProxies: [],
  clock: systemClock,
  log,
  onAnswered() {},
  onRecord() {},
})
let port = 0
/** Requests that the engine works on, to be answered by the test; it takes one at a time. */
let working: UpstreamCall[] = []

before(async () => {
  makeDataFolder(folder)
  await Promise.all([control.start(), engine.start()])
  control.snapshot = { ...control.snapshot, routes: [routeOf('small', [localReplica('eng_1', engine.socketPath)])] }
  snapshots.start()
  await control.until(() => control.seen.length > 0)
  port = (await gateway.listen({ host: '127.0.0.1', port: 0, reusePort: false })).port
})
after(async () => {
  await gateway.drain()
  snapshots.stop()
  await Promise.all([client.close(), controlPublic.destroy(), control.kill(), engine.kill()])
  rmSync(root, { recursive: true })
})
beforeEach(() => {
  records.length = 0
  working = []
})

function serve(call: UpstreamCall): void {
  if (working.length > 0) {
    call.response.setHeader('retry-after-ms', '1234')
    sendJson(call.response, 429, { error: { message: 'full', type: 'rate_limit_error', param: null, code: 'full' } })
    return
  }
  working.push(call)
}

function answerNext(): void {
  const call = working.shift()
  if (call === undefined) return
  const message = { role: 'assistant', content: nameIn(call) }
  sendJson(call.response, 200, {
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 1 },
  })
}

const nameIn = ({ body }: UpstreamCall) => (JSON.parse(body.toString()) as { user: string }).user
const ask = (user: string, secret = 'tw-a', headers: Record<string, string> = {}, signal?: AbortSignal) =>
  chat(port, secret, { model: 'small', user }, { headers, ...(signal === undefined ? {} : { signal }) })
const until = async (isTrue: () => boolean) => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2))
}

/** One that is being answered, so that all others find the engine full. */
async function occupy() {
  const first = ask('first')
  await until(() => working.length === 1)
  return first.then((answer) => answer.status)
}

describe('a request that finds its engine full', () => {
  it('waits until there is room, and says how long', async () => {
    const first = ask('first')
    await until(() => working.length === 1)
    const second = ask('second')
    await until(() => gateway.queued() === 1)
    answerNext()
    await until(() => working.length === 1)
    answerNext()
    assert.equal((await first).status, 200)
    const answer = await second
    assert.equal(answer.status, 200)
    assert.match(String(answer.headers['server-timing']), /^queue;dur=[\d.]+, gateway;dur=[\d.]+, engine;dur=[\d.]+$/)
    assert.match(String(answer.headers['openai-processing-ms']), /^\d+$/)
    const record = records.find(({ id }) => id === answer.headers['x-request-id'])
    assert.ok((record?.queueMs ?? 0) > 0)
    assert.ok((record?.gatewayMs ?? 0) < (record?.totalMs ?? 0))
    assert.equal(gateway.queued(), 0)
  })

  it('takes turns with other keys, whoever asked more', async () => {
    const first = await occupyThen(async () => {
      const all: Promise<string>[] = []
      for (const [user, secret] of [
        ['a1', 'tw-a'],
        ['a2', 'tw-a'],
        ['a3', 'tw-a'],
        ['b1', 'tw-b'],
      ] as const) {
        const waiting = gateway.queued()
        all.push(ask(user, secret).then((answer) => answer.text))
        await until(() => gateway.queued() === waiting + 1)
      }
      return all
    })
    const served: string[] = []
    for (let n = 0; n < 4; n++) {
      answerNext()
      await until(() => working.length === 1)
      served.push(nameIn(working[0] as UpstreamCall))
    }
    answerNext()
    await Promise.all(first)
    assert.deepEqual(served.indexOf('b1') < served.indexOf('a3'), true, served.join(' '))
    assert.deepEqual(
      served.filter((name) => name.startsWith('a')),
      ['a1', 'a2', 'a3'],
    )
  })

  it('is told engine_busy, and when to try again, where its time is over', async () => {
    const first = occupy()
    await until(() => working.length === 1)
    const answer = await ask('second', 'tw-a', { 'x-tradewind-queue-timeout-ms': '80' })
    assert.deepEqual([answer.status, errorOf(answer).code], [429, 'engine_busy'])
    assert.ok(Number(answer.headers['retry-after-ms']) >= 100)
    answerNext()
    assert.equal(await first, 200)
  })

  it('gets the engine’s own words at once where it will not wait', async () => {
    const first = occupy()
    await until(() => working.length === 1)
    const answer = await ask('second', 'tw-a', { 'x-tradewind-queue-timeout-ms': '0' })
    assert.deepEqual([answer.status, errorOf(answer).code, answer.headers['retry-after-ms']], [429, 'full', '1234'])
    const wrong = await ask('third', 'tw-a', { 'x-tradewind-queue-timeout-ms': 'soon' })
    assert.deepEqual([wrong.status, errorOf(wrong).code], [400, 'invalid_value'])
    answerNext()
    assert.equal(await first, 200)
  })

  it('waits no longer when its client leaves', async () => {
    const first = occupy()
    await until(() => working.length === 1)
    const left = new AbortController()
    const gone = ask('second', 'tw-a', {}, left.signal).catch(() => null)
    await until(() => gateway.queued() === 1)
    left.abort()
    await until(() => gateway.queued() === 0)
    await gone
    answerNext()
    assert.equal(await first, 200)
    await until(() => records.length === 2)
    assert.deepEqual(records.map(({ status }) => status).sort(), [200, 499])
  })
})

async function occupyThen<T>(work: () => Promise<T>): Promise<T> {
  void occupy()
  await until(() => working.length === 1)
  return work()
}
