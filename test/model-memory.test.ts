/** Several models in a memory for two: what is asked for comes in, what was used longest ago goes, and no answer is cut for it. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { liveStream } from './live-stream.ts'
import { type TestModelName, testModel } from './models/test-model.ts'
import { type Product, startProduct } from './product.ts'

const NAMES = ['qwen3', 'deepseek-v3', 'deepseek-r1'] as const satisfies TestModelName[]
type Name = `tiny-${(typeof NAMES)[number]}`

let product: Product

before(async () => {
  // Each takes about 150 MB with a small context, most of it the process.
  product = await startProduct({ starter: false, environment: { ENGINE_MEMORY_MB: '370' } })
  for (const name of NAMES) await product.importModel(`tiny-${name}`, await testModel(name))
})
after(() => product.stop())

async function loaded(): Promise<string[]> {
  const { engines } = await product.get<{ engines: { model: string; state: string }[] }>('/api/status')
  return engines
    .filter(({ state }) => state === 'ready')
    .map(({ model }) => model)
    .sort()
}

function asked(model: Name, changed: { n?: number; max_tokens?: number } = {}): object {
  return { model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 2, ignore_eos: true, ...changed }
}

/** So many answers of so many tokens that even a tiny model is busy until its client leaves. */
const ENDLESS = { n: 100, max_tokens: 1_500 }

/** Asks, and waits until the use is known to those who choose what to unload. */
async function use(model: Name): Promise<void> {
  const answer = await product.post('/v1/chat/completions', asked(model))
  assert.equal(answer.status, 200, await answer.text())
  const id = answer.headers.get('x-request-id')
  await product.until('the use is on record', async () => (await product.usage(10)).some((record) => record.id === id))
}

describe('memory', () => {
  it('a model that has weights but no engine is loaded when somebody asks for it', async () => {
    assert.deepEqual(await loaded(), [])
    await use('tiny-qwen3')
    assert.deepEqual(await loaded(), ['tiny-qwen3'])
  })

  it('many who ask at once share one load', async () => {
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => product.post('/v1/chat/completions', asked('tiny-deepseek-v3'))),
    )
    for (const answer of answers) assert.equal(answer.status, 200, await answer.text())
    assert.deepEqual(await loaded(), ['tiny-deepseek-v3', 'tiny-qwen3'])
  })

  it('where there is no room, the least recently used goes', async () => {
    await use('tiny-deepseek-v3')
    await use('tiny-qwen3')
    await use('tiny-deepseek-r1')
    assert.deepEqual(await loaded(), ['tiny-deepseek-r1', 'tiny-qwen3'])
    await use('tiny-deepseek-v3')
    assert.deepEqual(await loaded(), ['tiny-deepseek-r1', 'tiny-deepseek-v3'])
  })

  it('a model that is answering is not unloaded for another, however long it was not asked', async () => {
    const stream = liveStream(product, asked('tiny-deepseek-r1', ENDLESS))
    await stream.begun
    await use('tiny-deepseek-v3')
    await use('tiny-qwen3')
    assert.deepEqual(await loaded(), ['tiny-deepseek-r1', 'tiny-qwen3'])
    const second = liveStream(product, asked('tiny-qwen3', ENDLESS))
    await second.begun
    assert.deepEqual([stream.soFar.done, second.soFar.done], [false, false], 'both should still be answering')
    const refused = await product.post('/v1/chat/completions', asked('tiny-deepseek-v3'))
    assert.equal(refused.status, 409)
    assert.equal(((await refused.json()) as { error: { code: string } }).error.code, 'engines.memory_exceeded')
    for (const one of [stream, second]) {
      assert.equal(one.soFar.errorCode, null)
      one.hangUp()
      await one.ended
    }
    await product.idle()
  })

  it('a context that could never fit is refused with the numbers, and nothing is unloaded for it', async () => {
    const before = await loaded()
    const { status, body } = await product.ask('POST', '/api/models/tiny-qwen3/load', {
      context_tokens: 4_096,
      sequences: 200,
    })
    const { error } = body as { error: { code: string; message: string } }
    assert.deepEqual([status, error.code], [409, 'engines.memory_exceeded'])
    assert.match(error.message, /^tiny-qwen3 needs ≈ [\d.]+ GB here; [\d.]+ GB of the 0\.37 GB for models is free\./)
    assert.deepEqual(await loaded(), before)
    // Nor is the wish remembered: it would keep the model from ever loading again.
    assert.equal((await product.ask('POST', '/api/models/tiny-qwen3/unload')).status, 200)
    await use('tiny-qwen3')
  })

  it('a context that fits is given as wished', async () => {
    const { engine } = await product.load('tiny-qwen3', { context_tokens: 512, sequences: 3 })
    assert.deepEqual([engine?.context_tokens, engine?.sequences], [512, 3])
  })
})
