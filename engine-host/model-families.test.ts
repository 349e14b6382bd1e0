/**
 * The families that the product is for, as tiny models of random weights: architecture, template and parsers are the
 * real ones, only the wits are missing. What they say is noise, so what is enforced shows all the more.
 */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { EngineHealth, EngineSpec } from '../src/engines/engine-wire.ts'
import { type TestModelName, testModel } from '../test/models/test-model.ts'
import type { Json } from './socket-client.ts'
import { type StartedHost, startHost } from './started-host.ts'

async function start(t: TestContext, name: TestModelName, more: Partial<EngineSpec> = {}): Promise<StartedHost> {
  const host = await startHost(await testModel(name), more)
  t.after(() => host.close())
  return host
}

const tool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather in a city',
    parameters: {
      type: 'object',
      properties: { city: { enum: ['Oslo', 'Rome'] }, days: { type: 'integer', minimum: 1, maximum: 9 } },
      required: ['city', 'days'],
      additionalProperties: false,
    },
  },
}

const conversation = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Weather in Oslo?' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [
      { id: 'c', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo","days":1}' } },
    ],
  },
  { role: 'tool', tool_call_id: 'c', content: 'sunny' },
  { role: 'user', content: 'And in Rome?' },
]

const FAMILIES: { name: TestModelName; toolParser: string; more: object }[] = [
  // Its template closes the thoughts when thinking is off.
  { name: 'qwen3', toolParser: 'hermes', more: { enable_thinking: false } },
  { name: 'deepseek-v3', toolParser: 'deepseek_v3', more: {} },
]

for (const { name, toolParser, more } of FAMILIES) {
  test(`${name}: loads, answers, and makes the call that it is forced to make in its own form`, async (t) => {
    const { client } = await start(t, name)
    const health = (await client.get('/health')).json as EngineHealth
    assert.equal(health.model?.toolParser, toolParser)
    assert.equal(health.model?.reasoningParser, 'think')

    const free = await client.post('/v1/chat/completions', {
      messages: conversation,
      tools: [tool],
      max_tokens: 12,
      // Random weights may well choose the end of the answer first; with this seed they do not.
      seed: 1,
      ...more,
    })
    assert.equal(free.status, 200, free.text)
    assert.equal(free.json.usage.completion_tokens, 12)

    const body = { messages: conversation, tools: [tool], tool_choice: 'required', max_tokens: 900, seed: 1, ...more }
    const forced = await client.post('/v1/chat/completions', { ...body, parallel_tool_calls: false })
    const [call] = forced.json.choices[0].message.tool_calls
    const args = JSON.parse(call.function.arguments)
    assert.ok(['Oslo', 'Rome'].includes(args.city) && args.days >= 1 && args.days <= 9)
    assert.equal(forced.json.choices[0].message.content, null)
    assert.equal(forced.json.choices[0].finish_reason, 'tool_calls')

    const stream = await client.stream('/v1/chat/completions', body)
    const deltas = stream.events.flatMap((event) => event.choices[0]?.delta.tool_calls ?? [])
    const count = Math.max(...deltas.map((delta: Json) => delta.index)) + 1
    assert.ok(count >= 1 && count <= 8)
    for (let index = 0; index < count; index++) {
      const own = deltas.filter((delta: Json) => delta.index === index)
      assert.equal(own[0].function.name, 'get_weather')
      assert.ok(JSON.parse(own.map((delta: Json) => delta.function.arguments).join('')).days >= 1)
    }
  })
}

test('deepseek-r1: the template opens the thoughts, and what is enforced comes after them', async (t) => {
  const { client } = await start(t, 'deepseek-r1')
  const free = await client.post('/v1/chat/completions', {
    messages: conversation.slice(0, 2),
    max_tokens: 12,
    seed: 3,
  })
  const { content, reasoning_content } = free.json.choices[0].message
  assert.equal(content, '', 'noise never closes its thoughts')
  assert.ok(reasoning_content.length > 0)
  assert.equal(free.json.usage.completion_tokens_details.reasoning_tokens, 12)

  // Pushed to close its thoughts at once, it has to go on with the answer's own form.
  const close = (await client.post('/tokenize', { prompt: '</think>', add_special_tokens: false })).json.tokens
  assert.equal(close.length, 1)
  const formatted = await client.post('/v1/chat/completions', {
    messages: conversation.slice(0, 2),
    temperature: 0,
    logit_bias: { [close[0]]: 100 },
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: 'answer',
        schema: { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] },
      },
    },
    max_tokens: 200,
  })
  assert.equal(typeof JSON.parse(formatted.json.choices[0].message.content).ok, 'boolean', formatted.text)
})

test('bert: embeddings are vectors of length 1, equal for equal texts, and chat is refused', async (t) => {
  const { client } = await start(t, 'bert', { task: 'embedding', contextTokens: 128 })
  const reply = await client.post('/v1/embeddings', { input: ['a ship at sea', 'a ship at sea', 'bread'] })
  assert.equal(reply.status, 200, reply.text)
  const [one, two, three] = reply.json.data.map((entry: Json) => entry.embedding as number[])
  assert.ok(Math.abs(Math.hypot(...one) - 1) < 1e-3)
  assert.deepEqual(one, two)
  assert.notDeepEqual(one, three)
  const long = await client.post('/v1/embeddings', { input: 'word '.repeat(500) })
  assert.equal(long.json.error.code, 'context_length_exceeded')
  const chat = await client.post('/v1/chat/completions', { messages: conversation })
  assert.deepEqual([chat.status, chat.json.error.code], [400, 'unsupported_model'])
})
