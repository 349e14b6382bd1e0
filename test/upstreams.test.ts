/** Upstreams in the running product, by the official client: a Tradewind behind the Tradewind, and one that refuses. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type OpenAI from 'openai'
import { APIError } from 'openai'
import { startModelsServer } from '../src/upstreams/models-server.ts'
import type { UpstreamOnWire, UpstreamTestOnWire } from '../src/upstreams/schema.ts'
import { type Product, STARTER, startProduct } from './product.ts'

let product: Product
let client: OpenAI
let far: UpstreamOnWire

async function add(wanted: object): Promise<UpstreamOnWire> {
  const { status, body } = await product.ask('POST', '/api/upstreams', { network: 'private', ...wanted })
  assert.equal(status, 201, JSON.stringify(body))
  return body as UpstreamOnWire
}

before(async () => {
  product = await startProduct()
  client = product.openai({ maxRetries: 0 })
  far = await add({ name: 'far', kind: 'tradewind', base_url: product.baseURL, secret: product.key })
})
after(() => product.stop())

const question = (model: string) => ({
  model,
  messages: [{ role: 'user' as const, content: 'Name three colours.' }],
  max_completion_tokens: 8,
  temperature: 0,
})
const recordOf = (id: string) =>
  product.until('a request is recorded', async () => (await product.usage()).find((one) => one.id === id))

describe('another Tradewind as an upstream', () => {
  it('is well, and its models are listed for clients', async () => {
    assert.equal(far.state, 'healthy')
    await product.until('workers know the model', async () =>
      (await client.models.list()).data.some(({ id }) => id === `far/${STARTER}`),
    )
    const listed = (await client.models.list()).data.find(({ id }) => id === `far/${STARTER}`)
    assert.equal(listed?.owned_by, 'far')
  })

  it('answers as the model itself does, and the record says who counted', async () => {
    const near = await client.chat.completions.create(question(STARTER))
    const { data, response } = await client.chat.completions.create(question(`far/${STARTER}`)).withResponse()
    assert.deepEqual(data.choices[0]?.message.content, near.choices[0]?.message.content)
    assert.deepEqual(data.usage?.total_tokens, near.usage?.total_tokens)
    const record = await recordOf(response.headers.get('x-request-id') ?? '')
    assert.equal(record.model, `far/${STARTER}`)
    assert.equal(record.engine_id, far.id)
    assert.equal(record.tokens_out, near.usage?.completion_tokens)
  })

  it('streams, and an embedding path that its model has not is its own to refuse', async () => {
    let text = ''
    let usage: OpenAI.CompletionUsage | null = null
    const stream = await client.chat.completions.create({
      ...question(`far/${STARTER}`),
      stream: true,
      stream_options: { include_usage: true },
    })
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    assert.notEqual(text, '')
    assert.ok((usage?.completion_tokens ?? 0) > 0)
    const refused = await client.embeddings.create({ model: `far/${STARTER}`, input: 'a' }).catch((error) => error)
    assert.ok(refused instanceof APIError && refused.status === 400, String(refused))
  })

  it('that is switched off serves nobody, and serves again when it is switched on', async () => {
    await product.ask('PATCH', `/api/upstreams/${far.id}`, { enabled: false })
    const gone = await product.until('its model is gone', () =>
      client.chat.completions.create(question(`far/${STARTER}`)).then(
        () => null,
        (error) => error as APIError,
      ),
    )
    assert.equal(gone.code, 'model_not_found')
    await product.ask('PATCH', `/api/upstreams/${far.id}`, { enabled: true })
    await product.until('its model is back', async () =>
      (await client.models.list()).data.some(({ id }) => id === `far/${STARTER}`),
    )
  })

  it('with a key that it does not know is no fault of the client', async () => {
    const named = [{ remote: STARTER, name: 'locked', task: 'chat' }]
    const secret = `${product.key.slice(0, -4)}zzzz`
    const locked = await add({
      name: 'locked-out',
      kind: 'tradewind',
      base_url: product.url,
      secret,
      published: named,
    })
    assert.equal(locked.trouble?.code, 'unauthorized')
    const refused = await product.until('its model is known', () =>
      client.chat.completions.create(question('locked')).then(
        () => null,
        (error: APIError) => (error.status === 404 ? null : error),
      ),
    )
    assert.deepEqual([refused.status, refused.code], [502, 'upstream_refused_us'])
    assert.ok(!refused.message.includes(product.url))
  })
})

describe('what is kept', () => {
  it('holds no secret in the clear, on disk or in a log', async () => {
    const secret = 'sk-theirs-Zx81QpLm7vTe20hK'
    const theirs = await startModelsServer()
    try {
      const made = await add({ name: 'kept', kind: 'openai', base_url: theirs.url, secret })
      assert.equal(theirs.asked[0]?.headers.authorization, `Bearer ${secret}`)
      theirs.answers(401, { error: { message: `no: ${secret}` } })
      const { body } = await product.ask('POST', `/api/upstreams/${made.id}/check`)
      assert.equal((body as UpstreamTestOnWire).trouble?.code, 'unauthorized')
      assert.ok(!JSON.stringify(body).includes(secret))
      const files = filesBelow(product.folder.root)
      assert.ok(files.length > 20)
      for (const file of files) assert.equal(readFileSync(file).includes(secret), false, file)
    } finally {
      await theirs.close()
    }
  })
})

/** But for sockets, and what is too large to hold anything of ours: weights. */
function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => statSync(file).size < 50_000_000)
}
