/** Ollama's own npm package, unmodified, against the running product on the real starter model. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type ChatRequest, type ChatResponse, Ollama } from 'ollama'
import * as shapes from '../src/control/docs/ollama-schemas.ts'
import { testModel } from './models/test-model.ts'
import { TINY_BERT_EMBEDDING_SIZE } from './models/tiny-bert.ts'
import { type Product, STARTER, startProduct } from './product.ts'

let product: Product
let client: Ollama

before(async () => {
  product = await startProduct()
  await product.importModel('tiny-bert', await testModel('bert'))
  client = clientWith(product.key)
})
after(() => product.stop())

const clientWith = (key: string) => new Ollama({ host: product.url, headers: { Authorization: `Bearer ${key}` } })

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
const validator = (shape: object) => {
  const isShape = ajv.compile(JSON.parse(JSON.stringify(shape)) as object)
  return (value: unknown) => assert.ok(isShape(value), `${JSON.stringify(isShape.errors)} in ${JSON.stringify(value)}`)
}
const assertChatLine = validator(shapes.OllamaChatLine)
const assertGenerateLine = validator(shapes.OllamaGenerateLine)

/** Greedy, so that the same question has the same answer. To be copied: the package writes into what it is given. */
const QUESTION = {
  model: STARTER,
  messages: [{ role: 'user', content: 'Name three colours of the rainbow.' }],
  options: { temperature: 0, num_predict: 24 },
} satisfies ChatRequest

const failure = (status_code: number, message: RegExp) => (error: unknown) => {
  assert.equal((error as { status_code?: number }).status_code, status_code)
  assert.match((error as Error).message, message)
  return true
}

describe('a chat', () => {
  it('is answered whole, counted and timed', async () => {
    const answer = await client.chat({ ...QUESTION })
    assertChatLine(answer)
    assert.equal(answer.model, STARTER)
    assert.equal(answer.done_reason, 'length')
    assert.equal(answer.eval_count, 24)
    assert.ok(answer.prompt_eval_count > 0 && answer.eval_duration > 0 && answer.total_duration > answer.eval_duration)
    const record = await product.until('it is recorded', async () =>
      (await product.usage()).find(({ route }) => route === '/api/chat'),
    )
    assert.deepEqual([record.tokens_in, record.tokens_out], [answer.prompt_eval_count, answer.eval_count])
  })

  it('is streamed with the same words', async () => {
    const whole = await client.chat({ ...QUESTION })
    const lines: ChatResponse[] = []
    for await (const line of await client.chat({ ...QUESTION, model: `${STARTER}:latest`, stream: true }))
      lines.push(line)
    for (const line of lines) assertChatLine(line)
    assert.equal(lines.map(({ message }) => message.content).join(''), whole.message.content)
    assert.equal(lines.at(-1)?.eval_count, whole.eval_count)
    assert.deepEqual([lines.at(-1)?.done, lines.at(-1)?.done_reason], [true, whole.done_reason])
    assert.ok(lines.length > 3)
  })

  it('is a stream of lines where nothing is said of it', async () => {
    const answer = await product.post('/api/chat', QUESTION)
    assert.equal(answer.headers.get('content-type'), 'application/x-ndjson')
    const text = await answer.text()
    assert.ok(text.endsWith('\n') && text.split('\n').length > 3)
  })

  it('keeps to a form', async () => {
    const format = {
      type: 'object',
      properties: { city: { type: 'string', enum: ['Paris', 'Oslo'] }, days: { type: 'integer', maximum: 7 } },
      required: ['city', 'days'],
      additionalProperties: false,
    }
    const answer = await client.chat({ ...QUESTION, format, options: { temperature: 0, num_predict: 100 } })
    assert.ok(ajv.validate(format, JSON.parse(answer.message.content)), answer.message.content)
  })

  it('takes tools, and goes on after their results', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
    const tools = [{ type: 'function', function: { name: 'get_weather', description: 'Weather', parameters } }]
    assertChatLine(await client.chat({ ...QUESTION, tools }))
    const messages = [
      ...QUESTION.messages,
      {
        role: 'assistant',
        content: '',
        tool_calls: [{ function: { name: 'get_weather', arguments: { city: 'Oslo' } } }],
      },
      { role: 'tool', tool_name: 'get_weather', content: 'Rain, 8 degrees.' },
    ]
    const answer = await client.chat({ ...QUESTION, messages, tools })
    assertChatLine(answer)
    assert.ok(answer.message.content.length > 0)
  })

  it('of nothing loads the model', async () => {
    const answer = await client.chat({ model: STARTER, messages: [] })
    assert.equal(answer.done_reason, 'load')
  })

  it('stops being written when nobody listens, and leaves a record', async () => {
    const options = { temperature: 1, num_predict: 2_000 }
    const stream = await client.chat({ ...QUESTION, options, stream: true })
    await assert.rejects(async () => {
      for await (const _ of stream) stream.abort()
    }, /abort/i)
    const record = await product.until('the record of it', async () =>
      (await product.usage()).find(({ route, cut_by }) => route === '/api/chat' && cut_by === 'client'),
    )
    assert.ok(record.tokens_out > 0 && record.tokens_out < 2_000, String(record.tokens_out))
  })
})

describe('a text', () => {
  const prompt = { model: STARTER, prompt: 'Name three colours.', options: { temperature: 0, num_predict: 12 } }

  it('is generated whole and streamed, through the template of the model or raw', async () => {
    for (const raw of [false, true]) {
      const whole = await client.generate({ ...prompt, raw })
      assertGenerateLine(whole)
      assert.equal(whole.eval_count, 12)
      let text = ''
      for await (const line of await client.generate({ ...prompt, raw, stream: true })) {
        assertGenerateLine(line)
        text += line.response ?? ''
      }
      assert.equal(text, whole.response)
    }
  })
})

it('texts become vectors', async () => {
  const { embeddings, prompt_eval_count } = await client.embed({ model: 'tiny-bert', input: ['a cat', 'money'] })
  assert.deepEqual(
    embeddings.map(({ length }) => length),
    [TINY_BERT_EMBEDDING_SIZE, TINY_BERT_EMBEDDING_SIZE],
  )
  assert.ok(prompt_eval_count > 0)
  const { embedding } = await client.embeddings({ model: 'tiny-bert', prompt: 'a cat' })
  for (const [at, value] of embedding.entries()) assert.ok(Math.abs(value - (embeddings[0]?.[at] ?? 9)) < 1e-4)
})

describe('models', () => {
  it('are listed, shown and running', async () => {
    const { models } = await client.list()
    assert.deepEqual(models.map(({ name }) => name).sort(), [STARTER, 'tiny-bert'])
    validator(shapes.OllamaModels)({ models })
    const shown = await client.show({ model: `${STARTER}:latest` })
    validator(shapes.OllamaShown)(shown)
    assert.deepEqual(shown.capabilities, ['completion', 'tools'])
    assert.deepEqual((await client.show({ model: 'tiny-bert' })).capabilities, ['embedding'])
    assert.ok((await client.ps()).models.some(({ model }) => model === STARTER))
    assert.match((await client.version()).version, /^\d+\.\d+\.\d+$/)
  })

  it('are not changed by it', async () => {
    await assert.rejects(client.pull({ model: 'x' }), failure(403, /models pull/))
    await assert.rejects(client.push({ model: 'x' }), failure(403, /not published/))
    await assert.rejects(client.create({ model: 'x', from: STARTER }), failure(403, /models import/))
    await assert.rejects(client.copy({ source: STARTER, destination: 'x' }), failure(403, /one name/))
    await assert.rejects(client.delete({ model: STARTER }), failure(403, /models delete/))
    assert.equal((await client.list()).models.length, 2)
  })
})

describe('what goes wrong', () => {
  it('is told in a sentence', async () => {
    await assert.rejects(client.chat({ ...QUESTION, model: 'nobody' }), failure(404, /`nobody` does not exist/))
    await assert.rejects(client.show({ model: 'nobody' }), failure(404, /does not exist/))
    for (const ask of [() => clientWith('sk-tw-nobody').chat({ ...QUESTION }), () => clientWith('sk-tw-nobody').list()])
      await assert.rejects(ask, failure(401, /not known/))
    await assert.rejects(client.generate({ model: STARTER, prompt: 'a', suffix: 'b' }), failure(400, /^suffix/))
    await assert.rejects(client.embed({ model: STARTER, input: 'x' }), failure(400, /chat model/))
    const broken = await product.post('/api/show', '{')
    assert.deepEqual([broken.status, Object.keys((await broken.json()) as object)], [400, ['error']])
  })

  it('is a session of the console in place of a key', async () => {
    const cookie = 'better-auth.session_token=x; __Host-session=x'
    for (const path of ['/api/tags', '/api/version'])
      assert.equal((await fetch(`${product.url}${path}`, { headers: { cookie } })).status, 401)
  })

  it('is a method that a path does not have', async () => {
    const headers = { authorization: `Bearer ${product.key}` }
    const answer = await fetch(`${product.url}/api/show`, { headers })
    assert.equal(answer.status, 405)
    assert.equal(answer.headers.get('allow'), 'POST')
  })
})

it('no route of the console has a name of these', async () => {
  const names = 'chat generate embed embeddings tags show ps version pull push create copy delete'.split(' ')
  for (const name of names)
    for (const method of ['GET', 'POST', 'DELETE'] as const)
      assert.equal((await product.ask(method, `/api/${name}`, method === 'GET' ? undefined : {})).status, 404, name)
})
