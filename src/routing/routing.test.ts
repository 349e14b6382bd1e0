/** Routes through /api, on a real database. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { asc } from 'drizzle-orm'
import { guardRoutes } from '../identity/access.ts'
import { auditEvent } from '../identity/tables.ts'
import { ORIGIN, type TestInstallation, testInstallation } from '../identity/test-installation.ts'
import { createServer, type Server } from '../platform/http.ts'
import { createLog } from '../platform/log.ts'
import { routingRoutes } from './routes.ts'
import { openRouting, type Routing, type ServedModel } from './routing.ts'
import type { RouteModelOnWire, RouteOnWire } from './schema.ts'

const served = (name: string, change: Partial<ServedModel> = {}): ServedModel => ({
  name,
  task: 'chat',
  upstream: null,
  state: 'ready',
  engineIds: [`eng_${name}`],
  ...change,
})
let models: ServedModel[] = [
  served('small'),
  served('large', { state: 'asleep', engineIds: [] }),
  served('vendor/one', { upstream: 'vendor' }),
]
const broken = new Map<string, { workers: number; state: 'open' }>()
let told = 0
let here: TestInstallation
let server: Server
let routing: Routing
const cookies = { operator: '', developer: '' }

const open = () =>
  openRouting({
    db: here.db,
    clock: { nowMs: () => Date.now() },
    audit: here.identity.audit,
    personNames: (ids) => here.identity.names.people(ids),
    models: () => models,
    brokenReplicas: async () => broken,
  })

before(async () => {
  here = await testInstallation()
  await here.setUp()
  const { organizationId } = await here.addOrganization('Away')
  await here.addPerson('runs@example.com', { operator: true })
  await here.addPerson('dev@example.com', { organizationId, role: 'developer' })
  cookies.operator = await here.cookieOf('runs@example.com')
  cookies.developer = await here.cookieOf('dev@example.com')
  routing = await open()
  routing.onChanged(async () => told++)
  server = await createServer({ log: createLog('test', 'silent'), version: '0', publicUrl: ORIGIN })
  guardRoutes(server, here.identity, () => 'public')
  await server.register(routingRoutes, { routing })
  await server.ready()
})
after(async () => {
  await server.close()
  await here.close()
})
afterEach(async () => {
  const { data } = await routing.list('', { limit: 200, after: null })
  for (const { name } of data) await routing.remove({ kind: 'machine' }, name)
  models = [
    served('small'),
    served('large', { state: 'asleep', engineIds: [] }),
    served('vendor/one', { upstream: 'vendor' }),
  ]
  broken.clear()
  told = 0
})

type Method = 'GET' | 'PUT' | 'PATCH' | 'DELETE'
async function call<Body>(method: Method, url: string, payload?: object, who: keyof typeof cookies = 'operator') {
  const headers = { origin: ORIGIN, cookie: cookies[who] }
  const answer = await server.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  return { status: answer.statusCode, body: (answer.body === '' ? null : answer.json()) as Body, text: answer.body }
}
const to = (...tiers: string[][]) => ({
  tiers: tiers.map((tier) => ({ targets: tier.map((model) => ({ model, weight: 1 })) })),
})
const codeOf = (answer: { body: unknown }) => (answer.body as { error: { code: string } }).error.code

describe('a route', () => {
  it('is made, changed whole, listed with the health of its models, and removed; each leaves an event', async () => {
    const made = await call<RouteOnWire>('PUT', '/api/routes/team%2Fchat', {
      ...to(['small'], ['large', 'vendor/one']),
      first_token_ms: 2_000,
      shadow: { model: 'gone', share: 0.05 },
    })
    assert.equal(made.status, 201, made.text)
    assert.equal(told, 1)
    assert.deepEqual(
      made.body.tiers.map(({ targets }) => targets.map(({ model, state }) => [model, state])),
      [
        [['small', 'ready']],
        [
          ['large', 'asleep'],
          ['vendor/one', 'ready'],
        ],
      ],
    )
    assert.deepEqual([made.body.retries, made.body.first_token_ms, made.body.shadow?.state], [2, 2_000, 'missing'])
    assert.deepEqual(
      made.body.warnings.map(({ code, model }) => [code, model]),
      [['model_missing', 'gone']],
    )
    broken.set('eng_small', { workers: 1, state: 'open' })
    const changed = await call<RouteOnWire>('PUT', '/api/routes/team%2Fchat', to(['small']))
    assert.deepEqual([changed.status, changed.body.first_token_ms, changed.body.shadow], [200, null, null])
    assert.equal(changed.body.tiers[0]?.targets[0]?.breaker, 'open')
    assert.equal(changed.body.updated_by_name, 'runs@example.com')
    const listed = await call<{ data: RouteOnWire[]; next: null }>('GET', '/api/routes?search=SMALL')
    assert.deepEqual(
      listed.body.data.map(({ name }) => name),
      ['team/chat'],
    )
    assert.equal((await call('DELETE', '/api/routes/team%2Fchat')).status, 204)
    assert.equal(codeOf(await call('GET', '/api/routes/team%2Fchat')), 'routing.route_unknown')
    const events = (await here.db.select().from(auditEvent).orderBy(asc(auditEvent.sequence))).filter(
      ({ target }) => target === 'team/chat',
    )
    assert.deepEqual(
      events.map(({ action, before, after }) => [action, before !== null, after !== null]),
      [
        ['route.created', false, true],
        ['route.updated', true, true],
        ['route.deleted', true, false],
      ],
    )
  })

  it('that cannot be is refused with the sentence that fixes it', async () => {
    await call('PUT', '/api/routes/chat', to(['small'], ['later']))
    for (const [name, body, sentence] of [
      ['small', to(['large']), /small is a model here, and a name has one meaning/],
      ['fast', to(['chat']), /chat is a route itself/],
      ['fast', to(['fast']), /cannot lead to itself/],
      ['fast', to(['small'], ['small']), /small is here twice/],
      ['fast', { tiers: [{ targets: [{ model: 'small', weight: 0 }] }] }, /nothing would answer/],
      ['fast', { ...to(['small']), shadow: { model: 'chat', share: 1 } }, /chat is a route itself/],
      ['later', to(['small']), /the route chat leads to a model of this name/],
    ] as const) {
      const answer = await call('PUT', `/api/routes/${name}`, body)
      assert.deepEqual([answer.status, codeOf(answer)], [400, 'routing.route_refused'])
      assert.match(answer.text, sentence)
    }
    for (const wrong of [{ tiers: [] }, { ...to(['small']), retries: 11 }, { ...to(['small']), unknown: 1 }])
      assert.equal((await call('PUT', '/api/routes/fast', wrong)).status, 400)
  })

  it('is the business of operators alone', async () => {
    for (const [method, url, payload] of [
      ['GET', '/api/routes', undefined],
      ['PUT', '/api/routes/chat', to(['small'])],
      ['DELETE', '/api/routes/chat', undefined],
      ['GET', '/api/route-models', undefined],
      ['PATCH', '/api/route-models/small', { draining: true }],
    ] as const)
      assert.equal((await call(method, url, payload, 'developer')).status, 403, `${method} ${url}`)
  })

  it('is told to workers unless it is switched off, and is there again after a restart', async () => {
    await call('PUT', '/api/routes/chat', { ...to(['small']), silence_ms: 500 })
    await call('PUT', '/api/routes/off', { ...to(['small']), enabled: false })
    const { aliases } = (await open()).inForce()
    assert.deepEqual(
      aliases.map(({ createdS, ...alias }) => alias),
      [{ name: 'chat', ...to(['small']), retries: 2, firstTokenMs: null, silenceMs: 500, shadow: null }],
    )
    models.push(served('chat'))
    const { body } = await call<RouteOnWire>('GET', '/api/routes/chat')
    assert.equal(body.warnings[0]?.code, 'name_taken')
  })
})

describe('a model', () => {
  it('is drained and takes requests again, once each', async () => {
    const drained = await call<RouteModelOnWire>('PATCH', '/api/route-models/vendor%2Fone', { draining: true })
    assert.equal(drained.body.draining_by_name, 'runs@example.com')
    await call('PATCH', '/api/route-models/vendor%2Fone', { draining: true })
    assert.deepEqual([told, (await open()).inForce().draining], [1, ['vendor/one']])
    await call('PUT', '/api/routes/chat', to(['vendor/one']))
    const { body } = await call<{ data: RouteOnWire[] }>('GET', '/api/routes')
    assert.deepEqual(
      body.data[0]?.warnings.map(({ code }) => code),
      ['nothing_to_ask'],
    )
    const again = await call<RouteModelOnWire>('PATCH', '/api/route-models/vendor%2Fone', { draining: false })
    assert.deepEqual([again.body.draining_since, again.body.routes], [null, ['chat']])
    assert.equal(
      codeOf(await call('PATCH', '/api/route-models/nobody', { draining: true })),
      'routing.model_not_served',
    )
  })
})
