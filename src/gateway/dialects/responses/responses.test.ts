/** The gateway in this process, asked for responses, before an engine whose every byte is scripted and a control that keeps. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import OpenAI from 'openai'
import { Pool } from 'undici'
import type { UsageRecord } from '../../../billing/usage-record.ts'
import { systemClock } from '../../../platform/clock.ts'
import { dataFolderAt, makeDataFolder, sockets } from '../../../platform/data-folder.ts'
import { createLog } from '../../../platform/log.ts'
import type { ItemsAsked, StoredResponse } from '../../../responses/stored-response.ts'
import { createControlClient } from '../../control-client.ts'
import { ControlStandIn, keyOf, localReplica, routeOf, sendJson } from '../../control-stand-in.ts'
import { createGateway } from '../../gateway.ts'
import { GATEWAY_LIMITS } from '../../limits.ts'
import { call, chat, type PlainAnswer, type PlainCall } from '../../plain-client.ts'
import { ScriptedUpstream } from '../../scripted-upstream.ts'
import { createSnapshotClient } from '../../snapshot-client.ts'

const root = mkdtempSync(join(tmpdir(), 'tw-responses-'))
const folder = dataFolderAt(root)
const log = createLog('test', 'silent')
const records: UsageRecord[] = []
const kept: StoredResponse[] = []
const engine = new ScriptedUpstream(join(folder.run, 'eng_1.sock'), ({ response }) => sendJson(response, 200, {}))
const local = [localReplica('eng_1', engine.socketPath)]
const control = new ControlStandIn(folder, {
  version: 1,
  keys: [keyOf('tw-a', { contentOnDisk: true }), keyOf('tw-b')],
  routes: [routeOf('small', local)],
  aliases: [],
  draining: [],
})
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
const completion = (content: string, finish_reason = 'stop') => ({
  model: 'small',
  choices: [{ index: 0, message: { role: 'assistant', content, reasoning_content: 'Hm.' }, finish_reason }],
  usage: { prompt_tokens: 9, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4 } },
})
const data = (value: unknown) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const delta = (said: object) => data({ model: 'small', choices: [{ index: 0, delta: said }] })
const ending =
  data({ model: 'small', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }) +
  data({ model: 'small', choices: [], usage: completion('').usage }) +
  data('[DONE]')
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
  for (const list of [records, kept, engine.calls, engine.cancelled]) list.length = 0
  engine.script = ({ response }) => sendJson(response, 200, completion('Hi.'))
  control.onResponses = (_what, body, response) => {
    kept.push(body as StoredResponse)
    response.writeHead(201).end()
  }
})

const ask = (change: object = {}, more: Partial<PlainCall> = {}, key = 'tw-a') =>
  chat(port, key, { model: 'small', input: 'Hello', ...change }, { path: '/v1/responses', ...more })

function beginStream(response: ServerResponse, text: string): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write(text)
}

type Event = { type: string; response?: { status: string; store: boolean } }
const eventsOf = ({ text }: PlainAnswer): Event[] =>
  [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1] as string) as Event)
const errorOf = ({ text }: PlainAnswer) => (JSON.parse(text) as { error: { code: string; param: string | null } }).error

describe('an engine', () => {
  it('is asked for a chat, with nothing that names the client', async () => {
    const answer = await ask({ user: 'somebody', instructions: 'Be brief.' })
    assert.equal(answer.status, 200)
    const [{ request, body } = assert.fail()] = engine.calls
    assert.equal(request.url, '/v1/chat/completions')
    assert.ok(!body.includes('somebody'))
    assert.deepEqual(JSON.parse(body.toString()).messages, [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hello' },
    ])
    const response = JSON.parse(answer.text)
    assert.equal(response.id, `resp_${String(answer.headers['x-request-id']).slice(4)}`)
    assert.equal(response.output[1].content[0].text, 'Hi.')
    assert.deepEqual(
      [records[0]?.route, records[0]?.tokensIn, records[0]?.tokensCached, records[0]?.tokensOut, records[0]?.status],
      ['/v1/responses', 9, 4, 2, 200],
    )
  })

  it('that thinks is heard by the official client, thoughts and all', async () => {
    engine.script = ({ response }) => {
      const called = { tool_calls: [{ index: 0, id: 'call_1', function: { name: 'a', arguments: '{}' } }] }
      beginStream(response, delta({ reasoning_content: 'H' }) + delta({ reasoning_content: 'm.' }))
      response.end(delta({ content: 'Hi' }) + delta({ content: '.' }) + delta(called) + ending)
    }
    const openai = new OpenAI({ baseURL: `http://127.0.0.1:${port}/v1`, apiKey: 'tw-a', maxRetries: 0 })
    for (const reasoning of [{}, { summary: 'auto' as const }]) {
      const response = await openai.responses.stream({ model: 'small', input: 'Hello', reasoning }).finalResponse()
      assert.equal(response.output_text, 'Hi.')
      const [thought, , call] = response.output
      assert.ok(thought?.type === 'reasoning' && call?.type === 'function_call')
      const said = reasoning.summary === undefined ? thought.content : thought.summary
      assert.equal(said?.[0]?.text, 'Hm.')
      assert.equal(call.call_id, 'call_1')
    }
  })

  it('that dies within a stream ends it in response.failed, which is kept nowhere', async () => {
    engine.script = ({ response }) => {
      beginStream(response, delta({ content: 'Hel' }) + delta({ content: 'lo' }).slice(0, 20))
      setTimeout(() => response.destroy(), 20)
    }
    const events = eventsOf(await ask({ stream: true }))
    assert.equal(events.at(-1)?.type, 'response.failed')
    assert.ok(!events.some(({ type }) => type === 'response.completed'))
    assert.equal(records[0]?.cutBy, 'engine')
    assert.deepEqual(kept, [])
  })

  it('that tells its error within a stream is told of once', async () => {
    engine.script = ({ response }) => {
      const error = { message: 'A step failed.', code: 'engine.step_failed' }
      beginStream(response, delta({ content: 'Hel' }) + data({ error }))
      response.end()
    }
    const events = eventsOf(await ask({ stream: true }))
    assert.equal(events.filter(({ type }) => type === 'response.failed').length, 1)
    assert.equal(events.at(-1)?.type, 'response.failed')
    assert.equal(records[0]?.errorCode, 'engine.step_failed')
    assert.deepEqual(kept, [])
  })

  it('that refuses is heard in its own words', async () => {
    const error = {
      message: 'Too many.',
      type: 'invalid_request_error',
      param: 'messages',
      code: 'context_length_exceeded',
    }
    engine.script = ({ response }) => sendJson(response, 400, { error })
    for (const stream of [false, true]) {
      const answer = await ask({ stream })
      assert.equal(answer.status, 400)
      assert.deepEqual(JSON.parse(answer.text), { error })
    }
    assert.deepEqual(kept, [])
  })

  it('that answers something else than an answer has failed', async () => {
    engine.script = ({ response }) => sendJson(response, 200, { choices: [] })
    assert.equal((await ask()).status, 502)
    assert.deepEqual(kept, [])
  })
})

describe('what is kept', () => {
  it('is what came in and what went out, each with its id', async () => {
    const answer = await ask({ input: [{ role: 'user', content: 'Hello', junk: 1 }], metadata: { a: 'b' } })
    const response = JSON.parse(answer.text)
    const tail = response.id.slice(5)
    const [stored = assert.fail()] = kept
    assert.deepEqual(stored.response, response)
    assert.deepEqual(stored.input, [
      {
        type: 'message',
        role: 'user',
        status: 'completed',
        content: [{ type: 'input_text', text: 'Hello' }],
        id: `msg_${tail}_i0`,
      },
    ])
    assert.deepEqual([stored.projectId, stored.keyId, stored.previousId], ['proj_1', 'key_tw-a', null])
    assert.equal(response.output[0].id, `rs_${tail}_0`)
    assert.equal(response.store, true)
  })

  for (const stream of [false, true])
    it(`is kept before the client has ${stream ? 'the last event' : 'the answer'}`, async () => {
      engine.script = ({ response }) => {
        if (!stream) return sendJson(response, 200, completion('Hi.'))
        beginStream(response, delta({ content: 'Hi.' }))
        response.end(ending)
      }
      let heard = ''
      let heardAtKeep: string | null = null
      control.onResponses = (_what, body, response) => {
        kept.push(body as StoredResponse)
        setTimeout(() => {
          heardAtKeep = heard
          response.writeHead(201).end()
        }, 50)
      }
      const answer = await ask(
        { stream },
        {
          onData: (chunk) => {
            heard += chunk
          },
        },
      )
      assert.equal(answer.status, 200)
      assert.ok(heardAtKeep !== null && !String(heardAtKeep).includes('"completed_at":1'), 'the client had all of it')
      assert.match(answer.text, /"status":"completed"/)
      assert.equal(records.length, 1)
    })

  for (const [why, script] of [
    ['control refuses it', (response: ServerResponse) => response.writeHead(500).end()],
    ['its project has changed its mind', (response: ServerResponse) => response.writeHead(204).end()],
    ['control dies over it', (response: ServerResponse) => response.destroy()],
  ] as const)
    it(`is not kept where ${why}, and the answer that comes all the same says so`, async () => {
      control.onResponses = (_what, _body, response) => void script(response)
      const whole = await ask()
      assert.equal(whole.status, 200)
      assert.equal(JSON.parse(whole.text).store, false)
      engine.script = ({ response }) => {
        beginStream(response, delta({ content: 'Hi.' }))
        response.end(ending)
      }
      const streamed = await ask({ stream: true })
      const last = eventsOf(streamed).at(-1)
      assert.deepEqual([last?.type, last?.response?.store], ['response.completed', false])
      assert.ok(streamed.isWhole)
    })

  it('is nothing where the request or the project says no', async () => {
    assert.equal(JSON.parse((await ask({ store: false })).text).store, false)
    assert.equal(JSON.parse((await ask({}, {}, 'tw-b')).text).store, false)
    assert.deepEqual(kept, [])
  })

  it('comes before the input of the next one, and items that are named in their place', async () => {
    let asked: ItemsAsked | null = null
    const said = (text: string) => ({
      id: 'msg_x_0',
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text }],
    })
    control.onResponses = (what, body, response) => {
      if (what !== '/items') {
        kept.push(body as StoredResponse)
        response.writeHead(201).end()
        return
      }
      asked = body as ItemsAsked
      const question = {
        id: 'msg_x_i0',
        type: 'message',
        role: 'user',
        content: [{ type: 'input_text', text: 'First?' }],
      }
      sendJson(response, 200, { kind: 'found', previous: [question, said('One.')], named: [said('Two.')] })
    }
    const input = [
      { role: 'user', content: 'Then?' },
      { type: 'item_reference', id: 'msg_y_0' },
      { role: 'user', content: 'And?' },
    ]
    assert.equal((await ask({ previous_response_id: 'resp_x', input })).status, 200)
    assert.deepEqual(asked, { projectId: 'proj_1', previousId: 'resp_x', itemIds: ['msg_y_0'] })
    assert.deepEqual(JSON.parse(engine.calls[0]?.body.toString() ?? '').messages, [
      { role: 'user', content: 'First?' },
      { role: 'assistant', content: 'One.' },
      { role: 'user', content: 'Then?' },
      { role: 'assistant', content: 'Two.' },
      { role: 'user', content: 'And?' },
    ])
    assert.equal(kept[0]?.previousId, 'resp_x')
    assert.equal(kept[0]?.input.length, 3, 'what was named is kept as what it is')
  })

  it('counts as what this worker holds while it is asked about, and not afterwards', async () => {
    const long = 'word '.repeat(100_000)
    control.onResponses = (what, _body, response) => {
      if (what !== '/items') return void response.writeHead(201).end()
      const said = { type: 'message', role: 'user', content: [{ type: 'input_text', text: long }] }
      sendJson(response, 200, { kind: 'found', previous: [said], named: [] })
    }
    let heldBytes = 0
    engine.script = ({ response }) => {
      heldBytes = gateway.heldBytes()
      sendJson(response, 200, completion('Hi.'))
    }
    assert.equal((await ask({ previous_response_id: 'resp_x' })).status, 200)
    assert.ok(heldBytes > long.length, String(heldBytes))
    assert.equal(gateway.heldBytes(), 0)
  })

  it('that is not there keeps an engine from being asked', async () => {
    const answers = [
      { kind: 'response-missing', id: 'resp_x' },
      { kind: 'item-missing', id: 'msg_x_0' },
      { kind: 'too-long', responsesMax: 1, bytesMax: 1 },
    ]
    control.onResponses = (_what, _body, response) => sendJson(response, 200, answers.shift())
    const codes: string[] = []
    while (answers.length > 0) codes.push(errorOf(await ask({ previous_response_id: 'resp_x' })).code)
    assert.deepEqual(codes, ['previous_response_not_found', 'item_not_found', 'conversation_too_long'])
    assert.equal(errorOf(await ask({ previous_response_id: 'resp_x' }, {}, 'tw-b')).code, 'responses_not_kept')
    control.onResponses = (_what, _body, response) => void response.destroy()
    const away = await ask({ previous_response_id: 'resp_x' })
    assert.deepEqual([away.status, errorOf(away).code], [502, 'control_unavailable'])
    assert.equal(engine.calls.length, 0)
  })
})

describe('a response that is asked for', () => {
  const get = (path: string, more: Partial<PlainCall> = {}) =>
    call({ port, path: `/v1/responses/${path}`, method: 'GET', headers: { authorization: 'Bearer tw-a' }, ...more })

  it('needs a key, and a page within bounds', async () => {
    assert.equal((await get('resp_x', { headers: {} })).status, 401)
    for (const [query, param] of [
      ['limit=0', 'limit'],
      ['limit=101', 'limit'],
      ['limit=x', 'limit'],
      ['order=up', 'order'],
    ])
      assert.equal(errorOf(await get(`resp_x/input_items?${query}`)).param, param)
    assert.equal(errorOf(await get('resp_x?stream=true')).code, 'unsupported_parameter')
    assert.equal((await get('resp_x', { method: 'PUT' })).status, 404)
    assert.equal((await get('', { method: 'GET' })).status, 404)
  })

  it('is asked of control in the name of the project, and of nobody else', async () => {
    const asked: unknown[] = []
    control.onResponses = (what, body, response) => {
      asked.push([what, body])
      sendJson(response, 200, { response: null, removed: false, page: null })
    }
    for (const [path, method] of [
      ['resp_x', 'GET'],
      ['resp_x', 'DELETE'],
      ['resp_x/input_items?after=a', 'GET'],
      ['resp_x/cancel', 'POST'],
    ]) {
      const answer = await get(path as string, { method: method as string })
      assert.deepEqual([answer.status, errorOf(answer).code], [404, 'response_not_found'])
    }
    const named = { projectId: 'proj_1', id: 'resp_x' }
    assert.deepEqual(asked, [
      ['/read', named],
      ['/remove', named],
      ['/input-items', { ...named, limit: 20, order: 'desc', after: 'a' }],
      ['/read', named],
    ])
  })
})
