import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fastify from 'fastify'
import { compilersAtFirstUse } from './schemas-at-first-use.ts'

describe('schemas that are compiled when a route is first used', () => {
  const shared = { $id: 'name', type: 'string', minLength: 2 }
  const serverWith = () => {
    const server = fastify({ schemaController: { compilersFactory: compilersAtFirstUse() } })
    server.addSchema(shared)
    server.post('/', {
      schema: {
        body: { type: 'object', required: ['name'], properties: { name: { $ref: 'name#' }, age: { type: 'integer' } } },
        response: { 200: { type: 'object', properties: { name: { type: 'string' } } } },
      },
      handler: async (request) => ({ ...(request.body as object), secret: 'kept' }),
    })
    server.get('/broken', { schema: { querystring: { type: 'nonsense' } }, handler: async () => 'never' })
    return server
  }

  it('hold, say where a value is wrong, and say it for each request anew', async () => {
    const server = serverWith()
    const post = (payload: object) => server.inject({ method: 'POST', url: '/', payload })
    assert.match((await post({ name: 'x' })).json().message, /body\/name must NOT have fewer than 2 characters/)
    assert.match((await post({})).json().message, /must have required property 'name'/)
    assert.equal((await post({ name: 'Ada', age: 'no' })).statusCode, 400)
    assert.equal((await post({ name: 'Ada' })).statusCode, 200)
  })

  it('keep back what an answer does not declare', async () => {
    const answer = await serverWith().inject({ method: 'POST', url: '/', payload: { name: 'Ada' } })
    assert.deepEqual(answer.json(), { name: 'Ada' })
  })

  it('fail the one route that has a broken one', async () => {
    const server = serverWith()
    assert.equal((await server.inject('/broken')).statusCode, 500)
    assert.equal((await server.inject({ method: 'POST', url: '/', payload: { name: 'Ada' } })).statusCode, 200)
  })
})
