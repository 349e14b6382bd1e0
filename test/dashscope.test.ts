/**
 * DashScope's API against the running product on the real starter model: its own Python package, unmodified, and plain HTTP
 * for what that package does not show.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, before, describe, it, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as shapes from '../src/control/docs/dashscope-schemas.ts'
import { testModel } from './models/test-model.ts'
import { type Product, STARTER, startProduct } from './product.ts'
import { pythonWith } from './python-environment.ts'

const SCRIPT = join(import.meta.dirname, 'python/dashscope_client.py')
const python = pythonWith('dashscope-python', join(import.meta.dirname, 'python/dashscope-requirements.txt'))

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
const compiled = (shape: object) => ajv.compile(JSON.parse(JSON.stringify(shape)) as object)
const isGeneration = compiled(shapes.Generation)
const isEmbeddings = compiled(shapes.TextEmbeddings)
const isError = compiled(shapes.DashScopeError)

const SERVICES = '/api/v1/services'
const TEXT = `${SERVICES}/aigc/text-generation/generation`
const MULTIMODAL = `${SERVICES}/aigc/multimodal-generation/generation`
const EMBEDDING = `${SERVICES}/embeddings/text-embedding/text-embedding`
const QUESTION = 'Name three colours of the rainbow.'

let product: Product

before(async () => {
  product = await startProduct()
  await product.importModel('tiny-bert', await testModel('bert'))
})
after(() => product.stop())

function ask(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(product.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
}

const generation = (parameters: object = {}, input: object = { messages: [{ role: 'user', content: QUESTION }] }) => ({
  model: STARTER,
  input,
  parameters: { temperature: 0, max_tokens: 12, ...parameters },
})

test('the Python client', { skip: 'missing' in python ? python.missing : false }, async (t) => {
  assert.ok('path' in python)
  const child = spawn(python.path, [SCRIPT], {
    env: {
      ...process.env,
      TEST_URL: product.url,
      DASHSCOPE_API_KEY: product.key,
      TEST_CHAT_MODEL: STARTER,
      TEST_EMBEDDING_MODEL: 'tiny-bert',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaints += text
  })
  const exited = new Promise<number | null>((resolve) => child.on('close', resolve))
  let tests = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const { name, problem } = JSON.parse(line) as { name: string; problem: string | null }
    tests++
    await t.test(name, () => assert.ok(problem === null, problem ?? ''))
  }
  assert.equal(await exited, 0, complaints)
  assert.ok(tests > 0, complaints)
})

describe('plain HTTP', () => {
  it('is answered in the shapes that are documented', async () => {
    for (const [path, body] of [
      [TEXT, generation()],
      [TEXT, generation({ logprobs: true, top_logprobs: 2 })],
      [TEXT, generation({ unheard_of: 1 }, { prompt: QUESTION })],
      [MULTIMODAL, generation({}, { messages: [{ role: 'user', content: [{ text: QUESTION }] }] })],
    ] as const) {
      const answer = await ask(path, body)
      const value: unknown = await answer.json()
      assert.equal(answer.status, 200, JSON.stringify(value))
      assert.ok(isGeneration(value), `${JSON.stringify(isGeneration.errors)} in ${JSON.stringify(value)}`)
      const id = (value as { request_id: string }).request_id
      assert.equal(id, answer.headers.get('x-request-id'))
      const record = await product.until('it is recorded', async () =>
        (await product.usage()).find((found) => found.id === id),
      )
      assert.equal(record.route, path)
      assert.equal(record.tokens_out, (value as { usage: { output_tokens: number } }).usage.output_tokens)
    }
    const embeddings = await ask(EMBEDDING, { model: 'tiny-bert', input: { texts: ['a', 'b'] } })
    const value: unknown = await embeddings.json()
    assert.ok(isEmbeddings(value), `${JSON.stringify(isEmbeddings.errors)} in ${JSON.stringify(value)}`)
  })

  it('is streamed for either header, in numbered events', async () => {
    for (const headers of [{ 'x-dashscope-sse': 'enable' }, { accept: 'text/event-stream' }]) {
      const answer = await ask(TEXT, generation(), headers as Record<string, string>)
      assert.match(answer.headers.get('content-type') ?? '', /^text\/event-stream/)
      const events = (await answer.text()).split('\n\n').slice(0, -1)
      for (const [at, event] of events.entries()) {
        const [id, name, status, data = ''] = event.split('\n')
        assert.deepEqual([id, name, status], [`id:${at + 1}`, 'event:result', ':HTTP_STATUS/200'])
        assert.ok(isGeneration(JSON.parse(data.slice('data:'.length))), JSON.stringify(isGeneration.errors))
      }
      assert.ok(events.length > 2)
    }
  })

  it('is refused in its own words, and takes no cookie, no other method and no task to wait for', async () => {
    const refusals = [
      [await ask(TEXT, generation(), { authorization: '', cookie: 'tw_session=any' }), 401, 'InvalidApiKey'],
      [await ask(TEXT, generation(), { 'x-dashscope-async': 'enable' }), 400, 'UnsupportedOperation'],
      [await ask(TEXT, { model: STARTER, input: {} }), 400, 'InvalidParameter'],
      [await ask(TEXT, generation({ temperature: 'hot' })), 400, 'InvalidParameter'],
      [await ask(EMBEDDING, { model: 'nobody', input: { texts: [] } }), 404, 'ModelNotFound'],
      [await fetch(product.url + TEXT), 405, 'InvalidURL'],
    ] as const
    for (const [answer, status, code] of refusals) {
      const error = (await answer.json()) as { code: string; request_id: string }
      assert.deepEqual([answer.status, error.code], [status, code], JSON.stringify(error))
      assert.ok(isError(error))
      assert.equal(error.request_id, answer.headers.get('x-request-id'))
      assert.equal(answer.headers.get('access-control-allow-origin'), null)
    }
  })

  it('has OpenAI’s paths under another base too, and nothing else there', async () => {
    const body = { model: STARTER, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }
    assert.equal((await ask('/compatible-mode/v1/chat/completions', body)).status, 200)
    assert.equal((await ask('/compatible-mode/v1/completions', { ...body, prompt: 'Hi' })).status, 200)
    assert.equal((await ask('/compatible-mode/v1/embeddings', { model: 'tiny-bert', input: 'Hi' })).status, 200)
    const headers = { authorization: `Bearer ${product.key}` }
    const models = await fetch(`${product.url}/compatible-mode/v1/models`, { headers })
    assert.equal(((await models.json()) as { data: unknown[] }).data.length, 2)
    assert.equal((await ask('/compatible-mode/v1/messages', body)).status, 404)
    const tasks = await fetch(`${product.url}/api/v1/tasks/1`, { headers })
    assert.equal(tasks.status, 404)
  })
})
