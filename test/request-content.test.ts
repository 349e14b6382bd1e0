/**
 * What requests say, through the whole product: nothing of it stays anywhere unless a project wants it, whatever dies
 * meanwhile; where one does, it is what the client sent and got, to the letter.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { liveStream } from './live-stream.ts'
import { testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

const CHAT_MODEL = 'tiny-qwen3'
const EMBEDDING_MODEL = 'tiny-bert'
/** In every prompt; if any of it is kept, it is found by these bytes. */
const MARKER = 'heliotrope7Kq2mZ'

type Content = {
  request: { messages?: unknown; prompt?: unknown; input?: unknown } | null
  answers: {
    index: number
    text: string | null
    reasoning: string | null
    tool_calls: { id: string; name: string; arguments: string }[]
  }[]
  truncated: boolean
  address: string | null
}
type Message = { content: string | null; reasoning_content?: string; tool_calls?: ToolCall[] }
type ToolCall = { id: string; function: { name: string; arguments: string } }

let product: Product
let projectId: string

before(async () => {
  product = await startProduct({ starter: false })
  await product.importModel(CHAT_MODEL, await testModel('qwen3'))
  await product.importModel(EMBEDDING_MODEL, await testModel('bert'))
  await product.load(CHAT_MODEL)
  await product.load(EMBEDDING_MODEL)
  projectId = (await product.get<{ data: { id: string }[] }>('/api/projects')).data[0]?.id ?? ''
})
after(() => product.stop())

const messages = (said = MARKER) => [{ role: 'user', content: `Say ${said} 🌍` }]
const chat = (more: object = {}) => ({ model: CHAT_MODEL, messages: messages(), max_tokens: 12, ...more })

async function idOf(answer: Response): Promise<string> {
  return answer.headers.get('x-request-id') ?? ''
}

async function kept(requestId: string): Promise<Content> {
  return product.until(`content of ${requestId} is kept`, async () => {
    const { status, body } = await product.ask('GET', `/api/requests/${requestId}/content`)
    return status === 200 && (body as Content)
  })
}

const log = () => product.get<{ requests: number; bytes: number }>('/api/content-log')

async function change(settings: object): Promise<void> {
  const { status, body } = await product.ask('PATCH', `/api/projects/${projectId}`, settings)
  assert.equal(status, 200, JSON.stringify(body))
}

async function workerIsBack(): Promise<void> {
  await product.until('the worker is back', async () => {
    const answer = await product.post('/v1/chat/completions', chat()).catch(() => null)
    return answer?.ok
  })
}

/** Files of the data folder that hold these bytes. Weights are made before any prompt. */
function filesWith(text: string): string[] {
  const root = product.folder.root
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => readFileSync(path).includes(text))
}

describe('unless a project wants it', () => {
  it('no byte of what requests say reaches a file, a log or the database, also when a worker and an engine are killed', async () => {
    const named = 'periwinkle4Xv9'
    assert.equal((await product.ask('POST', '/api/keys', { name: named })).status, 201)
    const ids: string[] = []
    for (const [path, body] of [
      ['/v1/chat/completions', chat()],
      ['/v1/chat/completions', chat({ stream: true, tools: [{ type: 'function', function: { name: MARKER } }] })],
      ['/v1/completions', { model: CHAT_MODEL, prompt: MARKER, max_tokens: 4, stop: [MARKER] }],
      ['/v1/embeddings', { model: EMBEDDING_MODEL, input: [MARKER] }],
      ['/v1/chat/completions', chat({ temperature: MARKER })],
      ['/v1/chat/completions', `{"model":"${CHAT_MODEL}","messages":[${JSON.stringify(MARKER)},`],
    ] as const) {
      const answer = await product.post(path, body)
      await answer.text()
      ids.push(await idOf(answer))
    }
    await product.until('the records arrive', async () => (await product.usage()).length >= 5)

    const running = liveStream(product, chat({ max_tokens: 20_000, ignore_eos: true }))
    await running.begun
    process.kill(product.pidOf('engine', CHAT_MODEL), 'SIGKILL')
    assert.equal((await running.ended).errorCode, 'engine_lost')
    await product.until('the engine is back', async () => (await product.engine(CHAT_MODEL)).state === 'ready')
    const again = liveStream(product, chat({ max_tokens: 20_000, ignore_eos: true }))
    await again.begun
    process.kill(product.pidOf('worker'), 'SIGKILL')
    assert.equal((await again.ended).broken, true)
    await workerIsBack()

    for (const id of ids) assert.equal((await product.ask('GET', `/api/requests/${id}/content`)).status, 404)
    assert.deepEqual(await log().then(({ requests, bytes }) => [requests, bytes]), [0, 0])
    await product.end()
    assert.ok(!product.said.includes(MARKER))
    assert.notDeepEqual(filesWith(named), [], 'what is kept would be found')
    assert.deepEqual(filesWith(MARKER), [])
    await product.start()
    await product.load(CHAT_MODEL)
    await product.load(EMBEDDING_MODEL)
  })

  it('its request has parameters, and no text in them', async () => {
    const answer = await product.post('/v1/chat/completions', chat({ temperature: 0.5, stop: [MARKER], seed: 7 }))
    await answer.text()
    const request = await product.until('the record arrives', async () => {
      const { status, body } = await product.ask('GET', `/api/requests/${await idOf(answer)}`)
      return status === 200 && JSON.stringify(body)
    })
    assert.match(request, /"temperature":0\.5/)
    assert.match(request, /"stops":1/)
    assert.doesNotMatch(request, new RegExp(MARKER))
  })
})

describe('where a project keeps it', () => {
  before(() => change({ content_on_disk: true, content_logging: true, content_retention_days: 2 }))

  it('an answer that came whole is kept to the letter', async () => {
    const answer = await product.post('/v1/chat/completions', chat())
    const { choices } = (await answer.json()) as { choices: { message: Message }[] }
    const content = await kept(await idOf(answer))
    assert.deepEqual(content.request, { messages: messages() })
    assert.equal(content.answers[0]?.text, choices[0]?.message.content)
    assert.equal(content.answers[0]?.reasoning, choices[0]?.message.reasoning_content ?? null)
    assert.deepEqual([content.truncated, content.address], [false, null])
  })

  it('so is one that came as a stream, with its thoughts', async () => {
    const answer = await product.post('/v1/chat/completions', chat({ stream: true, max_tokens: 40, n: 2 }))
    const said = spoken(await answer.text())
    const { answers } = await kept(await idOf(answer))
    assert.equal(answers.length, 2)
    for (const { index, text, reasoning } of answers) {
      assert.equal(text ?? '', said.content.get(index) ?? '')
      assert.equal(reasoning ?? '', said.reasoning.get(index) ?? '')
    }
  })

  it('so are tool calls, streamed and not', async () => {
    const parameters = { type: 'object', properties: { city: { enum: ['Oslo', 'Rome'] } }, required: ['city'] }
    const tools = [{ type: 'function', function: { name: 'weather', parameters } }]
    const body = chat({ tools, tool_choice: 'required', max_tokens: 60, temperature: 0, reasoning_effort: 'none' })
    const whole = await product.post('/v1/chat/completions', body)
    const { choices } = (await whole.json()) as { choices: { message: Message }[] }
    const wanted = choices[0]?.message.tool_calls?.map(({ id, function: called }) => ({ id, ...called })) ?? []
    assert.equal(wanted[0]?.name, 'weather')
    assert.deepEqual((await kept(await idOf(whole))).answers[0]?.tool_calls, wanted)
    const streamed = await product.post('/v1/chat/completions', { ...body, stream: true })
    const text = await streamed.text()
    const [call] = (await kept(await idOf(streamed))).answers[0]?.tool_calls ?? []
    assert.deepEqual([call?.name, call?.arguments], ['weather', spoken(text).arguments])
  })

  it('so are completions, and what was embedded', async () => {
    const completion = await product.post('/v1/completions', { model: CHAT_MODEL, prompt: MARKER, max_tokens: 5 })
    const { choices } = (await completion.json()) as { choices: { text: string }[] }
    const content = await kept(await idOf(completion))
    assert.deepEqual([content.request, content.answers[0]?.text], [{ prompt: MARKER }, choices[0]?.text])
    const embedding = await product.post('/v1/embeddings', { model: EMBEDDING_MODEL, input: [MARKER, 'b'] })
    await embedding.text()
    const embedded = await kept(await idOf(embedding))
    assert.deepEqual([embedded.request, embedded.answers], [{ input: [MARKER, 'b'] }, []])
  })

  it('a stream that was cut keeps what was sent of it', async () => {
    const long = chat({ max_tokens: 20_000, ignore_eos: true })
    const left = liveStream(product, long)
    await left.begun
    left.hangUp()
    await left.ended
    const lost = liveStream(product, long)
    await lost.begun
    process.kill(product.pidOf('engine', CHAT_MODEL), 'SIGKILL')
    const { text } = await lost.ended
    const records = await product.until('both records arrive', async () => {
      const cut = (await product.usage(2)).map(({ cut_by }) => cut_by)
      return cut.includes('client') && cut.includes('engine') && (await product.usage(2))
    })
    const of = async (cutBy: string) => {
      const { answers } = await kept(records.find(({ cut_by }) => cut_by === cutBy)?.id ?? '')
      return `${answers[0]?.reasoning ?? ''}${answers[0]?.text ?? ''}`
    }
    assert.ok((await of('client')).length > 0)
    assert.ok((await of('engine')).endsWith(text) && text.length > 0)
    await product.until('the engine is back', async () => (await product.engine(CHAT_MODEL)).state === 'ready')
  })

  it('a killed worker loses what waited in it, and nothing that had come', async () => {
    const before = (await log()).requests
    process.kill(product.pidOf('worker'), 'SIGKILL')
    await workerIsBack()
    assert.ok((await log()).requests >= before)
  })

  it('everything is gone when the answer to switching it off comes, and nothing new is kept', async () => {
    assert.ok((await log()).requests > 0)
    await change({ content_on_disk: false })
    assert.equal((await log()).requests, 0)
    const { data } = await product.get<{ data: { content_logging: boolean }[] }>('/api/projects')
    assert.equal(data[0]?.content_logging, false)
    const answer = await product.post('/v1/chat/completions', chat())
    await answer.text()
    await product.until('its record arrives', async () => (await product.usage(1))[0]?.id === (await idOf(answer)))
    assert.equal((await product.ask('GET', `/api/requests/${await idOf(answer)}/content`)).status, 404)
    const refused = await product.ask('PATCH', `/api/projects/${projectId}`, { content_logging: true })
    assert.equal(refused.status, 409)
  })
})

/** What a stream said, put together by hand. */
function spoken(stream: string) {
  const said = { content: new Map<number, string>(), reasoning: new Map<number, string>(), arguments: '' }
  const add = (to: Map<number, string>, index: number, piece: string | null | undefined) =>
    to.set(index, (to.get(index) ?? '') + (piece ?? ''))
  for (const line of stream.split('\n')) {
    if (!line.startsWith('data: {')) continue
    const event = JSON.parse(line.slice(6)) as { choices: { index: number; delta: Partial<Message> }[] }
    for (const { index, delta } of event.choices) {
      add(said.content, index, delta.content)
      add(said.reasoning, index, delta.reasoning_content)
      said.arguments += delta.tool_calls?.[0]?.function.arguments ?? ''
    }
  }
  return said
}
