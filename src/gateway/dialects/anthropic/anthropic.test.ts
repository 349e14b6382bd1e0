/** The gateway in this process, asked in Anthropic's words, before an engine whose every byte is scripted. */
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
import { call, chat, type PlainAnswer, type PlainCall } from '../../plain-client.ts'
import { ScriptedUpstream } from '../../scripted-upstream.ts'
import { createSnapshotClient } from '../../snapshot-client.ts'

const root = mkdtempSync(join(tmpdir(), 'tw-anthropic-'))
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
  limits: { ...GATEWAY_LIMITS, restartWaitMs: 100, queueMs: 0, wakeMs: 100, lastWordsMs: 200, drainMs: 200 },
  publicUrl: 'https://cloud.example',
  trustedProxies: [],
  clock: systemClock,
  log,
  onAnswered() {},
  onRecord() {},
})
const question = { model: 'small', max_tokens: 10, messages: [{ role: 'user', content: 'Hello' }] }
const completion = (content: string) => ({
  model: 'small',
  choices: [{ index: 0, message: { role: 'assistant', content }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4 } },
})
const data = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const delta = (content: string) => data({ model: 'small', choices: [{ index: 0, delta: { content } }] })
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
  engine.cancelled.length = 0
  engine.script = ({ response }) => sendJson(response, 200, completion('Hi.'))
})

const ask = (change: object = {}, more: Partial<PlainCall> = {}) =>
  chat(port, 'tw-a', { ...question, ...change }, { path: '/v1/messages', ...more })

function beginStream(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write(text)
}

/** Checked to be an error in Anthropic's shape. */
function errorOf(answer: PlainAnswer): { type: string; message: string; code: string } {
  const { type, error, request_id } = JSON.parse(answer.text)
  assert.equal(type, 'error')
  assert.equal(request_id, answer.headers['request-id'])
  assert.equal(request_id, answer.headers['x-request-id'])
  return error
}

const eventsOf = ({ text }: PlainAnswer) => [...text.matchAll(/^event: (\w+)$/gm)].map((match) => match[1])

describe('an engine', () => {
  it('is asked in its own words, with nothing that names the client, for the counts of the prompt too', async () => {
    const answer = await ask({ metadata: { user_id: 'somebody' } }, { headers: { 'anthropic-version': '2023-06-01' } })
    assert.equal(answer.status, 200)
    const [{ request, body } = assert.fail()] = engine.calls
    assert.equal(request.url, '/v1/chat/completions')
    assert.equal(request.headers['x-tradewind-usage'], 'both')
    assert.equal(request.headers['anthropic-version'], undefined)
    assert.ok(!body.includes('somebody'))
    const { content, usage, id } = JSON.parse(answer.text)
    assert.deepEqual(content, [{ type: 'text', text: 'Hi.', citations: null }])
    assert.deepEqual([usage.input_tokens, usage.cache_read_input_tokens, usage.output_tokens], [5, 4, 2])
    assert.equal(id, `msg_${String(answer.headers['request-id']).slice(4)}`)
    const [record] = records
    assert.deepEqual(
      [record?.route, record?.tokensIn, record?.tokensCached, record?.tokensOut, record?.status],
      ['/v1/messages', 9, 4, 2, 200],
    )
  })

  it('may answer at any length', async () => {
    const long = 'word '.repeat(600_000)
    engine.script = ({ response }) => sendJson(response, 200, completion(long))
    const answer = await ask()
    assert.equal(JSON.parse(answer.text).content[0].text, long)
    assert.equal(records[0]?.tokensOut, 2)
  })

  it('that dies within a stream is told of as an error, and the message does not stop', async () => {
    engine.script = ({ response }) => {
      beginStream(response, delta('Hel') + delta('lo').slice(0, 20))
      setTimeout(() => response.destroy(), 20)
    }
    const answer = await ask({ stream: true })
    assert.equal(answer.headers['content-type'], 'text/event-stream; charset=utf-8')
    assert.deepEqual(eventsOf(answer), ['message_start', 'ping', 'content_block_start', 'content_block_delta', 'error'])
    assert.match(answer.text, /"type":"api_error".*"code":"engine_lost"/)
    assert.equal(records[0]?.cutBy, 'engine')
  })

  it('that tells its error within a stream is told of once', async () => {
    engine.script = ({ response }) => {
      beginStream(response, delta('Hel') + data({ error: { message: 'A step failed.', code: 'engine.step_failed' } }))
      response.end()
    }
    const answer = await ask({ stream: true })
    assert.equal(eventsOf(answer).filter((name) => name === 'error').length, 1)
    assert.equal(eventsOf(answer).at(-1), 'error')
    assert.equal(records[0]?.errorCode, 'engine.step_failed')
  })

  it('that ends its stream ends the message, whatever comments it sends', async () => {
    engine.script = ({ response }) => {
      beginStream(response, `: wait\n\n${delta('Hi.')}`)
      const end = { model: 'small', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }
      response.end(data(end) + data({ choices: [], usage: completion('').usage }) + data('[DONE]'))
    }
    const answer = await ask({ stream: true })
    assert.ok(answer.isWhole)
    assert.deepEqual(eventsOf(answer).slice(-3), ['content_block_stop', 'message_delta', 'message_stop'])
    assert.ok(!answer.text.includes('[DONE]'))
    assert.equal(records[0]?.cutBy, null)
    assert.equal(records[0]?.tokensOut, 2)
  })

  it('is told when the client leaves', async () => {
    engine.script = ({ response }) => beginStream(response, delta('Hel'))
    const left = new Promise<void>((resolve) => {
      engine.onCancel = (cancelled) => {
        cancelled?.response.end()
        resolve()
      }
    })
    await ask({ stream: true }, { onData: (_chunk, leave) => leave() })
    await left
    assert.equal(engine.cancelled.length, 1)
  })

  it('that is full, or refuses what it was asked, is heard in these words', async () => {
    engine.script = ({ response }) => {
      response.writeHead(429, { 'content-type': 'application/json', 'retry-after-ms': '70' })
      response.end(JSON.stringify({ error: { message: 'It is full.', code: 'rate_limit_exceeded' } }))
    }
    const full = await ask()
    assert.equal(full.status, 429)
    assert.equal(full.headers['retry-after-ms'], '70')
    assert.deepEqual(errorOf(full), { type: 'rate_limit_error', message: 'It is full.', code: 'rate_limit_exceeded' })
    engine.script = ({ response }) =>
      sendJson(response, 400, { error: { message: 'Too many.', code: 'context_length_exceeded' } })
    const long = await ask({ stream: true })
    assert.equal(long.status, 400)
    assert.equal(errorOf(long).message, 'prompt is too long: Too many.')
    assert.equal(errorOf(long).type, 'invalid_request_error')
  })

  it('counts without answering', async () => {
    engine.script = ({ response }) => sendJson(response, 200, { count: 12, max_model_len: 100 })
    const { max_tokens: _, ...counted } = question
    const answer = await chat(port, 'tw-a', counted, { path: '/v1/messages/count_tokens' })
    assert.deepEqual(JSON.parse(answer.text), { input_tokens: 12 })
    assert.equal(engine.calls[0]?.request.url, '/tokenize')
    assert.equal(records[0]?.route, '/v1/messages/count_tokens')
  })
})

describe('before an engine is asked', () => {
  it('a stranger, a model that is none and a body that is none are refused in these words', async () => {
    const stranger = await ask({}, { headers: { authorization: 'Bearer nobody' } })
    assert.equal(stranger.status, 401)
    assert.equal(errorOf(stranger).type, 'authentication_error')
    const unknown = await ask({ model: 'big' })
    assert.equal(unknown.status, 404)
    assert.equal(errorOf(unknown).type, 'not_found_error')
    const headers = { authorization: 'Bearer tw-a' }
    for (const body of ['{"model": "small",}', '[]', `${'['.repeat(100_000)}`, Buffer.from([0x7b, 0xff])]) {
      const broken = await call({ port, path: '/v1/messages', headers, body })
      assert.equal(broken.status, 400)
      assert.equal(errorOf(broken).type, 'invalid_request_error')
    }
    const deep = `{"model":"small","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"b","input":{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}}]}]}`
    assert.equal((await call({ port, path: '/v1/messages', headers, body: deep })).status, 400)
    assert.equal(engine.calls.length, 0)
  })

  it('a path or a method that is none is refused in these words', async () => {
    const get = await call({ port, path: '/v1/messages', method: 'GET', headers: { 'x-api-key': 'tw-a' } })
    assert.equal(get.status, 405)
    assert.equal(get.headers.allow, 'POST')
    assert.equal(errorOf(get).type, 'invalid_request_error')
    for (const path of ['/v1/messages/batches', '/apps/anthropic/v1/nothing']) {
      const none = await call({ port, path, headers: { 'x-api-key': 'tw-a' } })
      assert.equal(none.status, 404)
      assert.equal(errorOf(none).code, 'not_found')
    }
  })

  it('what is busy says so with the status that its clients know, which the record keeps', async () => {
    await engine.kill()
    try {
      const busy = await ask()
      assert.equal(busy.status, 529)
      assert.equal(errorOf(busy).type, 'overloaded_error')
      assert.equal(records[0]?.status, 529)
    } finally {
      await engine.start()
    }
  })

  it('models are listed in the shape that is asked for', async () => {
    const headers = { 'x-api-key': 'tw-a' }
    const get = async (path: string, more = {}) =>
      JSON.parse((await call({ port, path, method: 'GET', headers: { ...headers, ...more } })).text)
    assert.equal((await get('/v1/models')).object, 'list')
    assert.equal((await get('/v1/models', { 'anthropic-version': '2023-06-01' })).data[0].type, 'model')
    assert.equal((await get('/apps/anthropic/v1/models/small')).id, 'small')
  })
})
