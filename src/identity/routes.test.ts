import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eq } from 'drizzle-orm'
import { createServer } from '../platform/http.ts'
import { createLog } from '../platform/log.ts'
import { guardRoutes } from './access.ts'
import { ORGANIZATION_ROLES } from './rules.ts'
import { apiKey, auditEvent, authSession, authUser } from './tables.ts'
import { cookiesFrom, ORIGIN, PASSWORD, type TestInstallation, testInstallation } from './test-installation.ts'

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'
type Body = Record<string, unknown>

function asker(at: TestInstallation, cookie?: string) {
  return (method: Method, url: string, payload?: Body, headers: Record<string, string> = {}) =>
    at.server.inject({
      method,
      url,
      headers: { ...(cookie ? { cookie } : {}), ...(method === 'GET' ? {} : { origin: ORIGIN }), ...headers },
      ...(payload ? { payload } : {}),
    })
}

describe('sessions', () => {
  let at: TestInstallation
  before(async () => {
    at = await testInstallation()
    await at.setUp()
  })
  after(() => at.close())

  it('sign-up is closed, by whatever name one asks for it', async () => {
    const people = async () => (await at.db.select().from(authUser)).length
    assert.equal(await people(), 1)
    const person = { name: 'Eve', email: 'eve@example.com', password: PASSWORD }
    for (const url of [
      '/api/auth/sign-up/email',
      '/api/auth//sign-up/email',
      '/api/auth/sign-in/../sign-up/email',
      '/api/auth/sign-up%2Femail',
      '/api/auth/admin/create-user',
    ])
      assert.equal((await asker(at)('POST', url, person)).statusCode, 404, url)
    assert.equal(await people(), 1)
  })

  it('only the listed routes of Better Auth exist', async () => {
    const ask = asker(at, await at.cookieOf('ada@example.com'))
    for (const path of [
      'update-user',
      'delete-user',
      'change-email',
      'set-password',
      'request-password-reset',
      'reset-password',
      'sign-in/social',
      'link-social',
      'verify-email',
      'update-session',
      'ok',
      'error',
    ])
      for (const method of ['GET', 'POST'] as const)
        assert.equal((await ask(method, `/api/auth/${path}`, method === 'POST' ? {} : undefined)).statusCode, 404, path)
  })

  it('a session begins anew at sign-in, whatever cookie was there, and tells where from', async () => {
    const planted = await at.cookieOf('ada@example.com')
    const answer = await at.server.inject({
      method: 'POST',
      url: '/api/auth/sign-in/email',
      headers: { origin: ORIGIN, cookie: planted, 'x-tradewind-client-address': '203.0.113.9' },
      payload: { email: 'ada@example.com', password: PASSWORD },
    })
    assert.notEqual(cookiesFrom(answer.headers['set-cookie']), planted)
    const sessions = await at.db.select().from(authSession)
    assert(
      sessions.every(({ ipAddress }) => ipAddress === '127.0.0.1'),
      'an address that a client claims is not believed',
    )
  })

  it('changes with a session need an origin of ours', async () => {
    const ask = asker(at, await at.cookieOf('ada@example.com'))
    for (const origin of ['https://evil.example', 'null', 'http://localhost:8485', ''])
      assert.equal(
        (await ask('POST', '/api/keys', { name: 'x' }, { origin })).json().error.code,
        'identity.foreign_origin',
        origin,
      )
    assert.equal(
      (await ask('DELETE', '/api/me/sessions', undefined, { origin: 'https://evil.example' })).statusCode,
      403,
    )
    assert.equal((await ask('POST', '/api/auth/sign-out', {}, { origin: 'https://evil.example' })).statusCode, 403)
    for (const origin of ['http://localhost:8484', 'http://127.0.0.1:8484'])
      assert.equal((await ask('POST', '/api/keys', { name: 'x' }, { origin })).statusCode, 201, origin)
    const asForm = await at.server.inject({
      method: 'POST',
      url: '/api/auth/sign-in/email',
      payload: new URLSearchParams({ email: 'ada@example.com', password: PASSWORD }).toString(),
      headers: { origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' },
    })
    assert.equal(asForm.statusCode, 415, 'a page of another site can send forms, so they are not taken')
  })

  it('a forged, cut or ended session is none', async () => {
    const cookie = await at.cookieOf('ada@example.com')
    const name = cookie.split('=')[0]
    for (const broken of [
      `${name}=abc.def`,
      `${cookie}x`,
      cookie.replace(/\.[^.]+$/, ''),
      `${name}=`,
      'better-auth.session_token=x',
    ])
      assert.equal((await asker(at, broken)('GET', '/api/me')).statusCode, 401, broken)
    await at.db.update(authSession).set({ expiresAt: new Date(Date.now() - 1000) })
    assert.equal((await asker(at, cookie)('GET', '/api/me')).statusCode, 401)
  })

  it('an API key opens no page and no route of /api', async () => {
    const { secret } = await at.identity.keys.create({ kind: 'machine' }, { name: 'k', projectId: null })
    const answer = await at.server.inject({ url: '/api/keys', headers: { authorization: `Bearer ${secret}` } })
    assert.equal(answer.statusCode, 401)
    assert.equal(answer.json().error.code, 'identity.unauthenticated')
  })

  it('a new password is checked like the first, ends nothing by accident and is on the trail', async () => {
    await at.addPerson('pat@example.com', {})
    const ask = asker(at, await at.cookieOf('pat@example.com'))
    const change = (newPassword: string, currentPassword = PASSWORD) =>
      ask('POST', '/api/me/password', { current_password: currentPassword, new_password: newPassword })
    assert.equal((await change('aaaaaaaaaaaaaaaa')).json().error.code, 'identity.password_refused')
    assert.equal(
      (await change('a wholly new one', 'not the password')).json().error.code,
      'identity.current_password_wrong',
    )
    assert.equal((await change('a wholly new one')).statusCode, 200)
    await at.cookieOf('pat@example.com', 'a wholly new one')
    const actions = (await at.db.select().from(auditEvent)).map(({ action }) => action)
    assert(actions.includes('person.password_changed') && actions.includes('person.signed_in'))
  })

  it('guessing stops after five tries, and the right password does not help then', async () => {
    await at.addPerson('gus@example.com', {})
    const tries = (password: string) =>
      asker(at)('POST', '/api/auth/sign-in/email', { email: 'gus@example.com', password })
    for (let n = 0; n < 5; n++) assert.equal((await tries('not the password')).statusCode, 401)
    const refused = await tries(PASSWORD)
    assert.equal(refused.statusCode, 429)
    assert.equal(refused.json().error.code, 'identity.too_many_sign_ins')
    at.wait(5 * 60_000)
    assert.equal((await tries(PASSWORD)).statusCode, 200)
  })
})

describe('routes of /api', () => {
  let at: TestInstallation
  let home: { organizationId: string; projectId: string }
  let away: { organizationId: string; projectId: string }
  const cookies: Record<string, string> = {}
  before(async () => {
    at = await testInstallation()
    const done = await at.setUp()
    home = { organizationId: done.organization.id, projectId: done.project.id }
    away = await at.addOrganization('Osprey')
    for (const role of ORGANIZATION_ROLES) {
      await at.addPerson(`${role}@home.example`, { organizationId: home.organizationId, role })
      await at.addPerson(`${role}@away.example`, { organizationId: away.organizationId, role })
      cookies[`${role} home`] = await at.cookieOf(`${role}@home.example`)
      cookies[`${role} away`] = await at.cookieOf(`${role}@away.example`)
    }
    await at.addPerson('operator@example.com', { operator: true })
    await at.addPerson('nobody@example.com', {})
    cookies.operator = await at.cookieOf('operator@example.com')
    cookies.nobody = await at.cookieOf('nobody@example.com')
  })
  after(() => at.close())

  /** A route, tried on the organisation that is called home. `allowed`: who gets an answer, by the rules. */
  const attempts: {
    does: string
    try: (ask: ReturnType<typeof asker>) => Promise<{ statusCode: number; body: string }>
    allowed: string[]
    hidden: boolean
  }[] = [
    {
      does: 'list its projects',
      try: (ask) => ask('GET', `/api/projects?organization_id=${home.organizationId}`),
      allowed: ['owner home', 'admin home', 'developer home', 'viewer home'],
      hidden: true,
    },
    {
      does: 'change its project',
      try: (ask) => ask('PATCH', `/api/projects/${home.projectId}`, { content_on_disk: true }),
      allowed: ['owner home', 'admin home'],
      hidden: true,
    },
    {
      does: 'make a key',
      try: (ask) => ask('POST', '/api/keys', { name: 'k', project_id: home.projectId }),
      allowed: ['owner home', 'admin home', 'developer home'],
      hidden: true,
    },
    {
      does: 'list its keys',
      try: (ask) => ask('GET', `/api/keys?organization_id=${home.organizationId}`),
      allowed: ['owner home', 'admin home', 'developer home', 'viewer home'],
      hidden: true,
    },
    {
      does: "list its project's keys",
      try: (ask) => ask('GET', `/api/keys?project_id=${home.projectId}`),
      allowed: ['owner home', 'admin home', 'developer home', 'viewer home'],
      hidden: true,
    },
    {
      does: 'revoke its key',
      try: async (ask) => {
        const { key } = await at.identity.keys.create(
          { kind: 'machine' },
          { name: 'victim', projectId: home.projectId },
        )
        const answer = await ask('DELETE', `/api/keys/${key.id}`)
        const [row] = await at.db.select().from(apiKey).where(eq(apiKey.id, key.id))
        assert.equal(row?.revokedAt !== null, answer.statusCode === 200, 'revoked where it says so, and nowhere else')
        return answer
      },
      allowed: ['owner home', 'admin home'],
      hidden: true,
    },
    {
      does: 'read its trail',
      try: (ask) => ask('GET', `/api/audit?organization_id=${home.organizationId}`),
      allowed: ['owner home', 'admin home'],
      hidden: true,
    },
    {
      does: "read the installation's trail",
      try: (ask) => ask('GET', '/api/audit'),
      allowed: ['operator'],
      hidden: false,
    },
    {
      does: 'verify the trail',
      try: (ask) => ask('GET', '/api/audit/verification'),
      allowed: ['operator'],
      hidden: false,
    },
  ]

  for (const attempt of attempts)
    it(`who may not ${attempt.does} is refused, and from outside it is not there`, async () => {
      for (const [who, cookie] of Object.entries(cookies)) {
        const answer = await attempt.try(asker(at, cookie))
        const member = who.endsWith(' home')
        if (attempt.allowed.includes(who)) assert(answer.statusCode < 300, `${who}: ${answer.body}`)
        else if (attempt.hidden && !member && !(who === 'operator' && attempt.does === 'read its trail')) {
          assert.equal(answer.statusCode, 404, `${who}: ${answer.body}`)
        } else {
          assert.equal(answer.statusCode, 403, `${who}: ${answer.body}`)
          assert.match(answer.body, /Who may: /)
        }
      }
      const unknown = await attempt.try(asker(at))
      assert.equal(unknown.statusCode, 401)
    })

  it('a list without a filter holds what is one’s own, and nothing of others', async () => {
    await at.identity.keys.create({ kind: 'machine' }, { name: 'osprey key', projectId: away.projectId })
    for (const [who, cookie] of Object.entries(cookies)) {
      const ask = asker(at, cookie)
      const bodies = await Promise.all(
        ['/api/keys?limit=200', '/api/projects', '/api/organizations', '/api/me'].map(
          async (url) => (await ask('GET', url)).body,
        ),
      )
      const all = bodies.join('\n')
      if (!who.endsWith(' home') && who !== 'operator')
        assert(!all.includes(home.organizationId) && !all.includes(home.projectId), who)
      if (!who.endsWith(' away') && who !== 'operator')
        assert(!all.includes(away.organizationId) && !all.includes(away.projectId), who)
      if (who.endsWith(' home'))
        assert(
          bodies.every((body) => body.includes(home.organizationId)),
          who,
        )
      assert(!bodies[0]!.includes('sha256') && !bodies[0]!.includes('share'), who)
    }
    const operators = await asker(at, cookies.operator)('GET', '/api/organizations')
    assert.deepEqual(
      operators
        .json()
        .data.map(({ name }: { name: string }) => name)
        .sort(),
      ['Kestrel Labs', 'Osprey'],
    )
    assert.deepEqual((await asker(at, cookies.operator)('GET', '/api/keys')).json().data, [])
  })

  it('a developer revokes what he made, and nothing else', async () => {
    const ask = asker(at, cookies['developer home'])
    const own = (await ask('POST', '/api/keys', { name: 'own' })).json()
    assert.equal((await asker(at, cookies['developer away'])('DELETE', `/api/keys/${own.id}`)).statusCode, 404)
    assert.equal((await ask('DELETE', `/api/keys/${own.id}`)).json().state, 'revoked')
  })

  it('every change of what a gateway needs is told, with what it now is', async () => {
    let told = 0
    const stop = at.identity.onKeysChanged(() => told++)
    const ask = asker(at, cookies['owner home'])
    const made = (
      await ask('POST', '/api/keys', {
        name: 'told',
        models: ['m'],
        scopes: ['inference'],
        expires_at: '2099-01-01T00:00:00Z',
      })
    ).json()
    assert.match(made.secret, /^sk-tw-/)
    assert.deepEqual([made.models, made.scopes, made.expires_at], [['m'], ['inference'], '2099-01-01T00:00:00.000Z'])
    assert.equal(
      (await ask('PATCH', `/api/projects/${home.projectId}`, { content_on_disk: true })).json().content_on_disk,
      true,
    )
    assert.equal((await at.identity.keys.findBySecret(made.secret))?.contentOnDisk, true)
    await ask('DELETE', `/api/keys/${made.id}`)
    assert.equal(told, 3)
    stop()
    const trail = (await ask('GET', `/api/audit?organization_id=${home.organizationId}&limit=3`)).json()
    assert.deepEqual(
      trail.data.map(({ action }: { action: string }) => action),
      ['key.revoked', 'project.updated', 'key.created'],
    )
    assert.equal(trail.data[0].address, '127.0.0.1')
    const next = (
      await ask('GET', `/api/audit?organization_id=${home.organizationId}&limit=3&after=${trail.next}`)
    ).json()
    assert.equal(next.data[0].sequence < trail.data[2].sequence, true)
  })

  it('bad input gets one clear error, and nothing is made', async () => {
    const ask = asker(at, cookies['owner home'])
    const before = (await at.db.select().from(apiKey)).length
    for (const body of [
      {},
      { name: '' },
      { name: '   ' },
      { name: 'x'.repeat(101) },
      { name: 'x', scopes: ['all'] },
      { name: 'x', scopes: [] },
      { name: 'x', models: [] },
      { name: 'x', expires_at: 'soon' },
      { name: 'x', organization_id: away.organizationId },
      { name: 'x', expires_at: '2020-01-01T00:00:00Z' },
    ]) {
      const answer = await ask('POST', '/api/keys', body)
      assert.equal(answer.statusCode, 400, `${JSON.stringify(body)} ${answer.body}`)
      assert.equal(typeof answer.json().error.code, 'string')
    }
    for (const url of [
      '/api/keys?limit=0',
      '/api/keys?limit=201',
      '/api/keys?after=proj_1',
      '/api/keys?state=old',
      '/api/keys?nonsense=1',
      "/api/audit?after=evt_'",
    ])
      assert.equal((await ask('GET', url)).statusCode, 400, url)
    assert.equal((await at.db.select().from(apiKey)).length, before)
  })

  it('says what one may do, so that no client repeats the rules', async () => {
    const me = (await asker(at, cookies['developer home'])('GET', '/api/me')).json()
    assert.equal(me.kind, 'person')
    assert.equal(me.operator, false)
    assert.deepEqual(
      me.organizations.map(({ id, role }: { id: string; role: string }) => [id, role]),
      [[home.organizationId, 'developer']],
    )
    assert(
      me.organizations[0].allowed.includes('keys.create') && !me.organizations[0].allowed.includes('project.update'),
    )
    assert.deepEqual(me.allowed.toSorted(), ['machine.read', 'models.list', 'models.read'])
  })

  it('on the admin socket the caller is the operator of this machine', async () => {
    const me = (await at.admin.inject('/api/me')).json()
    assert.deepEqual([me.kind, me.person, me.operator], ['machine', null, true])
    assert(me.allowed.includes('keys.create') && me.allowed.includes('models.load'))
    const made = await at.admin.inject({
      method: 'POST',
      url: '/api/keys',
      payload: { name: 'cli', project_id: home.projectId },
    })
    assert.equal(made.statusCode, 201)
    assert.equal(made.json().created_by, 'machine')
    const ambiguous = await at.admin.inject({ method: 'POST', url: '/api/keys', payload: { name: 'cli' } })
    assert.equal(ambiguous.json().error.code, 'identity.project_not_named')
    assert.equal((await at.admin.inject('/api/audit/verification')).json().intact, true)
  })

  it('a route that does not say who may call it does not start', async () => {
    const server = await createServer({ log: createLog('test', 'silent'), version: '0', publicUrl: ORIGIN })
    guardRoutes(server, at.identity, (request) => (request.headers['x-way'] === 'admin' ? 'admin' : 'public'))
    assert.throws(() => server.get('/open', async () => 'open'), /GET \/open does not declare its access/)
    server.get('/models', { config: { access: 'models.load' } }, async () => 'loaded')
    server.get('/internal', { config: { access: 'machine' } }, async () => 'for workers')
    assert.equal((await server.inject('/models')).statusCode, 401)
    assert.equal((await server.inject({ url: '/models', headers: { cookie: cookies['owner home']! } })).statusCode, 403)
    assert.equal((await server.inject({ url: '/models', headers: { cookie: cookies.operator! } })).body, 'loaded')
    const hidden = await server.inject({ url: '/internal', headers: { cookie: cookies.operator! } })
    assert.equal(hidden.statusCode, 404)
    assert.equal(hidden.json().error.code, 'not_found')
    assert.equal((await server.inject({ url: '/internal', headers: { 'x-way': 'admin' } })).body, 'for workers')
    await server.close()
  })

  it('the OpenAPI document names every route with who may call it', () => {
    const { paths } = at.server.swagger() as {
      paths: Record<string, Record<string, { description?: string; security?: unknown[] }>>
    }
    assert.match(paths['/api/keys']?.post?.description ?? '', /Who may: .*developer of the organisation/)
    assert.deepEqual(paths['/api/keys']?.post?.security, [{ session: [] }])
    assert.equal(paths['/setup'], undefined)
  })
})
