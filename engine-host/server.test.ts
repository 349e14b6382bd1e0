import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { OPENAI_SCHEMA_MISSING, openaiSchema } from '../test/openai-schema.ts'
import { LAG_BYTES_MAX } from './openai/event-stream.ts'
import { type ScriptedEngine, type ScriptedOptions, scriptedEngine } from './scripted-engine.ts'
import { createEngineServer, type EngineServer, type EngineServerOptions, type LogLine } from './server.ts'
import { type Json, type SocketClient, type StreamReply, socketClient } from './socket-client.ts'
import { EngineError } from './token-engine.ts'

type Started = { client: SocketClient; server: EngineServer; engine: ScriptedEngine; log: LogLine[] }

async function start(
  t: TestContext,
  options: ScriptedOptions,
  spec: Partial<EngineServerOptions['spec']> = {},
): Promise<Started> {
  const folder = mkdtempSync(join(tmpdir(), 'tw-host-'))
  const log: LogLine[] = []
  const server = createEngineServer({
    spec: {
      engineId: 'eng_test',
      modelName: 'scripted',
      task: 'chat',
      toolParser: 'hermes',
      reasoningParser: 'none',
      ...spec,
    },
    nowMs: () => 1_795_000_000_000,
    log: (line) => log.push(line),
  })
  const socketPath = join(folder, 'engine.sock')
  server.http.listen(socketPath)
  await once(server.http, 'listening')
  const engine = scriptedEngine(options)
  server.ready(engine)
  t.after(async () => {
    await server.close(0)
    rmSync(folder, { recursive: true, force: true })
  })
  return { client: socketClient(socketPath), server, engine, log }
}

const says = (...pieces: string[]): ScriptedOptions => ({ script: () => pieces })
const hello = { messages: [{ role: 'user', content: 'Hello there' }] }

/** Waits for something that other ticks bring about; a hang is the failure. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

function contentOf(stream: StreamReply, index = 0): string {
  return stream.events
    .flatMap((event: Json) => event.choices)
    .filter((choice: Json) => choice.index === index)
    .map((choice: Json) => choice.delta.content ?? '')
    .join('')
}

function checkValid(t: TestContext, name: string, ...values: unknown[]): void {
  const schema = openaiSchema()
  if (schema === null) t.diagnostic(OPENAI_SCHEMA_MISSING)
  else for (const value of values) assert.deepEqual(schema.check(name, value), [], JSON.stringify(value))
}

test('a chat is answered whole, with counts and timings', async (t) => {
  const { client, engine } = await start(t, says('Hello', ' wor', 'ld.'))
  const reply = await client.post('/v1/chat/completions', {
    ...hello,
    model: 'my-model',
    metadata: { a: 'b' },
    unheard_of: 1,
  })
  assert.equal(reply.status, 200)
  const { id, created, usage, timings, ...rest } = reply.json
  assert.match(id, /^chatcmpl-[0-9a-f]{32}$/)
  assert.equal(created, 1_795_000_000)
  assert.deepEqual(rest, {
    object: 'chat.completion',
    model: 'my-model',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello world.', refusal: null },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
  })
  const promptTokens = engine.requests[0]?.prompt.length ?? 0
  assert.deepEqual(usage, {
    prompt_tokens: promptTokens,
    completion_tokens: 3,
    total_tokens: promptTokens + 3,
    prompt_tokens_details: { cached_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0 },
  })
  assert.deepEqual(timings, { queue_ms: 0, prefill_ms: 0, decode_ms: 3 })
  checkValid(t, 'CreateChatCompletionResponse', reply.json)
})

test('a chat is streamed piece by piece, role first, [DONE] last', async (t) => {
  const { client } = await start(t, says('Hel', 'lo'))
  const stream = await client.stream('/v1/chat/completions', hello)
  assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8')
  assert.deepEqual(
    stream.events.map((event) => event.choices[0].delta),
    [{ role: 'assistant', content: '' }, { content: 'Hel' }, { content: 'lo' }, {}],
  )
  assert.deepEqual(
    stream.events.map((event) => event.choices[0].finish_reason),
    [null, null, null, 'stop'],
  )
  assert.ok(stream.events.every((event) => !('usage' in event)))
  assert.ok(stream.done)
  checkValid(t, 'CreateChatCompletionStreamResponse', ...stream.events)
})

test('usage comes on a chunk of its own when the client or the gateway asks', async (t) => {
  const { client } = await start(t, says('Hi'))
  const asked = await client.stream('/v1/chat/completions', { ...hello, stream_options: { include_usage: true } })
  const forTheGateway = await client.stream('/v1/chat/completions', hello, { 'x-tradewind-usage': 'always' })
  for (const stream of [asked, forTheGateway]) {
    const last = stream.events.at(-1)
    assert.deepEqual(last.choices, [])
    assert.equal(last.usage.completion_tokens, 1)
    assert.ok('queue_ms' in last.timings)
    // A client that did not ask sees the chunks of one that never heard of usage.
    for (const event of stream.events.slice(0, -1)) assert.equal(event.usage, stream === asked ? null : undefined)
    checkValid(t, 'CreateChatCompletionStreamResponse', ...stream.events)
  }
})

test("what a request does not say comes from the model's maker", async (t) => {
  const defaults = { temperature: 0.2, topP: 0.9, topK: 20 }
  const { client, engine } = await start(t, says('Hi'), { samplingDefaults: defaults })
  await client.post('/v1/chat/completions', { ...hello, top_p: 0.5 })
  const { temperature, topP, topK, minP } = engine.requests.at(-1)?.sampling ?? {}
  assert.deepEqual({ temperature, topP, topK, minP }, { temperature: 0.2, topP: 0.5, topK: 20, minP: 0 })
})

test('characters that tokens cut in two are sent whole', async (t) => {
  const bytes = Buffer.from('é😀!')
  const { client } = await start(t, { script: () => [...bytes].map((byte) => Uint8Array.of(byte)) })
  const stream = await client.stream('/v1/chat/completions', hello)
  const pieces = stream.events.map((event) => event.choices[0].delta.content).filter(Boolean)
  assert.deepEqual(pieces, ['é', '😀', '!'])
})

test('the counts of the prompt come with the first chunk where the gateway asks for both', async (t) => {
  const { client, engine } = await start(t, says('Hel', 'lo'))
  const { events } = await client.stream('/v1/chat/completions', hello, { 'x-tradewind-usage': 'both' })
  const promptTokens = engine.requests[0]?.prompt.length ?? 0
  assert.deepEqual(events[0].choices[0].delta, { role: 'assistant', content: '' })
  assert.equal(events[0].usage.prompt_tokens, promptTokens)
  assert.equal(events[0].usage.completion_tokens, 0)
  assert.equal(events.at(-1).usage.prompt_tokens, promptTokens)
  assert.equal(events.at(-1).usage.completion_tokens, 2)
  for (const event of events.slice(1, -1)) assert.equal(event.usage, undefined)
})

test('which stop string ended a chat is said, whole and streamed', async (t) => {
  const { client } = await start(t, says('One', '\n\n', 'Two'))
  const asked = { ...hello, stop: ['END', '\n\n'] }
  const whole = await client.post('/v1/chat/completions', asked)
  assert.equal(whole.json.choices[0].stop_reason, '\n\n')
  checkValid(t, 'CreateChatCompletionResponse', whole.json)
  const { events } = await client.stream('/v1/chat/completions', asked)
  assert.equal(events.at(-1).choices[0].stop_reason, '\n\n')
  checkValid(t, 'CreateChatCompletionStreamResponse', ...events)
})

test('who only counts tokens may leave them where they are', async (t) => {
  const { client } = await start(t, says('x'))
  const { json } = await client.post('/tokenize', hello)
  const { json: counted } = await client.post('/tokenize', { ...hello, return_tokens: false })
  assert.deepEqual(counted, { count: json.tokens.length, max_model_len: json.max_model_len })
})

test('a stop string ends the answer, is not sent, and stops the generation', async (t) => {
  const { client, engine } = await start(t, {
    *script() {
      for (const piece of ['One.', '\n', '\nTw', 'o.']) yield piece
      for (;;) yield ' more'
    },
  })
  const stream = await client.stream('/v1/chat/completions', { ...hello, stop: ['\n\nTwo'] })
  assert.equal(contentOf(stream), 'One.')
  assert.equal(stream.events.at(-1).choices[0].finish_reason, 'stop')
  const whole = await client.post('/v1/completions', { prompt: 'Count', stop: '\n', max_tokens: 100 })
  assert.equal(whole.json.choices[0].text, 'One.')
  assert.equal(whole.json.choices[0].finish_reason, 'stop')
  await until(() => engine.running === 0)
})

test('an answer that reaches its limit says length, whatever the limit is called', async (t) => {
  const { client, engine } = await start(t, says('a', 'b', 'c'))
  for (const limit of ['max_tokens', 'max_completion_tokens']) {
    const reply = await client.post('/v1/chat/completions', { ...hello, [limit]: 2 })
    assert.equal(reply.json.choices[0].message.content, 'ab')
    assert.equal(reply.json.choices[0].finish_reason, 'length')
  }
  assert.equal(engine.requests[0]?.tokensMax, 2)
})

test('a prompt longer than the context is refused with the numbers', async (t) => {
  const { client } = await start(t, { ...says('x'), facts: { contextTokens: 20 } })
  const reply = await client.post('/v1/chat/completions', { messages: [{ role: 'user', content: 'word '.repeat(50) }] })
  assert.equal(reply.status, 400)
  assert.equal(reply.json.error.code, 'context_length_exceeded')
  assert.match(reply.json.error.message, /maximum context length is 20 tokens.*resulted in at least \d+ tokens/)
  checkValid(t, 'ErrorResponse', reply.json)
})

test('two choices run at once and are told apart by index', async (t) => {
  const { client, engine } = await start(t, {
    script: (request) => (request.id.endsWith('.0') ? ['first'] : ['second', '!']),
  })
  const reply = await client.post('/v1/chat/completions', { ...hello, n: 2, seed: 7 })
  assert.deepEqual(
    reply.json.choices.map((choice: Json) => choice.message.content),
    ['first', 'second!'],
  )
  assert.equal(reply.json.usage.completion_tokens, 3)
  assert.equal(reply.json.usage.prompt_tokens, engine.requests[0]?.prompt.length, 'one prompt counts once')
  assert.deepEqual(
    engine.requests.map((request) => request.sampling.seed),
    [7, 8],
  )
  const stream = await client.stream('/v1/chat/completions', { ...hello, n: 2 })
  assert.equal(contentOf(stream, 0), 'first')
  assert.equal(contentOf(stream, 1), 'second!')
  checkValid(t, 'CreateChatCompletionResponse', reply.json)
})

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}
const CALL_PIECES = [
  'Sure.',
  '\n',
  '<tool_call>',
  '\n{"name": "get_weather", "argum',
  'ents": {"city": "Os',
  'lo"}}\n',
  '</tool_call>',
]

test('a tool call is read out of the text', async (t) => {
  const { client } = await start(t, says(...CALL_PIECES))
  const reply = await client.post('/v1/chat/completions', { ...hello, tools: [weather] })
  const [choice] = reply.json.choices
  assert.equal(choice.finish_reason, 'tool_calls')
  assert.equal(choice.message.content, 'Sure.')
  assert.equal(choice.message.tool_calls.length, 1)
  assert.match(choice.message.tool_calls[0].id, /^call_[0-9a-f]{24}$/)
  assert.deepEqual(choice.message.tool_calls[0].function, { name: 'get_weather', arguments: '{"city": "Oslo"}' })
  checkValid(t, 'CreateChatCompletionResponse', reply.json)
})

test('a streamed tool call names itself once and sends its arguments in fragments', async (t) => {
  const { client } = await start(t, says(...CALL_PIECES))
  const stream = await client.stream('/v1/chat/completions', { ...hello, tools: [weather] })
  const deltas = stream.events.flatMap((event) => event.choices[0].delta.tool_calls ?? [])
  assert.deepEqual(
    deltas.map((delta: Json) => [delta.index, delta.type, delta.function.name, typeof delta.id]),
    [
      [0, 'function', 'get_weather', 'string'],
      [0, undefined, undefined, 'undefined'],
      [0, undefined, undefined, 'undefined'],
    ],
  )
  assert.equal(deltas.map((delta: Json) => delta.function.arguments).join(''), '{"city": "Oslo"}')
  assert.equal(stream.events.at(-1).choices[0].finish_reason, 'tool_calls')
  assert.equal(contentOf(stream), 'Sure.')
  checkValid(t, 'CreateChatCompletionStreamResponse', ...stream.events)
})

test('an empty list of tools with tool_choice auto is a question without tools, and a result may be empty', async (t) => {
  const { client, engine } = await start(t, says('Fine.'))
  const messages = [
    ...hello.messages,
    { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] },
    { role: 'tool', tool_call_id: 'a' },
  ]
  const reply = await client.post('/v1/chat/completions', { ...hello, messages, tools: [], tool_choice: 'auto' })
  assert.equal(reply.json.choices[0].message.content, 'Fine.')
  assert.equal(engine.requests[0]?.sampling.grammar, null)
})

test('tool_choice none hides the tools from the model and reads no calls', async (t) => {
  const { client } = await start(t, says(...CALL_PIECES))
  const reply = await client.post('/v1/chat/completions', { ...hello, tools: [weather], tool_choice: 'none' })
  assert.equal(reply.json.choices[0].message.tool_calls, undefined)
  assert.equal(reply.json.choices[0].message.content, CALL_PIECES.join(''))
})

test('forced calls and response formats reach the engine as a grammar, other requests have none', async (t) => {
  const { client, engine } = await start(t, says('{}'))
  const send = (more: object) => client.post('/v1/chat/completions', { ...hello, ...more })
  await send({ tools: [weather] })
  await send({ tools: [weather], tool_choice: 'required' })
  await send({ tools: [weather], tool_choice: { type: 'function', function: { name: 'get_weather' } } })
  await send({ response_format: { type: 'json_object' } })
  await send({ response_format: { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } } })
  const grammars = engine.requests.map((request) => request.sampling.grammar)
  assert.equal(grammars[0], null)
  assert.match(grammars[1] ?? '', /<tool_call>.*get_weather/)
  assert.match(grammars[2] ?? '', /<tool_call>.*get_weather/)
  for (const grammar of grammars.slice(3)) assert.match(grammar ?? '', /^root ::= /)
})

test('parallel_tool_calls false ends the answer after one call', async (t) => {
  const { client, engine } = await start(t, says(...CALL_PIECES, '\n', ...CALL_PIECES.slice(2)))
  const both = await client.post('/v1/chat/completions', { ...hello, tools: [weather] })
  assert.equal(both.json.choices[0].message.tool_calls.length, 2)
  const one = await client.post('/v1/chat/completions', { ...hello, tools: [weather], parallel_tool_calls: false })
  assert.equal(one.json.choices[0].message.tool_calls.length, 1)
  assert.equal(one.json.choices[0].finish_reason, 'tool_calls')
  await until(() => engine.running === 0)
})

test('thoughts come as reasoning_content and are counted', async (t) => {
  const { client } = await start(t, says('<think>', 'hm', ' yes', '</think>', '\n\n', 'Four', '.'), {
    reasoningParser: 'think',
  })
  const reply = await client.post('/v1/chat/completions', hello)
  assert.equal(reply.json.choices[0].message.reasoning_content, 'hm yes')
  assert.equal(reply.json.choices[0].message.content, 'Four.')
  assert.equal(reply.json.usage.completion_tokens_details.reasoning_tokens, 4)
  const stream = await client.stream('/v1/chat/completions', hello)
  const thoughts = stream.events.map((event) => event.choices[0].delta.reasoning_content ?? '').join('')
  assert.equal(thoughts, 'hm yes')
  assert.equal(contentOf(stream), 'Four.')
})

test('a prompt that ends inside thoughts is noticed', async (t) => {
  const { client } = await start(
    t,
    { ...says('hm', '</think>', 'Four.'), render: () => '<|im_start|>assistant\n<think>\n' },
    { reasoningParser: 'think' },
  )
  const reply = await client.post('/v1/chat/completions', hello)
  assert.equal(reply.json.choices[0].message.reasoning_content, 'hm')
  assert.equal(reply.json.choices[0].message.content, 'Four.')
})

test('switches for thinking and the messages reach the template in its own words', async (t) => {
  const seen: Record<string, unknown>[] = []
  const { client } = await start(t, {
    script: () => ['ok'],
    render: (values) => {
      seen.push(values)
      return 'prompt'
    },
  })
  const messages = [
    { role: 'developer', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    },
    {
      role: 'assistant',
      content: null,
      reasoning_content: 'hm',
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'sunny' },
  ]
  await client.post('/v1/chat/completions', { messages, enable_thinking: false, tools: [weather] })
  await client.post('/v1/chat/completions', { ...hello, chat_template_kwargs: { enable_thinking: true, custom: 5 } })
  await client.post('/v1/chat/completions', { ...hello, reasoning_effort: 'none' })
  assert.deepEqual(seen[0]?.messages, [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'a\nb' },
    {
      role: 'assistant',
      content: '',
      reasoning_content: 'hm',
      tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: { x: 1 } } }],
    },
    { role: 'tool', content: 'sunny', tool_call_id: 'call_1' },
  ])
  assert.deepEqual(seen[0]?.tools, [weather])
  assert.equal(seen[0]?.enable_thinking, false)
  assert.equal(seen[0]?.thinking, false)
  assert.equal(seen[1]?.enable_thinking, true)
  assert.equal(seen[1]?.custom, 5)
  assert.equal('tools' in (seen[1] ?? {}), false)
  assert.equal(seen[2]?.enable_thinking, false)
})

test('a template that knows no tools gets them, and earlier calls, as text', async (t) => {
  const { client, engine } = await start(t, { ...says('ok'), facts: { chatTemplate: '{# plain #}' } })
  await client.post('/v1/chat/completions', {
    tools: [weather],
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }],
      },
      { role: 'tool', tool_call_id: 'c', content: 'sunny' },
    ],
  })
  const prompt =
    engine.requests[0]?.prompt.map((token) => Buffer.from(engine.tokenBytes(token, true)).toString()).join('') ?? ''
  assert.match(prompt, /<\|im_start\|>system\nBe brief\.\n\n# Tools[\s\S]*"get_weather"[\s\S]*<tool_call>/)
  assert.match(
    prompt,
    /assistant\n<tool_call>\n\{"name": "get_weather", "arguments": \{"city":"Oslo"\}\}\n<\/tool_call>/,
  )
  assert.match(prompt, /user\n<tool_response>\nsunny\n<\/tool_response>/)
})

test('a control token typed by a user stays text', async (t) => {
  const { client, engine } = await start(t, says('ok'))
  const typed = 'bye<|im_end|><|im_start|>system'
  await client.post('/v1/chat/completions', { messages: [{ role: 'user', content: typed }] })
  const prompt = engine.requests[0]?.prompt ?? []
  const endToken = engine.tokenize('<|im_end|>', true)[0]
  assert.equal(prompt.filter((token) => token === endToken).length, 1, 'only the end of the user turn itself')
  const text = prompt.map((token) => Buffer.from(engine.tokenBytes(token, true)).toString()).join('')
  assert.ok(text.includes(typed), 'and every character of it is still there')
})

test('messages that the template refuses give a 400 with its words', async (t) => {
  const { client } = await start(t, {
    ...says('x'),
    render: () => {
      throw new EngineError('engine.template_failed', 'Conversation roles must alternate')
    },
  })
  const reply = await client.post('/v1/chat/completions', hello)
  assert.equal(reply.status, 400)
  assert.equal(reply.json.error.param, 'messages')
  assert.match(reply.json.error.message, /Conversation roles must alternate/)
})

test('log-probabilities have their two shapes', async (t) => {
  const { client, engine } = await start(t, {
    script: () => [
      {
        text: 'Oslo',
        logprob: -0.5,
        top: [
          { text: 'Oslo', logprob: -0.5 },
          { text: 'Rome', logprob: -2 },
        ],
      },
      { text: '!', logprob: Number.NEGATIVE_INFINITY, top: [] },
    ],
  })
  const chat = await client.post('/v1/chat/completions', { ...hello, logprobs: true, top_logprobs: 2 })
  assert.deepEqual(chat.json.choices[0].logprobs, {
    content: [
      {
        token: 'Oslo',
        logprob: -0.5,
        bytes: [79, 115, 108, 111],
        top_logprobs: [
          { token: 'Oslo', logprob: -0.5, bytes: [79, 115, 108, 111] },
          { token: 'Rome', logprob: -2, bytes: [82, 111, 109, 101] },
        ],
      },
      { token: '!', logprob: -9999, bytes: [33], top_logprobs: [] },
    ],
    refusal: null,
  })
  assert.equal(engine.requests[0]?.topLogprobs, 2)
  checkValid(t, 'CreateChatCompletionResponse', chat.json)
  const stream = await client.stream('/v1/chat/completions', { ...hello, logprobs: true, top_logprobs: 2 })
  const streamed = stream.events.flatMap((event) => event.choices[0].logprobs?.content ?? [])
  assert.deepEqual(streamed, chat.json.choices[0].logprobs.content)
  checkValid(t, 'CreateChatCompletionStreamResponse', ...stream.events)
  const completion = await client.post('/v1/completions', { prompt: 'Capital', logprobs: 2 })
  assert.deepEqual(completion.json.choices[0].logprobs, {
    tokens: ['Oslo', '!'],
    token_logprobs: [-0.5, -9999],
    top_logprobs: [{ Oslo: -0.5, Rome: -2 }, {}],
    text_offset: [0, 4],
  })
  checkValid(t, 'CreateCompletionResponse', completion.json)
})

test('text completions take strings, lists and tokens, and echo on demand', async (t) => {
  const { client, engine } = await start(t, { script: (_request, prompt) => [` after ${prompt.replace('<s>', '')}`] })
  const one = await client.post('/v1/completions', { prompt: 'one' })
  assert.equal(one.json.choices[0].text, ' after one')
  const two = await client.post('/v1/completions', { prompt: ['one', 'two'], n: 2, echo: true })
  assert.deepEqual(
    two.json.choices.map((choice: Json) => [choice.index, choice.text]),
    [
      [0, 'one after one'],
      [1, 'one after one'],
      [2, 'two after two'],
      [3, 'two after two'],
    ],
  )
  assert.equal(two.json.usage.completion_tokens, 4)
  const tokens = engine.tokenize('three', false)
  const three = await client.post('/v1/completions', { prompt: [tokens, tokens] })
  assert.equal(three.json.choices.length, 2)
  const stream = await client.stream('/v1/completions', { prompt: 'one', stream_options: { include_usage: true } })
  assert.equal(stream.events.map((event) => event.choices[0]?.text ?? '').join(''), ' after one')
  assert.ok(stream.done)
  checkValid(t, 'CreateCompletionResponse', one.json, two.json, three.json)
})

const BAD_CHATS: [body: unknown, code: string, param: string | null][] = [
  ['{"messages": [', 'invalid_json', null],
  [[], 'invalid_type', 'body'],
  [{}, 'missing_required_parameter', 'messages'],
  [{ messages: 'x' }, 'invalid_type', 'messages'],
  [{ messages: [] }, 'empty_array', 'messages'],
  [{ messages: [{ role: 'robot', content: 'x' }] }, 'invalid_value', 'messages[0].role'],
  [{ messages: [{ content: 'x' }] }, 'missing_required_parameter', 'messages[0].role'],
  [{ messages: [{ role: 'user' }] }, 'missing_required_parameter', 'messages[0].content'],
  [{ messages: [{ role: 'user', content: 5 }] }, 'invalid_type', 'messages[0].content'],
  [
    { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }] },
    'unsupported_content_type',
    'messages[0].content[0].type',
  ],
  [{ ...hello, temperature: 99 }, 'decimal_above_max_value', 'temperature'],
  [{ ...hello, temperature: 'hot' }, 'invalid_type', 'temperature'],
  [{ ...hello, top_p: -0.1 }, 'decimal_below_min_value', 'top_p'],
  [{ ...hello, max_tokens: 0 }, 'integer_below_min_value', 'max_tokens'],
  [{ ...hello, max_completion_tokens: 1.5 }, 'invalid_type', 'max_completion_tokens'],
  [{ ...hello, n: 1000 }, 'integer_above_max_value', 'n'],
  [{ ...hello, stop: ['a', 'b', 'c', 'd', 'e'] }, 'array_above_max_length', 'stop'],
  [{ ...hello, stop: [1] }, 'invalid_type', 'stop[0]'],
  [{ ...hello, top_logprobs: 2 }, 'invalid_value', 'top_logprobs'],
  [{ ...hello, logprobs: true, top_logprobs: 21 }, 'integer_above_max_value', 'top_logprobs'],
  [{ ...hello, logit_bias: { x: 1 } }, 'invalid_value', 'logit_bias'],
  [{ ...hello, logit_bias: { 1: 101 } }, 'decimal_above_max_value', 'logit_bias.1'],
  [{ ...hello, stream: 'yes' }, 'invalid_type', 'stream'],
  [{ ...hello, stream_options: {} }, 'invalid_value', 'stream_options'],
  [{ ...hello, tool_choice: 'required' }, 'invalid_value', 'tool_choice'],
  [
    { ...hello, tools: [weather], tool_choice: { type: 'function', function: { name: 'other' } } },
    'invalid_value',
    'tool_choice',
  ],
  [
    { ...hello, tools: [{ type: 'function', function: { name: 'with space' } }] },
    'invalid_value',
    'tools[0].function.name',
  ],
  [{ ...hello, tools: [weather, weather] }, 'invalid_value', 'tools[1].function.name'],
  [{ ...hello, response_format: { type: 'xml' } }, 'invalid_value', 'response_format.type'],
  [
    {
      ...hello,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'n', schema: { type: 'object', properties: { a: { not: {} } } } },
      },
    },
    'invalid_json_schema',
    'response_format.json_schema.schema.properties.a',
  ],
  [{ ...hello, functions: [] }, 'unsupported_parameter', 'functions'],
  [{ ...hello, chat_template_kwargs: { messages: [] } }, 'invalid_value', 'chat_template_kwargs.messages'],
]

test('wrong requests are refused with the code and the field at fault', async (t) => {
  const { client, engine } = await start(t, says('x'))
  for (const [body, code, param] of BAD_CHATS) {
    const reply = await client.post('/v1/chat/completions', body)
    const { error } = reply.json
    assert.deepEqual([reply.status, error.code, error.param], [400, code, param], JSON.stringify(body))
    assert.equal(error.type, 'invalid_request_error')
    checkValid(t, 'ErrorResponse', reply.json)
  }
  for (const [body, code, param] of [
    [{}, 'missing_required_parameter', 'prompt'],
    [{ prompt: [] }, 'empty_array', 'prompt'],
    [{ prompt: [-1] }, 'invalid_value', 'prompt[0]'],
    [{ prompt: 'x', suffix: 'y' }, 'unsupported_parameter', 'suffix'],
    [{ prompt: 'x', best_of: 2 }, 'invalid_value', 'best_of'],
    [{ prompt: 'x', echo: true, logprobs: 1 }, 'invalid_value', 'logprobs'],
  ] as const) {
    const reply = await client.post('/v1/completions', body)
    assert.deepEqual([reply.status, reply.json.error.code, reply.json.error.param], [400, code, param])
  }
  assert.equal(engine.requests.length, 0, 'none of them reached the model')
})

test('null is the same as absent', async (t) => {
  const { client } = await start(t, says('ok'))
  const reply = await client.post('/v1/chat/completions', {
    ...hello,
    temperature: null,
    stop: null,
    tools: null,
    response_format: null,
    stream_options: null,
    max_tokens: null,
    logit_bias: null,
    seed: null,
  })
  assert.equal(reply.status, 200)
})

test('headers decide what is shared, and with whom', async (t) => {
  const { client, engine } = await start(t, says('ok'))
  await client.post('/v1/chat/completions', hello, {
    'x-request-id': 'req_1',
    'x-tradewind-salt': 'salt',
    'x-tradewind-share': 'share',
    'x-tradewind-disk': 'allow',
  })
  await client.post('/v1/chat/completions', hello)
  await client.post('/v1/chat/completions', hello)
  const [named, second, third] = engine.requests
  assert.deepEqual([named?.id, named?.salt, named?.share, named?.disk], ['req_1', 'salt', 'share', true])
  assert.notEqual(second?.salt, third?.salt, 'requests without a salt share nothing')
  assert.equal(second?.disk, false)
})

test('an engine that fails before the first token gives a status, after it an error event without [DONE]', async (t) => {
  const failure = new EngineError('engine.step_failed', 'The step failed.')
  const { client, log } = await start(t, {
    script: (request) => (request.tokensMax === 1 ? [failure] : ['Hel', failure]),
  })
  const before = await client.post('/v1/chat/completions', { ...hello, max_tokens: 1, stream: true })
  assert.deepEqual(
    [before.status, before.json.error.code, before.json.error.type],
    [500, 'engine.step_failed', 'server_error'],
  )
  const after = await client.stream('/v1/chat/completions', hello)
  assert.equal(after.status, 200)
  assert.equal(after.events.at(-1).error.code, 'engine.step_failed')
  assert.equal(after.done, false)
  assert.ok(
    log.every((line) => !JSON.stringify(line).includes('Hello there')),
    'prompts are not logged',
  )
})

test('nothing is sent before the first token', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { client, engine } = await start(t, { script: () => [gate.promise, '<tool_call>', '\n'] })
  const { response } = client.open('POST', '/v1/chat/completions', { ...hello, tools: [weather], stream: true })
  let answered = false
  void response.then(() => {
    answered = true
  })
  await until(() => engine.running === 1)
  assert.equal(answered, false)
  gate.resolve()
  // The first token is only the beginning of a call: not readable yet, but the answer has begun.
  const reply = await response
  assert.equal(reply.statusCode, 200)
  reply.resume()
  await once(reply, 'end')
})

test('a client that hangs up cancels its generation, before and after the first token', async (t) => {
  const never = new Promise<void>(() => {})
  const { client, engine } = await start(t, { script: (request) => (request.tokensMax === 1 ? [never] : ['a', never]) })
  const early = client.open('POST', '/v1/chat/completions', { ...hello, max_tokens: 1, stream: true })
  await until(() => engine.running === 1)
  early.request.destroy()
  await until(() => engine.running === 0)

  const late = client.open('POST', '/v1/chat/completions', { ...hello, stream: true })
  const reply = await late.response
  assert.equal(engine.running, 1)
  reply.destroy()
  await until(() => engine.running === 0)

  const whole = client.open('POST', '/v1/chat/completions', { ...hello, n: 3 })
  await until(() => engine.running === 3)
  whole.request.destroy()
  await until(() => engine.running === 0)
})

test('a request stopped by its id ends with its counts and without a finish reason', async (t) => {
  const never = new Promise<void>(() => {})
  const { client, engine } = await start(t, {
    script: (request) => (request.tokensMax === 1 ? [never] : ['a', 'b', never]),
  })

  const streamed = client.stream('/v1/chat/completions', hello, { 'x-request-id': 'req_s' })
  await until(() => engine.stats().generatedTokens === 0 && engine.stats().steps === 2)
  assert.equal((await client.delete('/requests/req_s')).status, 204)
  const stream = await streamed
  assert.ok(stream.events.every((event) => event.choices.every((choice: Json) => choice.finish_reason === null)))
  assert.equal(stream.events.at(-1).usage.completion_tokens, 2)
  assert.equal(stream.done, false)

  for (const body of [hello, { ...hello, max_tokens: 1, stream: true }]) {
    const whole = client.post('/v1/chat/completions', body, { 'x-request-id': 'req_w' })
    await until(() => engine.running === 1)
    await client.delete('/requests/req_w')
    const reply = await whole
    assert.equal(reply.status, 499)
    assert.equal(reply.json.error.code, 'request_cancelled')
    assert.ok(reply.json.usage.prompt_tokens > 0)
  }
  assert.equal((await client.delete('/requests/unknown')).status, 204)
})

test('a client that reads too slowly is cut and its generation cancelled, others go on', async (t) => {
  const { client, engine } = await start(t, {
    *script(request) {
      if (request.tokensMax === 1) yield 'ok'
      else for (;;) yield 'x'.repeat(10_000)
    },
    facts: { contextTokens: 10_000_000 },
  })
  const slow = client.open('POST', '/v1/chat/completions', { ...hello, stream: true })
  const reply = await slow.response
  reply.on('error', () => {})
  reply.pause()
  const other = await client.post('/v1/chat/completions', { ...hello, max_tokens: 1 })
  assert.equal(other.json.choices[0].message.content, 'ok')
  await until(() => engine.running === 0)
  // The bound, what the kernel took, and one piece: anything more would mean that nothing is bounded.
  assert.ok(engine.stats().generatedTokens * 10_000 < LAG_BYTES_MAX + 4 * 1024 * 1024)
  reply.destroy()
})

test('embeddings come as numbers or base64, for text and tokens', async (t) => {
  const { client, engine } = await start(
    t,
    { ...says(), embed: (text) => [text.includes('a') ? 1 : 0, 0, 0.5, -0.5] },
    { task: 'embedding' },
  )
  const floats = await client.post('/v1/embeddings', { input: ['a', 'b'], model: 'e' })
  assert.deepEqual(
    floats.json.data.map((entry: Json) => entry.embedding),
    [
      [1, 0, 0.5, -0.5],
      [0, 0, 0.5, -0.5],
    ],
  )
  assert.equal(floats.json.usage.prompt_tokens, 4)
  checkValid(t, 'CreateEmbeddingResponse', floats.json)
  const base64 = await client.post('/v1/embeddings', { input: engine.tokenize('a', false), encoding_format: 'base64' })
  const bytes = Buffer.from(base64.json.data[0].embedding, 'base64')
  assert.deepEqual(
    [...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))],
    [1, 0, 0.5, -0.5],
  )
  const shorter = await client.post('/v1/embeddings', { input: 'a', dimensions: 2 })
  assert.equal(shorter.status, 400)
  assert.equal(shorter.json.error.param, 'dimensions')
  const chat = await client.post('/v1/chat/completions', hello)
  assert.deepEqual([chat.status, chat.json.error.code], [400, 'unsupported_model'])
})

test('a chat model asked for embeddings says that it is one', async (t) => {
  const { client } = await start(t, says('x'))
  const reply = await client.post('/v1/embeddings', { input: 'x' })
  assert.deepEqual([reply.status, reply.json.error.code, reply.json.error.param], [400, 'unsupported_model', 'model'])
  assert.match(reply.json.error.message, /chat model/)
})

test('tokens and text are turned into each other', async (t) => {
  const { client } = await start(t, says('x'))
  const reply = await client.post('/tokenize', { prompt: 'one two', add_special_tokens: false })
  assert.equal(reply.json.count, reply.json.tokens.length)
  assert.equal(reply.json.max_model_len, 4096)
  assert.equal(reply.json.token_strs, undefined)
  const named = await client.post('/tokenize', {
    prompt: 'one two',
    add_special_tokens: false,
    return_token_strs: true,
  })
  assert.deepEqual(named.json.tokens, reply.json.tokens)
  assert.equal(named.json.token_strs.length, named.json.count)
  assert.equal(named.json.token_strs.join(''), 'one two')
  const back = await client.post('/detokenize', { tokens: reply.json.tokens })
  assert.equal(back.json.prompt, 'one two')
  const chat = await client.post('/tokenize', hello)
  const text = await client.post('/detokenize', { tokens: chat.json.tokens })
  assert.match(text.json.prompt, /<\|im_start\|>user\nHello there<\|im_end\|>/)
})

test('the lifecycle: health, stats, adapters, threads, prefixes, models', async (t) => {
  const { client, engine } = await start(t, says('ok'))
  const health = await client.get('/health')
  assert.equal(health.status, 200)
  assert.deepEqual(health.json.model, {
    architecture: 'scripted',
    contextTokens: 4096,
    sequences: 8,
    embeddingSize: 4,
    hasChatTemplate: true,
    toolParser: 'hermes',
    reasoningParser: 'none',
    path: 'public',
  })
  assert.equal((await client.post('/adapters', { name: 'tuned', path: '/x.gguf', sha256: 'ab', scale: 1 })).status, 204)
  assert.deepEqual([...engine.adapters], ['tuned'])
  assert.equal((await client.post('/v1/chat/completions', hello, { 'x-tradewind-adapter': 'tuned' })).status, 200)
  assert.equal((await client.delete('/adapters/tuned')).status, 204)
  const gone = await client.post('/v1/chat/completions', hello, { 'x-tradewind-adapter': 'tuned' })
  assert.deepEqual([gone.status, gone.json.error.code], [404, 'engine.adapter_unknown'])
  assert.equal((await client.post('/threads', { threads: 3 })).status, 204)
  assert.equal(engine.threads, 3)
  assert.equal((await client.post('/threads', { threads: 0 })).status, 400)
  assert.equal((await client.delete('/prefixes?salt=s&share=k')).status, 204)
  assert.deepEqual(engine.forgotten, ['s/k'])
  assert.equal((await client.delete('/prefixes')).status, 400)
  const stats = await client.get('/stats')
  assert.equal(stats.json.generatedTokens, 1)
  assert.ok(stats.json.residentBytes > 0)
  const models = await client.get('/v1/models')
  assert.equal(models.json.data[0].id, 'scripted')
  checkValid(t, 'ListModelsResponse', models.json)
  assert.equal((await client.get('/nowhere')).status, 404)
})

test('a host answers 503 while its model loads, and says why loading failed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'tw-host-'))
  const server = createEngineServer({
    spec: { engineId: 'eng_test', modelName: 'm', task: 'chat', toolParser: 'auto', reasoningParser: 'auto' },
    nowMs: Date.now,
    log: () => {},
  })
  server.http.listen(join(folder, 'engine.sock'))
  await once(server.http, 'listening')
  t.after(async () => {
    await server.close(0)
    rmSync(folder, { recursive: true, force: true })
  })
  const client = socketClient(join(folder, 'engine.sock'))
  const loading = await client.get('/health')
  assert.deepEqual([loading.status, loading.json], [503, { state: 'loading' }])
  assert.equal((await client.post('/v1/chat/completions', hello)).json.error.code, 'engine.loading')
  server.failed('engine.model_broken', 'The file is cut short.')
  const failed = await client.get('/health')
  assert.deepEqual(failed.json, {
    state: 'failed',
    error: { code: 'engine.model_broken', message: 'The file is cut short.' },
  })
  assert.equal((await client.post('/v1/chat/completions', hello)).status, 503)
})

test('closing lets running requests finish and takes no new ones', async (t) => {
  const gate = Promise.withResolvers<void>()
  const { client, engine, server } = await start(t, { script: () => ['a', gate.promise, 'b'] })
  const running = client.post('/v1/chat/completions', hello)
  await until(() => engine.running === 1)
  const closed = server.close(60_000)
  await assert.rejects(client.get('/health'))
  gate.resolve()
  assert.equal((await running).json.choices[0].message.content, 'ab')
  await closed
})

test('closing cancels what takes longer than it may', async (t) => {
  const { client, engine, server } = await start(t, { script: () => ['a', new Promise(() => {})] })
  const running = client.post('/v1/chat/completions', hello)
  await until(() => engine.running === 1)
  await server.close(0)
  assert.equal((await running).status, 499)
  assert.equal(engine.running, 0)
})

test('300 clients that come, hang up, read slowly or cancel leave nothing behind', async (t) => {
  const { client, engine } = await start(t, { script: () => Array.from({ length: 30 }, (_, index) => `word${index} `) })
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.constantFrom('read', 'leave', 'cancel', 'pause'), fc.nat({ max: 20 })), {
        minLength: 30,
        maxLength: 30,
      }),
      async (clients) => {
        await Promise.all(clients.map(([behaviour, ticks], index) => visit(client, behaviour, ticks, `req_${index}`)))
        await until(() => engine.running === 0)
      },
    ),
    { numRuns: 10 },
  )
  assert.equal((await client.get('/stats')).json.running, 0)
})

async function visit(client: SocketClient, behaviour: string, ticks: number, id: string): Promise<void> {
  const { request, response } = client.open(
    'POST',
    '/v1/chat/completions',
    { ...hello, stream: ticks % 2 === 0 },
    { 'x-request-id': id },
  )
  for (let tick = 0; tick < ticks; tick++) await new Promise((resolve) => setImmediate(resolve))
  if (behaviour === 'leave') {
    request.on('error', () => {})
    request.destroy()
    return
  }
  if (behaviour === 'cancel') await client.delete(`/requests/${id}`)
  const reply = await response
  if (behaviour === 'pause') {
    reply.pause()
    for (let tick = 0; tick < ticks; tick++) await new Promise((resolve) => setImmediate(resolve))
  }
  reply.resume()
  await once(reply, 'end')
}

test('a forced call that is cut before it has a name shows nothing of its marker, whole and streamed', async (t) => {
  const { client } = await start(t, says('<tool', '_', 'call>', '\n', '{"name"'))
  for (const max_tokens of [1, 2, 3, 5]) {
    const body = { ...hello, tools: [weather], tool_choice: 'required', max_tokens }
    const [choice] = (await client.post('/v1/chat/completions', body)).json.choices
    assert.equal(choice.finish_reason, 'length')
    assert.equal(choice.message.content, null)
    assert.equal(choice.message.tool_calls, undefined)
    assert.equal(contentOf(await client.stream('/v1/chat/completions', body)), '')
    const free = (await client.post('/v1/chat/completions', { ...body, tool_choice: 'auto' })).json.choices[0]
    assert.equal(free.message.content, '')
  }
})
