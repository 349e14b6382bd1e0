/** The gateway in this process, with its waits made short: what happens when somebody is slow, silent or gone. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { Pool } from 'undici'
import type { UsageRecord } from '../billing/usage-record.ts'
import { systemClock } from '../platform/clock.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../platform/data-folder.ts'
import { createLog } from '../platform/log.ts'
import { createControlClient } from './control-client.ts'
import { ControlStandIn, keyOf, localReplica, routeOf, sendJson } from './control-stand-in.ts'
import { createGateway } from './gateway.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { call, chat, errorOf } from './plain-client.ts'
import { readAll, ScriptedUpstream } from './scripted-upstream.ts'
import { createSnapshotClient } from './snapshot-client.ts'

const root = mkdtempSync(join(tmpdir(), 'tw-gateway-'))
const folder = dataFolderAt(root)
const log = createLog('test', 'silent')
const records: UsageRecord[] = []
/** What the end of an answer waits for, where a test says so. */
let filed: Promise<void> | null = null
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
      return filed
    },
  },
  limits: {
    ...GATEWAY_LIMITS,
    headersMs: 300,
    bodyIdleMs: 200,
    passedBodyMs: 500,
    heldBytesMax: 1_000_000,
    clientStallMs: 300,
    restartWaitMs: 400,
    queueMs: 0,
    wakeMs: 300,
    lastWordsMs: 200,
    engineFirstByteMs: 300,
    engineSilenceMs: 300,
    drainMs: 200,
  },
  publicUrl: 'https://cloud.example',
  trustedProxies: [],
  clock: systemClock,
  log,
  onAnswered() {},
  onRecord() {},
})
const body = (change: object = {}) => ({ model: 'small', ...change })
const delta = (content: string) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`
const FINISH = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] })}\n\n`
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
beforeEach(async () => {
  records.length = 0
  engine.calls.length = 0
  engine.cancelled.length = 0
  engine.onCancel = () => {}
  engine.script = ({ response }) => sendJson(response, 200, {})
  await control.push({ routes: [routeOf('small', local)] })
})

/** The one record of a test; it closes when the answer has ended on our side, which its client may see a little earlier. */
async function record(): Promise<UsageRecord> {
  while (records.length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  assert.equal(records.length, 1)
  return records[0] as UsageRecord
}

/** Writes raw bytes and reads what comes until the connection ends. */
function raw(write: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => write(socket))
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('error', () => {}).on('close', () => resolve(text))
  })
}

describe('a slow client', () => {
  it('that does not finish its headers is told 408', async () => {
    const answer = await raw((socket) => socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n'))
    assert.match(answer, /^HTTP\/1\.1 408 /)
    assert.match(answer, /"code":"request_timeout"/)
  })

  it('that speaks no HTTP is told 400', async () => {
    assert.match(
      await raw((socket) => socket.write('hello\r\n\r\n')),
      /^HTTP\/1\.1 400 [\s\S]*"code":"invalid_request"/,
    )
  })

  it('that stops in the middle of its body is told 408', async () => {
    const answer = await raw((socket) =>
      socket.write(
        'POST /v1/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer tw-a\r\ncontent-length: 100\r\n\r\n{"model"',
      ),
    )
    assert.match(answer, /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/)
    assert.deepEqual([records.length, gateway.heldBytes()], [0, 0])
  })

  it('that leaves in the middle of its body leaves nothing behind', async () => {
    await raw((socket) => {
      socket.write(
        'POST /v1/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer tw-a\r\ncontent-length: 100\r\n\r\n{"model"',
      )
      setTimeout(() => socket.destroy(), 50)
    })
    while (gateway.inFlight() > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual([records.length, gateway.heldBytes()], [0, 0])
  })

  it('that takes nothing slows its engine down, is cut at last, and the engine is told', async () => {
    let sent = 0
    let held = false
    engine.script = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const event = delta('x'.repeat(50_000))
      const closed = new Promise((resolve) => response.once('close', resolve))
      for (let i = 0; i < 2_000 && !response.destroyed; i++) {
        sent += event.length
        if (response.write(event)) continue
        held = true
        await Promise.race([closed, new Promise((resolve) => response.once('drain', resolve))])
      }
    }
    engine.onCancel = (stopped) => stopped?.response.destroy()
    const text = JSON.stringify(body({ stream: true }))
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {}).pause()
    socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer tw-a\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
    )
    const { id, cutBy, status } = await record()
    socket.destroy()
    assert.equal(held, true)
    assert.ok(sent < 50_000_000, `${sent} bytes were taken from the engine`)
    assert.deepEqual([cutBy, status], ['client', 200])
    assert.deepEqual(engine.cancelled, [id])
  })

  it('that reads slowly, but reads, gets everything', async () => {
    const whole = `${Array.from({ length: 100 }, (_, i) => delta(String(i).repeat(20_000))).join('')}${FINISH}data: [DONE]\n\n`
    engine.script = ({ response }) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(whole)
    const text = JSON.stringify(body({ stream: true }))
    const answer = await new Promise<string>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      let got = ''
      socket.on('data', (chunk) => {
        got += chunk
        socket.pause()
        setTimeout(() => socket.resume(), 1)
      })
      socket.on('close', () => resolve(got))
      socket.write(
        `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer tw-a\r\ncontent-length: ${text.length}\r\n\r\n${text}`,
      )
    })
    assert.equal(unchunked(answer), whole)
    assert.equal((await record()).cutBy, null)
  })
})

describe('the end of an answer', () => {
  const usage = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 4, completion_tokens: 2 } })}\n\n`
  const done = 'data: [DONE]\n\n'
  const sse = (text: string) => {
    engine.script = ({ response }) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text)
  }

  for (const [what, script, isStream] of [
    ['a stream', () => sse(delta('a') + FINISH + usage + done), true],
    ['a body', () => {}, false],
    [
      'a refusal',
      () => (engine.script = ({ response }) => sendJson(response, 429, { error: { code: 'full' } })),
      false,
    ],
  ] as const)
    it(`waits until its record is on file: ${what}`, async (t) => {
      script()
      const file = Promise.withResolvers<void>()
      filed = file.promise
      t.after(() => {
        filed = null
      })
      let text = ''
      let ended = false
      const answer = chat(port, 'tw-a', body({ stream: isStream }), {
        onData: (chunk) => {
          text += chunk
        },
      }).then((answer) => {
        ended = true
        return answer
      })
      await record()
      await new Promise((resolve) => setTimeout(resolve, 20)) // long enough for bytes that should not come
      assert.equal(ended, false)
      assert.equal(text, isStream ? delta('a') + FINISH : '')
      file.resolve()
      assert.ok((await answer).text.endsWith(isStream ? done : '}'))
    })

  it('is not awaited from an engine that keeps its connection open after [DONE]', async () => {
    engine.script = ({ response }) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('a') + FINISH + usage + done)
    const answer = await chat(port, 'tw-a', body({ stream: true }))
    assert.equal(answer.text, delta('a') + FINISH + done)
    const { tokensOut, cutBy, errorCode } = await record()
    assert.deepEqual([tokensOut, cutBy, errorCode], [2, null, null])
  })

  it('is no cut where the client leaves with all that was said, before totals and [DONE]', async () => {
    const left = Promise.withResolvers<void>()
    engine.onCancel = (call) => call?.response.end(usage + done)
    engine.script = ({ response }) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('a') + FINISH)
    await chat(port, 'tw-a', body({ stream: true }), {
      onData: (_chunk, leave) => {
        leave()
        left.resolve()
      },
    })
    await left.promise
    const { tokensOut, tokensOutSource, cutBy, status } = await record()
    assert.deepEqual([tokensOut, tokensOutSource, cutBy, status], [2, 'engine', null, 200])
  })

  it('is a cut where the engine tells an error, or forgets a finish reason, even with [DONE]', async () => {
    sse(`${delta('a')}data: {"error":{"code":"boom"}}\n\n${done}`)
    await chat(port, 'tw-a', body({ stream: true }))
    const told = await record()
    assert.deepEqual([told.cutBy, told.errorCode, told.tokensOut], ['engine', 'boom', 1])
    records.length = 0
    sse(delta('a') + done)
    await chat(port, 'tw-a', body({ stream: true }))
    const silent = await record()
    assert.deepEqual([silent.cutBy, silent.errorCode, silent.tokensOut], ['engine', 'engine_lost', 1])
  })

  it('comes too early wherever the engine dies, and what was sent until then is counted', async () => {
    const events = [delta('a'), delta('b'), delta('c'), FINISH, usage]
    for (let sent = 1; sent <= events.length; sent++) {
      records.length = 0
      engine.script = ({ response }) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(events.slice(0, sent).join(''), () => setImmediate(() => response.destroy()))
      }
      await chat(port, 'tw-a', body({ stream: true }))
      const { tokensOut, tokensOutSource, cutBy } = await record()
      const expected = sent === events.length ? [2, 'engine'] : [Math.min(sent, 3), 'counted']
      assert.deepEqual([tokensOut, tokensOutSource, cutBy], [...expected, 'engine'], `after ${sent} events`)
    }
  })
})

describe('a flood of large bodies', () => {
  it('is refused before memory is gone, and what was refused is forgotten', async () => {
    const go = Promise.withResolvers<void>()
    engine.script = async ({ response }) => {
      await go.promise
      sendJson(response, 200, {})
    }
    const large = JSON.stringify(body({ x: 'x'.repeat(700_000) }))
    const first = chat(port, 'tw-a', large)
    while (engine.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    const second = await chat(port, 'tw-a', large)
    assert.deepEqual([second.status, errorOf(second).code, second.headers['retry-after']], [503, 'overloaded', '1'])
    go.resolve()
    assert.equal((await first).status, 200)
    while (gateway.inFlight() > 0) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.equal(gateway.heldBytes(), 0)
    assert.equal((await chat(port, 'tw-a', large)).status, 200)
  })
})

describe('an engine', () => {
  it('that is nowhere is waited for, but not for ever', async () => {
    await control.push({ routes: [routeOf('small', [localReplica('eng_gone', join(folder.run, 'gone.sock'))])] })
    const answer = await chat(port, 'tw-a', body())
    assert.deepEqual([answer.status, errorOf(answer).code], [503, 'engine_unavailable'])
    assert.equal(answer.headers['x-should-retry'], undefined)
    assert.ok(Number(answer.headers['retry-after-ms']) > 0)
    assert.deepEqual([(await record()).errorCode, (await record()).engineId], ['engine_unavailable', 'eng_gone'])
    assert.ok((await record()).retries > 0)
  })

  it('that comes back on the same socket is found again', async () => {
    const back = new ScriptedUpstream(join(folder.run, 'back.sock'), ({ response }) =>
      sendJson(response, 200, { ok: 1 }),
    )
    await control.push({ routes: [routeOf('small', [localReplica('eng_back', back.socketPath)])] })
    const answer = chat(port, 'tw-a', body())
    await new Promise((resolve) => setTimeout(resolve, 60))
    await back.start()
    assert.equal((await answer).text, '{"ok":1}')
    await back.kill()
  })

  it('that never answers is given up as timed out, and not asked again', async () => {
    engine.script = () => {}
    const answer = await chat(port, 'tw-a', body())
    assert.deepEqual([answer.status, errorOf(answer).code], [504, 'engine_timeout'])
    assert.equal(answer.headers['x-should-retry'], 'false')
    assert.equal(engine.calls.length, 1)
    assert.equal((await record()).cutBy, 'timeout')
  })

  it('that falls silent in the middle ends its stream with an error event', async () => {
    engine.script = ({ response }) =>
      void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('a'))
    const answer = await chat(port, 'tw-a', body({ stream: true }))
    assert.match(answer.text, /"code":"engine_timeout"/)
    assert.deepEqual([(await record()).cutBy, (await record()).tokensOutSource], ['timeout', 'counted'])
  })

  it('that dies in the middle of a long body breaks the connection, since the body cannot be ended honestly', async () => {
    engine.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('x'.repeat(2_000_000))
      setTimeout(() => response.destroy(), 50)
    }
    const answer = await chat(port, 'tw-a', body())
    assert.equal(answer.isWhole, false)
    assert.deepEqual([(await record()).cutBy, (await record()).status], ['engine', 200])
  })
})

describe('a wake', () => {
  it('that control does not answer in time is given up', async () => {
    control.onWake = () => {}
    await control.push({ routes: [routeOf('small', [])] })
    const answer = await chat(port, 'tw-a', body())
    assert.deepEqual([answer.status, errorOf(answer).code], [502, 'control_unavailable'])
  })

  it('goes on for the others when one who asked leaves', async () => {
    const asked = Promise.withResolvers<void>()
    const wake = Promise.withResolvers<void>()
    control.onWake = async (_model, response) => {
      asked.resolve()
      await wake.promise
      sendJson(response, 200, { route: routeOf('small', local) })
    }
    await control.push({ routes: [routeOf('small', [])] })
    const leaving = new AbortController()
    const left = chat(port, 'tw-a', body(), { signal: leaving.signal })
    await asked.promise
    const stays = chat(port, 'tw-a', body())
    leaving.abort()
    await assert.rejects(left)
    const { status, cutBy, engineId } = await record()
    assert.deepEqual([status, cutBy, engineId], [499, 'client', null])
    wake.resolve()
    assert.equal((await stays).status, 200)
  })
})

describe('an upstream that others run', () => {
  const asked: { path: string; headers: Record<string, unknown>; body: string }[] = []
  const server = createServer(async (request, response) => {
    asked.push({ path: request.url ?? '', headers: request.headers, body: (await readAll(request)).toString() })
    const usage = { prompt_tokens: 4, completion_tokens: 2 }
    response
      .writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' })
      .end(`${delta('a')}data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`)
  })
  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)))
  after(() => {
    server.close()
    server.closeAllConnections()
  })

  it('gets its own authorisation, none of our headers, and is asked for usage in the body', async () => {
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/openai/v1/`
    const replica = {
      engineId: 'eng_up',
      speaks: 'openai' as const,
      socketPath: null,
      baseUrl,
      authorization: { authorization: 'Bearer theirs' },
      remoteModel: null,
      network: 'private' as const,
      healthy: true,
    }
    await control.push({ routes: [routeOf('small', [replica])] })
    const answer = await chat(port, 'tw-a', body({ stream: true }))
    assert.equal(answer.text, `${delta('a')}data: [DONE]\n\n`)
    const [{ path, headers, body: sent }] = asked as [(typeof asked)[0]]
    assert.equal(path, '/openai/v1/chat/completions')
    assert.equal(headers.authorization, 'Bearer theirs')
    assert.deepEqual(
      Object.keys(headers).filter((name) => name.startsWith('x-tradewind')),
      [],
    )
    assert.deepEqual(JSON.parse(sent), { ...body({ stream: true }), stream_options: { include_usage: true } })
    assert.deepEqual(
      [(await record()).tokensIn, (await record()).tokensOut, (await record()).tokensOutSource],
      [4, 2, 'upstream'],
    )
  })
})

describe('a body on its way to control', () => {
  const head = 'POST /api/auth/sign-in/email HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n'
  /** One byte more each 50 ms. */
  const drip = (socket: Socket) => {
    const timer = setInterval(() => socket.write(' '), 50)
    socket.once('close', () => clearInterval(timer))
  }

  it('that stops is answered 408, and holds nothing of control', async () => {
    let held = 0
    control.onPublic = async (request, response) => {
      if (request.method === 'GET') return sendJson(response, 200, 'here')
      held++
      request.once('close', () => held--).once('error', () => {})
      await readAll(request).catch(() => '')
    }
    const answers = Array.from({ length: 40 }, () => raw((socket) => socket.write(`${head}{`)))
    while (held < 40) await new Promise((resolve) => setTimeout(resolve, 2))
    assert.equal((await call({ port, method: 'GET', path: '/api/me' })).text, '"here"')
    for (const answer of await Promise.all(answers))
      assert.match(answer, /^HTTP\/1\.1 408 [\s\S]*"code":"request_timeout"/)
    while (held > 0 || gateway.inFlight() > 0) await new Promise((resolve) => setTimeout(resolve, 2))
  })

  it('that never ends is answered 408 however often a byte of it comes', async () => {
    control.onPublic = async (request) => void (await readAll(request).catch(() => ''))
    const answer = await raw((socket) => {
      socket.write(head)
      drip(socket)
    })
    assert.match(answer, /^HTTP\/1\.1 408 [\s\S]*whole within 500 ms/)
  })

  it('that was answered before it ended is not waited for', async () => {
    control.onPublic = (_request, response) => sendJson(response, 401, 'no')
    assert.match(await raw((socket) => socket.write(`${head}{`)), /^HTTP\/1\.1 401 /)
  })

  it('may take as long as it likes where it is a backup that does not pause', async () => {
    control.onPublic = async (request, response) => sendJson(response, 200, (await readAll(request)).length)
    const answer = await raw((socket) => {
      socket.write('POST /api/backups/upload HTTP/1.1\r\nhost: x\r\ncontent-length: 14\r\nconnection: close\r\n\r\n')
      drip(socket)
    })
    assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*14/)
  })

  it('that control is slow to take is not held against its sender', async () => {
    const text = Buffer.alloc(4 * 1024 * 1024, 'a')
    control.onPublic = async (request, response) => {
      await new Promise((resolve) => setTimeout(resolve, 400))
      sendJson(response, 200, (await readAll(request)).length)
    }
    const answer = await raw((socket) => {
      socket.write(
        `POST /api/backups/upload HTTP/1.1\r\nhost: x\r\ncontent-length: ${text.length}\r\nconnection: close\r\n\r\n`,
      )
      socket.write(text)
    })
    assert.match(answer, /^HTTP\/1\.1 200 [\s\S]*4194304/)
  })
})

describe('who asked', () => {
  it('is said to have come by https only when it used the public address', async () => {
    control.onPublic = (request, response) => sendJson(response, 200, request.headers['x-forwarded-proto'])
    const get = (host: string) => call({ port, method: 'GET', path: '/', headers: { host } })
    assert.equal((await get('cloud.example')).text, '"https"')
    assert.equal((await get('localhost')).text, '"http"')
  })

  it('may name the whole address, as proxies do', async () => {
    assert.equal((await call({ port, method: 'GET', path: 'http://cloud.example/livez?x' })).status, 200)
    assert.equal((await call({ port, method: 'OPTIONS', path: '*' })).status, 400)
  })
})

function unchunked(answer: string): string {
  let rest = answer.slice(answer.indexOf('\r\n\r\n') + 4)
  let text = ''
  for (;;) {
    const end = rest.indexOf('\r\n')
    const size = Number.parseInt(rest.slice(0, end), 16)
    if (size === 0 || Number.isNaN(size)) return text
    text += rest.slice(end + 2, end + 2 + size)
    rest = rest.slice(end + 4 + size)
  }
}
