/** The real worker process, between a client, a stand-in for control, and engines whose every byte is scripted. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest, type RequestListener } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { scriptedEngine } from '../../engine-host/scripted-engine.ts'
import { createEngineServer } from '../../engine-host/server.ts'
import { dataFolderAt, makeDataFolder } from '../platform/data-folder.ts'
import { ControlStandIn, keyOf, localReplica, routeOf, sendJson } from './control-stand-in.ts'
import { call, chat, errorOf } from './plain-client.ts'
import { listenOn, readAll, ScriptedUpstream, type UpstreamCall } from './scripted-upstream.ts'
import type { Snapshot } from './snapshot.ts'
import { workerMetricsSocket } from './worker-metrics.ts'

const USAGE = {
  prompt_tokens: 7,
  completion_tokens: 3,
  total_tokens: 10,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 1 },
}
const USAGE_EVENT = `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [], usage: USAGE, timings: { queue_ms: 1, prefill_ms: 2, decode_ms: 3 } })}\n\n`
const delta = (content: string, finish: string | null = null) =>
  `data: ${JSON.stringify({ id: 'c', choices: [{ index: 0, delta: { content }, finish_reason: finish }] })}\n\n`
const DONE = 'data: [DONE]\n\n'
const CONTENT = `${delta('Héllo')}: still here\n\n${delta(' wörld')}${delta('', 'stop')}`
const COMPLETION = {
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: USAGE,
}
const body = (change: object = {}) => ({ model: 'small', messages: [{ role: 'user', content: 'hi' }], ...change })

const json = ({ response }: UpstreamCall) => sendJson(response, 200, COMPLETION)
const events =
  (text: string) =>
  ({ response }: UpstreamCall) =>
    response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text)

class Worker {
  port = 0
  #child: ChildProcess | null = null
  #message: Promise<unknown> = Promise.resolve()
  readonly #root: string
  readonly #environment: Record<string, string>

  constructor(root: string, environment: Record<string, string> = {}) {
    this.#root = root
    this.#environment = environment
  }

  async start(port?: number): Promise<void> {
    this.port = port ?? (await freePort())
    const child = spawn(process.execPath, [join(import.meta.dirname, 'worker.ts')], {
      env: {
        ...process.env,
        TRADEWIND_DATA: this.#root,
        TRADEWIND_WORKER: '0',
        PORT: String(this.port),
        LOG_LEVEL: 'silent',
        ...this.#environment,
      },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.#child = child
    this.#message = new Promise((resolve) => child.once('message', resolve))
    while (!(await this.isListening())) await new Promise((resolve) => setTimeout(resolve, 20))
  }

  /** The first thing it tells its supervisor. */
  message(): Promise<unknown> {
    return this.#message
  }

  /** Its exit code, when it has ended. */
  exit(): Promise<number | null> {
    const child = this.#child
    if (child === null || child.exitCode !== null) return Promise.resolve(child?.exitCode ?? null)
    return new Promise((resolve) => child.once('exit', (code) => resolve(code)))
  }

  terminate(): Promise<number | null> {
    this.#child?.kill('SIGTERM')
    return this.exit()
  }

  /** As when the supervisor was killed. */
  orphan(): Promise<number | null> {
    this.#child?.disconnect()
    return this.exit()
  }

  async isListening(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

const root = mkdtempSync(join(tmpdir(), 'tw-worker-'))
const folder = dataFolderAt(root)
const engineSocket = (name: string) => join(folder.run, `${name}.sock`)
const control = new ControlStandIn(folder, { version: 1, keys: [keyOf('tw-a')], routes: [] })
const worker = new Worker(root)
const engine = new ScriptedUpstream(engineSocket('eng_1'), json)
const standing = () => ({
  keys: [
    keyOf('tw-a'),
    keyOf('tw-narrow', { models: ['other'] }),
    keyOf('tw-reader', { scopes: ['models.read'] }),
    keyOf('tw-disk', { contentOnDisk: true }),
    keyOf('tw-old', { expiresAtMs: 1 }),
  ],
  routes: [
    routeOf('small', [localReplica('eng_1', engine.socketPath)]),
    routeOf('tuned', [localReplica('eng_1', engine.socketPath)], { adapter: 'polite' }),
    routeOf('Org/other', [localReplica('eng_1', engine.socketPath)]),
    routeOf('asleep', []),
  ],
})

before(async () => {
  makeDataFolder(folder)
  await engine.start()
})
after(async () => {
  assert.equal(await worker.terminate(), 0)
  await Promise.all([control.kill(), engine.kill()])
  rmSync(root, { recursive: true })
})

describe('before control is there', () => {
  it('listens, says that it lives, and answers starting to whoever has a request', async () => {
    await worker.start()
    const alive = await call({ port: worker.port, method: 'GET', path: '/livez' })
    assert.equal(alive.status, 200)
    const early = await chat(worker.port, 'tw-a', body())
    assert.equal(early.status, 503)
    assert.equal(errorOf(early).code, 'starting')
    assert.ok(Number(early.headers['retry-after-ms']) > 0)
    const elsewhere = await call({ port: worker.port, method: 'GET', path: '/api/me' })
    assert.deepEqual([elsewhere.status, errorOf(elsewhere).code], [502, 'control_unavailable'])
  })

  it('says ready once it holds keys and routes', async () => {
    await control.start()
    assert.deepEqual(await worker.message(), { type: 'ready' })
  })
})

describe('a request', () => {
  beforeEach(async () => {
    engine.script = json
    engine.onCancel = () => {}
    engine.calls.length = 0
    engine.cancelled.length = 0
    await control.push(standing())
  })

  it('needs a key that is known, alive and allowed', async () => {
    const cases: [Record<string, string>, string, number, string][] = [
      [{}, 'small', 401, 'invalid_api_key'],
      [{ authorization: 'Bearer tw-b' }, 'small', 401, 'invalid_api_key'],
      [{ authorization: 'Bearer tw-old' }, 'small', 401, 'invalid_api_key'],
      [{ authorization: 'Bearer tw-reader' }, 'small', 403, 'insufficient_permissions'],
      [{ authorization: 'Bearer tw-narrow' }, 'small', 404, 'model_not_found'],
      [{ authorization: 'Bearer tw-a' }, 'gone', 404, 'model_not_found'],
      [{ 'x-api-key': 'tw-a' }, 'small', 200, ''],
      [{ 'api-key': 'tw-a' }, 'small', 200, ''],
    ]
    for (const [headers, model, status, code] of cases) {
      const answer = await call({ port: worker.port, headers, body: JSON.stringify(body({ model })) })
      assert.equal(answer.status, status, JSON.stringify([headers, model]))
      assert.match(answer.headers['x-request-id'] as string, /^req_[0-9a-z]{22}$/)
      if (status >= 400) {
        assert.equal(errorOf(answer).code, code)
        assert.equal(answer.headers['x-should-retry'], 'false')
      }
    }
    assert.equal(engine.calls.length, 2)
  })

  it('is refused from an address that its key does not list, whatever headers say, and by no other path', async () => {
    const listed = keyOf('tw-listed', { ips: ['10.0.0.0/8'] })
    await control.push({ keys: [...standing().keys, listed, keyOf('tw-here', { ips: ['127.0.0.0/8', '::1'] })] })
    const headers = { authorization: 'Bearer tw-listed', 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1' }
    for (const path of ['/v1/chat/completions', '/v1/embeddings', '/tokenize']) {
      const answer = await call({ port: worker.port, path, headers, body: JSON.stringify(body()) })
      assert.equal(answer.status, 403)
      assert.deepEqual(errorOf(answer), {
        message: 'This API key may not be used from 127.0.0.1.',
        type: 'permission_error',
        param: null,
        code: 'ip_not_authorized',
      })
      assert.equal(answer.headers['x-should-retry'], 'false')
    }
    const models = await call({ port: worker.port, method: 'GET', path: '/v1/models', headers })
    assert.equal(errorOf(models).code, 'ip_not_authorized')
    assert.equal(engine.calls.length, 0)
    assert.equal((await chat(worker.port, 'tw-here', body())).status, 200)
    assert.ok(!control.uses.some(({ keyId }) => keyId === listed.id), 'what was not let in is no use')
  })

  it('is told to control as the use of its key when it is let in, before its answer has ended, also where no engine is asked', async () => {
    const [fresh, lister] = [keyOf('tw-fresh'), keyOf('tw-lister')]
    await control.push({ keys: [...standing().keys, fresh, lister] })
    const go = Promise.withResolvers<void>()
    engine.script = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('one'))
      await go.promise
      response.end(USAGE_EVENT + DONE)
    }
    const running = chat(worker.port, 'tw-fresh', body({ stream: true }))
    await control.until(() => control.uses.some(({ sha256 }) => sha256 === fresh.sha256))
    const [use] = control.uses.filter(({ sha256 }) => sha256 === fresh.sha256)
    assert.equal(use?.keyId, fresh.id)
    go.resolve()
    assert.equal((await running).status, 200)
    await call({ port: worker.port, method: 'GET', path: '/v1/models', headers: { 'api-key': 'tw-lister' } })
    await control.until(() => control.uses.some(({ sha256 }) => sha256 === lister.sha256))
  })

  it('is refused with 400 when its body is no JSON object, names a field twice, or names no model', async () => {
    for (const [text, code] of [
      ['{"model":"small"', 'invalid_json'],
      ['', 'invalid_json'],
      ['{"model":"small","stream":true,"stream":false}', 'duplicate_parameter'],
      ['{"messages":[]}', 'missing_required_parameter'],
    ] as const) {
      const answer = await chat(worker.port, 'tw-a', text)
      assert.deepEqual([answer.status, errorOf(answer).code], [400, code], text)
    }
    assert.equal(engine.calls.length, 0)
  })

  it('reaches the engine with the same bytes, our headers, and nothing of the client’s', async () => {
    const text = `{ "messages" : [{"role":"user","content":"h\\u00e9 \\n"}],\n"model":"tuned", "x": 1.50 }`
    const answer = await chat(worker.port, 'tw-disk', text, {
      headers: {
        'x-tradewind-salt': 'stolen',
        'x-tradewind-adapter': 'stolen',
        'x-request-id': 'mine',
        cookie: 'session=1',
        'x-api-key': 'tw-a',
        connection: 'keep-alive, x-odd',
        'x-odd': '1',
      },
    })
    assert.equal(answer.status, 200)
    const [{ request, body: sent }] = engine.calls as [UpstreamCall]
    assert.equal(sent.toString(), text)
    const { host: _host, connection: _connection, ...headers } = request.headers
    assert.deepEqual(headers, {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(text)),
      'x-request-id': answer.headers['x-request-id'],
      'x-tradewind-salt': 'salt-tw-disk',
      'x-tradewind-share': 'share-tw-disk',
      'x-tradewind-usage': 'always',
      'x-tradewind-adapter': 'polite',
      'x-tradewind-disk': 'allow',
    })
  })

  it('gets the engine’s own bytes, and leaves one record with the engine’s counts', async () => {
    const answer = await chat(worker.port, 'tw-a', body())
    assert.equal(answer.text, JSON.stringify(COMPLETION))
    assert.equal(answer.headers['access-control-allow-origin'], '*')
    const record = await control.record(answer.headers['x-request-id'] as string)
    const { startedAtMs, gatewayMs, firstTokenMs, totalMs, detail, ...rest } = record
    assert.deepEqual([detail?.parameters.messages, detail?.client], [1, null])
    assert.deepEqual(rest, {
      id: answer.headers['x-request-id'],
      organizationId: 'org_1',
      projectId: 'proj_1',
      keyId: 'key_tw-a',
      model: 'small',
      requestedModel: null,
      adapter: null,
      deploymentId: 'dep_small',
      engineId: 'eng_1',
      route: '/v1/chat/completions',
      stream: false,
      status: 200,
      errorCode: null,
      tokensIn: 7,
      tokensCached: 4,
      tokensOut: 3,
      tokensReasoning: 1,
      tokensInSource: 'engine',
      tokensOutSource: 'engine',
      finish: 'stop',
      cutBy: null,
      queueMs: null,
      prefillMs: null,
      decodeMs: null,
      retries: 0,
    })
    assert.ok(Math.abs(Date.now() - startedAtMs) < 60_000)
    assert.equal(firstTokenMs, null)
    assert.ok(gatewayMs >= 0 && totalMs >= gatewayMs)
  })

  it('gets an error of the engine as the engine said it, and the record has its code', async () => {
    engine.script = ({ response }) =>
      sendJson(response, 400, {
        error: {
          message: 'too long',
          type: 'invalid_request_error',
          param: 'messages',
          code: 'context_length_exceeded',
        },
      })
    const answer = await chat(worker.port, 'tw-a', body())
    assert.deepEqual([answer.status, errorOf(answer).code], [400, 'context_length_exceeded'])
    const record = await control.record(answer.headers['x-request-id'] as string)
    assert.deepEqual([record.status, record.errorCode, record.tokensOut], [400, 'context_length_exceeded', 0])
  })

  it('may be a long answer, which passes as it comes, its usage read from its end', async () => {
    const long = JSON.stringify({ data: ['x'.repeat(3_000_000)], usage: USAGE })
    engine.script = ({ response }) => response.writeHead(200, { 'content-type': 'application/json' }).end(long)
    const answer = await chat(worker.port, 'tw-a', body(), { path: '/v1/embeddings' })
    assert.equal(answer.text, long)
    assert.equal((await control.record(answer.headers['x-request-id'] as string)).tokensIn, 7)
  })

  it('is refused when it is larger than 32 MiB, said or not', async () => {
    const large = Buffer.alloc(33 * 1024 * 1024, ' ')
    const said = await chat(worker.port, 'tw-a', 'x', { body: large })
    assert.deepEqual([said.status, errorOf(said).code], [413, 'request_too_large'])
    const unsaid = await chat(worker.port, 'tw-a', 'x', { body: large, headers: { 'transfer-encoding': 'chunked' } })
    assert.deepEqual([unsaid.status, errorOf(unsaid).code], [413, 'request_too_large'])
    const packed = await chat(worker.port, 'tw-a', 'x', { headers: { 'content-encoding': 'gzip' } })
    assert.deepEqual([packed.status, errorOf(packed).code], [415, 'unsupported_content_encoding'])
  })

  it('may not bring headers without end', async () => {
    const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-${i}`, '1']))
    const answer = await chat(worker.port, 'tw-a', body(), { headers: many })
    assert.deepEqual([answer.status, errorOf(answer).code], [431, 'headers_too_large'])
    const wide = await chat(worker.port, 'tw-a', body(), { headers: { 'x-wide': 'x'.repeat(40_000) } })
    assert.deepEqual([wide.status, errorOf(wide).code], [431, 'headers_too_large'])
  })
})

describe('a stream', () => {
  beforeEach(async () => {
    engine.calls.length = 0
    engine.cancelled.length = 0
    engine.onCancel = () => {}
    await control.push(standing())
  })

  it('comes byte for byte, with the totals when they were asked for', async () => {
    engine.script = events(CONTENT + USAGE_EVENT + DONE)
    const answer = await chat(worker.port, 'tw-a', body({ stream: true, stream_options: { include_usage: true } }))
    assert.equal(answer.text, CONTENT + USAGE_EVENT + DONE)
    assert.equal(answer.headers['content-type'], 'text/event-stream')
    const record = await control.record(answer.headers['x-request-id'] as string)
    assert.deepEqual(
      [
        record.stream,
        record.tokensIn,
        record.tokensOut,
        record.finish,
        record.queueMs,
        record.prefillMs,
        record.decodeMs,
      ],
      [true, 7, 3, 'stop', 1, 2, 3],
    )
    assert.ok(record.firstTokenMs !== null && record.firstTokenMs <= record.totalMs)
  })

  it('comes byte for byte without the totals when they were not, wherever the chunks are cut', async () => {
    const whole = Buffer.from(CONTENT + USAGE_EVENT + DONE)
    const from = Buffer.byteLength(CONTENT) - 3
    const cuts = Array.from({ length: whole.length - from }, (_, i) => from + i)
    engine.script = ({ response }) => {
      const cut = cuts[engine.calls.length - 1]
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(whole.subarray(0, cut))
      setTimeout(() => response.end(whole.subarray(cut)), 2)
    }
    for (const cut of cuts) {
      const answer = await chat(worker.port, 'tw-a', body({ stream: true }))
      assert.equal(answer.text, CONTENT + DONE, `cut at ${cut}`)
    }
    assert.equal(engine.calls.length, cuts.length)
  })

  it('comes one byte at a time', async () => {
    const whole = Buffer.from((CONTENT + USAGE_EVENT + DONE).replaceAll('\n', '\r\n'))
    engine.script = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (const byte of whole) {
        response.write(Buffer.from([byte]))
        await new Promise((resolve) => setImmediate(resolve))
      }
      response.end()
    }
    const answer = await chat(worker.port, 'tw-a', body({ stream: true }))
    assert.equal(answer.text, (CONTENT + DONE).replaceAll('\n', '\r\n'))
    assert.equal((await control.record(answer.headers['x-request-id'] as string)).tokensOut, 3)
  })

  it('is counted by its events when totals never come', async () => {
    engine.script = events(CONTENT + DONE)
    const answer = await chat(worker.port, 'tw-a', body({ stream: true }))
    const record = await control.record(answer.headers['x-request-id'] as string)
    assert.deepEqual([record.tokensOut, record.tokensOutSource, record.tokensInSource], [2, 'counted', 'none'])
  })

  it('that its client leaves after the first byte is told to stop, and has the engine’s last counts', async () => {
    engine.script = ({ response }) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('one'))
    engine.onCancel = (stopped) => stopped?.response.end(USAGE_EVENT)
    await chat(worker.port, 'tw-a', body({ stream: true }), { onData: (_chunk, leave) => leave() })
    await control.until(() => control.records.some((each) => each.cutBy === 'client' && each.status === 200))
    const record = control.records.at(-1)
    assert.deepEqual([record?.tokensOut, record?.tokensOutSource, record?.finish], [3, 'engine', null])
    assert.deepEqual(engine.cancelled, [record?.id])
  })

  it('that its client leaves before the first byte is told to stop too, and is recorded as 499', async () => {
    const leaving = new AbortController()
    engine.script = () => leaving.abort()
    engine.onCancel = (stopped) =>
      stopped?.response.writeHead(200, { 'content-type': 'text/event-stream' }).end(USAGE_EVENT)
    await assert.rejects(chat(worker.port, 'tw-a', body({ stream: true }), { signal: leaving.signal }))
    await control.until(() => control.records.at(-1)?.status === 499)
    const record = control.records.at(-1)
    assert.deepEqual([record?.cutBy, record?.tokensIn, record?.errorCode], ['client', 7, null])
    assert.deepEqual(engine.cancelled, [record?.id])
  })

  it('whose engine does not react to a cancel is closed nevertheless', async () => {
    const closed = Promise.withResolvers<void>()
    engine.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('one'))
      response.on('close', closed.resolve)
    }
    await chat(worker.port, 'tw-a', body({ stream: true }), { onData: (_chunk, leave) => leave() })
    await closed.promise
  })

  it('whose engine dies halfway ends with an error event, without [DONE]', async () => {
    engine.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`${delta('one')}data: {"half`)
      setTimeout(() => response.destroy(), 20)
    }
    const answer = await chat(worker.port, 'tw-a', body({ stream: true }))
    assert.equal(answer.isWhole, true)
    assert.ok(answer.text.startsWith(delta('one')))
    const [last, rest] = answer.text.slice(delta('one').length).split('\n\n') as [string, string]
    assert.equal(JSON.parse(last.slice('data: '.length)).error.code, 'engine_lost')
    assert.equal(rest, '')
    const record = await control.record(answer.headers['x-request-id'] as string)
    assert.deepEqual(
      [record.status, record.cutBy, record.errorCode, record.tokensOut, record.tokensOutSource, record.retries],
      [200, 'engine', 'engine_lost', 1, 'counted', 0],
    )
  })

  it('that ends in good order but without [DONE] is not taken for whole', async () => {
    engine.script = events(delta('one'))
    const answer = await chat(worker.port, 'tw-a', body({ stream: true }))
    assert.match(answer.text, /"code":"engine_lost"/)
    assert.doesNotMatch(answer.text, /\[DONE\]/)
  })

  it('whose engine tells its own error is told it once', async () => {
    const told = 'data: {"error":{"message":"x","code":"engine.step_failed"}}\n\n'
    engine.script = events(delta('one') + told)
    const answer = await chat(worker.port, 'tw-a', body({ stream: true }))
    assert.equal(answer.text, delta('one') + told)
    const record = await control.record(answer.headers['x-request-id'] as string)
    assert.deepEqual([record.errorCode, record.cutBy], ['engine.step_failed', 'engine'])
  })

  it('is one of a hundred at once, each whole and its own', async () => {
    engine.script = async ({ response, body: sent }) => {
      const { n } = JSON.parse(sent.toString()) as { n: number }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      for (let i = 0; i < 20; i++) {
        response.write(delta(`${n}.${i} `))
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      response.end(USAGE_EVENT + DONE)
    }
    const numbers = Array.from({ length: 100 }, (_, n) => n)
    const answers = await Promise.all(numbers.map((n) => chat(worker.port, 'tw-a', body({ stream: true, n }))))
    for (const n of numbers) {
      const wanted = Array.from({ length: 20 }, (_, i) => delta(`${n}.${i} `)).join('') + DONE
      assert.equal(answers[n]?.text, wanted)
    }
    const ids = new Set(answers.map((answer) => answer.headers['x-request-id'] as string))
    assert.equal(ids.size, 100)
    await Promise.all([...ids].map((id) => control.record(id)))
  })
})

describe('an engine that fails before the first byte', () => {
  const second = new ScriptedUpstream(engineSocket('eng_2'), json)
  // By ids of their own: what other tests did to an engine would keep it from being asked.
  const both = (of: string) => [
    localReplica(`eng_${of}_1`, engine.socketPath),
    localReplica(`eng_${of}_2`, second.socketPath),
  ]
  before(() => second.start())
  after(() => second.kill())
  beforeEach(async () => {
    engine.script = json
    engine.calls.length = 0
    second.script = json
    second.calls.length = 0
    await control.push(standing())
  })

  it('is replaced unseen by another one', async () => {
    engine.script = ({ response }) => response.destroy()
    await control.push({ routes: [routeOf('small', both('dead'))] })
    const answers = []
    for (let i = 0; i < 8; i++) answers.push(await chat(worker.port, 'tw-a', body({ user: String(i) })))
    assert.deepEqual(new Set(answers.map((answer) => answer.text)), new Set([JSON.stringify(COMPLETION)]))
    const records = await Promise.all(answers.map((answer) => control.record(answer.headers['x-request-id'] as string)))
    assert.deepEqual(new Set(records.map((record) => record.engineId)), new Set(['eng_dead_2']))
    assert.equal(
      records.reduce((sum, record) => sum + record.retries, 0),
      engine.calls.length,
    )
    assert.ok(engine.calls.length > 0)
  })

  it('is replaced unseen also in the middle of a held answer', async () => {
    engine.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"half":')
      setTimeout(() => response.destroy(), 10)
    }
    await control.push({ routes: [routeOf('small', both('half'))] })
    const [one, two] = [await chat(worker.port, 'tw-a', body()), await chat(worker.port, 'tw-a', body())]
    assert.deepEqual([one.text, two.text], [JSON.stringify(COMPLETION), JSON.stringify(COMPLETION)])
  })

  it('is waited for while it restarts, in the middle of eight requests', async () => {
    const gone = new ScriptedUpstream(engineSocket('eng_3'), () => {
      if (gone.calls.length === 8) void gone.kill()
    })
    await gone.start()
    await control.push({ routes: [routeOf('small', [localReplica('eng_3', gone.socketPath)])] })
    const answers = Array.from({ length: 8 }, () => chat(worker.port, 'tw-a', body()))
    while (gone.calls.length < 8) await new Promise((resolve) => setTimeout(resolve, 5))
    await control.push({ routes: [routeOf('small', [localReplica('eng_2', second.socketPath)])] })
    for (const answer of await Promise.all(answers)) assert.equal(answer.text, JSON.stringify(COMPLETION))
    assert.equal(second.calls.length, 8)
  })

  it('is not fed a request for ever that may be what kills it', async () => {
    engine.script = ({ response }) => response.destroy()
    const answer = await chat(worker.port, 'tw-a', body())
    assert.deepEqual([answer.status, errorOf(answer).code], [502, 'engine_lost'])
    assert.equal(answer.headers['x-should-retry'], 'false')
    assert.equal(engine.calls.length, 3)
    const record = await control.record(answer.headers['x-request-id'] as string)
    assert.deepEqual([record.retries, record.cutBy, record.errorCode], [2, 'engine', 'engine_lost'])
  })

  it('or is full, is passed over for one that is not; when all are full its own words go to the client', async () => {
    const full = ({ response }: UpstreamCall) => {
      response.setHeader('retry-after-ms', '1234')
      sendJson(response, 429, {
        error: { message: 'full', type: 'rate_limit_error', param: null, code: 'engine.full' },
      })
    }
    engine.script = full
    await control.push({ routes: [routeOf('small', both('busy'))] })
    for (let i = 0; i < 2; i++) assert.equal((await chat(worker.port, 'tw-a', body())).status, 200)
    second.script = full
    const answer = await chat(worker.port, 'tw-a', body(), { headers: { 'x-tradewind-queue-timeout-ms': '0' } })
    assert.deepEqual(
      [answer.status, errorOf(answer).code, answer.headers['retry-after-ms']],
      [429, 'engine.full', '1234'],
    )
  })
})

describe('a model that is not loaded', () => {
  beforeEach(async () => {
    engine.script = json
    control.woken.length = 0
    await control.push(standing())
  })

  it('is woken once for all who ask for it, and then answers them', async () => {
    const wake = Promise.withResolvers<void>()
    control.onWake = async (_model, response) => {
      await wake.promise
      sendJson(response, 200, { route: routeOf('asleep', [localReplica('eng_1', engine.socketPath)]) })
    }
    const answers = [1, 2, 3].map(() => chat(worker.port, 'tw-a', body({ model: 'asleep' })))
    await control.until(() => control.woken.length === 1)
    setTimeout(wake.resolve, 30)
    for (const answer of await Promise.all(answers)) assert.equal(answer.status, 200)
    assert.deepEqual(control.woken, ['asleep'])
  })

  it('that does not fit is refused in control’s own words, with a record', async () => {
    control.onWake = (_model, response) =>
      sendJson(response, 507, {
        error: {
          message: 'needs 9 GB, 4 GB are free',
          type: 'server_error',
          param: null,
          code: 'engines.memory_short',
        },
      })
    const answer = await chat(worker.port, 'tw-a', body({ model: 'asleep' }))
    assert.deepEqual([answer.status, errorOf(answer).code], [507, 'engines.memory_short'])
    const record = await control.record(answer.headers['x-request-id'] as string)
    assert.deepEqual([record.status, record.errorCode, record.engineId], [507, 'engines.memory_short', null])
  })
})

describe('GET /v1/models', () => {
  const get = (path: string, secret: string) =>
    call({ port: worker.port, method: 'GET', path, headers: { authorization: `Bearer ${secret}` } })
  before(() => control.push(standing()))

  it('lists what the key may use, loaded or not', async () => {
    const { data } = JSON.parse((await get('/v1/models', 'tw-a')).text)
    assert.deepEqual(
      data.map((model: { id: string }) => model.id),
      ['small', 'tuned', 'Org/other', 'asleep'],
    )
    assert.deepEqual(data[0], { id: 'small', object: 'model', created: 1_700_000_000, owned_by: 'tradewind' })
    assert.deepEqual(JSON.parse((await get('/v1/models', 'tw-narrow')).text).data, [])
  })

  it('shows one, whose name may hold a slash, and hides what the key may not see', async () => {
    assert.equal(JSON.parse((await get('/v1/models/Org/other', 'tw-reader')).text).id, 'Org/other')
    assert.equal(JSON.parse((await get('/v1/models/Org%2Fother?x=1', 'tw-reader')).text).id, 'Org/other')
    assert.equal((await get('/v1/models/small', 'tw-narrow')).status, 404)
    assert.equal((await get('/v1/models', 'nobody')).status, 401)
  })

  it('lists with a slash at the end too, and says which method a path takes', async () => {
    assert.equal(JSON.parse((await get('/v1/models/', 'tw-a')).text).object, 'list')
    const wrong = await get('/v1/chat/completions', 'tw-a')
    assert.equal(wrong.status, 405)
    assert.equal(wrong.headers.allow, 'POST')
    assert.equal(JSON.parse(wrong.text).error.code, 'method_not_allowed')
  })
})

describe('everything else', () => {
  const onPublic = (listener: RequestListener) => {
    control.onPublic = listener
  }

  it('goes to control unchanged, cookies and redirects included, and back', async () => {
    onPublic(async (request, response) => {
      const sent = await readAll(request)
      response.writeHead(302, [
        ['Location', '/setup?x=1'],
        ['Set-Cookie', 'a=1; HttpOnly'],
        ['Set-Cookie', 'b=2; SameSite=Lax'],
        ['X-Echo', JSON.stringify([request.method, request.url, sent.toString(), request.headers])],
      ] as never)
      response.end('moved')
    })
    const answer = await call({
      port: worker.port,
      method: 'PUT',
      path: '/api/things/%2e%2e/x?y=%20z',
      body: 'hello',
      headers: {
        cookie: ['s=1', 't=2'],
        authorization: 'Bearer person',
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-host': 'evil.example',
        forwarded: 'for=6.6.6.6',
        'x-real-ip': '6.6.6.6',
        'x-tradewind-salt': 'stolen',
        host: `localhost:${worker.port}`,
      },
    })
    assert.equal(answer.status, 302)
    assert.equal(answer.text, 'moved')
    assert.equal(answer.headers.location, '/setup?x=1')
    assert.deepEqual(answer.headers['set-cookie'], ['a=1; HttpOnly', 'b=2; SameSite=Lax'])
    assert.equal(answer.headers['access-control-allow-origin'], undefined)
    const [method, url, sent, headers] = JSON.parse(answer.headers['x-echo'] as string)
    assert.deepEqual([method, url, sent], ['PUT', '/api/things/%2e%2e/x?y=%20z', 'hello'])
    assert.deepEqual(
      [headers.cookie, headers.authorization, headers.host],
      ['s=1; t=2', 'Bearer person', `localhost:${worker.port}`],
    )
    assert.deepEqual(
      [headers['x-forwarded-for'], headers['x-forwarded-host'], headers['x-forwarded-proto']],
      ['127.0.0.1', `localhost:${worker.port}`, 'http'],
    )
    assert.deepEqual(
      [headers.forwarded, headers['x-real-ip'], headers['x-tradewind-salt']],
      [undefined, undefined, undefined],
    )
    assert.equal(headers['x-request-id'], answer.headers['x-request-id'])
  })

  it('streams both ways, however large', async () => {
    onPublic(async (request, response) => {
      response.writeHead(200)
      for await (const chunk of request)
        if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve))
      response.end()
    })
    const large = Buffer.alloc(40 * 1024 * 1024, 'tradewind ')
    const answer = await call({ port: worker.port, path: '/api/files', body: large })
    assert.equal(answer.body.equals(large), true)
  })

  it('keeps GET and HEAD without a body, and statuses that have none', async () => {
    onPublic((request, response) => {
      response.setHeader(
        'x-body',
        String(request.headers['transfer-encoding'] ?? request.headers['content-length'] ?? 'none'),
      )
      if (request.url === '/none') response.writeHead(204).end()
      else response.writeHead(200, { 'content-length': '5' }).end(request.method === 'HEAD' ? undefined : 'hello')
    })
    const head = await call({ port: worker.port, method: 'HEAD', path: '/' })
    assert.deepEqual(
      [head.status, head.headers['content-length'], head.text, head.headers['x-body']],
      [200, '5', '', 'none'],
    )
    assert.equal((await call({ port: worker.port, method: 'GET', path: '/' })).text, 'hello')
    assert.equal((await call({ port: worker.port, method: 'DELETE', path: '/none' })).status, 204)
  })

  it('lets a client leave a long download, which control notices', async () => {
    const closed = Promise.withResolvers<void>()
    onPublic((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
      response.on('close', closed.resolve)
    })
    await call({ port: worker.port, method: 'GET', path: '/api/events', onData: (_chunk, leave) => leave() })
    await closed.promise
  })

  it('lets pages of any origin call /v1, and says nothing of the kind for the rest', async () => {
    onPublic((_request, response) => response.writeHead(404).end())
    const asked = {
      origin: 'https://app.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,x-stainless-os',
    }
    const open = await call({ port: worker.port, method: 'OPTIONS', headers: asked })
    assert.equal(open.status, 204)
    assert.equal(open.headers['access-control-allow-origin'], '*')
    assert.equal(open.headers['access-control-allow-headers'], 'authorization,x-stainless-os')
    assert.equal(open.headers['access-control-allow-credentials'], undefined)
    const closed = await call({ port: worker.port, method: 'OPTIONS', path: '/api/keys', headers: asked })
    assert.deepEqual([closed.status, closed.headers['access-control-allow-origin']], [404, undefined])
  })
})

describe('control', () => {
  beforeEach(() => {
    engine.script = json
  })

  it('revokes a key by a push', async (t) => {
    await control.push(standing())
    assert.equal((await chat(worker.port, 'tw-a', body())).status, 200)
    const startedAt = performance.now()
    await control.push({ keys: [] })
    t.diagnostic(`a revoke was in force and acknowledged after ${(performance.now() - startedAt).toFixed(1)} ms`)
    assert.equal((await chat(worker.port, 'tw-a', body())).status, 401)
    await control.push(standing())
    assert.equal((await chat(worker.port, 'tw-a', body())).status, 200)
  })

  it('may be killed: known keys go on, usage waits on disk, and all is caught up when it is back', async () => {
    await control.push(standing())
    await control.kill()
    const answers = await Promise.all(Array.from({ length: 5 }, () => chat(worker.port, 'tw-a', body())))
    assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([200]))
    const elsewhere = await call({ port: worker.port, method: 'GET', path: '/api/me' })
    assert.equal(elsewhere.status, 502)
    const asleep = await chat(worker.port, 'tw-a', body({ model: 'asleep' }))
    assert.deepEqual([asleep.status, errorOf(asleep).code], [502, 'control_unavailable'])
    await control.start()
    for (const answer of answers) await control.record(answer.headers['x-request-id'] as string)
    await control.push({ keys: [] })
    assert.equal((await chat(worker.port, 'tw-a', body())).status, 401)
  })

  it('can read what the worker counts', async () => {
    const read = (path: string) =>
      new Promise<string>((resolve, reject) => {
        httpRequest({ socketPath: workerMetricsSocket(folder, '0'), path }, async (response) =>
          resolve((await readAll(response)).toString()),
        )
          .on('error', reject)
          .end()
      })
    const text = await read('/metrics')
    assert.match(
      text,
      /tradewind_gateway_requests_total\{route="\/v1\/chat\/completions",status="200",model="small",key="key",worker="0"\} \d+/,
    )
    assert.match(
      text,
      /tradewind_gateway_tokens_total\{model="small",key="key",route="\/v1\/chat\/completions",kind="out",worker="0"\} \d+/,
    )
    assert.doesNotMatch(text, /model="gone"/)
    assert.ok(Array.isArray(JSON.parse(await read('/metrics.json'))))
  })
})

describe('with the real engine host', () => {
  const socketPath = engineSocket('eng_real')
  const spoken = scriptedEngine({
    script: function* () {
      for (;;) {
        yield 'word '
        yield new Promise((resolve) => setTimeout(resolve, 5))
      }
    },
  })
  let kill = async () => {}

  before(async () => {
    const server = createEngineServer({
      spec: { engineId: 'eng_real', modelName: 'real', task: 'chat', toolParser: 'none', reasoningParser: 'none' },
      nowMs: Date.now,
      log() {},
    })
    server.ready(spoken)
    kill = (await listenOn(server.http, socketPath)).kill
    await control.push({ ...standing(), routes: [routeOf('real', [localReplica('eng_real', socketPath)])] })
  })
  after(() => kill())

  it('streams, strips the totals, and records the engine’s counts', async () => {
    const answer = await chat(worker.port, 'tw-a', body({ model: 'real', stream: true, max_tokens: 5 }))
    assert.match(answer.text, /data: \[DONE\]\n\n$/)
    assert.doesNotMatch(answer.text, /"usage":\{/)
    const record = await control.record(answer.headers['x-request-id'] as string)
    assert.deepEqual(
      [record.tokensOut, record.tokensOutSource, record.finish, record.cutBy],
      [5, 'engine', 'length', null],
    )
    assert.ok(record.tokensIn > 0)
  })

  it('counts tokens under /v1 too, and passes over a byte order mark', async () => {
    const headers = { authorization: 'Bearer tw-a', 'content-type': 'application/json' }
    const ask = (path: string, text: string) => call({ port: worker.port, method: 'POST', path, headers, body: text })
    const counted = await ask('/v1/tokenize', '\ufeff{"model":"real","prompt":"Hello there"}')
    assert.equal(counted.status, 200, counted.text)
    const { tokens } = JSON.parse(counted.text)
    assert.equal((await control.record(counted.headers['x-request-id'] as string)).route, '/tokenize')
    const spelt = await ask('/v1/detokenize', JSON.stringify({ model: 'real', tokens }))
    assert.match(JSON.parse(spelt.text).prompt, /Hello there$/)
  })

  it('stops an endless generation when its client hangs up, and knows how far it came', async () => {
    let seen = 0
    await chat(worker.port, 'tw-a', body({ model: 'real', stream: true }), {
      onData: (_chunk, leave) => {
        if (++seen === 3) leave()
      },
    })
    await control.until(() => control.records.at(-1)?.cutBy === 'client')
    const record = control.records.at(-1)
    assert.equal(record?.tokensOutSource, 'engine')
    assert.ok((record?.tokensOut ?? 0) >= 2)
    assert.equal(spoken.running, 0)
  })

  it('stops it before the first byte, too', async () => {
    const leaving = new AbortController()
    const answer = chat(worker.port, 'tw-a', body({ model: 'real', max_tokens: 4000 }), { signal: leaving.signal })
    while (spoken.running === 0) await new Promise((resolve) => setTimeout(resolve, 2))
    leaving.abort()
    await assert.rejects(answer)
    await control.until(() => control.records.at(-1)?.status === 499)
    assert.equal(spoken.running, 0)
  })
})

describe('a worker behind a proxy that is trusted', () => {
  it('believes what that proxy adds to X-Forwarded-For, and nothing that the client wrote before it', async (t) => {
    const behind = new Worker(root, { TRADEWIND_WORKER: '5', TRUSTED_PROXIES: '127.0.0.1' })
    t.after(() => behind.terminate())
    await behind.start()
    assert.deepEqual(await behind.message(), { type: 'ready' })
    const before = control.seen.length
    await control.push({ ...standing(), keys: [...standing().keys, keyOf('tw-listed', { ips: ['10.0.0.0/8'] })] })
    await control.until(
      () => control.seen.slice(before).filter((seen) => seen === control.snapshot.version).length === 2,
    )
    engine.script = json
    control.onPublic = (request, response) => {
      response.end(JSON.stringify([request.headers['x-forwarded-for'], request.headers.forwarded]))
    }
    const from = (forwardedFor: string | string[], path: string) =>
      call({
        port: behind.port,
        path,
        headers: { authorization: 'Bearer tw-listed', 'x-forwarded-for': forwardedFor, forwarded: 'for=10.0.0.1' },
        body: JSON.stringify(body()),
      })

    assert.equal((await from('203.0.113.7, 10.0.0.1', '/v1/chat/completions')).status, 200)
    const refused = await from('10.0.0.1, 203.0.113.7', '/v1/chat/completions')
    assert.equal(refused.status, 403)
    assert.equal(errorOf(refused).message, 'This API key may not be used from 203.0.113.7.')
    for (const [forwardedFor, address] of [
      ['6.6.6.6, 203.0.113.7', '203.0.113.7'],
      [['6.6.6.6', '203.0.113.7'], '203.0.113.7'], // two headers are one list
      ['6.6.6.6, ::ffff:203.0.113.7, 127.0.0.1', '203.0.113.7'],
      ['2001:DB8::7', '2001:db8::7'],
      ['nonsense', '127.0.0.1'],
    ] as const)
      assert.deepEqual(JSON.parse((await from(forwardedFor as string | string[], '/api/x')).text), [address, null])
    assert.equal(await behind.terminate(), 0)
  })
})

describe('a second worker', () => {
  it('cannot have the port of another one, and says so in a sentence', async () => {
    const intruder = new Worker(root, { TRADEWIND_WORKER: '7' })
    await intruder.start(worker.port)
    const message = (await intruder.message()) as { type: string; message: string }
    assert.equal(message.type, 'fatal')
    assert.match(message.message, /something else listens there\. Stop it, or set PORT to another/)
    assert.equal(await intruder.exit(), 1)
  })

  it('shares it where workers are several, each has every key, and none outlives its supervisor', {
    skip: process.platform !== 'linux',
  }, async () => {
    await control.push(standing())
    engine.script = json
    const pair = ['1', '2'].map((index) => new Worker(root, { TRADEWIND_WORKER: index, GATEWAY_WORKERS: '2' }))
    const [one, two] = pair as [Worker, Worker]
    await one.start()
    await two.start(one.port)
    /** Resolves when every worker has it in force: these two, and the one of the tests before. */
    const pushToBoth = async (change: Partial<Snapshot>) => {
      const before = control.seen.length
      await control.push(change)
      await control.until(
        () => control.seen.slice(before).filter((seen) => seen === control.snapshot.version).length === 3,
      )
    }
    assert.deepEqual([await one.message(), await two.message()], [{ type: 'ready' }, { type: 'ready' }])
    const ask = (key = 'tw-a') => Promise.all(Array.from({ length: 20 }, () => chat(one.port, key, body())))
    const statuses = async (key?: string) => new Set((await ask(key)).map((answer) => answer.status))
    assert.deepEqual(await statuses(), new Set([200]))

    // A rotation, as control tells it: in every worker the new secret works, and the old one until it ends.
    const rotated = (endsAtMs: number) => ({
      keys: [
        ...standing().keys,
        keyOf('tw-new', { id: 'key_rotated' }),
        keyOf('tw-before', { id: 'key_rotated', expiresAtMs: endsAtMs }),
        keyOf('tw-elsewhere', { ips: ['10.0.0.0/8'] }),
        keyOf('tw-loopback', { ips: ['127.0.0.1'] }),
      ],
    })
    await pushToBoth(rotated(Date.now() + 3_600_000))
    assert.deepEqual(await statuses('tw-new'), new Set([200]))
    assert.deepEqual(await statuses('tw-before'), new Set([200]))
    await pushToBoth(rotated(Date.now()))
    assert.deepEqual(await statuses('tw-before'), new Set([401]))
    assert.deepEqual(await statuses('tw-new'), new Set([200]))
    assert.deepEqual(await statuses('tw-elsewhere'), new Set([403]))
    assert.deepEqual(await statuses('tw-loopback'), new Set([200]))
    assert.equal(await one.terminate(), 0)
    assert.deepEqual(new Set((await ask()).map((answer) => answer.status)), new Set([200]))
    assert.equal(await two.orphan(), 0)
  })
})

describe('a worker that is told to end', () => {
  it('lets running answers end, takes no new ones, and leaves no usage behind', async () => {
    await control.push(standing())
    const go = Promise.withResolvers<void>()
    engine.script = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('one'))
      await go.promise
      response.end(USAGE_EVENT + DONE)
    }
    const first = Promise.withResolvers<void>()
    const running = chat(worker.port, 'tw-a', body({ stream: true }), { onData: () => first.resolve() })
    await first.promise
    const exited = worker.terminate()
    while (await worker.isListening()) await new Promise((resolve) => setTimeout(resolve, 5))
    go.resolve()
    const answer = await running
    assert.equal(answer.text, delta('one') + DONE)
    assert.equal(await exited, 0)
    assert.ok(control.records.some((record) => record.id === answer.headers['x-request-id']))
  })
})
