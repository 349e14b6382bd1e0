/** Upstreams through their routes, on a real database, before a server that really answers. */
import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { eq } from 'drizzle-orm'
import { guardRoutes } from '../identity/access.ts'
import { auditEvent } from '../identity/tables.ts'
import { ORIGIN, type TestInstallation, testInstallation } from '../identity/test-installation.ts'
import { createServer, type Server } from '../platform/http.ts'
import { createLog } from '../platform/log.ts'
import { createSealer } from '../platform/sealed-text.ts'
import { startModelsServer } from './models-server.ts'
import { upstreamRoutes } from './routes.ts'
import type { UpstreamOnWire, UpstreamTestOnWire } from './schema.ts'
import { upstreamEndpoint } from './tables.ts'
import { openUpstreams, type Upstreams } from './upstreams.ts'

const SECRET = 'sk-theirs-7Hq2mZ9sVxK4nB1t'
const log = createLog('test', 'silent')
let here: TestInstallation
let server: Server
let upstreams: Upstreams
let operator = ''
let theirs: Awaited<ReturnType<typeof startModelsServer>>

function open(secret = 'a-secret-of-the-installation'): Promise<Upstreams> {
  return openUpstreams({
    db: here.db,
    clock: { nowMs: () => Date.now() },
    log,
    audit: here.identity.audit,
    sealer: createSealer(secret, 'upstream secrets'),
    personNames: (ids) => here.identity.names.people(ids),
    isNameTaken: (model) => model === 'local-model',
  })
}

before(async () => {
  here = await testInstallation()
  await here.setUp()
  await here.addPerson('runs@example.com', { operator: true })
  operator = await here.cookieOf('runs@example.com')
  upstreams = await open()
  server = await createServer({ log, version: '0', publicUrl: ORIGIN })
  guardRoutes(server, here.identity, () => 'public')
  await server.register(upstreamRoutes, { upstreams })
  await server.ready()
})
after(async () => {
  upstreams.close()
  await server.close()
  await here.close()
})
beforeEach(async () => {
  theirs = await startModelsServer()
  theirs.lists({ id: 'one', max_model_len: 4096 }, { id: 'text-embed-small' })
})
afterEach(async () => {
  for (const { id } of (await upstreams.list({ search: '', state: null }, { limit: 200, after: null })).data)
    await upstreams.delete({ kind: 'machine' }, id)
  await theirs.close()
})

async function call<Body>(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) {
  const headers = { origin: ORIGIN, cookie: operator }
  const answer = await server.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
  return {
    status: answer.statusCode,
    body: (answer.body === '' ? null : answer.json()) as Body,
    text: answer.body,
  }
}

const wanted = (more: object = {}) => ({
  name: 'vendor',
  kind: 'openai',
  base_url: `${theirs.url}/v1/`,
  network: 'private',
  secret: SECRET,
  ...more,
})
const add = async (more: object = {}) => {
  const made = await call<UpstreamOnWire>('POST', '/api/upstreams', wanted(more))
  assert.equal(made.status, 201, made.text)
  return made.body
}
const refusedWith = async (payload: object) => {
  const { status, body } = await call<{ error: { code: string } }>('POST', '/api/upstreams', payload)
  return [status, body.error?.code]
}

describe('an upstream that is added', () => {
  it('is asked for its models with its secret, and all that it lists has a route', async () => {
    const made = await add()
    assert.equal(made.state, 'healthy')
    assert.equal(made.base_url, theirs.url)
    assert.equal(theirs.asked[0]?.path, '/v1/models')
    assert.equal(theirs.asked[0]?.headers.authorization, `Bearer ${SECRET}`)
    const routes = upstreams.routes()
    assert.deepEqual(
      routes.map(({ model, remoteModel, task, contextTokens, healthy }) => [
        model,
        remoteModel,
        task,
        contextTokens,
        healthy,
      ]),
      [
        ['vendor/one', 'one', 'chat', 4096, true],
        ['vendor/text-embed-small', 'text-embed-small', 'embedding', 32_768, true],
      ],
    )
    assert.deepEqual(routes[0]?.authorization, { authorization: `Bearer ${SECRET}` })
  })

  it('never shows its secret, neither in an answer, nor in the database, nor in the trail', async () => {
    const made = await add()
    assert.deepEqual(made.auth, {
      kind: 'bearer',
      header: null,
      secret_last4: SECRET.slice(-4),
      has_secret: true,
      readable: true,
    })
    await call('PATCH', `/api/upstreams/${made.id}`, { secret: `${SECRET}-2` })
    const { text } = await call('GET', `/api/upstreams/${made.id}`)
    const rows = JSON.stringify(await here.db.select().from(upstreamEndpoint))
    const trail = await here.db.select().from(auditEvent).where(eq(auditEvent.target, made.id))
    assert.deepEqual(
      trail.map(({ action }) => action),
      ['upstream.created', 'upstream.updated'],
    )
    for (const told of [text, rows, JSON.stringify(trail)]) {
      assert.ok(told.includes(made.id))
      assert.ok(!told.includes(SECRET))
    }
  })

  it('that cannot be reached is added all the same, and says why', async () => {
    theirs.answers(401, { error: { message: 'no' } })
    const made = await add()
    assert.deepEqual([made.state, made.trouble?.code, made.trouble?.status], ['unhealthy', 'unauthorized', 401])
    theirs.lists({ id: 'one' })
    const checked = await call<UpstreamTestOnWire>('POST', `/api/upstreams/${made.id}/check`)
    assert.deepEqual([checked.body.ok, checked.body.upstream?.state], [true, 'healthy'])
    assert.deepEqual(
      upstreams.routes().map(({ model, healthy }) => [model, healthy]),
      [['vendor/one', true]],
    )
  })

  it('of Anthropic is asked in its words', async () => {
    theirs.answers(200, { data: [{ type: 'model', id: 'claude-x', max_input_tokens: 200_000 }], has_more: false })
    const made = await add({ kind: 'anthropic' })
    assert.equal(theirs.asked[0]?.path, '/v1/models?limit=1000')
    assert.equal(theirs.asked[0]?.headers['x-api-key'], SECRET)
    assert.equal(theirs.asked[0]?.headers['anthropic-version'], '2023-06-01')
    assert.equal(made.models[0]?.context_tokens, 200_000)
    assert.equal(upstreams.routes()[0]?.speaks, 'anthropic')
  })

  it('may have its secret in a header of its own', async () => {
    await add({ auth_kind: 'header', auth_header: 'Api-Key' })
    assert.equal(theirs.asked[0]?.headers['api-key'], SECRET)
    assert.equal(theirs.asked[0]?.headers.authorization, undefined)
  })
})

describe('what is published', () => {
  it('is listed by name, a page at a time', async () => {
    await add()
    type Listed = { data: { name: string; upstream_name: string; healthy: boolean }[]; next: string | null }
    const first = (await call<Listed>('GET', '/api/upstream-models?limit=1')).body
    assert.deepEqual([first.data[0]?.name, first.data[0]?.healthy, first.next], ['vendor/one', true, 'vendor/one'])
    const second = (await call<Listed>('GET', `/api/upstream-models?after=${encodeURIComponent(first.next ?? '')}`))
      .body
    assert.deepEqual([second.data.map(({ name }) => name), second.next], [['vendor/text-embed-small'], null])
  })

  it('may be a list of its own, with names, contexts and tasks', async () => {
    const made = await add({ published: [{ remote: 'one', name: 'house', task: 'chat', context_tokens: 1000 }] })
    assert.deepEqual(
      upstreams.routes().map(({ model, remoteModel, contextTokens }) => [model, remoteModel, contextTokens]),
      [['house', 'one', 1000]],
    )
    assert.deepEqual(
      made.models.map(({ remote, name, listed }) => [remote, name, listed]),
      [
        ['one', 'house', true],
        ['text-embed-small', null, true],
      ],
    )
  })

  it('may not have the name of another model, and a model served here goes before one elsewhere', async () => {
    const published = [{ remote: 'one', name: 'local-model', task: 'chat' }]
    assert.deepEqual(await refusedWith(wanted({ published })), [409, 'upstreams.model_name_taken'])
    await add()
    const twice = [{ remote: 'one', name: 'vendor/one', task: 'chat' }]
    assert.deepEqual(await refusedWith(wanted({ name: 'b', published: twice })), [409, 'upstreams.model_name_taken'])
    assert.deepEqual(await refusedWith(wanted()), [409, 'upstreams.name_taken'])
  })

  it('needs no list of the upstream’s where an operator names the models', async () => {
    theirs.answers(404, 'nothing')
    assert.equal((await add({ name: 'a' })).trouble?.code, 'no_list')
    assert.equal((await add({ name: 'b', published: [{ remote: 'x', name: 'x', task: 'chat' }] })).state, 'healthy')
  })
})

describe('a change', () => {
  it('keeps what it does not name, and takes its models away while it is switched off', async () => {
    const made = await add()
    const off = await call<UpstreamOnWire>('PATCH', `/api/upstreams/${made.id}`, { enabled: false })
    assert.deepEqual([off.body.state, off.body.auth.secret_last4], ['disabled', SECRET.slice(-4)])
    assert.deepEqual(upstreams.routes(), [])
    await call('PATCH', `/api/upstreams/${made.id}`, { enabled: true })
    assert.equal(upstreams.routes().length, 2)
    assert.equal((await call('DELETE', `/api/upstreams/${made.id}`)).status, 204)
    assert.deepEqual(upstreams.routes(), [])
    assert.equal((await call('GET', `/api/upstreams/${made.id}`)).status, 404)
  })

  it('to another host needs the secret again, for else it would be sent there', async () => {
    const made = await add()
    const elsewhere = await startModelsServer()
    try {
      const moved = await call<{ error: { code: string } }>('PATCH', `/api/upstreams/${made.id}`, {
        base_url: elsewhere.url,
      })
      assert.equal(moved.body.error.code, 'upstreams.credential_refused')
      const draft = {
        upstream_id: made.id,
        kind: 'openai',
        base_url: elsewhere.url,
        network: 'private',
        auth_kind: 'bearer',
      }
      assert.equal((await call('POST', '/api/upstreams/test', draft)).status, 400)
      assert.equal(elsewhere.asked.length, 0)
      const same = await call<UpstreamTestOnWire>('POST', '/api/upstreams/test', { ...draft, base_url: theirs.url })
      assert.equal(same.body.ok, true)
    } finally {
      await elsewhere.close()
    }
  })

  it('survives a new start, and a secret of another installation is said to be lost', async () => {
    await add()
    const next = await open()
    assert.deepEqual(
      next.routes().map(({ model }) => model),
      ['vendor/one', 'vendor/text-embed-small'],
    )
    next.close()
    const stranger = await open('another-installation')
    const { data } = await stranger.list({ search: '', state: null }, { limit: 10, after: null })
    const tested = await stranger.test(data[0]?.id ?? '')
    stranger.close()
    assert.equal(data[0]?.isReadable, false)
    assert.equal(tested.result.kind === 'failed' && tested.result.trouble, 'secret_lost')
  })
})

describe('a URL', () => {
  it('that is none, or leads where it may not, is refused', async () => {
    for (const base_url of [
      'nonsense',
      'ftp://host',
      'file:///etc/passwd',
      'https://user:password@host',
      'https://host/?a=b',
      'https://host/v1/chat/completions',
      'http://169.254.169.254/',
      'http://0xa9fea9fe/',
      'http://[fe80::1]/',
    ])
      assert.deepEqual(await refusedWith(wanted({ base_url })), [400, 'upstreams.url_refused'], base_url)
    for (const base_url of [theirs.url, 'http://10.0.0.1', 'http://2130706433', 'http://[::ffff:7f00:1]'])
      assert.deepEqual(await refusedWith(wanted({ base_url, network: 'public' })), [400, 'upstreams.url_refused'])
  })

  it('whose name leads into this machine is found out by the probe', async () => {
    const made = await add({ base_url: `http://localhost:${theirs.port}`, network: 'public' })
    assert.equal(made.trouble?.code, 'address_private')
    assert.equal(theirs.asked.length, 0)
  })
})

describe('a test of what is not saved', () => {
  const tested = async (more: object = {}) => {
    const draft = { kind: 'vllm', base_url: theirs.url, network: 'private', auth_kind: 'none', ...more }
    return (await call<UpstreamTestOnWire>('POST', '/api/upstreams/test', draft)).body
  }

  it('says what came back', async () => {
    assert.deepEqual(
      (await tested()).models.map(({ id }) => id),
      ['one', 'text-embed-small'],
    )
    const said = async (status: number, body: unknown, headers = {}) => {
      theirs.answers(status, body, headers)
      return (await tested()).trouble?.code
    }
    assert.equal(await said(302, '', { location: 'http://169.254.169.254/' }), 'redirected')
    assert.equal(await said(500, 'oh'), 'status')
    assert.equal(await said(200, '<html>'), 'not_a_list')
    assert.equal(await said(200, { data: 'x'.repeat(3_000_000) }), 'too_large')
    assert.equal(theirs.asked.length, 5)
    assert.equal((await tested({ base_url: 'http://127.0.0.1:1' })).trouble?.code, 'refused_connection')
  })
})

it('upstreams are for operators', async () => {
  const { id } = await add()
  const { organizationId } = await here.addOrganization('Others')
  await here.addPerson('owns@example.com', { organizationId, role: 'owner' })
  const headers = { origin: ORIGIN, cookie: await here.cookieOf('owns@example.com') }
  for (const [method, url, payload] of [
    ['GET', '/api/upstreams', undefined],
    ['POST', '/api/upstreams', wanted({ name: 'another' })],
    ['GET', `/api/upstreams/${id}`, undefined],
    ['PATCH', `/api/upstreams/${id}`, { enabled: false }],
    ['POST', `/api/upstreams/${id}/check`, undefined],
    ['DELETE', `/api/upstreams/${id}`, undefined],
  ] as const) {
    const answer = await server.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
    assert.equal(answer.statusCode, 403, `${method} ${url}`)
  }
  assert.equal(upstreams.routes().length, 2)
})
