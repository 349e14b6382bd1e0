/** The engine host on the real starter model, in this process: from the socket down to the weights and back. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { starterModelPath } from '../test/models/starter.ts'
import { openaiSchema } from '../test/openai-schema.ts'
import { answerGrammar } from './grammar/answer-grammar.ts'
import { jsonSchemaToGbnf } from './grammar/json-schema-to-gbnf.ts'
import { buildPrompt } from './openai/chat-prompt.ts'
import { readChatRequest } from './openai/chat-request.ts'
import type { PromptMaker } from './openai/preparation.ts'
import { detectReasoningParser, detectToolParser } from './parsers/detect.ts'
import type { Json, SocketClient } from './socket-client.ts'
import { type StartedHost, startHost } from './started-host.ts'
import type { TokenEngine } from './token-engine.ts'

let host: StartedHost
let engine: TokenEngine
let client: SocketClient

before(async () => {
  host = await startHost(await starterModelPath())
  engine = host.engine
  client = host.client
})

after(() => host?.close())

/** A preparation that nobody else waits for. */
const atOnce = (of: TokenEngine): PromptMaker => ({
  turn: async () => {},
  tokenize: async (text, special) => of.tokenize(text, special),
})

const ask = (content: string, more: object = {}) => ({
  messages: [{ role: 'user', content }],
  temperature: 0,
  max_tokens: 40,
  ...more,
})

async function chat(body: object): Promise<Json> {
  const reply = await client.post('/v1/chat/completions', body)
  assert.equal(reply.status, 200, reply.text)
  const schema = openaiSchema()
  if (schema !== null) assert.deepEqual(schema.check('CreateChatCompletionResponse', reply.json), [])
  return reply.json
}

const tools = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather in a city',
      parameters: {
        type: 'object',
        properties: { city: { type: 'string', maxLength: 24 }, unit: { enum: ['celsius', 'fahrenheit'] } },
        required: ['city', 'unit'],
        additionalProperties: false,
      },
    },
  },
  {
    type: 'function',
    function: {
      name: 'set_alarm',
      parameters: {
        type: 'object',
        properties: { hour: { type: 'integer', minimum: 0, maximum: 23 } },
        required: ['hour'],
      },
    },
  },
]

test('whole and streamed answers are the same text', async () => {
  const body = ask('Name the capital of France.', { max_tokens: 24 })
  const whole = await chat(body)
  const stream = await client.stream('/v1/chat/completions', { ...body, stream_options: { include_usage: true } })
  const text = stream.events.map((event) => event.choices[0]?.delta.content ?? '').join('')
  assert.equal(text, whole.choices[0].message.content)
  assert.ok(text.length > 0)
  assert.equal(stream.events.at(-1).usage.completion_tokens, whole.usage.completion_tokens)
  const schema = openaiSchema()
  for (const event of stream.events) {
    if (schema !== null) assert.deepEqual(schema.check('CreateChatCompletionStreamResponse', event), [])
  }
})

test('a forced call is made, of the tool and in the shape that were asked for', async () => {
  const named = { type: 'function', function: { name: 'set_alarm' } }
  const one = await chat(ask('Tell me a joke.', { tools, tool_choice: named, max_tokens: 60 }))
  const [call] = one.choices[0].message.tool_calls
  assert.equal(call.function.name, 'set_alarm')
  assert.ok(JSON.parse(call.function.arguments).hour <= 23)
  assert.equal(one.choices[0].finish_reason, 'tool_calls')
  assert.equal(one.choices[0].message.tool_calls.length, 1)

  const required = await chat(
    ask('What is the weather in Oslo?', { tools, tool_choice: 'required', parallel_tool_calls: false, max_tokens: 80 }),
  )
  const [chosen] = required.choices[0].message.tool_calls
  const definition = tools.find((tool) => tool.function.name === chosen.function.name)
  const validate = new Ajv2020().compile(definition?.function.parameters ?? false)
  assert.ok(validate(JSON.parse(chosen.function.arguments)), chosen.function.arguments)
})

test('a response format is kept', async () => {
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 1, maxLength: 20 },
      age: { type: 'integer', minimum: 1, maximum: 120 },
      born: { type: 'string', format: 'date' },
      tags: { type: 'array', items: { enum: ['red', 'green'] }, minItems: 1, maxItems: 2 },
    },
    required: ['name', 'age', 'born', 'tags'],
    additionalProperties: false,
  }
  const answer = await chat(
    ask('Invent a person.', {
      response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema } },
      max_tokens: 200,
    }),
  )
  const validate = new Ajv2020({ validateFormats: false }).compile(schema)
  assert.equal(answer.choices[0].finish_reason, 'stop')
  assert.ok(validate(JSON.parse(answer.choices[0].message.content)), answer.choices[0].message.content)
  const streamed = await client.stream(
    '/v1/chat/completions',
    ask('A JSON object with one key.', { response_format: { type: 'json_object' }, max_tokens: 8 }),
  )
  assert.match(streamed.events[1].choices[0].delta.content, /^\{/)
})

test('log-probabilities are those of the whole vocabulary', async () => {
  const answer = await chat(ask('Say yes or no.', { logprobs: true, top_logprobs: 20, max_tokens: 6 }))
  const entries = answer.choices[0].logprobs.content
  assert.ok(entries.length > 0)
  assert.equal(entries.map((entry: Json) => entry.token).join(''), answer.choices[0].message.content)
  for (const entry of entries) {
    assert.equal(entry.top_logprobs.length, 20)
    assert.equal(entry.top_logprobs[0].token, entry.token, 'greedy takes the likeliest')
    assert.equal(entry.top_logprobs[0].logprob, entry.logprob)
    const sum = entry.top_logprobs.reduce((total: number, top: Json) => total + Math.exp(top.logprob), 0)
    assert.ok(sum > 0.2 && sum <= 1.0001, `20 of all tokens hold ${sum} of the probability`)
  }
})

test('a stop string is not sent, and ends the answer', async () => {
  const free = await chat(ask('Count: one, two, three.'))
  const text: string = free.choices[0].message.content
  const stop = text.slice(10, 13)
  const stopped = await chat(ask('Count: one, two, three.', { stop }))
  assert.equal(stopped.choices[0].message.content, text.slice(0, text.indexOf(stop)))
  assert.equal(stopped.choices[0].finish_reason, 'stop')
})

test('a seed makes an answer come again; two choices of one seed differ', async () => {
  const body = ask('Tell me a story.', { temperature: 1.2, seed: 42, max_tokens: 16 })
  const first = await chat({ ...body, n: 2 })
  const again = await chat(body)
  const [one, two] = first.choices.map((choice: Json) => choice.message.content)
  assert.equal(again.choices[0].message.content, one)
  assert.notEqual(one, two)
  assert.equal(first.usage.completion_tokens, 32)
})

test('a later request with the same beginning finds it cached, under the same salt only', async () => {
  const body = ask(`Here is a list: ${'apples and pears, '.repeat(30)} Count them.`, { max_tokens: 2 })
  const salted = (salt: string) => client.post('/v1/chat/completions', body, { 'x-tradewind-salt': salt })
  await salted('project-a')
  const again = await salted('project-a')
  const other = await salted('project-b')
  assert.ok(again.json.usage.prompt_tokens_details.cached_tokens > 100)
  assert.equal(other.json.usage.prompt_tokens_details.cached_tokens, 0)
})

test('a hang-up stops the generation and frees its sequence', async () => {
  const { response } = client.open('POST', '/v1/chat/completions', {
    ...ask('Tell a long story.', { max_tokens: 900 }),
    stream: true,
  })
  const reply = await response
  await once(reply, 'data')
  reply.destroy()
  for (;;) {
    const { json } = await client.get('/stats')
    if (json.running === 0 && json.sequencesInUse === 0) break
  }
})

test('a request stopped by its id ends with its counts', async () => {
  const { response } = client.open(
    'POST',
    '/v1/chat/completions',
    { ...ask('Tell a long story.', { max_tokens: 900 }), stream: true },
    { 'x-request-id': 'req_cancel' },
  )
  const reply = await response
  reply.setEncoding('utf8')
  let text = ''
  for await (const chunk of reply) {
    if (text === '') await client.delete('/requests/req_cancel')
    text += chunk
  }
  assert.match(text, /"choices":\[\],"usage":\{"prompt_tokens":\d+,"completion_tokens":[1-9]/)
  assert.doesNotMatch(text, /\[DONE\]|"finish_reason":"/)
})

test('every kind of grammar that is written is one that the engine reads', () => {
  const schemas: object[] = [
    {},
    { type: 'object' },
    { type: 'array', items: { type: 'number', minimum: -3, exclusiveMaximum: 4 }, maxItems: 3 },
    { type: 'string', pattern: '^[^"\\\\a-z]{2,5}\\s(é|😀|[\\u4e00-\\u9fff]|\\]|\\^|-)+$' },
    {
      type: 'object',
      properties: { 'quo"te\\': { type: 'integer', maximum: 1234567 } },
      additionalProperties: { type: 'null' },
    },
    ...['date', 'time', 'date-time', 'duration', 'uuid', 'ipv4', 'ipv6', 'hostname', 'email', 'uri'].map((format) => ({
      type: 'string',
      format,
    })),
    { type: 'string', minLength: 3, maxLength: 900 },
    { enum: ['ü', 1.5, null, { a: ['\n'] }] },
  ]
  for (const schema of schemas) engine.checkGrammar(jsonSchemaToGbnf(schema, 'schema'))
  const request = readChatRequest(
    { ...ask('x'), tools, tool_choice: 'required' },
    { vocabularySize: 10, contextTokens: 1024, samplingDefaults: {}, usageHeader: undefined },
  )
  for (const format of ['hermes', 'qwen3_coder', 'deepseek_v3', 'deepseek_v31', 'deepseek_v32'] as const) {
    for (const thoughts of ['open', 'closed', 'free'] as const) {
      engine.checkGrammar(answerGrammar({ ...request, format, thoughts }) ?? '')
      const strict = request.tools.map((tool) => ({ ...tool, strict: true }))
      engine.checkGrammar(answerGrammar({ ...request, tools: strict, toolChoice: 'auto', format, thoughts }) ?? '')
    }
  }
})

test('templates of Qwen3 and DeepSeek-V3 render with tools, calls and thoughts', async () => {
  const request = readChatRequest(
    {
      tools,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Weather in Oslo?' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'get_weather', arguments: '{"city":"Oslo"}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'sunny' },
      ],
    },
    { vocabularySize: 10, contextTokens: 1024, samplingDefaults: {}, usageHeader: undefined },
  )
  const rendered = async (file: string, toolParser: 'hermes' | 'deepseek_v3') => {
    const chatTemplate = readFileSync(new URL(`../test/models/${file}`, import.meta.url), 'utf8')
    assert.equal(detectToolParser(chatTemplate), toolParser)
    assert.equal(detectReasoningParser(chatTemplate), 'think')
    let text = ''
    const probe: TokenEngine = {
      ...engine,
      facts: { ...engine.facts, chatTemplate, bosToken: '<bos>' },
      renderTemplate: (template, values) => {
        text = engine.renderTemplate(template, values)
        return text
      },
    }
    await buildPrompt(probe, { ...request, toolParser, reasoningParser: 'think' }, atOnce(probe))
    return text
  }
  const qwen = await rendered('qwen3.jinja', 'hermes')
  assert.match(qwen, /<tools>[\s\S]*"get_weather"/)
  assert.match(qwen, /<tool_call>\n\{"name": "get_weather", "arguments": \{"city": ?"Oslo"\}\}\n<\/tool_call>/)
  assert.match(qwen, /<tool_response>\nsunny\n<\/tool_response>/)
  const deepseek = await rendered('deepseek-v3.jinja', 'deepseek_v3')
  assert.match(deepseek, /## Tools[\s\S]*### get_weather/)
  assert.match(deepseek, /get_weather[\s\S]*\{"city":"Oslo"\}/)
  assert.match(deepseek, /sunny/)
})

test('patterns are refused by path and limit before the library would refuse their grammar', async () => {
  const refusal = async (schema: object) => {
    const response_format = { type: 'json_schema', json_schema: { name: 'x', schema } }
    return (await client.post('/v1/chat/completions', ask('x', { response_format, max_tokens: 1 }))).json.error
  }
  const path = 'response_format.json_schema.schema'
  for (const pattern of [
    '^(a|aa|a*)*(a{1,500}){1,500}$',
    '^(a{1,45}){1,45}$',
    '^((a|b)(c|d)(e|f)){1,900}$',
    '^(a?b?c?){1,1000}$',
    '^((a|b|c{1,9})d){1,300}$',
  ]) {
    const error = await refusal({ type: 'string', pattern })
    assert.deepEqual([error.code, error.param], ['invalid_json_schema', path], pattern)
    assert.match(error.message, /'pattern' repeats what repeats .*limit of 1999/)
  }
  for (const pattern of ['^(a{1,40}){1,40}$', '^(ab|cd){1,999}$', '^(\\d{1,3}\\.){3}$', '^(a|b|c*)*$'])
    assert.equal(await refusal({ type: 'string', pattern }), undefined, pattern)
  const many = Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => [`p${i}`, { type: 'string', pattern: '^a{1,999}$' }]),
  )
  assert.match((await refusal({ type: 'object', properties: many })).message, /repetitions above 20000/)
})
