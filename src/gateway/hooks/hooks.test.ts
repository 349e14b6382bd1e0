/** What a project wants looked through, in the whole gateway, before engines whose every byte is scripted. */
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
import { NO_POLICY, type SafetyPolicy, type SafetyRule } from '../../safety/policy.ts'
import { createControlClient } from '../control-client.ts'
import { ControlStandIn, keyOf, localReplica, routeOf, sendJson } from '../control-stand-in.ts'
import { createGateway } from '../gateway.ts'
import { GATEWAY_LIMITS } from '../limits.ts'
import { chat, errorOf, type PlainAnswer } from '../plain-client.ts'
import { ScriptedUpstream, type UpstreamCall } from '../scripted-upstream.ts'
import { createSnapshotClient } from '../snapshot-client.ts'

const root = mkdtempSync(join(tmpdir(), 'tw-hooks-'))
const folder = dataFolderAt(root)
const log = createLog('test', 'silent')
const records: ClosedRequest[] = []
const key = keyOf('tw-a', { models: ['small'] })
const engine = new ScriptedUpstream(join(folder.run, 'eng_1.sock'), () => {})
const guard = new ScriptedUpstream(join(folder.run, 'eng_2.sock'), () => {})
const routes = [
  routeOf('small', [localReplica('eng_1', engine.socketPath)]),
  routeOf('guard', [localReplica('eng_2', guard.socketPath)]),
]
const control = new ControlStandIn(folder, { version: 1, keys: [key, keyOf('tw-all')], routes })
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
  limits: { ...GATEWAY_LIMITS, restartWaitMs: 300, lastWordsMs: 500, drainMs: 200 },
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
  await Promise.all([control.start(), engine.start(), guard.start()])
  snapshots.start()
  await control.until(() => control.seen.length > 0)
  port = (await gateway.listen({ host: '127.0.0.1', port: 0, reusePort: false })).port
  await gateway.listenWithin(join(folder.run, 'inner.sock'))
})
after(async () => {
  await gateway.drain()
  snapshots.stop()
  await Promise.all([client.close(), controlPublic.destroy(), control.kill(), engine.kill(), guard.kill()])
  rmSync(root, { recursive: true })
})
beforeEach(() => {
  records.length = 0
  for (const one of [engine, guard]) {
    one.calls.length = 0
    one.cancelled.length = 0
    one.onCancel = () => {}
  }
})

const pii: SafetyRule = {
  name: 'PERSONAL',
  match: { kind: 'pii', pii: ['email', 'card'] },
  action: 'mask',
  appliesTo: 'both',
}
const secret: SafetyRule = {
  name: 'SECRETS',
  match: { kind: 'keywords', keywords: ['bluebird'] },
  action: 'block',
  appliesTo: 'both',
}

async function wants(policy: Partial<SafetyPolicy>): Promise<void> {
  const safety = [{ projectId: key.projectId, policy: { ...NO_POLICY, ...policy } }]
  await control.push({ safety })
}

const USAGE = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 }
const event = (value: object) => `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...value })}\n\n`
const delta = (change: object, finish: string | null = null) =>
  event({ choices: [{ index: 0, delta: change, finish_reason: finish, logprobs: { content: [] } }] })
const TOTALS = event({ choices: [], usage: USAGE })
const DONE = 'data: [DONE]\n\n'

/** Streams these bytes, cut where the test says. */
const streams =
  (...pieces: string[]) =>
  async ({ response }: UpstreamCall) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const piece of pieces) {
      response.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  }
const says =
  (message: object) =>
  ({ response }: UpstreamCall) =>
    sendJson(response, 200, { choices: [{ index: 0, message, finish_reason: 'stop' }], usage: USAGE })

const hello = (content: unknown, more: object = {}) => ({
  model: 'small',
  messages: [{ role: 'user', content }],
  ...more,
})
const askedOf = (upstream: ScriptedUpstream, at = 0) => JSON.parse(upstream.calls[at]?.body.toString() ?? 'null')

// biome-ignore lint/suspicious/noExplicitAny: tests read answers field by field
type Json = any
const eventsOf = ({ text }: PlainAnswer): Json[] =>
  [...text.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1] as string))
const contentOf = (answer: PlainAnswer) =>
  eventsOf(answer)
    .map(({ choices }) => choices?.[0]?.delta?.content ?? '')
    .join('')
const finishOf = (answer: PlainAnswer) =>
  eventsOf(answer).findLast(({ choices }) => choices?.[0]?.finish_reason)?.choices[0].finish_reason

describe('before a model', () => {
  it('a project without hooks has its bytes passed on as they are', async () => {
    await control.push({ safety: [] })
    engine.script = says({ content: 'ok' })
    const body = '{"model":"small", "messages":[{"role":"user","content":"ann@example.org"}],"x":1.0}'
    await chat(port, 'tw-a', body)
    assert.equal(engine.calls[0]?.body.toString(), body)
  })

  it('texts are masked in every dialect, and nothing else is touched', async () => {
    await wants({ rules: [pii] })
    engine.script = says({ content: 'ok' })
    const parts = [{ type: 'text', text: 'card 4111111111111111' }, 'x']
    await chat(port, 'tw-a', hello(parts.slice(0, 1), { user: 'ann@example.org', metadata: { a: 'b@example.org' } }))
    assert.equal(askedOf(engine).messages[0].content[0].text, 'card [CARD]')
    assert.equal(askedOf(engine).user, 'ann@example.org')

    const anthropic = { ...hello('To ann@example.org'), system: 'for bob@example.org', max_tokens: 10 }
    await chat(port, 'tw-a', anthropic, { path: '/v1/messages' })
    assert.deepEqual(
      askedOf(engine, 1).messages.map(({ content }: Json) => JSON.stringify(content).includes('[EMAIL]')),
      [true, true],
    )
    const dashscope = { model: 'small', input: { prompt: 'ann@example.org' } }
    await chat(port, 'tw-a', dashscope, { path: '/api/v1/services/aigc/text-generation/generation' })
    assert.match(engine.calls[2]?.body.toString() ?? '', /\[EMAIL\]/)
    const calls = [{ id: 'c', type: 'function', function: { name: 'send', arguments: '{"to":"ann@example.org"}' } }]
    const tools = { model: 'small', messages: [{ role: 'assistant', tool_calls: calls }] }
    await chat(port, 'tw-a', tools)
    assert.equal(askedOf(engine, 3).messages[0].tool_calls[0].function.arguments, '{"to":"[EMAIL]"}')
    const rerank = { model: 'small', query: 'ann@example.org', documents: ['x', { text: 'bob@example.org' }] }
    await chat(port, 'tw-a', rerank, { path: '/v1/rerank' })
    assert.deepEqual([askedOf(engine, 4).query, askedOf(engine, 4).documents[1].text], ['[EMAIL]', '[EMAIL]'])
  })

  it('what a rule blocks reaches no engine, and its words are in no answer', async () => {
    await wants({ rules: [secret] })
    for (const [path, code] of [
      ['/v1/chat/completions', 'content_filter'],
      ['/v1/messages', undefined],
    ] as const) {
      const answer = await chat(port, 'tw-a', hello('about Bluebird', { max_tokens: 5 }), { path })
      assert.equal(answer.status, 400)
      assert.equal(answer.text.toLowerCase().includes('bluebird'), false)
      assert.match(answer.text, /SECRETS/)
      if (code !== undefined) assert.equal(errorOf(answer).code, code)
    }
    assert.equal(engine.calls.length, 0)
  })

  it('of two equal keys the one goes on that was looked through', async () => {
    await wants({ rules: [secret] })
    engine.script = says({ content: 'ok' })
    const twice = '{"model":"small","messages":[{"role":"user","content":"bluebird","content":"fine"}]}'
    assert.equal((await chat(port, 'tw-a', twice)).status, 200)
    assert.equal(engine.calls[0]?.body.includes('bluebird'), false)
  })

  it('tokens in place of text are refused, since nobody can look through them', async () => {
    await wants({ rules: [pii] })
    const answer = await chat(port, 'tw-a', { model: 'small', prompt: [1, 2, 3] }, { path: '/v1/completions' })
    assert.equal(errorOf(answer).code, 'unsupported_parameter')
  })

  it('images are taken from where the project says', async () => {
    const image = (url: string) => hello([{ type: 'image_url', image_url: { url } }])
    engine.script = says({ content: 'ok' })
    await wants({ imageUrls: 'public' })
    for (const url of ['http://127.0.0.1/a.png', 'http://[::1]/a', 'http://169.254.169.254/x', 'file:///etc/passwd'])
      assert.equal(errorOf(await chat(port, 'tw-a', image(url))).code, 'image_url_refused', url)
    assert.equal((await chat(port, 'tw-a', image('https://8.8.8.8/a.png'))).status, 200)
    await wants({ imageUrls: 'inline' })
    assert.equal(errorOf(await chat(port, 'tw-a', image('https://8.8.8.8/a.png'))).code, 'image_url_refused')
    assert.equal((await chat(port, 'tw-a', image('data:image/png;base64,AAAA'))).status, 200)
    const source = { type: 'image', source: { type: 'url', url: 'https://8.8.8.8/a.png' } }
    const anthropic = { ...hello([source]), max_tokens: 5 }
    assert.equal((await chat(port, 'tw-a', anthropic, { path: '/v1/messages' })).status, 400)
  })
})

describe('after a model', () => {
  it('a stream is masked across its events, and its counts are those of the engine', async () => {
    await wants({ rules: [pii] })
    engine.script = streams(
      delta({ role: 'assistant', content: '' }) + delta({ content: 'Write to ann' }),
      delta({ content: '@example.o' }),
      delta({ content: 'rg now' }) + delta({}, 'stop') + TOTALS + DONE,
    )
    const answer = await chat(port, 'tw-a', hello('hi', { stream: true }))
    assert.equal(contentOf(answer), 'Write to [EMAIL] now')
    assert.equal(finishOf(answer), 'stop')
    assert.ok(answer.text.endsWith(DONE))
    assert.equal(answer.text.includes('"usage":{'), false)
    assert.equal(answer.text.includes('logprobs":{'), false)
    assert.deepEqual([records[0]?.tokensIn, records[0]?.tokensOut, records[0]?.finish], [5, 7, 'stop'])
  })

  it('wherever a stream is cut, the client reads the same', async () => {
    await wants({ rules: [pii] })
    const whole = 'card 4111 1111 1111 1111, mail ann@example.org.'
    for (let at = 0; at <= whole.length; at++) {
      const pieces = [whole.slice(0, at), whole.slice(at)].map((content) => delta({ content }))
      engine.script = streams(...pieces, delta({}, 'stop') + TOTALS + DONE)
      const answer = await chat(port, 'tw-a', hello('hi', { stream: true, stream_options: { include_usage: true } }))
      assert.equal(contentOf(answer), 'card [CARD], mail [EMAIL].')
      assert.deepEqual(eventsOf(answer).at(-1)?.usage, USAGE)
    }
  })

  it('what is held back goes out before the thoughts end, before a tool is called, and before the finish', async () => {
    await wants({ rules: [pii] })
    const call = (index: number, text: string) => ({ index, function: { arguments: text } })
    engine.script = streams(
      delta({ reasoning_content: 'think ann@example.o' }) + delta({ content: 'say bob' }),
      delta({ tool_calls: [call(0, '{"to":"cid@exa')] }) + delta({ tool_calls: [call(0, 'mple.org"}')] }),
      delta({ tool_calls: [call(1, '{"x":"ann')] }) + delta({}, 'tool_calls') + TOTALS + DONE,
    )
    const deltas = eventsOf(await chat(port, 'tw-a', hello('hi', { stream: true }))).map(
      ({ choices }) => choices[0].delta,
    )
    const all = (pick: (value: Json) => string | undefined) => deltas.map((one) => pick(one) ?? '').join('')
    assert.equal(
      all(({ reasoning_content }) => reasoning_content),
      'think ann@example.o',
    )
    assert.equal(
      all(({ content }) => content),
      'say bob',
    )
    const arguments_ = (index: number) =>
      all(({ tool_calls = [] }) =>
        tool_calls.map((one: Json) => (one.index === index ? one.function.arguments : '')).join(''),
      )
    assert.equal(arguments_(0), '{"to":"[EMAIL]"}')
    assert.equal(arguments_(1), '{"x":"ann')
  })

  it('a stream that is blocked ends with its reason, the engine is stopped, and its counts are recorded', async () => {
    await wants({ rules: [secret] })
    engine.script = async ({ response }) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(delta({ content: 'the plan is blue' }))
      response.write(delta({ content: 'bird and ' }))
    }
    engine.onCancel = (call) => {
      call?.response.end(delta({ content: 'more of bluebird' }) + TOTALS)
    }
    const answer = await chat(port, 'tw-a', hello('hi', { stream: true, stream_options: { include_usage: true } }))
    assert.equal(contentOf(answer), 'the plan is ')
    assert.equal(finishOf(answer), 'content_filter')
    assert.deepEqual(eventsOf(answer).at(-1)?.usage, USAGE)
    assert.ok(answer.text.endsWith(DONE))
    assert.equal(engine.cancelled.length, 1)
    const [record] = records
    assert.deepEqual(
      [record?.finish, record?.tokensOut, record?.tokensOutSource, record?.cutBy, record?.errorCode, record?.status],
      ['content_filter', 7, 'engine', null, null, 200],
    )
  })

  it('a whole answer is masked, or emptied with its reason', async () => {
    await wants({ rules: [pii, secret] })
    engine.script = says({
      role: 'assistant',
      content: 'ann@example.org',
      tool_calls: [{ function: { arguments: '"b@c.example"' } }],
    })
    const masked = JSON.parse((await chat(port, 'tw-a', hello('hi'))).text)
    assert.equal(masked.choices[0].message.content, '[EMAIL]')
    assert.equal(masked.choices[0].message.tool_calls[0].function.arguments, '"[EMAIL]"')
    engine.script = says({ role: 'assistant', content: 'it is Bluebird' })
    const answer = await chat(port, 'tw-a', hello('hi'))
    const blocked = JSON.parse(answer.text)
    assert.deepEqual(blocked.choices[0], {
      index: 0,
      message: { role: 'assistant', content: '' },
      finish_reason: 'content_filter',
    })
    assert.deepEqual(blocked.usage, USAGE)
    assert.equal(records.at(-1)?.finish, 'content_filter')
  })

  it('a dialect tells the same in its own words', async () => {
    await wants({ rules: [pii, secret] })
    engine.script = streams(
      delta({ content: 'to ann@exa' }),
      delta({ content: 'mple.org' }) + delta({}, 'stop') + TOTALS + DONE,
    )
    const path = '/v1/messages'
    const masked = await chat(port, 'tw-a', hello('hi', { stream: true, max_tokens: 9 }), { path })
    assert.match(masked.text, /\[EMAIL\]/)
    assert.match(masked.text, /message_stop/)
    engine.script = streams(delta({ content: 'bluebird' }) + delta({}, 'stop') + TOTALS + DONE)
    const blocked = await chat(port, 'tw-a', hello('hi', { stream: true, max_tokens: 9 }), { path })
    assert.match(blocked.text, /"stop_reason":"refusal"/)
    assert.match(blocked.text, /message_stop/)
  })
})

describe('moderation', () => {
  const judges = (text: string) => says({ role: 'assistant', content: text })
  const moderate = (body: object, secretKey = 'tw-a') => chat(port, secretKey, body, { path: '/v1/moderations' })

  it('by keywords costs nothing, and names the rule', async () => {
    await wants({ rules: [secret], moderation: { ...NO_POLICY.moderation, by: 'keywords' } })
    const answer = await moderate({ input: ['fine', 'a bluebird'], model: 'omni-moderation-latest' })
    const { results, id } = JSON.parse(answer.text)
    assert.match(id, /^modr-/)
    assert.deepEqual(
      results.map(({ flagged }: Json) => flagged),
      [false, true],
    )
    assert.equal(results[1].categories.SECRETS, true)
    assert.equal(results[1].category_scores.violence, 0)
    assert.equal(records.length, 0)
  })

  it('by a guard model reads its lines, and leaves a usage record each', async () => {
    await wants({})
    guard.script = (call) =>
      judges(
        call.body.includes('bomb')
          ? 'Safety: Unsafe\nCategories: Violent, Jailbreak'
          : 'Safety: Safe\nCategories: None',
      )(call)
    const answer = await moderate({ input: ['a bomb', 'a bun'], model: 'guard' }, 'tw-all')
    const { results, model } = JSON.parse(answer.text)
    assert.equal(model, 'guard')
    assert.equal(results[0].categories.violence, true)
    assert.equal(results[0].categories.jailbreak, true)
    assert.equal(results[0].category_scores.violence, 1)
    assert.equal(results[1].flagged, false)
    assert.deepEqual(
      records.map(({ model: asked, tokensIn }) => [asked, tokensIn]),
      [
        ['guard', 5],
        ['guard', 5],
      ],
    )
    assert.equal(errorOf(await moderate({ input: 'x', model: 'guard' })).code, 'model_not_found') // its key may not
  })

  it('is refused where nobody was chosen, and where the guard says something else', async () => {
    await control.push({ safety: [] })
    assert.equal(errorOf(await moderate({ input: 'x' })).code, 'moderation_unconfigured')
    guard.script = judges('I am happy to help! Safety: Safe')
    assert.equal(errorOf(await moderate({ input: 'x', model: 'guard' }, 'tw-all')).code, 'moderation_unavailable')
  })

  const byGuard = { ...NO_POLICY.moderation, by: 'model', model: 'guard', requests: true, answers: true } as const

  it('before and after a model, whatever the key may name, and without being looked through itself', async () => {
    await wants({ rules: [pii], moderation: byGuard })
    guard.script = (call) => {
      const unsafe = call.body.includes('bomb')
      judges(unsafe ? 'Safety: Unsafe\nCategories: Violent' : 'Safety: Safe\nCategories: None\nRefusal: No')(call)
    }
    engine.script = says({ role: 'assistant', content: 'fine' })
    assert.equal((await chat(port, 'tw-a', hello('hello'))).status, 200)
    assert.deepEqual(
      records.map(({ model }) => model),
      ['guard', 'guard', 'small'],
    )
    assert.equal(errorOf(await chat(port, 'tw-a', hello('a bomb'))).code, 'content_filter')
    assert.equal(engine.calls.length, 1)

    engine.script = says({ role: 'assistant', content: 'a bomb is' })
    const blocked = JSON.parse((await chat(port, 'tw-a', hello('hello'))).text)
    assert.equal(blocked.choices[0].finish_reason, 'content_filter')
    assert.equal(blocked.choices[0].message.content, '')

    engine.script = streams(delta({ content: 'a bo' }), delta({ content: 'mb' }) + delta({}, 'stop') + TOTALS + DONE)
    const stream = await chat(port, 'tw-a', hello('hello', { stream: true }))
    assert.equal(contentOf(stream), '')
    assert.equal(finishOf(stream), 'content_filter')
    assert.ok(stream.text.endsWith(DONE))
    assert.equal(stream.headers['content-type'], 'text/event-stream')

    engine.script = streams(
      delta({ content: 'a bun ann@exa' }),
      delta({ content: 'mple.org' }) + delta({}, 'stop') + TOTALS + DONE,
    )
    const passed = await chat(port, 'tw-a', hello('hello', { stream: true }))
    assert.equal(contentOf(passed), 'a bun [EMAIL]')
    assert.equal(finishOf(passed), 'stop')
  })

  it('lets nothing go on that nobody could judge', async () => {
    await wants({ moderation: byGuard })
    guard.script = ({ response }) => sendJson(response, 500, { error: { code: 'engine.step_failed', message: 'no' } })
    const answer = await chat(port, 'tw-a', hello('hello'))
    assert.equal(errorOf(answer).code, 'moderation_unavailable')
    assert.equal(answer.status, 503)
    assert.equal(engine.calls.length, 0)
  })
})
