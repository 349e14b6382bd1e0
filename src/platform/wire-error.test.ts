/** What control's server answers when it refuses, on the wire, in both languages. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Type } from 'typebox'
import { AppError } from './errors.ts'
import { createServer, type Server } from './http.ts'
import { createLog } from './log.ts'
import { sayRefusedInput } from './refused-input.ts'
import { sentence } from './sentences.ts'

class BoatTaken extends AppError<{ boat: string }> {
  static override code = 'test.boat_taken'
  static override status = 409
  static override say = (d: { boat: string }) => `${d.boat} is taken.`
}

class BoatSunk extends AppError<{ boat: string }> {
  static override code = 'test.boat_sunk'
  static override status = 410
  static override say = (d: { boat: string }) => `${d.boat} is sunk.`
}

let server: Server

before(async () => {
  server = await createServer({
    log: createLog('test', 'silent'),
    version: '0',
    publicUrl: 'http://localhost',
    inChinese: [sentence(BoatTaken, (d) => `${d.boat} 已被占用。`)],
  })
  server.get('/taken', async () => {
    throw new BoatTaken({ boat: 'Kestrel' })
  })
  server.get('/sunk', async () => {
    throw new BoatSunk({ boat: 'Kestrel' })
  })
  server.get('/bug', async () => {
    throw new Error('a secret of the house')
  })
  server.get('/newer', async (_request, reply) =>
    reply.code(409).send({ ...reply.errorBody(new BoatTaken({ boat: 'Kestrel' })), newer: 2 }),
  )
  server.delete('/boats', async (_request, reply) => reply.code(204).send())
  const body = Type.Object(
    {
      name: Type.String({ minLength: 2, maxLength: 5, pattern: '^[a-z]+$' }),
      crew: Type.Optional(Type.Integer({ minimum: 1, maximum: 9 })),
      kind: Type.Optional(Type.Union([Type.Literal('sloop'), Type.Literal('ketch')])),
      rig: Type.Optional(Type.Enum(['gaff', 'lug'])),
      built: Type.Optional(Type.String({ format: 'date-time' })),
      owner: Type.Optional(Type.Union([Type.Object({}), Type.Null()])),
      ports: Type.Optional(Type.Array(Type.String(), { maxItems: 1 })),
    },
    { additionalProperties: false },
  )
  server.post('/boats', { schema: { body } }, async () => ({}))
  server.get('/boats', { schema: { querystring: Type.Object({ limit: Type.Integer() }) } }, async () => ({}))
})
after(() => server.close())

const ZH = { 'accept-language': 'zh-CN,zh;q=0.9' }

async function messageOf(url: string, headers: Record<string, string> = {}, payload?: object | string) {
  const answer =
    payload === undefined
      ? await server.inject({ url, headers })
      : await server.inject({ method: 'POST', url, headers, payload })
  const { error } = answer.json() as { error: { message: string; param: string | null } }
  return { answer, ...error }
}

test('an expected error is said in the language that is asked for', async () => {
  const english = await messageOf('/taken')
  const chinese = await messageOf('/taken', ZH)
  assert.equal(english.message, 'Kestrel is taken.')
  assert.equal(chinese.message, 'Kestrel 已被占用。')
  assert.equal(english.answer.headers['content-language'], 'en')
  assert.equal(chinese.answer.headers['content-language'], 'zh')
  for (const { answer } of [english, chinese]) {
    assert.equal(answer.headers.vary, 'accept-language')
    assert.equal(answer.statusCode, 409)
  }
})

test('without a Chinese sentence it is the English one, and said to be', async () => {
  const { answer, message } = await messageOf('/sunk', ZH)
  assert.equal(message, 'Kestrel is sunk.')
  assert.equal(answer.headers['content-language'], 'en')
})

test('a route that answers with more than the error says it in the language too', async () => {
  const { answer, message } = await messageOf('/newer', ZH)
  assert.equal(message, 'Kestrel 已被占用。')
  assert.equal(answer.json().newer, 2)
  assert.equal(answer.headers['content-language'], 'zh')
})

test('what is no expected error says nothing of itself, in neither language', async () => {
  assert.equal((await messageOf('/bug')).message, 'Something went wrong here. The log has it under this request id.')
  assert.match((await messageOf('/bug', ZH)).message, /^这里出错了/)
})

test('no route is said in both', async () => {
  assert.equal(
    (await messageOf('/nowhere?x=1')).message,
    'There is no GET /nowhere here. The routes are listed at /docs.',
  )
  assert.equal((await messageOf('/nowhere?x=1', ZH)).message, '这里没有 GET /nowhere。全部接口列在 /docs。')
})

test('a refused field is named, with what would do, in both languages', async () => {
  const said: [payload: object, param: string | null, chinese: string, english: string][] = [
    [{}, 'name', '请求体缺少 name。', 'The body lacks "name".'],
    [{ name: 'a' }, 'name', '请求体的 name 至少要有 2 个字符。', '"name" in the body must have at least 2 characters.'],
    [{ name: 'abcdef' }, 'name', '请求体的 name 最多 5 个字符。', '"name" in the body must have at most 5 characters.'],
    [{ name: 'AB' }, 'name', '请求体的 name 必须符合格式 ^[a-z]+$。', '"name" in the body must match ^[a-z]+$.'],
    [{ name: 'ab', crew: 0 }, 'crew', '请求体的 crew 必须不小于 1。', '"crew" in the body must be at least 1.'],
    [{ name: 'ab', crew: 10 }, 'crew', '请求体的 crew 必须不大于 9。', '"crew" in the body must be at most 9.'],
    [{ name: 'ab', crew: 'many' }, 'crew', '请求体的 crew 必须是整数。', '"crew" in the body must be a whole number.'],
    [{ name: 'ab', hull: 1 }, null, '请求体不能有 hull。', 'The body must not have "hull".'],
    [
      { name: 'ab', rig: 'lateen' },
      'rig',
      '请求体的 rig 只能是 gaff、lug。',
      '"rig" in the body must be one of gaff, lug.',
    ],
    [
      { name: 'ab', built: 'once' },
      'built',
      '请求体的 built 必须是 date-time 格式。',
      '"built" in the body must have the form "date-time".',
    ],
    [
      { name: 'ab', owner: 7 },
      'owner',
      '请求体的 owner 必须是对象，或请求体的 owner 必须是 null。',
      '"owner" in the body must be an object, or "owner" in the body must be null.',
    ],
    [
      { name: 'ab', ports: ['a', 'b'] },
      'ports',
      '请求体的 ports 最多 1 项。',
      '"ports" in the body must have at most 1 item.',
    ],
  ]
  for (const [payload, param, chinese, english] of said) {
    const inChinese = await messageOf('/boats', ZH, payload)
    const inEnglish = await messageOf('/boats', {}, payload)
    assert.equal(inChinese.message, chinese)
    assert.equal(inEnglish.message, english)
    assert.equal(inChinese.param, param)
    assert.equal(inEnglish.param, param)
  }
  assert.equal((await messageOf('/boats', ZH)).message, '查询参数缺少 limit。')
  assert.equal((await messageOf('/boats?limit=x', ZH)).message, '查询参数的 limit 必须是整数。')
  assert.equal((await messageOf('/boats')).message, 'The query lacks "limit".')
})

test('what Fastify refuses by itself is said in both', async () => {
  const json = { 'content-type': 'application/json' }
  const refused: [headers: Record<string, string>, payload: string, code: string][] = [
    [json, '{', 'invalid_json'],
    [json, '', 'invalid_json'],
    [{ 'content-type': 'text/csv' }, 'a,b', 'unsupported_media_type'],
    [json, `"${'x'.repeat(1_100_000)}"`, 'request_too_large'],
  ]
  for (const [headers, payload, code] of refused) {
    const english = await messageOf('/boats', headers, payload)
    const chinese = await messageOf('/boats', { ...headers, ...ZH }, payload)
    assert.equal(chinese.answer.json().error.code, code)
    assert.equal(english.answer.statusCode, chinese.answer.statusCode)
    assert.doesNotMatch(english.message, /\p{Script=Han}/u)
    assert.match(chinese.message, /\p{Script=Han}.*。$/u)
  }
})

test('a keyword without words keeps the sentence of the validator', () => {
  const failures = [{ keyword: 'contains', instancePath: '/ports' }]
  assert.equal(sayRefusedInput('body', failures, 'zh'), null)
  assert.equal(sayRefusedInput('body', failures, 'en'), null)
})

test('a DELETE that names a content type and sends nothing is taken', async () => {
  const headers = { 'content-type': 'application/json' }
  assert.equal((await server.inject({ method: 'DELETE', url: '/boats', headers })).statusCode, 204)
  const broken = await server.inject({ method: 'DELETE', url: '/boats', headers, payload: '{' })
  assert.equal(broken.json().error.code, 'invalid_json')
})
