/** What a large request may cost the others: refused before it is rendered, or read in slices between their tokens. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { starterModelPath } from '../test/models/starter.ts'
import { MESSAGES_MAX } from './openai/chat-prompt.ts'
import type { Json } from './socket-client.ts'
import { type StartedHost, startHost } from './started-host.ts'

const CONTEXT = 4096
let host: StartedHost

before(async () => {
  host = await startHost(await starterModelPath(), { contextTokens: CONTEXT })
})

after(() => host?.close())

const user = (content: string) => ({ role: 'user', content })

/** Sends a request and counts how often the template and the tokeniser ran, and how much text at most at once. */
async function watched(
  path: string,
  body: object,
): Promise<{ error: Json; renders: number; longest: number; json: Json }> {
  const { engine } = host
  const { renderTemplate, tokenize } = engine
  let renders = 0
  let longest = 0
  engine.renderTemplate = (template, values) => {
    if ((values.messages as unknown[]).length > 8) renders++
    return renderTemplate(template, values)
  }
  engine.tokenize = (text, special) => {
    longest = Math.max(longest, text.length)
    return tokenize(text, special)
  }
  try {
    const reply = await host.client.post(path, body)
    return { error: reply.json.error, renders, longest, json: reply.json }
  } finally {
    Object.assign(engine, { renderTemplate, tokenize })
  }
}

test('more messages than the context has tokens are refused before anything is rendered', async () => {
  const { error, renders, longest } = await watched('/v1/chat/completions', { messages: Array(20_000).fill(user('a')) })
  assert.equal(error.code, 'context_length_exceeded')
  assert.match(error.message, /is 4096 tokens\. However, your messages resulted in at least 20000 tokens/)
  assert.deepEqual([renders, longest], [0, 0])
})

test('messages that are fewer, but too many with what the template writes around each, are not rendered either', async () => {
  const { error, renders } = await watched('/v1/chat/completions', { messages: Array(1500).fill(user('')) })
  assert.equal(error.code, 'context_length_exceeded')
  assert.equal(renders, 0)
  // Those that fit are answered: the bound takes none away.
  const most = await watched('/tokenize', { messages: Array(600).fill(user('')) })
  assert.equal(most.renders, 1)
  assert.ok(most.json.count > 600 && most.json.count <= CONTEXT, most.json.count)
  assert.ok(MESSAGES_MAX >= 2048)
})

test('text that no tokens of this model can hold is refused unread, in every route', async () => {
  const text = 'a'.repeat(81 * CONTEXT + 1)
  for (const [path, body] of [
    ['/v1/chat/completions', { messages: [user(text)] }],
    ['/v1/completions', { prompt: text }],
    ['/v1/completions', { prompt: ['a', text] }],
  ] as const) {
    const { error, longest } = await watched(path, body)
    assert.equal(error.code, 'context_length_exceeded', path)
    assert.match(error.message, /at least 4097 tokens/)
    assert.ok(longest <= 1)
  }
})

test('a body that is too large for the context is not even parsed', async () => {
  const { error } = await watched('/v1/chat/completions', { messages: [user('a'.repeat(10_000_000))] })
  assert.equal(error.code, 'context_length_exceeded')
  assert.match(error.message, /your request has 100000\d\d bytes/)
})

test('long text is read in slices, and no further than it must be', async () => {
  const words = 'word '.repeat(40_000)
  const { error, longest } = await watched('/v1/chat/completions', { messages: [user(words)] })
  assert.equal(error.code, 'context_length_exceeded')
  assert.ok(longest <= 8192 + 100, `${longest}`)
  const few = Number(/at least (\d+)/.exec(error.message)?.[1])
  assert.ok(few > CONTEXT && few < 2 * CONTEXT, error.message)
})

test('a client that hangs up ends the reading of its prompt', async () => {
  const { engine } = host
  const { tokenize } = engine
  let slices = 0
  const first = Promise.withResolvers<void>()
  engine.tokenize = (text, special) => {
    slices++
    if (slices === 1) first.resolve()
    return tokenize(text, special)
  }
  const body = { prompt: 'word '.repeat(50_000) }
  try {
    const cut = host.client.open('POST', '/tokenize', body)
    cut.request.on('error', () => {})
    await first.promise
    cut.request.destroy()
    const whole = await host.client.post('/tokenize', body)
    assert.equal(whole.status, 200)
    assert.ok(slices < 2 * Math.ceil(body.prompt.length / 8192), 'the first was read to its end')
  } finally {
    engine.tokenize = tokenize
  }
})

test('detokenising, tokens and biases are bounded', async () => {
  const many = await watched('/detokenize', { tokens: Array(16 * CONTEXT + 1).fill(5) })
  assert.equal(many.error.code, 'invalid_value')
  const all = await watched('/detokenize', { tokens: Array(16 * CONTEXT).fill(5) })
  assert.equal(all.json.prompt.length > 0, true)
  const long = await watched('/v1/completions', { prompt: Array(CONTEXT + 1).fill(5) })
  assert.equal(long.error.code, 'context_length_exceeded')
  const logit_bias = Object.fromEntries(Array.from({ length: 1025 }, (_, token) => [token, 1]))
  const biased = await watched('/v1/chat/completions', { messages: [user('a')], logit_bias })
  assert.equal(biased.error.param, 'logit_bias')
})

test('objects by the hundred thousand are refused before they are built; brackets in text are text', async () => {
  const nested = `{"messages":[{"role":"user","content":"a"}],"x":[${'[],'.repeat(100_001)}0]}`
  const reply = await host.client.post('/v1/chat/completions', nested)
  assert.match(reply.json.error.message, /more than 100000 objects and lists/)
  const numbers = await host.client.post('/v1/completions', `{"prompt":[${'1,'.repeat(1_000_001)}1]}`)
  assert.match(numbers.json.error.message, /more than 1000000 values/)
  const text = await host.client.post('/tokenize', { prompt: '[[[['.repeat(26_000), add_special_tokens: false })
  assert.equal(text.status, 200, text.text.slice(0, 200))
})

test('a byte order mark before the body is passed over', async () => {
  const reply = await host.client.post('/tokenize', `\ufeff{"prompt":"Hello"}`)
  assert.equal(reply.status, 200, reply.text)
})

test('128 choices of one request leave another its turn', async () => {
  const many = host.client.post('/v1/chat/completions', { messages: [user('Count')], n: 128, max_tokens: 3 })
  const one = await host.client.post(
    '/v1/chat/completions',
    { messages: [user('Hi')], max_tokens: 3 },
    { 'x-tradewind-share': 'another' },
  )
  assert.equal(one.status, 200)
  assert.ok(host.engine.stats().waiting > 0, 'the other was served before the 128 were done')
  assert.equal((await many).json.choices.length, 128)
})
