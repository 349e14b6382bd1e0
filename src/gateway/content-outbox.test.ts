/** The gateway in this process, its engine and control scripted: what is kept of what passes through, and what is not. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Pool } from 'undici'
import { unpackedContent } from '../billing/packed-content.ts'
import type { ClosedRequest, SentContent } from '../billing/request-detail.ts'
import { systemClock } from '../platform/clock.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../platform/data-folder.ts'
import { createLog } from '../platform/log.ts'
import { type ContentDrop, createContentOutbox } from './content-outbox.ts'
import { createControlClient } from './control-client.ts'
import { ControlStandIn, keyOf, localReplica, routeOf, sendJson } from './control-stand-in.ts'
import { createGateway } from './gateway.ts'
import { GATEWAY_LIMITS } from './limits.ts'
import { call } from './plain-client.ts'
import { ScriptedUpstream } from './scripted-upstream.ts'
import { createSnapshotClient } from './snapshot-client.ts'

const MIB = 1024 * 1024
const root = mkdtempSync(join(tmpdir(), 'tw-content-'))
const folder = dataFolderAt(root)
const log = createLog('test', 'silent')
const records: ClosedRequest[] = []
const dropped = new Map<ContentDrop, number>()
const engine = new ScriptedUpstream(join(folder.run, 'eng_1.sock'), ({ response }) => sendJson(response, 200, {}))
const routes = [routeOf('small', [localReplica('eng_1', engine.socketPath)])]
const kept = (address = false) => keyOf('kept', { contentOnDisk: true, contentLogging: { address } })
const control = new ControlStandIn(folder, { version: 1, keys: [kept(), keyOf('private')], routes })
const client = createControlClient(sockets.controlAdmin(folder), '0')
const controlPublic = new Pool('http://control', { socketPath: sockets.control(folder) })
const snapshots = createSnapshotClient({ control: client, clock: systemClock, log })
const content = createContentOutbox({
  deliver: client.deliverContents,
  policyOf: (keyId) => snapshots.current()?.snapshot.keys.find(({ id }) => id === keyId)?.contentLogging ?? null,
  heldBytesMax: 2 * MIB,
  log,
  onDropped: (why, requests) => dropped.set(why, (dropped.get(why) ?? 0) + requests),
})
const gateway = createGateway({
  snapshots,
  control: client,
  controlPublic,
  keyUses: { note() {}, stop: async () => {} },
  content,
  usage: {
    open() {},
    progressed() {},
    close(record) {
      records.push(record)
      return null
    },
  },
  limits: { ...GATEWAY_LIMITS, lastWordsMs: 200, restartWaitMs: 300, drainMs: 200 },
  publicUrl: 'https://cloud.example',
  trustedProxies: [],
  clock: systemClock,
  log,
  onAnswered() {},
  onRecord() {},
})
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
  await content.stop()
  await Promise.all([client.close(), controlPublic.destroy(), control.kill(), engine.kill()])
  rmSync(root, { recursive: true })
})
beforeEach(async () => {
  records.length = 0
  control.contents.length = 0
  control.contentStatus = 204
  dropped.clear()
  engine.onCancel = () => {}
  await control.push({ keys: [kept(), keyOf('private')], routes })
})

const CHAT = { model: 'small', messages: [{ role: 'user', content: 'Say hé 🌍' }], temperature: 0.5 }
const NOTHING = { text: null, reasoning: null, refusal: null, tool_calls: [] }
const event = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`

function streams(...pieces: string[]): void {
  engine.script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const piece of pieces) response.write(piece)
    response.end()
  }
}

const ask = (body: object, { key = 'kept', path = '/v1/chat/completions', headers = {} } = {}) =>
  call({ port, path, headers: { authorization: `Bearer ${key}`, ...headers }, body: JSON.stringify(body) })

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(2)
}

const textOf = (sent: SentContent) => unpackedContent(Buffer.from(sent.body, 'base64'))

/** What control got of the one request that was made. */
async function arrived(): Promise<SentContent> {
  await control.until(() => control.contents.length > 0)
  assert.equal(control.contents.length, 1)
  return control.contents[0] as SentContent
}

describe('of a project that keeps it', () => {
  it('a stream is kept to the letter, and passes to the letter', async () => {
    const pieces = [
      event({ role: 'assistant', content: '' }),
      event({ reasoning_content: 'Hm.' }),
      event({ content: 'hé ' }),
    ]
    const calls = { tool_calls: [{ index: 0, id: 'c1', function: { name: 'f', arguments: '{"a":1}' } }] }
    pieces.push(event({ content: '🌍' }), event(calls), event({}, 'stop'), 'data: [DONE]\n\n')
    streams(...pieces)
    const { text } = await ask({ ...CHAT, stream: true }, { headers: { 'user-agent': 'OpenAI/Python 2.1.0' } })
    assert.equal(text, pieces.join(''))
    const sent = await arrived()
    assert.deepEqual(await textOf(sent), {
      request: { messages: CHAT.messages },
      request_cut: null,
      answers: [
        {
          ...NOTHING,
          index: 0,
          text: 'hé 🌍',
          reasoning: 'Hm.',
          tool_calls: [{ id: 'c1', name: 'f', arguments: '{"a":1}' }],
        },
      ],
    })
    const record = records[0] as ClosedRequest
    assert.deepEqual(
      [sent.id, sent.projectId, sent.keyId, sent.startedAtMs, sent.truncated, sent.address],
      [record.id, record.projectId, record.keyId, record.startedAtMs, false, null],
    )
    const { body_bytes: _, ...parameters } = record.detail?.parameters ?? { stream: false, body_bytes: 0 }
    assert.deepEqual(parameters, { stream: true, messages: 1, temperature: 0.5 })
    assert.equal(record.detail?.client, 'OpenAI/Python 2.1.0')
  })

  it('a whole answer, a completion and an embedding are kept too, without the numbers', async () => {
    engine.script = ({ request, response }) => {
      if (request.url === '/v1/embeddings') sendJson(response, 200, { data: [{ index: 0, embedding: [0.25] }] })
      else if (request.url === '/v1/completions') sendJson(response, 200, { choices: [{ index: 0, text: ' upon' }] })
      else sendJson(response, 200, { choices: [{ index: 0, message: { content: 'hé', tool_calls: [] } }] })
    }
    await ask(CHAT)
    await ask({ model: 'small', prompt: 'Once' }, { path: '/v1/completions' })
    await ask({ model: 'small', input: ['a', 'b'] }, { path: '/v1/embeddings' })
    await control.until(() => control.contents.length === 3)
    const inOrder = await Promise.all(control.contents.toSorted((a, b) => (a.id < b.id ? -1 : 1)).map(textOf))
    assert.deepEqual(
      inOrder.map(({ request, answers }) => [request, answers.map(({ text }) => text)]),
      [
        [{ messages: CHAT.messages }, ['hé']],
        [{ prompt: 'Once' }, [' upon']],
        [{ input: ['a', 'b'] }, []],
      ],
    )
  })

  it('the address is kept where the policy says so', async () => {
    await control.push({ keys: [kept(true)] })
    streams('data: [DONE]\n\n')
    await ask({ ...CHAT, stream: true })
    assert.match((await arrived()).address ?? '', /127\.0\.0\.1$/)
  })

  it('a stream that its client leaves keeps what was sent until then', async () => {
    let response: ServerResponse | undefined
    engine.script = (given) => {
      response = given.response
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(event({ content: 'sent' }))
    }
    engine.onCancel = () => response?.end(`${event({ content: ' never sent' })}data: [DONE]\n\n`)
    const headers = { authorization: 'Bearer kept' }
    await call({ port, headers, body: JSON.stringify({ ...CHAT, stream: true }), onData: (_chunk, leave) => leave() })
    assert.equal((await textOf(await arrived())).answers[0]?.text, 'sent')
    assert.equal(records[0]?.cutBy, 'client')
  })

  it('a stream that its engine breaks off keeps what was sent; one that is tried again keeps the last try only', async () => {
    engine.script = ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(event({ content: 'half' }), () => response.destroy())
    }
    await ask({ ...CHAT, stream: true })
    assert.equal((await textOf(await arrived())).answers[0]?.text, 'half')
    control.contents.length = 0
    let tries = 0
    engine.script = ({ response }) => {
      if (++tries > 1) return sendJson(response, 200, { choices: [{ index: 0, message: { content: 'second' } }] })
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' })
      response.write('{"choices":[{"index":0,"message":{"content":"first', () => response.destroy())
    }
    await ask(CHAT)
    assert.deepEqual([(await textOf(await arrived())).answers[0]?.text, tries], ['second', 2])
  })

  it('a refused request keeps what it asked', async () => {
    engine.script = ({ response }) => sendJson(response, 400, { error: { code: 'context_length_exceeded' } })
    assert.equal((await ask(CHAT)).status, 400)
    const { request, answers } = await textOf(await arrived())
    assert.deepEqual([request, answers], [{ messages: CHAT.messages }, []])
  })
})

describe('nothing is kept', () => {
  it('of other projects, whose requests have parameters all the same', async () => {
    streams(event({ content: 'hé' }), 'data: [DONE]\n\n')
    await ask({ ...CHAT, stream: true }, { key: 'private' })
    await until(() => records.length === 1)
    assert.equal(records[0]?.detail?.parameters.temperature, 0.5)
    assert.equal(content.heldBytes(), 0)
    await ask({ ...CHAT, stream: true })
    assert.equal((await arrived()).keyId, 'key_kept')
  })

  it('of a request during which the project switched it off', async () => {
    let response: ServerResponse | undefined
    engine.script = (given) => {
      response = given.response
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(event({ content: 'one' }))
    }
    const asked = ask({ ...CHAT, stream: true })
    await until(() => response !== undefined)
    await control.push({ keys: [keyOf('kept')] })
    response?.end(`${event({ content: ' two' })}data: [DONE]\n\n`)
    await asked
    await until(() => records.length === 1 && content.heldBytes() === 0)
    assert.deepEqual(control.contents, [])
  })

  it('that waits for control when the project switches it off', async () => {
    control.contentStatus = 503
    streams(event({ content: 'hé' }), 'data: [DONE]\n\n')
    await ask({ ...CHAT, stream: true })
    await control.push({ keys: [keyOf('kept')] })
    control.contentStatus = 204
    await until(() => content.heldBytes() === 0)
    assert.deepEqual([control.contents, [...dropped]], [[], []])
  })

  it('that control refuses for good, which is counted', async () => {
    control.contentStatus = 400
    streams(event({ content: 'hé' }), 'data: [DONE]\n\n')
    await ask({ ...CHAT, stream: true })
    await until(() => content.heldBytes() === 0)
    assert.deepEqual([...dropped], [['refused', 1]])
  })
})

it('memory has a ceiling: beyond it the requests are answered and counted, and what has waited longest goes first', async () => {
  const open: ServerResponse[] = []
  engine.script = ({ response }) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(event({ content: 'x' }))
    open.push(response)
  }
  const asked = Array.from({ length: 6 }, () => ask({ ...CHAT, stream: true }))
  await until(() => open.length === 6)
  assert.deepEqual([content.heldBytes(), dropped.get('memory')], [2 * MIB, 2])
  control.contentStatus = 503
  for (const response of open) response.end('data: [DONE]\n\n')
  for (const { status } of await Promise.all(asked)) assert.equal(status, 200)
  await until(() => content.heldBytes() < MIB / 2)
  // Four wait now. Four more open requests leave no room for all of them.
  open.length = 0
  const more = Array.from({ length: 4 }, () => ask({ ...CHAT, stream: true }))
  await until(() => open.length === 4)
  assert.ok(content.heldBytes() <= 2 * MIB)
  assert.ok((dropped.get('memory') ?? 0) > 2)
  control.contentStatus = 204
  for (const response of open) response.end('data: [DONE]\n\n')
  await Promise.all(more)
  await until(() => content.heldBytes() === 0)
  assert.equal(control.contents.length + (dropped.get('memory') ?? 0), 10)
})
