/** Anthropic's own npm package, unmodified, against the running product on the real starter model. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import Anthropic, { AuthenticationError, BadRequestError, NotFoundError } from '@anthropic-ai/sdk'
import type { MessageCreateParamsNonStreaming, MessageStreamEvent, Tool } from '@anthropic-ai/sdk/resources/messages'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as shapes from '../src/control/docs/anthropic-schemas.ts'
import { type Product, STARTER, startProduct } from './product.ts'

let product: Product
let client: Anthropic

before(async () => {
  product = await startProduct()
  client = new Anthropic({ baseURL: product.url, apiKey: product.key, maxRetries: 0 })
})
after(() => product.stop())

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
const isMessage = ajv.compile(JSON.parse(JSON.stringify(shapes.Message)) as object)
const isEvent = ajv.compile(JSON.parse(JSON.stringify(shapes.MessageEvent)) as object)

function assertMessage(value: unknown): void {
  assert.ok(isMessage(value), `${JSON.stringify(isMessage.errors)} in ${JSON.stringify(value)}`)
}

/** What was recorded of a request, once it is. */
function recordOf(requestId: string | null | undefined) {
  return product.until('a request is recorded', async () => (await product.usage()).find(({ id }) => id === requestId))
}

/** Greedy, so that the same question has the same answer. */
const QUESTION = {
  model: STARTER,
  messages: [{ role: 'user', content: 'Name three colours of the rainbow.' }],
  temperature: 0,
  max_tokens: 24,
} satisfies MessageCreateParamsNonStreaming & { temperature: number }

const WEATHER: Tool = {
  name: 'get_weather',
  description: 'Weather of a city',
  input_schema: {
    type: 'object',
    properties: { city: { type: 'string', enum: ['Paris', 'Oslo', 'Kyoto'] }, days: { type: 'integer', maximum: 7 } },
    required: ['city', 'days'],
    additionalProperties: false,
  },
}

describe('messages', () => {
  it('are answered, counted in buckets that exclude each other, and say why they ended', async () => {
    const message = await client.messages.create({ ...QUESTION, max_tokens: 6 })
    assertMessage(message)
    assert.equal(message.model, STARTER)
    assert.equal(message.stop_reason, 'max_tokens')
    assert.equal(message.content[0]?.type, 'text')
    assert.equal(message.usage.output_tokens, 6)
    const again = await client.messages.create({ ...QUESTION, max_tokens: 6 })
    assert.deepEqual(again.content, message.content)
    assert.ok((again.usage.cache_read_input_tokens ?? 0) > 0, 'the prompt was not found in memory')
    const promptOf = ({ usage }: typeof message) => usage.input_tokens + (usage.cache_read_input_tokens ?? 0)
    assert.equal(promptOf(again), promptOf(message))
    const record = await recordOf(message._request_id)
    assert.equal(record.tokens_in, promptOf(message))
    assert.equal(record.route, '/v1/messages')
  })

  it('are streamed with the same words, events in order and the prompt counted at the start', async () => {
    const whole = await client.messages.create(QUESTION)
    const stream = client.messages.stream(QUESTION)
    const events: MessageStreamEvent[] = []
    let text = ''
    stream
      .on('streamEvent', (event) => events.push(structuredClone(event)))
      .on('text', (piece) => {
        text += piece
      })
    const message = await stream.finalMessage()
    assertMessage(message)
    for (const event of events)
      assert.ok(isEvent(event), `${JSON.stringify(isEvent.errors)} in ${JSON.stringify(event)}`)
    assert.deepEqual(message.content, whole.content)
    assert.equal(message.stop_reason, whole.stop_reason)
    assert.equal(text, whole.content[0]?.type === 'text' ? whole.content[0].text : null)
    const [first] = events
    assert.equal(first?.type, 'message_start')
    const atStart = first?.type === 'message_start' ? first.message.usage : null
    assert.equal(atStart?.input_tokens, message.usage.input_tokens)
    assert.equal(atStart?.cache_read_input_tokens, message.usage.cache_read_input_tokens)
    assert.ok((message.usage.input_tokens ?? 0) > 0)
    assert.equal(message.usage.output_tokens, whole.usage.output_tokens)
    assert.equal(events.at(-1)?.type, 'message_stop')
  })

  it('end before a stop sequence, and say which', async () => {
    const whole = await client.messages.create(QUESTION)
    const said = whole.content[0]?.type === 'text' ? whole.content[0].text : ''
    const stop = said.slice(10, 14)
    const message = await client.messages.create({ ...QUESTION, stop_sequences: ['no such text', stop] })
    assert.equal(message.stop_reason, 'stop_sequence')
    assert.equal(message.stop_sequence, stop)
    assert.equal(message.content[0]?.type === 'text' && message.content[0].text, said.slice(0, said.indexOf(stop)))
  })

  it('take a system text, images refused by the model, and parts of text', async () => {
    const spoken = { ...QUESTION, system: [{ type: 'text' as const, text: 'Be brief.' }], metadata: { user_id: 'u' } }
    assertMessage(await client.messages.create(spoken))
    const image = { type: 'image' as const, source: { type: 'url' as const, url: 'https://pictures.example/a.png' } }
    await assert.rejects(
      client.messages.create({ ...QUESTION, messages: [{ role: 'user', content: [image] }] }),
      (error) => {
        assert.ok(error instanceof BadRequestError)
        assert.equal(error.type, 'invalid_request_error')
        return true
      },
    )
  })

  it('call a tool that they are made to call, and go on with its result', async () => {
    const asked = {
      ...QUESTION,
      max_tokens: 120,
      tools: [WEATHER],
      tool_choice: { type: 'tool' as const, name: 'get_weather' },
      messages: [{ role: 'user' as const, content: 'What is the weather in Oslo for two days?' }],
    }
    const message = await client.messages.create(asked)
    assertMessage(message)
    assert.equal(message.stop_reason, 'tool_use')
    const call = message.content.find(({ type }) => type === 'tool_use')
    if (call?.type !== 'tool_use') assert.fail('no call')
    assert.match(call.id, /^toolu_/)
    assert.ok(ajv.validate(WEATHER.input_schema, call.input), JSON.stringify(call.input))

    const streamed = await client.messages.stream(asked).finalMessage()
    const again = streamed.content.find(({ type }) => type === 'tool_use')
    assert.deepEqual(again?.type === 'tool_use' ? again.input : null, call.input)

    const result = { type: 'tool_result' as const, tool_use_id: call.id, content: 'Rain, 8 degrees.' }
    const answer = await client.messages.create({
      ...QUESTION,
      tools: [WEATHER],
      messages: [
        ...asked.messages,
        { role: 'assistant', content: message.content },
        { role: 'user', content: [result] },
      ],
    })
    assertMessage(answer)
    assert.ok(answer.usage.output_tokens > 0)
  })

  it('are counted before they are sent, to the token', async () => {
    const asked = {
      model: STARTER,
      system: 'You are brief.',
      tools: [WEATHER],
      messages: [
        { role: 'user' as const, content: 'Hello' },
        { role: 'assistant' as const, content: [{ type: 'text' as const, text: 'Good day.' }] },
        { role: 'user' as const, content: [{ type: 'text' as const, text: 'And?' }] },
      ],
    }
    const { input_tokens } = await client.messages.countTokens(asked)
    const { usage } = await client.messages.create({ ...asked, max_tokens: 1 })
    assert.equal(input_tokens, usage.input_tokens + (usage.cache_read_input_tokens ?? 0))
  })

  it('stop being written when nobody listens, and leave a record', async () => {
    const stream = client.messages.stream({ ...QUESTION, max_tokens: 2_000, temperature: 1 })
    await new Promise<void>((resolve) => stream.once('text', () => resolve()))
    const requestId = stream.request_id
    stream.abort()
    await assert.rejects(stream.done())
    const record = await recordOf(requestId)
    assert.equal(record.cut_by, 'client')
    assert.ok(record.tokens_out > 0 && record.tokens_out < 2_000, String(record.tokens_out))
  })
})

describe('what goes wrong', () => {
  it('comes as the errors that the package knows', async () => {
    const stranger = new Anthropic({ baseURL: product.url, apiKey: 'sk-tw-nobody', maxRetries: 0 })
    await assert.rejects(stranger.messages.create(QUESTION), (error) => {
      assert.ok(error instanceof AuthenticationError)
      assert.equal(error.type, 'authentication_error')
      assert.match(error.requestID ?? '', /^req_/)
      return true
    })
    await assert.rejects(client.messages.create({ ...QUESTION, model: 'nobody' }), (error) => {
      assert.ok(error instanceof NotFoundError)
      assert.equal(error.type, 'not_found_error')
      return true
    })
    await assert.rejects(client.messages.create({ ...QUESTION, messages: [] }), BadRequestError)
    await assert.rejects(client.messages.batches.list(), NotFoundError)
    const long = { ...QUESTION, messages: [{ role: 'user' as const, content: 'word '.repeat(20_000) }] }
    await assert.rejects(client.messages.create(long), (error) => {
      assert.ok(error instanceof BadRequestError)
      assert.match(error.message, /prompt is too long/)
      return true
    })
  })
})

describe('models', () => {
  it('are listed and found in the shape of the package', async () => {
    const models = await client.models.list()
    assert.deepEqual(
      models.data.map(({ id, type }) => [id, type]),
      [[STARTER, 'model']],
    )
    assert.equal((await client.models.retrieve(STARTER)).display_name, STARTER)
    await assert.rejects(client.models.retrieve('nobody'), NotFoundError)
  })

  it('and everything else, are served under the other base path too', async () => {
    const moved = new Anthropic({ baseURL: `${product.url}/apps/anthropic`, apiKey: product.key, maxRetries: 0 })
    assert.equal((await moved.models.list()).data.length, 1)
    assertMessage(await moved.messages.create({ ...QUESTION, max_tokens: 2 }))
    assert.ok((await moved.messages.countTokens(QUESTION)).input_tokens > 0)
  })
})

it('a key comes as a bearer too', async () => {
  const bearer = new Anthropic({ baseURL: product.url, apiKey: null, authToken: product.key, maxRetries: 0 })
  assertMessage(await bearer.messages.create({ ...QUESTION, max_tokens: 2 }))
})
