/** Set-up and signing in as the console does it, and what must not work. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { eq } from 'drizzle-orm'
import { auditEvent, authSession, authUser } from './tables.ts'
import { cookiesFrom, ORIGIN, PASSWORD, type TestInstallation, testInstallation, tokenOf } from './test-installation.ts'

type Headers = Record<string, string>

const poster =
  (at: TestInstallation) =>
  (url: string, payload: object | string = {}, headers: Headers = { origin: ORIGIN }) =>
    at.server.inject({ method: 'POST', url, headers, payload })

describe('set-up through the API', () => {
  let at: TestInstallation
  let token: string
  before(async () => {
    at = await testInstallation()
    token = tokenOf((await at.identity.setup.offerLink())?.url ?? '')
  })
  after(() => at.close())

  const form = () => ({
    token,
    name: '<script>alert(1)</script>',
    email: 'Ada@Example.com',
    password: PASSWORD,
    organization: '"><img src=x onerror=alert(1)>',
  })
  const post = (payload: object | string, headers?: Headers) => poster(at)('/api/setup', payload, headers)
  const state = async (query = '') => (await at.server.inject(`/api/setup${query}`)).json()

  it('says whether an owner exists and whether a link is good, and nothing else', async () => {
    assert.deepEqual(await state(), { owner_exists: false, link: 'none' })
    assert.deepEqual(await state('?token=guess'), { owner_exists: false, link: 'invalid' })
    assert.deepEqual(await state(`?token=${token}`), { owner_exists: false, link: 'valid' })
    assert.deepEqual((await at.server.inject('/api/sign-in-options')).json(), {
      owner_exists: false,
      password: true,
      passkey: true,
      single_sign_on: [],
      mail: false,
      password_length_min: 12,
      password_length_max: 128,
      public_url: ORIGIN,
    })
  })

  it('a form with problems is refused with each at its field, and nothing is made', async () => {
    const answer = await post({ ...form(), email: 'ada', password: 'short', name: ' ' })
    assert.equal(answer.statusCode, 400)
    const { code, message, problems } = answer.json().error
    assert.equal(code, 'identity.setup_form_refused')
    assert.deepEqual(Object.keys(problems).sort(), ['email', 'name', 'password'])
    assert(message.includes(problems.password))
    assert.equal((await post({ ...form(), role: 'operator' })).statusCode, 400)
    assert.deepEqual(await state(`?token=${token}`), { owner_exists: false, link: 'valid' })
  })

  it('another site, another form of body and a wrong token are refused', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, {} as Headers])
      assert.equal((await post(form(), headers)).json().error.code, 'identity.foreign_origin')
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
      assert.equal(
        (await post(JSON.stringify(form()), { origin: ORIGIN, 'content-type': type })).json().error.code,
        'unsupported_media_type',
        type,
      )
    assert.equal((await post({ ...form(), token: 'guess' })).json().error.code, 'identity.setup_link_invalid')
    assert.equal((await state()).owner_exists, false)
  })

  it('makes the owner, signs in, and shows the first key this once', async () => {
    const answer = await post(form())
    assert.equal(answer.statusCode, 201, answer.body)
    assert.equal(answer.headers['cache-control'], 'no-store')
    assert.match(String(answer.headers['content-type']), /^application\/json/)
    const { key, sample_model, signed_in, organization, public_url, person_id } = answer.json()
    assert.deepEqual([signed_in, sample_model, public_url], [true, 'test-model', ORIGIN])
    assert.equal(organization.name, form().organization)
    assert((await at.identity.keys.findBySecret(key.secret)) !== null)
    const me = await at.server.inject({
      url: '/api/me',
      headers: { cookie: cookiesFrom(answer.headers['set-cookie']) },
    })
    assert.deepEqual(
      [me.json().person.id, me.json().person.email, me.json().operator],
      [person_id, 'ada@example.com', true],
    )
    assert(!JSON.stringify(await at.db.select().from(auditEvent)).includes(key.secret))

    assert.equal((await post(form())).json().error.code, 'identity.setup_link_invalid')
    assert.deepEqual(await state(`?token=${token}`), { owner_exists: true, link: 'invalid' })
    const page = await at.server.inject({ url: '/', headers: { cookie: cookiesFrom(answer.headers['set-cookie']) } })
    assert.doesNotMatch(page.body, /<script>alert|<img/)
  })
})

describe('the answer after set-up', () => {
  it('shows the key even where all else fails, since it cannot be seen again', async (t) => {
    const at = await testInstallation()
    t.after(() => at.close())
    at.facts.sampleModel = () => Promise.reject(new Error('no model'))
    const visit = new Headers({ origin: ORIGIN })
    for (let tries = 0; tries < 5; tries++)
      await at.identity.people.signIn('ada@example.com', 'not the password', visit, '127.0.0.1')
    const answer = await poster(at)('/api/setup', {
      token: tokenOf((await at.identity.setup.offerLink())?.url ?? ''),
      name: 'Ada',
      email: 'ada@example.com',
      password: PASSWORD,
      organization: 'Kestrel',
    })
    assert.equal(answer.statusCode, 201, answer.body)
    const { key, signed_in, sample_model } = answer.json()
    assert.deepEqual([signed_in, sample_model], [false, null])
    assert(await at.identity.keys.findBySecret(key.secret))
  })
})

describe('signing in', () => {
  let at: TestInstallation
  before(async () => {
    at = await testInstallation()
    await at.setUp()
  })
  beforeEach(() => at.wait(10 * 60_000))
  after(() => at.close())

  const ada = { email: 'ada@example.com', password: PASSWORD }
  const signIn = (payload: object | string, headers?: Headers) =>
    poster(at)('/api/auth/sign-in/email', payload, headers)

  it('answers a cookie and no token, which scripts could read', async () => {
    const answer = await signIn(ada)
    assert.deepEqual(answer.json(), { done: true })
    assert.equal(answer.headers['cache-control'], 'no-store')
    const cookies = [answer.headers['set-cookie'] ?? []].flat()
    assert.equal(cookies.length, 1)
    assert.match(cookies[0] ?? '', /^tradewind\.session_token=[^;]+; Max-Age=604800; Path=\/; HttpOnly; SameSite=Lax$/)
  })

  it('the cookie goes over https alone where the public address is https', async (t) => {
    const secure = await testInstallation({ publicUrl: 'https://ai.example.com' })
    t.after(() => secure.close())
    await secure.setUp()
    const answer = await poster(secure)('/api/auth/sign-in/email', ada, { origin: 'https://ai.example.com' })
    assert.match(
      String(answer.headers['set-cookie']),
      /^__Secure-tradewind\.session_token=[^;]+; Max-Age=604800; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
    )
    const cookie = cookiesFrom(answer.headers['set-cookie'])
    assert.equal((await secure.server.inject({ url: '/api/me', headers: { cookie } })).statusCode, 200)
    const plain = cookie.replace('__Secure-', '')
    assert.equal((await secure.server.inject({ url: '/api/me', headers: { cookie: plain } })).statusCode, 401)
  })

  it('a wrong password and an unknown address look the same', async () => {
    const wrong = await signIn({ ...ada, password: 'not the password' })
    const unknown = await signIn({ email: 'nobody@example.com', password: 'not the password' })
    const nonsense = await signIn({ email: 'no address', password: 'not the password' })
    const seen = ({ statusCode, body, headers }: typeof wrong) => {
      const { date: _, 'x-request-id': __, ...same } = headers
      return { statusCode, body, same }
    }
    assert.equal(wrong.json().error.code, 'identity.sign_in_refused')
    assert.deepEqual(seen(unknown), seen(wrong))
    assert.deepEqual(seen(nonsense), seen(wrong))
  })

  it('needs an Origin of ours and JSON, with a session and without', async () => {
    const cookie = await at.cookieOf('ada@example.com')
    for (const extra of [{}, { cookie }] as Headers[]) {
      for (const origin of [{ origin: 'https://evil.example' }, { origin: 'null' }, {}] as Headers[])
        for (const url of [
          '/api/auth/sign-in/email',
          '/api/auth/sign-out',
          '/api/auth/sign-in/passkey',
          '/api/auth/sign-in/passkey/options',
          '/api/auth/sign-in/oidc',
          '/api/auth/password-reset-request',
          '/api/auth/password-reset',
          '/api/auth/email-confirmation',
        ]) {
          const answer = await poster(at)(url, ada, { ...origin, ...extra })
          assert.equal(answer.json().error.code, 'identity.foreign_origin', `${url} ${JSON.stringify(origin)}`)
          assert.equal(answer.headers['set-cookie'], undefined)
        }
      for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
        assert.equal(
          (await signIn(JSON.stringify(ada), { origin: ORIGIN, 'content-type': type, ...extra })).statusCode,
          415,
          type,
        )
    }
    assert.equal((await at.server.inject({ url: '/api/me', headers: { cookie } })).statusCode, 200)
  })

  it('changes of one’s own account need an Origin of ours too', async () => {
    const cookie = await at.cookieOf('ada@example.com')
    const before = (await at.db.select().from(authUser))[0]
    for (const [method, url, payload] of [
      ['PATCH', '/api/me/account', { name: 'Eve' }],
      ['POST', '/api/me/password', { current_password: PASSWORD, new_password: 'chosen by another site' }],
      ['POST', '/api/me/email', { email: 'eve@example.com', current_password: PASSWORD }],
      ['POST', '/api/me/passkeys/options', undefined],
      ['DELETE', '/api/me/sessions', undefined],
      ['POST', '/api/password-reset-links', { person: 'ada@example.com' }],
    ] as const)
      for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, {}] as Headers[]) {
        const answer = await at.server.inject({
          method,
          url,
          headers: { cookie, ...headers },
          ...(payload ? { payload } : {}),
        })
        assert.equal(answer.json().error.code, 'identity.foreign_origin', `${method} ${url}`)
      }
    assert.deepEqual((await at.db.select().from(authUser))[0], before)
  })

  it('begins a new session whatever cookie was there, and ends the one that was', async () => {
    await at.addPerson('eve@example.com', {})
    const planted = await at.cookieOf('eve@example.com')
    const answer = await signIn(ada, { origin: ORIGIN, cookie: planted })
    const own = cookiesFrom(answer.headers['set-cookie'])
    assert.notEqual(own, planted)
    const me = (cookie: string) => at.server.inject({ url: '/api/me', headers: { cookie } })
    assert.equal((await me(own)).json().person.email, 'ada@example.com')
    assert.equal((await me(planted)).statusCode, 401, 'whoever planted it sees nothing of her')
    const made = `tradewind.session_token=${'a'.repeat(32)}.${'b'.repeat(43)}%3D`
    const again = await signIn(ada, { origin: ORIGIN, cookie: made })
    assert.notEqual(cookiesFrom(again.headers['set-cookie']), made)
  })

  it('a wrong password ends nobody’s session', async () => {
    const cookie = await at.cookieOf('ada@example.com')
    await signIn({ ...ada, password: 'not the password' }, { origin: ORIGIN, cookie })
    assert.equal((await at.server.inject({ url: '/api/me', headers: { cookie } })).statusCode, 200)
  })

  it('takes no address to go to, and nothing else that Better Auth would take', async () => {
    for (const more of [
      { callbackURL: 'https://evil.example' },
      { redirectTo: 'https://evil.example' },
      { rememberMe: false },
      { next: '//evil.example' },
    ])
      assert.equal((await signIn({ ...ada, ...more })).json().error.code, 'invalid_request')
    const answer = await poster(at)('/api/auth/sign-in/email?callbackURL=https://evil.example', ada)
    assert.deepEqual([answer.statusCode, answer.headers.location], [200, undefined])
  })

  it('signing out ends the session and clears the cookie, also where there is none', async () => {
    const cookie = await at.cookieOf('ada@example.com')
    const out = await poster(at)('/api/auth/sign-out', {}, { origin: ORIGIN, cookie })
    assert.match(String(out.headers['set-cookie']), /^tradewind\.session_token=; Max-Age=0/)
    assert.equal((await at.server.inject({ url: '/api/me', headers: { cookie } })).statusCode, 401)
    assert.equal((await poster(at)('/api/auth/sign-out', {}, { origin: ORIGIN, cookie })).statusCode, 200)
    assert.equal((await poster(at)('/api/auth/sign-out')).statusCode, 200)
  })

  it('guessing at one person stops after five tries, from there; through a list of people after fifty', async () => {
    const tries = (email: string, password = 'not the password') => signIn({ email, password })
    for (let n = 0; n < 5; n++) assert.equal((await tries('ada@example.com')).statusCode, 401)
    const refused = await tries('ada@example.com', PASSWORD)
    assert.deepEqual([refused.statusCode, refused.json().error.code], [429, 'identity.too_many_sign_ins'])
    for (let n = 0; n < 44; n++) await tries(`p${n}@example.com`)
    assert.equal((await tries('fresh@example.com')).statusCode, 429)
    const claims = { origin: ORIGIN, 'x-forwarded-for': '203.0.113.9', 'x-tradewind-client-address': '203.0.113.9' }
    assert.equal((await signIn(ada, claims)).statusCode, 429, 'nobody gets more tries by claiming another address')
  })

  it('where it came from is what the connection says, and every way in is on the trail', async () => {
    await at.db.delete(authSession)
    const userId = await at.addPerson('trail@example.com', {})
    await signIn(
      { email: 'trail@example.com', password: PASSWORD },
      { origin: ORIGIN, 'x-forwarded-for': '203.0.113.9' },
    )
    const [session] = await at.db.select().from(authSession).where(eq(authSession.userId, userId))
    assert.equal(session?.ipAddress, '127.0.0.1')
    const [event] = await at.db.select().from(auditEvent).where(eq(auditEvent.target, userId))
    assert.deepEqual(
      [event?.action, event?.address, event?.after],
      ['person.signed_in', '127.0.0.1', { by: 'password' }],
    )
  })

  it('nothing of Better Auth can be reached but by our own routes', async () => {
    const cookie = await at.cookieOf('ada@example.com')
    for (const path of [
      'sign-up/email',
      'sign-in/social',
      'link-social',
      'list-sessions',
      'get-session',
      'change-password',
      'passkey/generate-register-options',
      'passkey/verify-authentication',
      'callback/github',
      'callback/oidc/..',
      'error',
    ])
      for (const method of ['GET', 'POST'] as const) {
        const answer = await at.server.inject({
          method,
          url: `/api/auth/${path}`,
          headers: { origin: ORIGIN, cookie },
          ...(method === 'POST' ? { payload: {} } : {}),
        })
        assert.equal(answer.statusCode, 404, `${method} ${path}`)
      }
  })
})
