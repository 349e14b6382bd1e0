/** The gateway in this process, asked in Ollama's words, before an engine whose every byte is scripted. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Pool } from 'undici'
import type { UsageRecord } from '../../../billing/usage-record.ts'
import { systemClock } from '../../../platform/clock.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../../../platform/data-folder.ts'
import { createLog } from '../../../platform/log.ts'
import { createControlClient } from '../../control-client.ts'
import { ControlStandIn, keyOf, localReplica, routeOf, sendJson } from '../../control-stand-in.ts'
import { createGateway } from '../../gateway.ts'
import { GATEWAY_LIMITS } from '../../limits.ts'
import { chat, type PlainAnswer, type PlainCall } from '../../plain-client.ts'
import { ScriptedUpstream } from '../../scripted-upstream.ts'
import { createSnapshotClient } from '../../snapshot-client.ts'

const root = mkdtempSync(join(tmpdir(), 'tw-ollama-'))
const folder = dataFolderAt(root)
const log = createLog('test', 'silent')
const records: UsageRecord[] = []
const engine = new ScriptedUpstream(join(folder.run, 'eng_1.sock'), ({ response }) => sendJson(response, 200, {}))
const local = [localReplica('eng_1', engine.socketPath)]
const control = new ControlStandIn(folder, { version: 1, keys: [keyOf('tw-a')], routes: [routeOf('small', local)] })
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
  limits: { ...GATEWAY_LIMITS, restartWaitMs: 100, wakeMs: 100, lastWordsMs: 200, drainMs: 200 },
  publicUrl: 'https://cloud.example',
  trustedProxies: [],
  clock: systemClock,
  log,
  onAnswered() {},
  onRecord() {},
})
const question = { model: 'small', messages: [{ role: 'user', content: 'Hello' }] }
const data = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const delta = (content: string) => data({ choices: [{ index: 0, delta: { content } }] })
const end = data({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })
const totals = data({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 2 } })
let port = 0

before(async () => {
  makeDataFolder(folder)
  await Promise.all([control.start(), engine.start()])
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
  engine.calls.length = 0
})

const ask = (path: string, body: object = question, more: Partial<PlainCall> = {}) =>
  chat(port, 'tw-a', body, { path, ...more })

function beginStream(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write(text)
}

const linesOf = ({ text }: PlainAnswer) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

describe('an engine', () => {
  it('is asked in its own words, for a stream, and its events become lines', async () => {
    engine.script = ({ response }) => {
      beginStream(response, delta('Hel') + delta('lo'))
      response.end(end + totals + data('[DONE]'))
    }
    const answer = await ask('/api/chat')
    const [{ request, body } = assert.fail()] = engine.calls
    assert.equal(request.url, '/v1/chat/completions')
    assert.equal(JSON.parse(String(body)).stream, true)
    assert.equal(answer.headers['content-type'], 'application/x-ndjson')
    assert.ok(answer.isWhole)
    assert.deepEqual(
      linesOf(answer).map(({ message, done }) => [message.content, done]),
      [
        ['Hel', false],
        ['lo', false],
        ['', true],
      ],
    )
    const [record] = records
    assert.deepEqual([record?.route, record?.tokensIn, record?.tokensOut, record?.cutBy], ['/api/chat', 9, 2, null])
  })

  it('that dies within a stream, or says that it failed, is told of in the last line, and nothing is done', async () => {
    const failed = data({ error: { message: 'A step failed.', code: 'engine.step_failed' } })
    for (const [rest, code] of [
      ['', 'engine_lost'],
      [failed, 'engine.step_failed'],
    ]) {
      records.length = 0
      engine.script = ({ response }) => {
        beginStream(response, delta('Hel') + rest)
        setTimeout(() => response.destroy(), 20)
      }
      const lines = linesOf(await ask('/api/chat'))
      assert.equal(lines.length, 2)
      assert.deepEqual(Object.keys(lines[1]), ['error'])
      assert.equal(records[0]?.errorCode, code)
      assert.equal(records[0]?.cutBy, 'engine')
    }
  })

  it('is asked at the place of what is asked: a raw prompt, or nothing at all', async () => {
    engine.script = ({ response }) => sendJson(response, 200, { choices: [{ text: ' two', finish_reason: 'stop' }] })
    const raw = await ask('/api/generate', { model: 'small', prompt: 'One', raw: true, stream: false })
    assert.equal(JSON.parse(raw.text).response, ' two')
    engine.script = ({ response }) => sendJson(response, 200, { count: 0, max_model_len: 100 })
    const loaded = await ask('/api/generate', { model: 'small' })
    assert.equal(JSON.parse(loaded.text).done_reason, 'load')
    assert.deepEqual(
      engine.calls.map(({ request }) => request.url),
      ['/v1/completions', '/tokenize'],
    )
    assert.deepEqual(
      records.map(({ route }) => route),
      ['/api/generate', '/api/generate'],
    )
  })

  it('that refuses is heard in one sentence', async () => {
    engine.script = ({ response }) => sendJson(response, 400, { error: { message: 'Too many.', code: 'too_long' } })
    const answer = await ask('/api/chat')
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [400, { error: 'Too many.' }])
  })
})

it('before an engine is asked, strangers, models and bodies that are none are refused in these words', async () => {
  const cookie = { authorization: '', cookie: 'session=x' }
  assert.equal((await ask('/api/chat', question, { headers: cookie })).status, 401)
  assert.equal((await ask('/api/show', { model: 'big' })).status, 404)
  assert.equal((await ask('/api/chat', { ...question, model: 'big' })).status, 404)
  const suffix = await ask('/api/generate', { model: 'small', prompt: 'a', suffix: 'b' })
  assert.deepEqual([suffix.status, Object.keys(JSON.parse(suffix.text))], [400, ['error']])
  assert.equal(engine.calls.length, 0)
})
