/** Text that nothing behind the door could hold, sent to the door. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { ORIGIN, type TestInstallation, testInstallation } from '../identity/test-installation.ts'
import { unsoundIn } from './sound-text.ts'

let at: TestInstallation
let cookie = ''
before(async () => {
  at = await testInstallation()
  await at.setUp()
  cookie = await at.cookieOf('ada@example.com')
})
after(() => at.close())

const get = (url: string) => at.server.inject({ url, headers: { cookie } })
const post = (url: string, payload: object | string | Buffer) =>
  at.server.inject({
    method: 'POST',
    url,
    headers: { cookie, origin: ORIGIN, 'content-type': 'application/json' },
    payload,
  })

describe('the character NUL is refused', () => {
  it('in a body, which is told by the name of the field', async () => {
    const answer = await post('/api/keys', { name: 'a', models: ['a\u0000b'] })
    assert.deepEqual([answer.statusCode, answer.json().error.code], [400, 'invalid_request'])
    assert.equal((await post('/api/auth/sign-in/email', { email: 'a\u0000', password: 'b' })).statusCode, 400)
  })

  it('in a query', async () => {
    for (const url of ['/api/keys?search=a%00', '/api/keys?model=%00', '/api/audit?target=%00']) {
      const answer = await get(url)
      assert.deepEqual([answer.statusCode, answer.json().error.code], [400, 'invalid_request'], url)
    }
  })

  it('in an id, where nothing is found', async () => {
    assert.equal((await get('/api/keys/%00')).statusCode, 404)
    assert.equal((await get('/api/projects/proj_%00')).statusCode, 404)
  })
})

it('half of a surrogate pair is no text', async () => {
  const answer = await post('/api/organizations', '{"name":"a\\ud83d"}')
  assert.deepEqual([answer.statusCode, answer.json().error.code], [400, 'invalid_request'])
})

it('a body of bytes that are not UTF-8 is no JSON', async () => {
  const answer = await post('/api/organizations', Buffer.from('{"name":"caf\xe9"}', 'latin1'))
  assert.deepEqual([answer.statusCode, answer.json().error.code], [400, 'invalid_json'])
  assert.equal((await post('/api/organizations', '{"name":')).json().error.code, 'invalid_json')
  assert.equal((await post('/api/organizations', { name: 'Café 👍' })).statusCode, 201)
})

it('no answer may be taken for another kind than it says', async () => {
  for (const url of ['/api/keys', '/api/keys/unknown', '/nowhere', '/openapi.json'])
    assert.equal((await get(url)).headers['x-content-type-options'], 'nosniff', url)
})

it('a body may be nested as deep as it is long', () => {
  let deep: unknown = 'a\u0000'
  for (let i = 0; i < 200_000; i++) deep = [deep]
  assert.equal(unsoundIn(deep)?.length, 200_000)
  assert.equal(unsoundIn({ a: [{ b: 'c' }], d: null, e: 1 }), null)
  assert.deepEqual(unsoundIn({ a: [{ b: '\u0000' }] }), ['a', '0', 'b'])
})

describe('a name that would command a terminal, or deceive who reads it,', () => {
  const names = ['a\u001b[2J', 'bell\u0007', 'x\u202egpj', 'two\nlines', 'two\u2028lines', '\u0085', '   ']

  it('is refused of keys, organisations, projects, service accounts and people', async () => {
    const all: { id: string; name: string }[] = (await get('/api/organizations')).json().data
    const organizationId = all.find(({ name }) => name === 'Kestrel Labs')?.id
    const plainly = (payload: object) => [
      post('/api/keys', payload),
      post('/api/organizations', payload),
      post('/api/projects', { organization_id: organizationId, ...payload }),
      post('/api/service-accounts', { organization_id: organizationId, ...payload }),
    ]
    const taken = await Promise.all(plainly({ name: 'Überblick 数据 👍' }))
    assert.deepEqual(
      taken.map(({ statusCode }) => statusCode),
      [201, 201, 201, 201],
    )
    for (const name of names) {
      const asked = [
        ...plainly({ name }),
        at.server.inject({
          method: 'PATCH',
          url: '/api/me/account',
          headers: { cookie, origin: ORIGIN },
          payload: { name: `a${name}b` },
        }),
      ]
      const statuses = (await Promise.all(asked)).map(({ statusCode }) => statusCode)
      const ofPerson = name.trim() === '' ? statuses[4] : 400
      assert.deepEqual(statuses, [400, 400, 400, 400, ofPerson], JSON.stringify(name))
    }
  })
})
