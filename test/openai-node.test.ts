/** OpenAI's own npm package, unmodified, against the running product on the real starter model. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Ajv2020 } from 'ajv/dist/2020.js'
import OpenAI, { AuthenticationError, BadRequestError, NotFoundError } from 'openai'
import type {
  ChatCompletionChunk,
  ChatCompletionCreateParamsNonStreaming,
  ChatCompletionTool,
} from 'openai/resources/chat/completions'
import { testModel } from './models/test-model.ts'
import { TINY_BERT_EMBEDDING_SIZE } from './models/tiny-bert.ts'
import { type Product, STARTER, startProduct } from './product.ts'
import { type ReplyRecorder, recordReplies } from './reply-recorder.ts'

let product: Product
let recorder: ReplyRecorder
let client: OpenAI

before(async () => {
  product = await startProduct()
  await product.importModel('tiny-bert', await testModel('bert'))
  recorder = await recordReplies(product.url)
  client = new OpenAI({ baseURL: recorder.baseURL, apiKey: product.key, maxRetries: 0 })
})
after(async () => {
  await product.stop()
  await recorder.close()
})

/** Greedy, so that the same question has the same answer. */
const QUESTION = {
  model: STARTER,
  messages: [{ role: 'user', content: 'Name three colours of the rainbow.' }],
  temperature: 0,
  max_tokens: 24,
} satisfies ChatCompletionCreateParamsNonStreaming

const WEATHER: ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', enum: ['Paris', 'Oslo', 'Kyoto'] },
        days: { type: 'integer', minimum: 1, maximum: 7 },
      },
      required: ['city', 'days'],
      additionalProperties: false,
    },
  },
}
const TIME: ChatCompletionTool = {
  type: 'function',
  function: {
    name: 'get_time',
    parameters: { type: 'object', properties: { zone: { type: 'string', enum: ['UTC', 'CET'] } }, required: ['zone'] },
  },
}
const ASKS_FOR_WEATHER = {
  model: STARTER,
  messages: [{ role: 'user', content: 'What is the weather in Oslo for two days?' }],
  tools: [WEATHER, TIME],
  temperature: 0,
  max_tokens: 120,
} satisfies ChatCompletionCreateParamsNonStreaming

const isWeatherQuery = new Ajv2020().compile(WEATHER.function.parameters ?? {})

describe('models', () => {
  it('lists and retrieves what the key may use, loaded or not', async () => {
    const models = (await client.models.list()).data
    assert.deepEqual(models.map(({ id }) => id).sort(), [STARTER, 'tiny-bert'])
    assert.equal((await client.models.retrieve(STARTER)).id, STARTER)
  })
})

describe('chat', () => {
  it('answers, counts, and says why it ended', async () => {
    const { choices, usage, model } = await client.chat.completions.create({ ...QUESTION, max_tokens: 6 })
    assert.equal(model, STARTER)
    assert.equal(choices.length, 1)
    assert.notEqual(choices[0]?.message.content, '')
    assert.equal(choices[0]?.finish_reason, 'length')
    assert.equal(usage?.completion_tokens, 6)
    assert.equal(usage?.total_tokens, (usage?.prompt_tokens ?? 0) + 6)
  })

  it('streams the same words that it answers whole', async () => {
    const whole = await client.chat.completions.create(QUESTION)
    const chunks = await collect(await client.chat.completions.create({ ...QUESTION, stream: true }))
    assert.equal(textOf(chunks), whole.choices[0]?.message.content)
    assert.equal(chunks.at(-1)?.choices[0]?.finish_reason, whole.choices[0]?.finish_reason)
    assert.ok(chunks.length > 10, 'a stream comes in pieces')
    assert.equal(new Set(chunks.map(({ id }) => id)).size, 1)
    assert.ok(
      chunks.every((chunk) => chunk.usage === undefined || chunk.usage === null),
      'totals that nobody asked for',
    )
  })

  it('ends a stream with its totals where they are asked for', async () => {
    const chunks = await collect(
      await client.chat.completions.create({ ...QUESTION, stream: true, stream_options: { include_usage: true } }),
    )
    const last = chunks.pop()
    assert.deepEqual(last?.choices, [])
    assert.ok((last?.usage?.completion_tokens ?? 0) > 10)
    assert.ok(chunks.every(({ usage }) => usage === null))
  })

  it('tells how much of a prompt it had in memory', async () => {
    const messages = [{ role: 'user' as const, content: `Remember this list: ${'apple pear plum '.repeat(40)}` }]
    await client.chat.completions.create({ ...QUESTION, messages, max_tokens: 2 })
    const { usage } = await client.chat.completions.create({ ...QUESTION, messages, max_tokens: 2 })
    assert.ok((usage?.prompt_tokens_details?.cached_tokens ?? 0) > 100, JSON.stringify(usage))
  })

  it('gives several answers to one question, each its own', async () => {
    const { choices, usage } = await client.chat.completions.create({
      ...QUESTION,
      temperature: 1.5,
      seed: 4,
      n: 3,
      max_tokens: 12,
    })
    assert.deepEqual(
      choices.map(({ index }) => index),
      [0, 1, 2],
    )
    assert.ok(new Set(choices.map(({ message }) => message.content)).size > 1)
    assert.ok((usage?.completion_tokens ?? 0) <= 36)
    const streamed = await collect(
      await client.chat.completions.create({ ...QUESTION, n: 2, max_tokens: 6, stream: true }),
    )
    for (const index of [0, 1])
      assert.ok(streamed.some(({ choices: [choice] }) => choice?.index === index && choice.finish_reason === 'length'))
  })

  it('stops before a stop sequence, whole and streamed', async () => {
    const whole = (await client.chat.completions.create(QUESTION)).choices[0]?.message.content ?? ''
    const stop = whole.slice(10, 14)
    const expected = whole.slice(0, whole.indexOf(stop))
    const stopped = await client.chat.completions.create({ ...QUESTION, stop: ['no such text', stop] })
    assert.equal(stopped.choices[0]?.message.content, expected)
    assert.equal(stopped.choices[0]?.finish_reason, 'stop')
    const chunks = await collect(await client.chat.completions.create({ ...QUESTION, stop, stream: true }))
    assert.equal(textOf(chunks), expected)
  })

  it('repeats itself for a seed, and says something else for another', async () => {
    const answer = async (seed: number) =>
      (await client.chat.completions.create({ ...QUESTION, temperature: 1.5, seed })).choices[0]?.message.content
    const [first, again, other] = [await answer(7), await answer(7), await answer(8)]
    assert.equal(again, first)
    assert.notEqual(other, first)
  })

  it('takes the newer name for the most tokens first', async () => {
    const { usage } = await client.chat.completions.create({ ...QUESTION, max_tokens: 20, max_completion_tokens: 3 })
    assert.equal(usage?.completion_tokens, 3)
  })

  it('gives true log-probabilities of each token and its rivals', async () => {
    const { choices } = await client.chat.completions.create({
      ...QUESTION,
      logprobs: true,
      top_logprobs: 4,
      max_tokens: 8,
    })
    const tokens = choices[0]?.logprobs?.content ?? []
    assert.equal(tokens.length, 8)
    assert.equal(tokens.map(({ token }) => token).join(''), choices[0]?.message.content)
    for (const { logprob, top_logprobs, token } of tokens) {
      assert.equal(top_logprobs.length, 4)
      assert.ok(top_logprobs.every((rival, at) => at === 0 || rival.logprob <= top_logprobs[at - 1]!.logprob))
      assert.equal(top_logprobs[0]?.token, token, 'greedy takes the likeliest')
      assert.equal(top_logprobs[0]?.logprob, logprob)
      const total = top_logprobs.reduce((sum, rival) => sum + Math.exp(rival.logprob), 0)
      assert.ok(total > 0 && total <= 1.0001, `probabilities add up to ${total}`)
    }
    const chunks = await collect(
      await client.chat.completions.create({ ...QUESTION, logprobs: true, max_tokens: 8, stream: true }),
    )
    const streamed = chunks.flatMap(({ choices: [choice] }) => choice?.logprobs?.content ?? [])
    assert.deepEqual(
      streamed.map(({ token }) => token),
      tokens.map(({ token }) => token),
    )
  })

  it('follows a bias for and against tokens', async () => {
    const [dog] = await tokensOf(' dog')
    const pushed = await client.chat.completions.create({
      ...QUESTION,
      max_tokens: 4,
      logit_bias: { [String(dog)]: 100 },
    })
    assert.equal(pushed.choices[0]?.message.content, ' dog dog dog dog')
    const whole = (await client.chat.completions.create(QUESTION)).choices[0]?.message.content ?? ''
    const [first] = await tokensOf(whole)
    const banned = await client.chat.completions.create({ ...QUESTION, logit_bias: { [String(first)]: -100 } })
    assert.notEqual((await tokensOf(banned.choices[0]?.message.content ?? ''))[0], first)
  })

  it('takes all roles, text parts, and fields that it does not know', async () => {
    const { choices } = await client.chat.completions.create({
      ...QUESTION,
      messages: [
        { role: 'developer', content: 'Answer briefly.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hello' },
            { type: 'text', text: 'there' },
          ],
        },
        { role: 'assistant', content: 'Hi.' },
        { role: 'user', content: 'Bye', name: 'ada' },
      ],
      user: 'ada',
      metadata: { purpose: 'test' },
      store: false,
      ...{ field_of_next_year: { deep: [1, 2] } },
    })
    assert.equal(typeof choices[0]?.message.content, 'string')
  })
})

describe('tools', () => {
  it('a named tool is called, with arguments that match its schema', async () => {
    const { choices } = await client.chat.completions.create({
      ...ASKS_FOR_WEATHER,
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    })
    assert.deepEqual(
      callsOf(choices[0]?.message).map(({ name }) => name),
      ['get_weather'],
    )
    assertWeatherCalls(callsOf(choices[0]?.message))
    // As OpenAI has it: a call that was forced by name ends with `stop`, one that the model chose with `tool_calls`.
    assert.ok(['stop', 'tool_calls'].includes(choices[0]?.finish_reason ?? ''))
  })

  it('`required` gives a call of one tool or another, and one alone where parallel calls are off', async () => {
    const { choices } = await client.chat.completions.create({
      ...ASKS_FOR_WEATHER,
      tool_choice: 'required',
      parallel_tool_calls: false,
    })
    const calls = callsOf(choices[0]?.message)
    assert.equal(calls.length, 1)
    assert.equal(choices[0]?.finish_reason, 'tool_calls')
    assertWeatherCalls(calls)
  })

  it('`auto` leaves it to the model and answers in either way', async () => {
    const { choices } = await client.chat.completions.create({
      ...ASKS_FOR_WEATHER,
      tool_choice: 'auto',
      max_tokens: 40,
    })
    const calls = callsOf(choices[0]?.message)
    assert.ok(calls.length > 0 || (choices[0]?.message.content ?? '') !== '')
    assert.equal(choices[0]?.finish_reason === 'tool_calls', calls.length > 0)
  })

  it('`none` gives text', async () => {
    const { choices } = await client.chat.completions.create({
      ...ASKS_FOR_WEATHER,
      tool_choice: 'none',
      max_tokens: 8,
    })
    assert.deepEqual(callsOf(choices[0]?.message), [])
    assert.notEqual(choices[0]?.message.content, '')
  })

  it("the client's streaming helper puts a call together, and its result is taken back", async () => {
    const stream = client.chat.completions.stream({
      ...ASKS_FOR_WEATHER,
      tool_choice: 'required',
      parallel_tool_calls: false,
    })
    let pieces = 0
    stream.on('tool_calls.function.arguments.delta', () => pieces++)
    const { message } = (await stream.finalChatCompletion()).choices[0]!
    const call = message.tool_calls?.[0]
    assert.ok(call?.type === 'function' && pieces > 1, 'arguments come in pieces')
    assertWeatherCalls(callsOf(message))
    const { choices } = await client.chat.completions.create({
      ...ASKS_FOR_WEATHER,
      messages: [
        ...ASKS_FOR_WEATHER.messages,
        message,
        { role: 'tool', tool_call_id: call.id, content: '{"weather": "snow"}' },
      ],
      tool_choice: 'none',
      max_tokens: 12,
    })
    assert.notEqual(choices[0]?.message.content, '')
  })

  it("the client's tool runner calls a function of ours", async () => {
    const asked: unknown[] = []
    const runner = client.chat.completions.runTools({
      ...ASKS_FOR_WEATHER,
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
      tools: [
        {
          type: 'function',
          function: {
            name: 'get_weather',
            description: 'Weather of a city',
            parameters: WEATHER.function.parameters ?? {},
            parse: JSON.parse,
            function: (query: object) => {
              asked.push(query)
              return 'snow'
            },
          },
        },
      ],
    })
    await runner.done()
    assert.equal(asked.length, 1)
    assert.ok(isWeatherQuery(asked[0]), JSON.stringify(asked[0]))
  })
})

describe('structured output', () => {
  const schema = {
    type: 'object',
    properties: {
      mood: { type: 'string', enum: ['good', 'bad'] },
      score: { type: 'integer', minimum: 0, maximum: 10 },
      tags: { type: 'array', items: { type: 'string', enum: ['a', 'b'] }, minItems: 1, maxItems: 3 },
    },
    required: ['mood', 'score', 'tags'],
    additionalProperties: false,
  }
  const response_format = { type: 'json_schema' as const, json_schema: { name: 'review', strict: true, schema } }
  const isReview = new Ajv2020().compile(schema)
  const review = {
    model: STARTER,
    messages: [{ role: 'user' as const, content: 'Review: lovely soup.' }],
    max_tokens: 100,
  }

  it('a schema is obeyed, whole, parsed and streamed, however wild the sampling', async () => {
    for (const seed of [1, 2]) {
      const { choices } = await client.chat.completions.create({ ...review, response_format, temperature: 2, seed })
      assert.ok(isReview(JSON.parse(choices[0]?.message.content ?? '')), choices[0]?.message.content ?? '')
      assert.equal(choices[0]?.finish_reason, 'stop')
    }
    const { choices } = await client.chat.completions.parse({ ...review, response_format })
    assert.ok(isReview(JSON.parse(choices[0]?.message.content ?? '')))
    const chunks = await collect(await client.chat.completions.create({ ...review, response_format, stream: true }))
    assert.ok(isReview(JSON.parse(textOf(chunks))))
  })

  it('json_object gives an object', async () => {
    const { choices } = await client.chat.completions.create({
      ...review,
      messages: [{ role: 'user', content: 'Give {"colour": "red"} as JSON.' }],
      response_format: { type: 'json_object' },
      temperature: 0,
      max_tokens: 200,
    })
    const content = choices[0]?.message.content ?? ''
    assert.match(content, /^\s*\{/)
    if (choices[0]?.finish_reason === 'stop') assert.equal(typeof JSON.parse(content), 'object')
  })

  it('a schema that cannot be enforced is refused, never ignored', async () => {
    const impossible = { type: 'object', properties: { x: { type: 'string', pattern: '(?<=a)b' } }, required: ['x'] }
    await refused(
      client.chat.completions.create({
        ...review,
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema: impossible } },
      }),
      BadRequestError,
      { status: 400, param: /^response_format/ },
    )
  })
})

describe('text completions', () => {
  const prompt = { model: STARTER, prompt: 'The capital of France is', temperature: 0, max_tokens: 6 }

  it('go on from a prompt, whole and streamed', async () => {
    const whole = await client.completions.create(prompt)
    assert.equal(whole.usage?.completion_tokens, 6)
    let streamed = ''
    for await (const part of await client.completions.create({ ...prompt, stream: true }))
      streamed += part.choices[0]?.text ?? ''
    assert.equal(streamed, whole.choices[0]?.text)
  })

  it('take several prompts, echo them, and give log-probabilities', async () => {
    const several = await client.completions.create({
      ...prompt,
      prompt: ['One, two,', 'Red, green,'],
      n: 2,
      echo: true,
    })
    assert.deepEqual(
      several.choices.map(({ index }) => index),
      [0, 1, 2, 3],
    )
    assert.match(several.choices[2]?.text ?? '', /^Red, green,/)
    const { choices } = await client.completions.create({ ...prompt, logprobs: 2 })
    assert.equal(choices[0]?.logprobs?.tokens?.length, 6)
    assert.equal(choices[0]?.logprobs?.tokens?.join(''), choices[0]?.text)
  })
})

describe('embeddings', () => {
  it('are vectors of length one, the same for the same text, whichever encoding the client asks for', async () => {
    const input = ['the cat sat on the house', 'the cat sat on a house', 'buyers pay invoices with money']
    // The client asks for base64 by itself and turns it back into numbers.
    const packed = await client.embeddings.create({ model: 'tiny-bert', input })
    const plain = await client.embeddings.create({ model: 'tiny-bert', input, encoding_format: 'float' })
    assert.deepEqual(
      packed.data.map(({ index }) => index),
      [0, 1, 2],
    )
    for (const [at, { embedding }] of packed.data.entries()) {
      assert.equal(embedding.length, TINY_BERT_EMBEDDING_SIZE)
      assert.ok(Math.abs(dot(embedding, embedding) - 1) < 1e-3)
      assert.ok(dot(embedding, plain.data[at]!.embedding) > 0.999)
    }
    const [cat, otherCat, money] = plain.data.map(({ embedding }) => embedding)
    assert.ok(dot(cat!, otherCat!) > dot(cat!, money!))
    assert.ok(plain.usage.prompt_tokens > 10)
  })

  it('a chat model asked for embeddings, and the reverse, get one stated 400', async () => {
    await refused(client.embeddings.create({ model: STARTER, input: 'x' }), BadRequestError, {
      status: 400,
      code: 'unsupported_model',
      param: /^model$/,
      message: /is a chat model/,
    })
    await refused(client.chat.completions.create({ ...QUESTION, model: 'tiny-bert' }), BadRequestError, {
      status: 400,
      code: 'unsupported_model',
      message: /is an embedding model/,
    })
  })
})

describe('errors', () => {
  it('an unknown key is an AuthenticationError with code invalid_api_key', async () => {
    const stranger = new OpenAI({ baseURL: recorder.baseURL, apiKey: 'sk-tw-nobody', maxRetries: 0 })
    for (const call of [() => stranger.models.list(), () => stranger.chat.completions.create(QUESTION)])
      await refused(call(), AuthenticationError, { status: 401, code: 'invalid_api_key' })
  })

  it('an unknown model is a NotFoundError with code model_not_found', async () => {
    for (const call of [
      () => client.models.retrieve('gpt-4o'),
      () => client.chat.completions.create({ ...QUESTION, model: 'gpt-4o' }),
      () => client.embeddings.create({ model: 'gpt-4o', input: 'x' }),
    ])
      await refused(call(), NotFoundError, { status: 404, code: 'model_not_found' })
  })

  it('a prompt longer than the context says so with the numbers', async () => {
    const { engine } = await product.model(STARTER)
    const content = 'word '.repeat((engine?.context_tokens ?? 0) + 10)
    await refused(
      client.chat.completions.create({ ...QUESTION, messages: [{ role: 'user', content }] }),
      BadRequestError,
      {
        status: 400,
        code: 'context_length_exceeded',
        param: /^messages$/,
        message: new RegExp(`${engine?.context_tokens}`),
      },
    )
  })

  for (const [name, wrong, code, param] of [
    ['no messages', { messages: [] }, 'empty_array', 'messages'],
    ['messages of a wrong type', { messages: 'hello' }, 'invalid_type', 'messages'],
    ['an unknown role', { messages: [{ role: 'wizard', content: 'x' }] }, 'invalid_value', 'messages[0].role'],
    ['a temperature above two', { temperature: 2.1 }, 'decimal_above_max_value', 'temperature'],
    ['a temperature of text', { temperature: 'hot' }, 'invalid_type', 'temperature'],
    ['top_p below zero', { top_p: -0.1 }, 'decimal_below_min_value', 'top_p'],
    ['no token at most', { max_tokens: 0 }, 'integer_below_min_value', 'max_tokens'],
    ['half a token', { max_completion_tokens: 1.5 }, 'invalid_type', 'max_completion_tokens'],
    ['no choices', { n: 0 }, 'integer_below_min_value', 'n'],
    ['21 rivals of a token', { logprobs: true, top_logprobs: 21 }, 'integer_above_max_value', 'top_logprobs'],
    ['rivals without log-probabilities', { top_logprobs: 2 }, 'invalid_value', 'top_logprobs'],
    ['five stops', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'array_above_max_length', 'stop'],
    ['a bias that is too strong', { logit_bias: { '5': 101 } }, 'decimal_above_max_value', 'logit_bias.5'],
    [
      'a tool without a name',
      { tools: [{ type: 'function', function: {} }] },
      'missing_required_parameter',
      'tools[0].function.name',
    ],
    [
      'a choice of a tool that is not there',
      { tools: [TIME], tool_choice: { type: 'function', function: { name: 'x' } } },
      'invalid_value',
      'tool_choice',
    ],
    ['an unknown format', { response_format: { type: 'xml' } }, 'invalid_value', 'response_format.type'],
  ] as const) {
    it(`${name}: 400 ${code}`, async () => {
      const request = { ...QUESTION, ...wrong } as unknown as ChatCompletionCreateParamsNonStreaming
      await refused(client.chat.completions.create(request), BadRequestError, { status: 400, code, param })
    })
  }
})

describe('abort', () => {
  const long = { ...QUESTION, max_tokens: 1_500, ...{ ignore_eos: true } }

  it('in the middle of a stream stops the generation, and what was generated is on record', async () => {
    const direct = product.openai()
    const stream = await direct.chat.completions.create({ ...long, stream: true })
    let pieces = 0
    for await (const _chunk of stream) if (++pieces === 5) break // leaving the loop aborts, as the package documents
    await product.idle()
    const record = await product.until('the record arrives', async () =>
      (await product.usage(5)).find(({ stream: streamed, cut_by }) => streamed && cut_by === 'client'),
    )
    assert.ok(record.tokens_out >= 4 && record.tokens_out < 1_500, `${record.tokens_out} tokens`)
    assert.equal(record.tokens_out_source, 'engine')
  })

  it('before the first token stops it too', async () => {
    const content = 'Tell me about the sea, the land and the sky. '.repeat(250)
    const gone = new AbortController()
    const asked = product
      .openai()
      .chat.completions.create(
        { ...long, messages: [{ role: 'user', content }], stream: true },
        { signal: gone.signal },
      )
    const failed = assert.rejects(asked, OpenAI.APIUserAbortError)
    await product.until('the engine works on it', async () => (await product.engine(STARTER)).running === 1)
    gone.abort()
    await failed
    await product.idle()
    const record = await product.until('the record arrives', async () =>
      (await product.usage(5)).find(({ status }) => status === 499),
    )
    assert.deepEqual([record.tokens_out, record.cut_by, record.first_token_ms], [0, 'client', null])
  })

  it('of an answer that is not streamed stops it too', async () => {
    const gone = new AbortController()
    const failed = assert.rejects(
      product.openai().chat.completions.create(long, { signal: gone.signal }),
      OpenAI.APIUserAbortError,
    )
    await product.until('the engine works on it', async () => (await product.engine(STARTER)).running === 1)
    await sleep(100)
    gone.abort()
    await failed
    await product.idle()
  })
})

async function collect(stream: AsyncIterable<ChatCompletionChunk>): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks
}

function textOf(chunks: readonly ChatCompletionChunk[]): string {
  return chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
}

type Call = { name: string; arguments: unknown }

function callsOf(message: OpenAI.ChatCompletionMessage | undefined): Call[] {
  return (message?.tool_calls ?? []).map((call) => {
    assert.equal(call.type, 'function')
    const { name, arguments: text } = (call as OpenAI.ChatCompletionMessageFunctionToolCall).function
    return { name, arguments: JSON.parse(text) as unknown }
  })
}

function assertWeatherCalls(calls: readonly Call[]): void {
  for (const call of calls.filter(({ name }) => name === 'get_weather'))
    assert.ok(isWeatherQuery(call.arguments), JSON.stringify(call.arguments))
}

async function tokensOf(prompt: string): Promise<number[]> {
  const answer = await product.post('/tokenize', { model: STARTER, prompt, add_special_tokens: false })
  return ((await answer.json()) as { tokens: number[] }).tokens
}

type ErrorClass = new (...given: never[]) => InstanceType<typeof OpenAI.APIError>

async function refused(
  call: PromiseLike<unknown>,
  kind: ErrorClass,
  expected: { status: number; code?: string; param?: string | RegExp; message?: RegExp },
): Promise<void> {
  const error = await Promise.resolve(call).then(
    () => assert.fail('it was answered'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof kind, String(error))
  assert.equal(error.status, expected.status)
  if (expected.code) assert.equal(error.code, expected.code)
  if (typeof expected.param === 'string') assert.equal(error.param, expected.param)
  else if (expected.param) assert.match(error.param ?? '', expected.param)
  if (expected.message) assert.match(error.message, expected.message)
  assert.match(error.requestID ?? '', /^req_/)
}

function dot(left: readonly number[], right: readonly number[]): number {
  return left.reduce((sum, value, index) => sum + value * right[index]!, 0)
}
