/** The gateway in this process before an Anthropic upstream whose every byte is scripted, over TCP. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Pool } from 'undici'
import type { UsageRecord } from '../../../billing/usage-record.ts'
import { systemClock } from '../../../platform/clock.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../../../platform/data-folder.ts'
import { createLog } from '../../../platform/log.ts'
import { createControlClient } from '../../control-client.ts'
import { ControlStandIn, keyOf, routeOf, sendJson } from '../../control-stand-in.ts'
import { createGateway } from '../../gateway.ts'
import { GATEWAY_LIMITS } from '../../limits.ts'
import { chat, type PlainCall } from '../../plain-client.ts'
import { readAll } from '../../scripted-upstream.ts'
import type { SnapshotReplica } from '../../snapshot.ts'
import { createSnapshotClient } from '../../snapshot-client.ts'
import { recordedStream } from './recorded-stream.ts'

const SECRET = 'sk-ant-7Hq2mZ9sVxK4nB1t'
const root = mkdtempSync(join(tmpdir(), 'tw-up-anthropic-'))
const folder = dataFolderAt(root)
const log = createLog('test', 'silent')
const records: UsageRecord[] = []
type Asked = { path: string; headers: IncomingHttpHeaders; body: Record<string, unknown> }
const asked: Asked[] = []
let script: (response: ServerResponse) => void = (response) => sendJson(response, 200, {})
const theirs = createServer(async (request, response) => {
  const body = JSON.parse((await readAll(request)).toString())
  asked.push({ path: request.url ?? '', headers: request.headers, body })
  script(response)
})
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
  limits: { ...GATEWAY_LIMITS, restartWaitMs: 100, wakeMs: 100, lastWordsMs: 200, drainMs: 200, queueMs: 0 },
  publicUrl: 'https://cloud.example',
  trustedProxies: [],
  clock: systemClock,
  log,
  onAnswered() {},
  onRecord() {},
})
let port = 0
let base = ''
let turn = 0

before(async () => {
  makeDataFolder(folder)
  await control.start()
  await new Promise<void>((resolve) => theirs.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(theirs.address() as AddressInfo).port}`
  snapshots.start()
  await control.until(() => control.seen.length > 0)
  port = (await gateway.listen({ host: '127.0.0.1', port: 0, reusePort: false })).port
})
after(async () => {
  await gateway.drain()
  snapshots.stop()
  theirs.closeAllConnections()
  theirs.close()
  await Promise.all([client.close(), controlPublic.destroy(), control.kill()])
  rmSync(root, { recursive: true })
})
beforeEach(async () => {
  records.length = 0
  asked.length = 0
  await serve({})
})

/** An upstream that nobody has heard of before, so that no breaker knows it. */
async function serve(change: Partial<SnapshotReplica>): Promise<void> {
  const replica: SnapshotReplica = {
    engineId: `up_${turn++}`,
    speaks: 'anthropic',
    socketPath: null,
    baseUrl: base,
    authorization: { 'x-api-key': SECRET, 'anthropic-version': '2023-06-01' },
    remoteModel: 'claude-x',
    network: 'private',
    healthy: true,
    ...change,
  }
  await control.push({
    routes: [routeOf('vendor/claude', [replica], { deploymentId: null, upstreamId: replica.engineId })],
  })
}

const question = { model: 'vendor/claude', messages: [{ role: 'user', content: 'Weather in Oslo?' }] }
const ask = (change: object = {}, more: Partial<PlainCall> = {}) => chat(port, 'tw-a', { ...question, ...change }, more)
const message = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-x',
  content: [
    { type: 'thinking', thinking: 'Look it up.', signature: 'c2lnbmVk' },
    { type: 'text', text: 'One moment.' },
    { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Oslo' } },
  ],
  stop_reason: 'tool_use',
  stop_sequence: null,
  usage: { input_tokens: 10, cache_read_input_tokens: 30, cache_creation_input_tokens: 2, output_tokens: 7 },
}

async function record(): Promise<UsageRecord> {
  while (records.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  assert.equal(records.length, 1)
  return records[0] as UsageRecord
}

const sse =
  (text: string, end = true) =>
  (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write(text)
    if (end) response.end()
    else setTimeout(() => response.destroy(), 5)
  }

describe('an Anthropic upstream', () => {
  it('is asked in its own words, with its own secret, and answers in OpenAI’s', async () => {
    script = (response) => sendJson(response, 200, message)
    const answer = await ask({ reasoning_effort: 'low', stop: 'END', max_completion_tokens: 50, user: 'somebody' })
    assert.equal(answer.status, 200)
    const [{ path, headers, body }] = asked as [Asked]
    assert.equal(path, '/v1/messages')
    assert.equal(headers['x-api-key'], SECRET)
    assert.equal(headers.authorization, undefined)
    assert.deepEqual(body, {
      model: 'claude-x',
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Weather in Oslo?' }] }],
      max_tokens: 50,
      stop_sequences: ['END'],
      output_config: { effort: 'low' },
    })
    const { choices, usage } = JSON.parse(answer.text)
    assert.deepEqual(choices[0].message, {
      role: 'assistant',
      content: 'One moment.',
      reasoning_content: 'Look it up.',
      reasoning_details: [{ type: 'reasoning.text', text: 'Look it up.', signature: 'c2lnbmVk' }],
      tool_calls: [{ id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } }],
    })
    assert.equal(choices[0].finish_reason, 'tool_calls')
    assert.deepEqual([usage.prompt_tokens, usage.prompt_tokens_details.cached_tokens, usage.total_tokens], [42, 30, 49])
    const { tokensIn, tokensCached, tokensOut, tokensInSource, deploymentId, engineId, status } = await record()
    assert.deepEqual([tokensIn, tokensCached, tokensOut, tokensInSource, status], [42, 30, 7, 'upstream', 200])
    assert.deepEqual([deploymentId, engineId?.startsWith('up_')], [null, true])
  })

  it('streams thoughts, text and calls, and totals only to who asked for them', async () => {
    script = sse(recordedStream().join(''))
    const answer = await ask({ stream: true, stream_options: { include_usage: true } })
    const chunks = answer.text
      .split('\n\n')
      .filter((event) => event.startsWith('data: {'))
      .map((event) => JSON.parse(event.slice(6)))
    const deltas = chunks.flatMap(({ choices }) => (choices[0] === undefined ? [] : [choices[0].delta]))
    assert.equal(deltas.map(({ reasoning_content = '' }) => reasoning_content).join(''), 'Look it up.')
    assert.equal(deltas.map(({ content = '' }) => content).join(''), 'One moment.')
    const calls = deltas.flatMap(({ tool_calls = [] }) => tool_calls)
    assert.equal(calls[0].function.name, 'weather')
    assert.equal(calls.map((call) => call.function.arguments).join(''), '{"city": "Oslo"}')
    assert.equal(deltas.flatMap(({ reasoning_details = [] }) => reasoning_details)[0].signature, 'c2lnbmVk')
    assert.equal(chunks.at(-1).usage.total_tokens, 49)
    assert.ok(answer.text.endsWith('data: [DONE]\n\n'))
    const { finish, cutBy, tokensOut } = await record()
    assert.deepEqual([finish, cutBy, tokensOut], ['tool_calls', null, 7])
    records.length = 0
    assert.ok(!(await ask({ stream: true })).text.includes('"usage"'))
  })

  it('cut after any of its events is never taken for whole, and bills the prompt and what was said', async () => {
    const events = recordedStream()
    for (let whole = 1; whole < events.length; whole++) {
      records.length = 0
      await serve({})
      script = sse(events.slice(0, whole).join('') + (events[whole] ?? '').slice(0, 9), false)
      const answer = await ask({ stream: true })
      assert.ok(!answer.text.includes('[DONE]'), `cut after ${whole} events`)
      const { tokensIn, tokensOut, tokensInSource, cutBy } = await record()
      assert.deepEqual([tokensIn, tokensInSource, cutBy], [42, 'upstream', 'upstream'], `cut after ${whole} events`)
      assert.ok(tokensOut <= 7)
    }
  })

  it('cut anywhere into packets is read the same', async () => {
    const bytes = Buffer.from(recordedStream().join(''))
    script = sse(bytes.toString())
    const expected = (await ask({ stream: true })).text
    for (let at = 1; at < bytes.length; at += 23) {
      script = (response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(bytes.subarray(0, at))
        setImmediate(() => response.end(bytes.subarray(at)))
      }
      const created = /"created":\d+/g
      assert.equal((await ask({ stream: true })).text.replace(created, ''), expected.replace(created, ''))
    }
  })

  it('speaks to Anthropic’s clients too, through both translations', async () => {
    script = (response) => sendJson(response, 200, message)
    const answer = await ask({ max_tokens: 20 }, { path: '/v1/messages' })
    const { content, stop_reason, usage } = JSON.parse(answer.text)
    assert.deepEqual(
      content.map(({ type }: { type: string }) => type),
      ['thinking', 'text', 'tool_use'],
    )
    assert.deepEqual([stop_reason, usage.input_tokens, usage.cache_read_input_tokens], ['tool_use', 12, 30])
    script = (response) => sendJson(response, 200, { input_tokens: 11 })
    const counted = await ask({}, { path: '/v1/messages/count_tokens' })
    assert.deepEqual(JSON.parse(counted.text), { input_tokens: 11 })
    assert.equal(asked.at(-1)?.path, '/v1/messages/count_tokens')
  })

  it('that is overloaded within a stream is told of, without [DONE]', async () => {
    const overloaded = { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }
    script = sse(`${recordedStream().slice(0, 6).join('')}event: error\ndata: ${JSON.stringify(overloaded)}\n\n`)
    const answer = await ask({ stream: true })
    assert.match(answer.text, /"code":"upstream_overloaded"/)
    assert.ok(!answer.text.includes('[DONE]'))
    assert.equal((await record()).errorCode, 'upstream_overloaded')
  })
})

describe('trouble of an upstream', () => {
  const told = async (status: number, type: string, text = 'no', change: object = {}) => {
    records.length = 0
    await serve({})
    script = (response) => sendJson(response, status, { type: 'error', error: { type, message: text } })
    const answer = await ask(change)
    const { error } = JSON.parse(answer.text)
    assert.equal((await record()).status, answer.status)
    return [answer.status, error.code, error.message]
  }

  it('with us is never the client’s 401, and with its model never the client’s 404', async () => {
    assert.deepEqual((await told(401, 'authentication_error')).slice(0, 2), [502, 'upstream_refused_us'])
    assert.deepEqual((await told(403, 'permission_error')).slice(0, 2), [502, 'upstream_refused_us'])
    assert.deepEqual((await told(404, 'not_found_error')).slice(0, 2), [502, 'upstream_lacks_model'])
    assert.equal((await told(429, 'rate_limit_error'))[0], 429)
    assert.deepEqual((await told(529, 'overloaded_error')).slice(0, 2), [503, 'upstream_overloaded'])
    assert.deepEqual((await told(500, 'api_error')).slice(0, 2), [502, 'upstream_failed'])
  })

  it('with the request is told in its words, less our secret and its address', async () => {
    const { host } = new URL(base)
    assert.deepEqual(await told(400, 'invalid_request_error', `bad: ${SECRET} at ${host}`), [
      400,
      'invalid_request_error',
      'bad: *** at ***',
    ])
    assert.equal((await told(400, 'invalid_request_error', 'prompt is too long: 9 > 8'))[1], 'context_length_exceeded')
  })

  it('that is no JSON, or leads elsewhere, says nothing of where it is', async () => {
    for (const status of [302, 400, 200]) {
      await serve({})
      script = (response) =>
        response.writeHead(status, { location: base, 'content-type': 'text/html' }).end(`<a href=${base}>`)
      const answer = await ask()
      assert.equal(answer.status, status === 400 ? 400 : 502)
      assert.equal(JSON.parse(answer.text).error.code, 'upstream_failed')
      assert.ok(!answer.text.includes(base) && !answer.headers.location)
    }
  })

  it('before it is asked: what it has nothing for is refused by name, and asks nobody', async () => {
    const embedding = await chat(port, 'tw-a', { model: 'vendor/claude', input: 'a' }, { path: '/v1/embeddings' })
    assert.deepEqual([embedding.status, JSON.parse(embedding.text).error.code], [400, 'not_served_by_model'])
    const several = await ask({ n: 2 })
    assert.deepEqual([several.status, JSON.parse(several.text).error.param], [400, 'n'])
    assert.equal(asked.length, 0)
  })

  it('that is on a private network is not reached by an upstream of the internet', async () => {
    await serve({ network: 'public' })
    const answer = await ask()
    assert.equal(answer.status, 503)
    assert.equal(asked.length, 0)
    assert.ok(!answer.text.includes('127.0.0.1'))
  })
})
