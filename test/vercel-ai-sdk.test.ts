/** Vercel's AI SDK with its two providers for OpenAI's API, unmodified, against the product on the real starter model. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { APICallError, generateObject, generateText, jsonSchema, stepCountIs, streamText, tool } from 'ai'
import { type Product, STARTER, startProduct } from './product.ts'

let product: Product
/** Bodies of the first of the providers. */
const sent: string[] = []

before(async () => {
  product = await startProduct()
  const [project] = (await product.get<{ data: { id: string }[] }>('/api/projects')).data
  await product.ask('PATCH', `/api/projects/${project?.id}`, { content_on_disk: true })
})
after(() => product?.stop())

const weather = (asked: string[]) =>
  tool({
    description: 'Weather of a city',
    inputSchema: jsonSchema<{ city: string }>({
      type: 'object',
      properties: { city: { type: 'string', enum: ['Paris', 'Oslo', 'Kyoto'] } },
      required: ['city'],
      additionalProperties: false,
    }),
    execute: async ({ city }) => {
      asked.push(city)
      return { sky: 'rain', degrees: 8 }
    },
  })

const COLOUR = jsonSchema<{ colour: string }>({
  type: 'object',
  properties: { colour: { type: 'string', enum: ['red', 'green'] } },
  required: ['colour'],
  additionalProperties: false,
})

const PROVIDERS = {
  // Its models speak the Responses API unless they are told otherwise.
  '@ai-sdk/openai': () =>
    createOpenAI({
      baseURL: product.baseURL,
      apiKey: product.key,
      fetch: (url, init) => {
        sent.push(String(init?.body))
        return fetch(url, init)
      },
    })(STARTER),
  '@ai-sdk/openai-compatible': () =>
    createOpenAICompatible({
      name: 'tradewind',
      baseURL: product.baseURL,
      apiKey: product.key,
      includeUsage: true,
      supportsStructuredOutputs: true,
    })(STARTER),
}
const ROUTES = { '@ai-sdk/openai': '/v1/responses', '@ai-sdk/openai-compatible': '/v1/chat/completions' }

for (const [name, modelOf] of Object.entries(PROVIDERS))
  describe(name, () => {
    const asked = () => ({ model: modelOf(), temperature: 0, maxRetries: 0, maxOutputTokens: 24 })
    const prompt = 'Name three colours of the rainbow.'

    it('answers, and counts', async () => {
      const { text, usage, finishReason, warnings } = await generateText({ ...asked(), prompt })
      assert.notEqual(text, '')
      assert.equal(finishReason, 'length')
      assert.equal(usage.outputTokens, 24)
      assert.ok((usage.inputTokens ?? 0) > 5)
      assert.deepEqual(warnings ?? [], [])
      const records = await product.until('it is recorded', async () => {
        const found = await product.usage()
        return found.some(({ route }) => route === ROUTES[name as keyof typeof ROUTES]) ? found : null
      })
      assert.ok(records.some(({ tokens_out }) => tokens_out === 24))
    })

    it('streams the same words', async () => {
      const whole = await generateText({ ...asked(), prompt })
      const stream = streamText({ ...asked(), prompt })
      const pieces: string[] = []
      for await (const piece of stream.textStream) pieces.push(piece)
      assert.equal(pieces.join(''), whole.text)
      assert.ok(pieces.length > 10, 'a stream comes in pieces')
      assert.equal((await stream.usage).outputTokens, whole.usage.outputTokens)
      assert.equal(await stream.finishReason, whole.finishReason)
    })

    it('calls a tool and goes on with what it said', async () => {
      const cities: string[] = []
      const result = await generateText({
        ...asked(),
        maxOutputTokens: 60,
        prompt: 'What is the weather in Oslo?',
        tools: { get_weather: weather(cities) },
        prepareStep: ({ stepNumber }) => ({
          toolChoice: stepNumber === 0 ? { type: 'tool', toolName: 'get_weather' } : 'auto',
        }),
        stopWhen: stepCountIs(2),
      })
      assert.ok(cities.length > 0)
      assert.equal(result.steps.length, 2)
      assert.equal(result.steps[0]?.toolCalls[0]?.toolName, 'get_weather')
      assert.ok((result.steps[1]?.usage.inputTokens ?? 0) > (result.steps[0]?.usage.inputTokens ?? 0))
    })

    it('streams a call', async () => {
      const cities: string[] = []
      const stream = streamText({
        ...asked(),
        maxOutputTokens: 60,
        prompt: 'What is the weather in Oslo?',
        tools: { get_weather: weather(cities) },
        toolChoice: { type: 'tool', toolName: 'get_weather' },
      })
      const kinds = new Set<string>()
      for await (const part of stream.fullStream) kinds.add(part.type)
      assert.equal(cities.length, 1)
      assert.ok(kinds.has('tool-input-delta') && kinds.has('tool-call') && kinds.has('tool-result'), [...kinds].join())
      assert.ok(!kinds.has('error'))
    })

    it('makes an object of a schema', async () => {
      const { object } = await generateObject({ ...asked(), prompt: 'A colour, please.', schema: COLOUR })
      assert.ok(['red', 'green'].includes(object.colour))
    })

    it('hears a refusal with its code', async () => {
      const error: unknown = await generateText({ ...asked(), prompt: 'word '.repeat(30_000) }).catch((cause) => cause)
      assert.ok(APICallError.isInstance(error), String(error))
      assert.equal(error.statusCode, 400)
      assert.match(error.responseBody ?? '', /context_length_exceeded/)
      assert.equal(error.isRetryable, false)
    })
  })

it('a conversation goes on, of which the first provider names what is kept instead of sending it', async () => {
  for (const [name, modelOf] of Object.entries(PROVIDERS)) {
    const asked = { model: modelOf(), temperature: 0, maxRetries: 0, maxOutputTokens: 12 }
    const question = { role: 'user' as const, content: 'Name three colours of the rainbow.' }
    const first = await generateText({ ...asked, messages: [question] })
    sent.length = 0
    const messages = [question, ...first.response.messages, { role: 'user' as const, content: 'And a fourth?' }]
    const next = await generateText({ ...asked, messages })
    assert.ok((next.usage.inputTokens ?? 0) > (first.usage.inputTokens ?? 0) + 12, name)
    if (name === '@ai-sdk/openai') assert.match(sent[0] ?? '', /"type":"item_reference"/)
  }
})
