/** A project's safety rules in the running product, on the real starter model: said over /api, in force at every worker. */
import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import { sockets } from '../src/platform/data-folder.ts'
import { socketRequest } from '../src/platform/socket-request.ts'
import { type Product, STARTER, startProduct } from './product.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests read answers field by field
type Json = any
let product: Product
let projectId: string
let organizationId: string

const OFF = {
  rules: [] as object[],
  moderation: {
    by: null as string | null,
    model: null as string | null,
    flags_controversial: false,
    requests: false,
    answers: false,
  },
  image_urls: 'any',
}
const email = { name: 'PERSONAL', match: { kind: 'pii', pii: ['email'] }, action: 'mask', applies_to: 'both' }
const bluebird = {
  name: 'SECRETS',
  match: { kind: 'keywords', keywords: ['bluebird'] },
  action: 'block',
  applies_to: 'requests',
}

before(async () => {
  product = await startProduct({ environment: { GATEWAY_WORKERS: '2' } })
  const [project] = (await product.get<{ data: { id: string; organization_id: string }[] }>('/api/projects')).data
  projectId = project?.id ?? ''
  organizationId = project?.organization_id ?? ''
})
after(() => product?.stop())

const put = (body: object) =>
  socketRequest(sockets.controlAdmin(product.folder), 'PUT', `/api/projects/${projectId}/safety`, {
    body,
    timeoutMs: 20_000,
  }) as Promise<{ status: number; body: Json }>

async function ask(path: string, body: object): Promise<{ status: number; body: Json; text: string }> {
  const answer = await fetch(product.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${product.key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await answer.text()
  return { status: answer.status, text, body: text.startsWith('{') ? JSON.parse(text) : null }
}
const chat = (content: string, more: object = {}) =>
  ask('/v1/chat/completions', {
    model: STARTER,
    messages: [{ role: 'user', content }],
    temperature: 0,
    max_tokens: 40,
    ...more,
  })

it('nothing is looked for until somebody says so', async () => {
  const safety = await product.get<Json>(`/api/projects/${projectId}/safety`)
  assert.deepEqual(safety, {
    project_id: projectId,
    ...OFF,
    in_force: false,
    updated_at: null,
    updated_by: null,
    may_change: true,
  })
  assert.equal((await chat('bluebird')).status, 200)
})

it('what was said is in force in every worker when it is answered, kept, and in the trail', async () => {
  const { status, body } = await put({ ...OFF, rules: [email, bluebird] })
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body.in_force, true)
  // Connections are spread over the workers, so that both of them answer some of these.
  const answers = await Promise.all(Array.from({ length: 8 }, () => chat('tell me of Bluebird')))
  for (const one of answers) assert.equal(one.body.error.code, 'content_filter')
  const [event] = (await product.get<{ data: Json[] }>(`/api/audit?limit=1&organization_id=${organizationId}`)).data
  assert.equal(event.action, 'project.safety_changed')
  assert.deepEqual(event.before.rules, [])
  assert.equal(event.after.rules.length, 2)
})

it('a model reads what is masked, and its answer is masked across the tokens of a stream', async () => {
  await put({ ...OFF, rules: [email] })
  const counted = await ask('/tokenize', { model: STARTER, prompt: 'ann@example.org' })
  const masked = await ask('/tokenize', { model: STARTER, prompt: '[EMAIL]' })
  assert.deepEqual(counted.body.tokens, masked.body.tokens)
  // The answer begins as it is told to, whatever the model thinks of it.
  const address = 'ann.lee@example.org'
  await put({ ...OFF, rules: [{ ...email, applies_to: 'answers' }] })
  const response_format = {
    type: 'json_schema',
    json_schema: {
      name: 'mail',
      strict: true,
      schema: {
        type: 'object',
        properties: { to: { const: address } },
        required: ['to'],
        additionalProperties: false,
      },
    },
  }
  const whole = await chat('Where to?', { response_format })
  assert.deepEqual(JSON.parse(whole.body.choices[0].message.content), { to: '[EMAIL]' })
  const streamed = await chat('Where to?', { response_format, stream: true, stream_options: { include_usage: true } })
  const events = [...streamed.text.matchAll(/^data: (\{.*)$/gm)].map((match) => JSON.parse(match[1] ?? '') as Json)
  const said = events.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
  assert.deepEqual(JSON.parse(said), { to: '[EMAIL]' })
  assert.equal(events.at(-1).usage.completion_tokens, whole.body.usage.completion_tokens)
  assert.equal(streamed.text.includes('example'), false)
})

it('keywords moderate', async () => {
  await put({ ...OFF, rules: [bluebird], moderation: { ...OFF.moderation, by: 'keywords' } })
  const { body } = await ask('/v1/moderations', { input: ['a bluebird', 'a sparrow'] })
  assert.deepEqual(
    body.results.map(({ flagged }: Json) => flagged),
    [true, false],
  )
})

it('a real model that is no guard gives no verdict, so that nothing passes', async () => {
  await put({
    ...OFF,
    moderation: { by: 'model', model: STARTER, flags_controversial: false, requests: true, answers: false },
  })
  const { status, body } = await chat('hello')
  assert.equal(status, 503)
  assert.equal(body.error.code, 'moderation_unavailable')
  await put(OFF)
  assert.equal((await chat('hello')).status, 200)
})

it('what cannot be looked for is refused with its place', async () => {
  const hostile = { name: 'X', match: { kind: 'pattern', pattern: '(a)\\1' }, action: 'mask', applies_to: 'both' }
  const refused = await put({ ...OFF, rules: [hostile] })
  assert.equal(refused.body.error.code, 'safety.pattern_refused')
  assert.match(refused.body.error.message, /rule X .* reference back \(at character 4\)/)
  const twice = await put({ ...OFF, rules: [email, email] })
  assert.equal(twice.body.error.code, 'safety.rule_name_twice')
  assert.equal((await put({ ...OFF, image_urls: 'maybe' })).status, 400)
})
