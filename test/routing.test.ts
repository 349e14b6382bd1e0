/** Routes through the product: made over /api, asked through a gateway worker, seen in the records. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Product, STARTER, startProduct } from './product.ts'

type Answer = { status: number; headers: Headers; text: string }
type RequestSeen = { id: string; model: string; requested_model: string | null }

let product: Product
before(async () => {
  product = await startProduct({})
})
after(() => product.stop())

async function ask(model: string, key = product.key): Promise<Answer> {
  const answer = await fetch(`${product.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 2, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  return { status: answer.status, headers: answer.headers, text: await answer.text() }
}

async function done(method: 'PUT' | 'PATCH' | 'DELETE' | 'POST', path: string, body?: object): Promise<unknown> {
  const answer = await product.ask(method, path, body)
  assert.ok(answer.status < 300, JSON.stringify(answer.body))
  return answer.body
}
const to = (...models: string[]) => ({ tiers: models.map((model) => ({ targets: [{ model, weight: 1 }] })) })

describe('a route', () => {
  it('is asked by its name, lists as a model, and its record names it and the model that answered', async () => {
    assert.equal((await ask('chat')).status, 404)
    await done('PUT', '/api/routes/chat', to('not-here', STARTER))
    const answer = await ask('chat')
    assert.equal(answer.status, 200, answer.text)
    assert.equal(answer.headers.get('x-tradewind-model'), STARTER)
    const id = answer.headers.get('x-request-id')
    await product.until('the record is there', async () => {
      const { data } = await product.get<{ data: RequestSeen[] }>('/api/requests?requested_model=chat')
      return data.some((one) => one.id === id && one.model === STARTER && one.requested_model === 'chat')
    })
    const models = await fetch(`${product.url}/v1/models`, { headers: { authorization: `Bearer ${product.key}` } })
    const { data } = (await models.json()) as { data: { id: string }[] }
    assert.ok(data.some(({ id }) => id === 'chat'))
  })

  it('lets in a key that names it and none of its models', async () => {
    await done('PUT', '/api/routes/chat', to(STARTER))
    const projects = await product.get<{ data: { id: string }[] }>('/api/projects')
    const body = { name: 'chat only', project_id: projects.data[0]!.id, models: ['chat'] }
    const { secret } = (await done('POST', '/api/keys', body)) as { secret: string }
    assert.equal((await ask('chat', secret)).status, 200)
    assert.equal((await ask(STARTER, secret)).status, 404)
  })

  it('and its model by its own name are told when the model drains, and answer again when it does not', async () => {
    await done('PUT', '/api/routes/chat', to(STARTER))
    await done('PATCH', `/api/route-models/${STARTER}`, { draining: true })
    const [byRoute, byName] = [await ask('chat'), await ask(STARTER)]
    assert.deepEqual([byRoute.status, byName.status], [503, 503])
    assert.match(byRoute.text, /"no_target_answered"/)
    assert.match(byName.text, /"model_draining"/)
    await done('PATCH', `/api/route-models/${STARTER}`, { draining: false })
    assert.equal((await ask('chat')).status, 200)
    await done('DELETE', '/api/routes/chat')
    assert.equal((await ask('chat')).status, 404)
  })
})
