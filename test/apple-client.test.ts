/**
 * Apple's client for Chat Completions, made again as strict as it is, against the running product on the real starter
 * model: each duty that its source lays on a server is a test here. First the client itself is held to its source.
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import {
  AppleApiError,
  type AppleClient,
  type AppleEvent,
  AppleHttpError,
  type AppleRequest,
  type AppleTool,
  appleClient,
  bodyOf,
  endpointOf,
  parseStreamLine,
} from './apple-client.ts'
import { type Product, STARTER, startProduct } from './product.ts'

let product: Product
let client: AppleClient

before(async () => {
  product = await startProduct()
  client = at(product.url)
})
after(() => product.stop())

function at(url: string, key = product.key, name = STARTER): AppleClient {
  return appleClient({ name, url, key })
}

const says = (text: string): AppleRequest['messages'] => [{ role: 'user', content: [{ text }] }]
const QUESTION: AppleRequest = {
  messages: says('Name three colours of the rainbow.'),
  sampling: 'greedy',
  maximumResponseTokens: 24,
}
const WEATHER: AppleTool = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: {
    title: 'Weather',
    type: 'object',
    properties: { city: { $ref: '#/$defs/City' }, days: { type: 'integer', minimum: 1, maximum: 7 } },
    required: ['city', 'days'],
    additionalProperties: false,
    'x-order': ['city', 'days'],
    $defs: { City: { title: 'City', enum: ['Paris', 'Oslo', 'Kyoto'], type: 'string' } },
  },
}

async function hear(request: AppleRequest, by = client): Promise<AppleEvent[]> {
  const events: AppleEvent[] = []
  for await (const event of by.respond(request)) events.push(event)
  return events
}
const textOf = (events: AppleEvent[]) => events.map((event) => (event.type === 'text' ? event.text : '')).join('')
const usageOf = (events: AppleEvent[]) => events.findLast((event) => event.type === 'usage')
/** The first one; a model that must call may call twice. */
function callOf(events: AppleEvent[]) {
  const calls = events.filter((event) => event.type === 'tool-call')
  const [first] = calls
  assert.ok(first, 'nothing was called')
  const pieces = calls.filter(({ id }) => id === first.id).map((call) => call.arguments)
  return { id: first.id, name: first.name, arguments: pieces.join('') }
}

describe('the client', () => {
  it('puts the version in where the address has none, and nowhere else', () => {
    assert.equal(endpointOf('https://m.example'), 'https://m.example/v1/chat/completions')
    assert.equal(endpointOf('https://m.example/v1'), 'https://m.example/v1/chat/completions')
    assert.equal(endpointOf('https://m.example/api/v3'), 'https://m.example/api/v3/chat/completions')
    assert.equal(endpointOf('https://m.example/v1beta'), 'https://m.example/v1beta/v1/chat/completions')
  })

  it('sends tools and a choice with every request, and leaves out what is empty', () => {
    const body = bodyOf('m', {
      messages: [
        { role: 'assistant', toolCalls: [{ id: 'a', name: 'f', arguments: '{}' }] },
        { role: 'tool', toolCallId: 'a' },
        { role: 'assistant', reasoning: 'why' },
        { role: 'user', content: [{ text: 'See' }, { jpeg: Buffer.from('x') }] },
      ],
    }) as { messages: object[] }
    const image = { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,eA==', detail: 'auto' } }
    assert.deepEqual(body.messages, [
      { role: 'assistant', tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] },
      { role: 'tool', tool_call_id: 'a' },
      { role: 'assistant', reasoning_content: 'why' },
      { role: 'user', content: [{ type: 'text', text: 'See' }, image] },
    ])
    assert.deepEqual(
      { ...body, messages: [] },
      {
        model: 'm',
        messages: [],
        tools: [],
        tool_choice: 'auto',
        stream: true,
        stream_options: { include_usage: true },
      },
    )
  })

  it('passes over comments and what is no data, and takes no chunk that lacks a field', () => {
    for (const line of ['', ': wait', 'event: x', 'data:{"id":"no space"}', 'data: [DONE]'])
      assert.equal(parseStreamLine(line), null)
    const whole = { id: 'c', model: 'm', choices: [{ delta: { content: 'a' } }] }
    assert.equal(parseStreamLine(`data: ${JSON.stringify(whole)}`)?.choices[0]?.delta.content, 'a')
    for (const without of ['id', 'model', 'choices'])
      assert.throws(() => parseStreamLine(`data: ${JSON.stringify({ ...whole, [without]: undefined })}`), TypeError)
    assert.throws(() => parseStreamLine(`data: ${JSON.stringify({ ...whole, choices: [{}] })}`), TypeError)
    assert.throws(() => parseStreamLine('data: [DONE]\r'), SyntaxError)
    const error = (code: unknown) =>
      `data: ${JSON.stringify({ error: { message: 'no', type: 't', param: null, code } })}`
    assert.throws(() => parseStreamLine(error('busy')), AppleApiError)
    assert.throws(() => parseStreamLine(error(429)), TypeError)
  })
})

describe('an answer', () => {
  it('is text, then its usage, and every chunk of it decodes', async () => {
    const events = await hear(QUESTION)
    assert.notEqual(textOf(events), '')
    assert.equal(events.at(-1)?.type, 'usage')
    const usage = usageOf(events)
    assert.ok(usage !== undefined && usage.input > 0 && usage.output > 0 && usage.output <= 24, JSON.stringify(usage))
    assert.ok(usage.cached <= usage.input && usage.reasoning <= usage.output)
  })

  it('is the same each time where it is greedy', async () => {
    assert.equal(textOf(await hear(QUESTION)), textOf(await hear(QUESTION)))
  })

  it('ends its lines with LF alone, and names itself on the chunk of totals too', async () => {
    const answer = await product.post('/v1/chat/completions', bodyOf(STARTER, QUESTION))
    const text = await answer.text()
    assert.equal(answer.headers.get('content-encoding'), null)
    assert.doesNotMatch(text, /\r/)
    const chunks = text.split('\n').filter((line) => line.startsWith('data: {'))
    const totals = chunks.filter((line) => parseStreamLine(line)?.choices.length === 0)
    assert.equal(totals.length, 1)
    for (const line of chunks) {
      const { id, model } = JSON.parse(line.slice(6)) as { id: string; model: string }
      assert.match(id, /^chatcmpl/)
      assert.equal(model, STARTER)
    }
    for (const line of text.split('\n')) assert.ok(line === '' || /^(data: |:)/.test(line), line)
  })

  it('comes under every base that the client may be given', async () => {
    for (const base of ['', '/v1', '/v2', '/api/v3', '/openai/v1', '/compatible-mode/v1', '/v1/team'])
      assert.notEqual(textOf(await hear({ ...QUESTION, maximumResponseTokens: 2 }, at(product.url + base))), '', base)
  })

  it('has the form that was asked for, with the words of a GenerationSchema', async () => {
    const { parameters: schema } = WEATHER
    const events = await hear({
      ...QUESTION,
      messages: says('Which city is furthest north, and for how many days would you stay?'),
      schema: { name: 'Weather', schema },
      maximumResponseTokens: 200,
    })
    const isWeather = new Ajv2020({ strict: false }).compile(schema)
    assert.ok(isWeather(JSON.parse(textOf(events))), textOf(events))
  })
})

describe('a conversation', () => {
  it('goes from a call, with no text beside it, through its result, to an answer', async () => {
    const messages = says('What is the weather in Oslo for two days?')
    const asked: AppleRequest = { ...QUESTION, messages, tools: [WEATHER], maximumResponseTokens: 120 }
    const events = await hear({ ...asked, toolCalling: 'required' })
    const call = callOf(events)
    assert.equal(call.name, 'get_weather')
    assert.match(call.id, /^call_/)
    assert.ok(new Ajv2020({ strict: false }).validate(WEATHER.parameters, JSON.parse(call.arguments)), call.arguments)
    assert.equal(textOf(events), '')
    const answer = await hear({
      ...asked,
      messages: [
        { role: 'system', content: [{ text: 'Be brief.' }, { text: 'Be kind.' }] },
        ...messages,
        { role: 'assistant', toolCalls: [call], reasoning: 'They want the weather.' },
        { role: 'tool', toolCallId: call.id, content: [{ text: 'Rain, 8 degrees.' }] },
      ],
      toolCalling: 'none',
    })
    assert.notEqual(textOf(answer), '')
  })

  it('may have turns of thoughts alone, calls without text, and results without any', async () => {
    const events = await hear({
      ...QUESTION,
      tools: [WEATHER],
      messages: [
        ...says('And in Kyoto?'),
        { role: 'assistant', reasoning: 'I should look.' },
        {
          role: 'assistant',
          toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Kyoto","days":1}' }],
        },
        { role: 'tool', toolCallId: 'call_1' },
        ...says('Well?'),
      ],
    })
    assert.ok((usageOf(events)?.output ?? 0) > 0)
  })

  it('never has text and calls in one chunk, nor an empty list of calls', async () => {
    const asked = { ...QUESTION, tools: [WEATHER], messages: says('Weather in Oslo?'), maximumResponseTokens: 100 }
    for (const toolCalling of ['auto', 'required'] as const) {
      const answer = await product.post('/v1/chat/completions', bodyOf(STARTER, { ...asked, toolCalling }))
      for (const line of (await answer.text()).split('\n')) {
        const delta = parseStreamLine(line)?.choices[0]?.delta
        assert.notEqual(delta?.toolCalls?.length, 0)
        if (delta?.toolCalls) assert.equal(delta.content ?? '', '')
      }
    }
  })

  it('with a picture is refused by a model that reads text, in a sentence and without looking anywhere', async () => {
    const picture = { jpeg: Buffer.from('ffd8ffe000104a464946', 'hex') }
    const error = await httpErrorOf(hear({ messages: [{ role: 'user', content: [{ text: 'What is it?' }, picture] }] }))
    assert.deepEqual([error.statusCode, codeIn(error)], [400, 'unsupported_content_type'])
  })
})

describe('trouble', () => {
  it('before an answer is a status with a body that says what, and its code is text', async () => {
    const long = { messages: says('word '.repeat(20_000)) }
    assert.equal(codeIn(await httpErrorOf(hear(long))), 'context_length_exceeded')
    assert.equal(codeIn(await httpErrorOf(hear(QUESTION, at(product.url, 'sk-tw-nobody')))), 'invalid_api_key')
    assert.equal(codeIn(await httpErrorOf(hear(QUESTION, at(product.url, product.key, 'nobody')))), 'model_not_found')
  })

  it('of a full limit names the time to wait', async () => {
    const { data } = await product.get<{ data: { id: string }[] }>('/api/projects')
    const made = await product.ask('POST', '/api/keys', { name: 'slow', project_id: data[0]?.id })
    const { id, secret } = made.body as { id: string; secret: string }
    await product.ask('PATCH', `/api/keys/${id}/limits`, { requests_per_minute: 1 })
    await hear({ ...QUESTION, maximumResponseTokens: 1 }, at(product.url, secret))
    const answer = await product.post('/v1/chat/completions', bodyOf(STARTER, QUESTION), { key: secret })
    assert.equal(answer.status, 429)
    assert.ok(Number(answer.headers.get('retry-after')) >= 1)
    await answer.text()
  })

  it('in the middle of an answer is an error that the client can read, and no end', async () => {
    const events: AppleEvent[] = []
    const cut = (async () => {
      for await (const event of client.respond({ ...QUESTION, maximumResponseTokens: 4_000 })) {
        events.push(event)
        if (events.length === 1) process.kill(product.pidOf('engine', STARTER), 'SIGKILL')
      }
    })()
    await assert.rejects(cut, (error) => {
      assert.ok(error instanceof AppleApiError, String(error))
      assert.equal(error.code, 'engine_lost')
      return true
    })
    assert.equal(usageOf(events), undefined)
    await product.until('the engine is back', async () => (await product.engine(STARTER)).state === 'ready')
  })

  it('of its own making, a response that nobody waits for any more, stops the engine and is counted', async () => {
    const before = new Set((await product.usage()).map(({ id }) => id))
    const gone = new AbortController()
    const request = { ...QUESTION, messages: says('Tell me a long story.'), maximumResponseTokens: 4_000 }
    await assert.rejects(async () => {
      for await (const event of client.respond(request, gone.signal)) if (event.type === 'text') gone.abort()
    })
    await product.idle()
    const record = await product.until('it is recorded', async () =>
      (await product.usage()).find(({ id }) => !before.has(id)),
    )
    assert.equal(record.cut_by, 'client')
    assert.ok(record.tokens_out > 0 && record.tokens_out < 4_000, String(record.tokens_out))
  })
})

it('silence before an answer, filled with comments, is heard as nothing', async () => {
  const wire = [
    ': still here',
    '',
    `data: ${JSON.stringify({ id: 'c', model: 'm', choices: [] })}`,
    '',
    'data: [DONE]',
    '',
  ]
  const server = createServer((_, response) => response.end(wire.join('\n')))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  assert.deepEqual(await hear(QUESTION, at(`http://127.0.0.1:${port}`)), [])
  await new Promise((resolve) => server.close(resolve))
})

async function httpErrorOf(answer: Promise<unknown>): Promise<AppleHttpError> {
  const error = await answer.then(
    () => null,
    (error: unknown) => error,
  )
  assert.ok(error instanceof AppleHttpError, String(error))
  return error
}
function codeIn({ body }: AppleHttpError): unknown {
  return (JSON.parse(body) as { error: { code: unknown } }).error.code
}
