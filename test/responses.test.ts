/** OpenAI's own npm package, unmodified, with the Responses API of the running product on the real starter model. */
import assert from 'node:assert/strict'
import { Agent, request as plainRequest } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import OpenAI, { APIError, BadRequestError, NotFoundError } from 'openai'
import type {
  FunctionTool,
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'
import * as shapes from '../src/control/docs/response-schemas.ts'
import { type Product, STARTER, startProduct } from './product.ts'
import { type ReplyRecorder, recordReplies } from './reply-recorder.ts'

const WORKERS = 2

let product: Product
let recorder: ReplyRecorder
let client: OpenAI
/** Of the same project. */
let colleague: OpenAI
/** Of another one. */
let stranger: OpenAI
let projectId: string

before(async () => {
  product = await startProduct({ environment: { GATEWAY_WORKERS: String(WORKERS) } })
  const [project] = (await product.get<{ data: { id: string; organization_id: string }[] }>('/api/projects')).data
  assert.ok(project)
  projectId = project.id
  await keepContent(true)
  recorder = await recordReplies(product.url)
  client = new OpenAI({ baseURL: recorder.baseURL, apiKey: product.key, maxRetries: 0 })
  colleague = product.openai({ apiKey: await keyIn(projectId) })
  const made = await product.ask('POST', '/api/projects', { organization_id: project.organization_id, name: 'Other' })
  assert.equal(made.status, 201, JSON.stringify(made.body))
  const other = (made.body as { id: string }).id
  await product.ask('PATCH', `/api/projects/${other}`, { content_on_disk: true })
  stranger = product.openai({ apiKey: await keyIn(other) })
})
after(async () => {
  await product?.stop()
  await recorder?.close()
})

async function keepContent(isOn: boolean): Promise<void> {
  const { status, body } = await product.ask('PATCH', `/api/projects/${projectId}`, { content_on_disk: isOn })
  assert.equal(status, 200, JSON.stringify(body))
}

async function keyIn(project: string): Promise<string> {
  const { status, body } = await product.ask('POST', '/api/keys', { project_id: project, name: 'Another' })
  assert.equal(status, 201, JSON.stringify(body))
  return (body as { secret: string }).secret
}

/** Greedy, so that the same question has the same answer. */
const QUESTION = {
  model: STARTER,
  input: 'Name three colours of the rainbow.',
  temperature: 0,
  max_output_tokens: 24,
} satisfies ResponseCreateParamsNonStreaming

const WEATHER: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string', enum: ['Paris', 'Oslo', 'Kyoto'] }, days: { type: 'integer', maximum: 7 } },
    required: ['city', 'days'],
    additionalProperties: false,
  },
  strict: true,
}

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
const documented = (shape: object) => ajv.compile(JSON.parse(JSON.stringify(shape)) as object)
const isResponse = documented(shapes.ResponseObject)
const isEvent = documented(shapes.ResponseEvent)
const isInputList = documented(shapes.ResponseInputItems)

/** As our own document has it; OpenAI's description is held by the recorder. */
function assertResponse(value: unknown): void {
  assert.ok(isResponse(value), `${JSON.stringify(isResponse.errors)} in ${JSON.stringify(value)}`)
}

async function refusal(asking: Promise<unknown>): Promise<APIError> {
  const error = await asking.then(
    () => assert.fail('it was answered'),
    (error: unknown) => error,
  )
  assert.ok(error instanceof APIError, String(error))
  return error
}

describe('a response', () => {
  it('answers a text, counts, and says why it ended', async () => {
    const response = await client.responses.create({ ...QUESTION, max_output_tokens: 6, metadata: { a: 'b' } })
    assertResponse(response)
    assert.equal(response.model, STARTER)
    assert.equal(response.status, 'incomplete')
    assert.deepEqual(response.incomplete_details, { reason: 'max_output_tokens' })
    assert.equal(response.usage?.output_tokens, 6)
    assert.equal(response.usage?.total_tokens, (response.usage?.input_tokens ?? 0) + 6)
    assert.notEqual(response.output_text, '')
    assert.deepEqual(response.metadata, { a: 'b' })
    const id = response.id.replace('resp_', 'req_')
    const record = await product.until('it is recorded', async () =>
      (await product.usage()).find((one) => one.id === id),
    )
    assert.equal(record.route, '/v1/responses')
    assert.equal(record.tokens_out, 6)
  })

  it('is streamed with the same words, which the client adds up', async () => {
    const whole = await client.responses.create(QUESTION)
    const stream = client.responses.stream(QUESTION)
    const events: ResponseStreamEvent[] = []
    stream.on('event', (event) => events.push(event))
    const response = await stream.finalResponse()
    for (const event of events)
      assert.ok(isEvent(event), `${JSON.stringify(isEvent.errors)} in ${JSON.stringify(event)}`)
    assert.equal(response.output_text, whole.output_text)
    assert.equal(response.status, whole.status)
    assert.equal(response.usage?.output_tokens, whole.usage?.output_tokens)
    assert.deepEqual(
      events.map((event) => event.sequence_number),
      events.map((_, index) => index),
    )
    const kinds = events.map(({ type }) => type)
    assert.deepEqual(kinds.slice(0, 4), [
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
    ])
    assert.ok(kinds.filter((kind) => kind === 'response.output_text.delta').length > 10, 'a stream comes in pieces')
    assert.deepEqual(kinds.slice(-4), [
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      `response.${whole.status}`,
    ])
  })

  it('says how likely its words were, where that is asked', async () => {
    const asked = {
      ...QUESTION,
      max_output_tokens: 4,
      top_logprobs: 2,
      include: ['message.output_text.logprobs' as const],
    }
    const [item] = (await client.responses.create(asked)).output
    const part = item?.type === 'message' ? item.content[0] : undefined
    assert.ok(part?.type === 'output_text' && part.logprobs?.length === 4)
    assert.equal(part.logprobs[0]?.top_logprobs.length, 2)
    const streamed = await client.responses.stream(asked).finalResponse()
    assert.deepEqual(JSON.parse(JSON.stringify(streamed.output)).at(0).content[0].logprobs, part.logprobs)
  })

  it('keeps to a schema', async () => {
    const schema = {
      type: 'object',
      properties: { colour: { type: 'string', enum: ['red', 'green'] } },
      required: ['colour'],
      additionalProperties: false,
    }
    const format = { type: 'json_schema' as const, name: 'colour', schema, strict: true }
    const { output_text, text } = await client.responses.create({
      ...QUESTION,
      max_output_tokens: 40,
      text: { format },
    })
    assert.ok(new Ajv2020().validate(schema, JSON.parse(output_text)), output_text)
    assert.equal(text?.format?.type, 'json_schema')
  })

  it('calls a tool that it is made to call, and goes on with its result', async () => {
    const asked = {
      ...QUESTION,
      input: 'What is the weather in Oslo for two days?',
      max_output_tokens: 120,
      tools: [WEATHER],
      tool_choice: { type: 'function' as const, name: 'get_weather' },
    }
    const response = await client.responses.create(asked)
    const call = response.output.find(({ type }) => type === 'function_call')
    assertResponse(response)
    if (call?.type !== 'function_call') assert.fail('no call')
    assert.ok(new Ajv2020().validate(WEATHER.parameters ?? {}, JSON.parse(call.arguments)), call.arguments)
    const streamed = await client.responses.stream(asked).finalResponse()
    const again = streamed.output.find(({ type }) => type === 'function_call')
    assert.equal(again?.type === 'function_call' && again.arguments, call.arguments)

    const result: ResponseInputItem = {
      type: 'function_call_output',
      call_id: call.call_id,
      output: 'Rain, 8 degrees.',
    }
    const kept = await client.responses.create({
      ...QUESTION,
      tools: [WEATHER],
      tool_choice: 'none',
      previous_response_id: response.id,
      input: [result],
    })
    const sent = await client.responses.create({
      ...QUESTION,
      tools: [WEATHER],
      tool_choice: 'none',
      store: false,
      input: [{ role: 'user', content: asked.input }, call, result],
    })
    // Not the words: what is found computed has been computed in other batches, which decides between near equals.
    assert.equal(kept.usage?.input_tokens, sent.usage?.input_tokens)
    assert.notEqual(kept.output_text, '')
  })
})

describe('what is kept', () => {
  it('is gone on from, by any key of the project and through any worker', async () => {
    const first = await client.responses.create({ ...QUESTION, instructions: 'Be brief.' })
    assert.equal((first as { store?: boolean }).store, true)
    const next = { ...QUESTION, input: 'And a fourth one?' }
    const sent = await client.responses.create({
      ...next,
      store: false,
      input: [
        { role: 'user', content: QUESTION.input },
        ...(first.output as ResponseInputItem[]),
        { role: 'user', content: next.input },
      ],
    })
    const kept = await colleague.responses.create({ ...next, previous_response_id: first.id })
    assert.equal(kept.usage?.input_tokens, sent.usage?.input_tokens, 'instructions are not inherited')
    assert.equal(kept.previous_response_id, first.id)

    // Each on a connection of its own, of which the system gives each worker some.
    for (let turn = 0, previous = kept.id; turn < 8; turn++) {
      const { status, body } = await askAlone({ ...QUESTION, max_output_tokens: 2, previous_response_id: previous })
      assert.equal(status, 200, JSON.stringify(body))
      previous = body.id
    }
  })

  it('is found as soon as its stream says that it is complete', async () => {
    for (let turn = 0; turn < 4; turn++) {
      const stream = await client.responses.create({ ...QUESTION, max_output_tokens: 2, stream: true })
      let id = ''
      for await (const event of stream) if (event.type === 'response.incomplete') id = event.response.id
      const { status } = await askAlone({ ...QUESTION, max_output_tokens: 2, previous_response_id: id })
      assert.equal(status, 200)
    }
  })

  it('is shown, listed and deleted for its project, and is not there for another', async () => {
    const input = [
      { role: 'user' as const, content: 'Hello' },
      { role: 'assistant' as const, content: 'Hi.' },
      { role: 'user' as const, content: 'Well?' },
    ]
    const made = await client.responses.create({ ...QUESTION, input })
    const shown = await client.responses.retrieve(made.id)
    assertResponse(shown)
    assert.deepEqual(shown.output, made.output)
    assert.deepEqual(shown.usage, made.usage)
    const items = await client.responses.inputItems.list(made.id, { limit: 2, order: 'asc' })
    assert.deepEqual(
      items.data.map((item) => item.type === 'message' && item.role),
      ['user', 'assistant'],
    )
    const { status, body } = await getAlone(`/v1/responses/${made.id}/input_items?limit=2`)
    assert.ok(status === 200 && isInputList(body), JSON.stringify(isInputList.errors))
    const all: string[] = []
    for await (const item of client.responses.inputItems.list(made.id, { limit: 1 })) all.push(item.id ?? '')
    assert.equal(all.length, 3)

    for (const asking of [
      () => stranger.responses.retrieve(made.id),
      async () => stranger.responses.inputItems.list(made.id),
      () => stranger.responses.delete(made.id),
      () => stranger.responses.cancel(made.id),
      () => client.responses.retrieve('resp_none'),
    ]) {
      const error = await refusal(asking())
      assert.ok(error instanceof NotFoundError)
      assert.equal(error.code, 'response_not_found')
    }
    const foreign = await refusal(stranger.responses.create({ ...QUESTION, previous_response_id: made.id }))
    assert.equal(foreign.code, 'previous_response_not_found')
    assert.equal((await refusal(client.responses.cancel(made.id))).code, 'response_not_in_background')

    await colleague.responses.delete(made.id)
    assert.equal((await refusal(client.responses.retrieve(made.id))).code, 'response_not_found')
    const gone = await refusal(client.responses.create({ ...QUESTION, previous_response_id: made.id }))
    assert.ok(gone instanceof BadRequestError)
    assert.equal(gone.code, 'previous_response_not_found')
    assert.equal(gone.param, 'previous_response_id')
    assert.match(gone.message, /Previous response with id 'resp_\w+' not found/)
  })

  it('may be named item by item', async () => {
    const first = await client.responses.create({ ...QUESTION, max_output_tokens: 8 })
    const [item] = first.output
    const named = await client.responses.create({
      ...QUESTION,
      input: [
        { role: 'user', content: QUESTION.input },
        { type: 'item_reference', id: item?.id ?? '' },
        { role: 'user', content: 'Go on.' },
      ],
    })
    assert.ok((named.usage?.input_tokens ?? 0) > (first.usage?.input_tokens ?? 0) + 8)
    const error = await refusal(
      client.responses.create({ ...QUESTION, input: [{ type: 'item_reference', id: 'msg_x_0' }] }),
    )
    assert.equal(error.code, 'item_not_found')
  })

  it('is nothing of a response that was not to be stored', async () => {
    const response = await client.responses.create({ ...QUESTION, max_output_tokens: 2, store: false })
    assert.equal((response as { store?: boolean }).store, false)
    assert.equal((await refusal(client.responses.retrieve(response.id))).code, 'response_not_found')
    const error = await refusal(client.responses.create({ ...QUESTION, previous_response_id: response.id }))
    assert.equal(error.code, 'previous_response_not_found')
  })

  it('is nothing where prompts may not reach a disk, and goes when that is said', async () => {
    const before = await client.responses.create({ ...QUESTION, max_output_tokens: 2 })
    await keepContent(false)
    try {
      assert.equal((await refusal(client.responses.retrieve(before.id))).code, 'response_not_found')
      const error = await refusal(client.responses.create({ ...QUESTION, previous_response_id: before.id }))
      assert.equal(error.code, 'responses_not_kept')
      const response = await client.responses.create({ ...QUESTION, max_output_tokens: 2 })
      assert.equal((response as { store?: boolean }).store, false)
      const streamed = await client.responses.stream({ ...QUESTION, max_output_tokens: 2 }).finalResponse()
      assert.equal((streamed as { store?: boolean }).store, false)
    } finally {
      await keepContent(true)
    }
  })

  it('outlives a restart of control, without which the answer comes all the same', async () => {
    const before = await client.responses.create({ ...QUESTION, max_output_tokens: 2 })
    process.kill(product.pidOf('control'), 'SIGKILL')
    const without = await client.responses.create({ ...QUESTION, max_output_tokens: 2 })
    assert.equal(without.status, 'incomplete')
    await product.until('control serves again', async () => {
      return client.responses.retrieve(before.id).catch(() => null)
    })
    const next = await client.responses.create({ ...QUESTION, max_output_tokens: 2, previous_response_id: before.id })
    assert.equal(next.previous_response_id, before.id)
  })
})

describe('what is not served', () => {
  it('is refused by name', async () => {
    const background = await refusal(client.responses.create({ ...QUESTION, background: true }))
    assert.deepEqual(
      [background.status, background.code, background.param],
      [400, 'unsupported_parameter', 'background'],
    )
    const tools = await refusal(
      client.responses.create({ ...QUESTION, tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }] }),
    )
    assert.equal(tools.code, 'unsupported_parameter')
    assert.match(tools.message, /what is: function/)
    const model = await refusal(client.responses.create({ ...QUESTION, model: 'none' }))
    assert.equal(model.code, 'model_not_found')
    const long = await refusal(client.responses.create({ ...QUESTION, input: 'word '.repeat(30_000) }))
    assert.equal(long.code, 'context_length_exceeded')
  })
})

async function getAlone(path: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${product.url}${path}`, { headers: { authorization: `Bearer ${product.key}` } })
  return { status: answer.status, body: await answer.json() }
}

/** One request on a connection of its own. */
function askAlone(body: object): Promise<{ status: number; body: { id: string } }> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false })
    const headers = { authorization: `Bearer ${product.key}`, 'content-type': 'application/json' }
    const asked = plainRequest(`${product.url}/v1/responses`, { method: 'POST', headers, agent }, async (answer) => {
      let text = ''
      for await (const piece of answer.setEncoding('utf8')) text += piece
      resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text) as { id: string } })
    })
    asked.on('error', reject).end(JSON.stringify(body))
  })
}
