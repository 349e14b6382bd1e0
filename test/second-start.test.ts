/** The first start as a newcomer has it, the second one without any network, and one with two gateway workers. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { type Product, startProduct } from './product.ts'

const MODEL = 'smollm2-135m-instruct'
/** Nobody listens there. */
const NOWHERE = 'http://127.0.0.1:9'

let product: Product

before(async () => {
  // No hub answers, so the starter is the one that comes as a Python package.
  product = await startProduct({ starter: false, environment: { TRADEWIND_STARTER: 'auto' } })
})
after(() => product.stop())

async function answers(): Promise<void> {
  const { choices } = await product
    .openai()
    .chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 4 })
  assert.notEqual(choices[0]?.message.content, '')
}

describe('the first start', () => {
  it('fetches a starter, shows how it comes, and says why this one and how to get another', async () => {
    assert.match(product.said, /Fetching a starter model\. .*hub/)
    assert.match(product.said, /SmolLM2-135M-Instruct: [\d.]+ of 98 MB/)
    assert.match(product.said, new RegExp(`answers as "${MODEL}"`))
    assert.match(product.said, /Get another with|models pull/)
    await answers()
  })
})

describe('a second start', () => {
  it('serves the same model to the same key, without any network', async () => {
    await product.end()
    assert.deepEqual(readdirSync(product.folder.run), [], 'no socket is left')
    const startedAtMs = Date.now()
    await product.start({ PIP_INDEX_URL: NOWHERE, HTTPS_PROXY: NOWHERE, HTTP_PROXY: NOWHERE })
    console.log(`second start: serving after ${Date.now() - startedAtMs} ms`)
    await product.until(
      'the model is loaded, though nobody asked',
      async () => (await product.model(MODEL)).state === 'loaded',
    )
    await answers()
    assert.doesNotMatch(product.said, /Fetching|\/setup\?token/)
  })

  it('loads by itself what was loaded, and not what an operator unloaded', async () => {
    assert.equal((await product.ask('POST', `/api/models/${MODEL}/unload`)).status, 200)
    await product.end()
    await product.start()
    assert.equal((await product.model(MODEL)).state, 'here')
    await answers()
  })
})

describe('two gateway workers', {
  skip: process.platform !== 'linux' && 'only Linux shares a port between processes',
}, () => {
  before(async () => {
    await product.end()
    await product.start({ GATEWAY_WORKERS: '2' })
  })

  it('both serve', async () => {
    assert.deepEqual(
      product
        .processes()
        .filter(({ role }) => role === 'worker')
        .map(({ name }) => name)
        .sort(),
      ['0', '1'],
    )
    assert.deepEqual(new Set(await statuses(product.key)), new Set([200]))
  })

  it('a revoked key is refused by both from the moment that its revocation is answered', async () => {
    const made = await product.ask('POST', '/api/keys', { name: 'short-lived' })
    const { id, secret } = made.body as { id: string; secret: string }
    assert.deepEqual(new Set(await statuses(secret)), new Set([200]), 'a new key works in every worker at once')
    const askedAtMs = performance.now()
    assert.equal((await product.ask('DELETE', `/api/keys/${id}`)).status, 200)
    const tookMs = performance.now() - askedAtMs
    assert.deepEqual(new Set(await statuses(secret)), new Set([401]))
    console.log(`key revoked in both workers within ${Math.round(tookMs)} ms`)
    await answers()
  })

  it('one killed leaves the other serving', async () => {
    process.kill(product.pidOf('worker', '1'), 'SIGKILL')
    // What was on its way to the one that died is lost; a client that asks again is answered.
    await product.until('all are answered again', async () =>
      (await statuses(product.key)).every((status) => status === 200),
    )
    await product.until('it is back', async () =>
      product.processes().some(({ role, name }) => role === 'worker' && name === '1'),
    )
  })
})

/** Of requests on connections of their own, so many that the kernel gives some to each worker. 0 = broken. */
async function statuses(key: string): Promise<number[]> {
  const headers = { authorization: `Bearer ${key}`, connection: 'close' }
  const one = () =>
    fetch(`${product.baseURL}/models`, { headers }).then(
      ({ status }) => status,
      () => 0,
    )
  return Promise.all(Array.from({ length: 40 }, one))
}
