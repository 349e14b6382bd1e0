import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { eq } from 'drizzle-orm'
import type { OidcConfig } from '../platform/sign-in-config.ts'
import { CLIENT_ID, CLIENT_SECRET, startProvider, type TestProvider, testBrowser } from './provider-stand-in.ts'
import { refusalInOurWords, refusalOf } from './single-sign-on.ts'
import { auditEvent, authAccount, authSession, authUser, invitation, member } from './tables.ts'
import { PASSWORD, type TestInstallation, testInstallation } from './test-installation.ts'

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects, and fails where it is not there.
const jsonOf = (answer: Response): Promise<any> => answer.json()

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

describe('single sign-on', () => {
  let at: TestInstallation
  let provider: TestProvider
  let url: string
  let organizationId: string
  const config: OidcConfig = {
    issuer: '',
    clientId: CLIENT_ID,
    clientSecret: CLIENT_SECRET,
    name: 'Example ID',
    allowedDomains: [],
    firstTime: null,
  }
  before(async () => {
    const port = await freePort()
    url = `http://localhost:${port}`
    provider = await startProvider(url)
    config.issuer = provider.issuer
    at = await testInstallation({ publicUrl: url, oidc: config })
    organizationId = (await at.setUp()).organization.id
    await at.server.listen({ host: '127.0.0.1', port })
  })
  beforeEach(() => {
    at.wait(10 * 60_000) // past the limit of tries from one address
    Object.assign(config, { allowedDomains: [], firstTime: null })
  })
  after(async () => {
    await at.close()
    await provider.close()
  })

  const person = (name: string, email = `${name}@example.com`, email_verified = true) =>
    provider.people.set(name, { email, email_verified, name: `${name} of the provider` })

  async function begin(browser: ReturnType<typeof testBrowser>, next = '/', path = '/api/auth/sign-in/oidc') {
    const answer = await browser.ask(`${url}${path}`, {
      method: 'POST',
      headers: { origin: url, 'content-type': 'application/json' },
      body: JSON.stringify({ next }),
    })
    assert.equal(answer.status, 200, await answer.clone().text())
    return ((await answer.json()) as { url: string }).url
  }

  /** Signs in from the first click to the page that the browser ends on. @returns its path, and who that makes one */
  async function signIn(name: string, next = '/', browser = testBrowser()) {
    const back = await browser.walk(await begin(browser, next), name)
    assert(back.startsWith(`${url}/api/auth/callback/oidc?`), back)
    const landed = await browser.ask(back)
    assert.equal(landed.status, 303)
    const led = landed.headers.get('location') ?? ''
    assert(led.startsWith(`${url}/`), `leads elsewhere: ${led}`)
    const me = await browser.ask(`${url}/api/me`)
    return { led: led.slice(url.length), email: me.ok ? (await jsonOf(me)).person.email : null, browser, back }
  }
  const idOf = async (email: string) =>
    (await at.db.select().from(authUser).where(eq(authUser.email, email)))[0]?.id ?? null

  it('is offered by its name', async () => {
    const options = await jsonOf(await fetch(`${url}/api/sign-in-options`))
    assert.deepEqual(options.single_sign_on, [{ id: 'oidc', name: 'Example ID' }])
  })

  it('whoever was not invited is refused, and nothing of him stays', async () => {
    person('nobody')
    const { led, email } = await signIn('nobody', '/keys')
    assert.deepEqual([led, email], ['/sign-in?error=sso_not_invited', null])
    assert.equal(await idOf('nobody@example.com'), null)
  })

  it('a first-time person joins where the settings say so, and comes back as the same one', async () => {
    config.firstTime = { role: 'viewer', organizationId: null }
    person('first')
    provider.people.set('first', { email: 'first@example.com', email_verified: true, name: 'First\u001b[2J\u202e' })
    const first = await signIn('first', '/models?here=true')
    assert.deepEqual([first.led, first.email], ['/models?here=true', 'first@example.com'])
    const userId = (await idOf('first@example.com')) ?? ''
    const [made] = await at.db.select().from(authUser).where(eq(authUser.id, userId))
    assert.equal(made?.name, 'First[2J')
    const roles = () => at.db.select().from(member).where(eq(member.userId, userId))
    assert.deepEqual(
      (await roles()).map((one) => [one.organizationId, one.role]),
      [[organizationId, 'viewer']],
    )
    const [account] = await at.db.select().from(authAccount).where(eq(authAccount.userId, userId))
    assert.equal(account?.accountId, `${provider.issuer} first`)
    assert.deepEqual([account?.accessToken, account?.refreshToken, account?.idToken], [null, null, null])
    const actions = (await at.db.select().from(auditEvent).where(eq(auditEvent.actorId, userId))).map(
      (one) => one.action,
    )
    assert.deepEqual(actions.sort(), [
      'member.added',
      'person.created',
      'person.signed_in',
      'person.single_sign_on_linked',
    ])

    // Taken out, he does not come in again by signing in again.
    await at.db.delete(member).where(eq(member.userId, userId))
    provider.people.set('first', { email: 'renamed@example.com', email_verified: true, name: 'Renamed' })
    const again = await signIn('first')
    assert.equal(again.email, 'first@example.com', 'known by his subject, not by his address')
    assert.deepEqual(await roles(), [])
  })

  it('an invited person is let in, and has what the invitation gives only once it is opened', async () => {
    person('guest')
    await at.db.insert(invitation).values({
      id: 'inv_1',
      organizationId,
      email: 'guest@example.com',
      role: 'developer',
      sha256: 'x',
      createdAt: new Date(),
      createdBy: 'machine',
      expiresAt: new Date(Date.now() + 365 * 86_400_000),
    })
    const { led, email } = await signIn('guest')
    assert.deepEqual([led, email], ['/', 'guest@example.com'])
    const userId = (await idOf('guest@example.com')) ?? ''
    assert.deepEqual(await at.db.select().from(member).where(eq(member.userId, userId)), [])
  })

  it('an address that the provider did not verify opens nothing', async () => {
    config.firstTime = { role: 'viewer', organizationId: null }
    person('eve', 'ada@example.com', false)
    const taken = await signIn('eve')
    assert.deepEqual([taken.led, taken.email], ['/sign-in?error=sso_not_linked', null])
    person('mallory', 'mallory@example.com', false)
    const fresh = await signIn('mallory')
    assert.deepEqual([fresh.led, fresh.email], ['/sign-in?error=sso_email_unverified', null])
    assert.equal(await idOf('mallory@example.com'), null)
  })

  it('a person with a password is joined only once his address here is proved too', async () => {
    const userId = await at.addPerson('bob@example.com', { organizationId, role: 'developer' })
    person('bob')
    const refused = await signIn('bob')
    assert.deepEqual([refused.led, refused.email], ['/sign-in?error=sso_not_linked', null])
    await at.db.update(authUser).set({ emailVerified: true }).where(eq(authUser.id, userId))
    person('bob', 'bob@example.com', false)
    assert.equal((await signIn('bob')).led, '/sign-in?error=sso_not_linked')
    person('bob')
    assert.equal((await signIn('bob')).email, 'bob@example.com')
  })

  it('who is signed in joins his account himself, and parts from it again, but never from his only way in', async () => {
    await at.addPerson('carol@example.com', { organizationId, role: 'developer' })
    person('carol')
    const browser = testBrowser()
    const post = (path: string, body: object, method = 'POST') =>
      browser.ask(`${url}${path}`, {
        method,
        headers: { origin: url, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
    assert.equal(
      (await post('/api/auth/sign-in/email', { email: 'carol@example.com', password: PASSWORD })).status,
      200,
    )
    person('stranger', 'stranger@example.com')
    const link = async (name: string) => {
      const wanted = await begin(browser, '/account', '/api/me/single-sign-on')
      const provider = testBrowser()
      provider.jar.set(new URL(url).host, browser.jar.get(new URL(url).host) ?? new Map())
      return (await browser.ask(await provider.walk(wanted, name))).headers.get('location')
    }
    assert.equal(await link('stranger'), `${url}/account?error=sso_link_refused`)
    assert.equal(await link('carol'), `${url}/account`)
    const account = async () => jsonOf(await browser.ask(`${url}/api/me/account`))
    assert.equal(typeof (await account()).single_sign_on.linked_at, 'string')
    assert.equal((await signIn('carol')).email, 'carol@example.com')
    assert.equal(
      (await browser.ask(`${url}/api/me/single-sign-on`, { method: 'DELETE', headers: { origin: url } })).status,
      200,
    )
    assert.deepEqual((await account()).single_sign_on, { name: 'Example ID', linked_at: null })

    config.firstTime = { role: 'viewer', organizationId: null }
    person('only')
    const only = await signIn('only')
    const refused = await only.browser.ask(`${url}/api/me/single-sign-on`, {
      method: 'DELETE',
      headers: { origin: url },
    })
    assert.equal((await jsonOf(refused)).error.code, 'identity.last_way_in')
    assert.equal((await signIn('only')).email, 'only@example.com')
  })

  it('only addresses of the domains that are allowed come in, also those who came before', async () => {
    config.firstTime = { role: 'viewer', organizationId: null }
    person('dora')
    assert.equal((await signIn('dora')).email, 'dora@example.com')
    config.allowedDomains = ['example.org']
    assert.deepEqual((await signIn('dora')).led, '/sign-in?error=sso_domain_refused')
    for (const email of ['fred@example.org.evil.com', 'fred@evil-example.org', 'fred@sub.example.org']) {
      person('fred', email)
      assert.equal((await signIn('fred')).led, '/sign-in?error=sso_domain_refused', email)
    }
    person('fred', 'fred@example.org')
    assert.equal((await signIn('fred')).email, 'fred@example.org')
  })

  it('leads to a path of ours only, whatever it was told', async () => {
    config.firstTime = { role: 'viewer', organizationId: null }
    person('gina')
    for (const next of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      'javascript:alert(1)',
      '/.//evil.example',
    ])
      assert.equal((await signIn('gina', next)).led, '/', next)
  })

  it('an answer of the provider works once, in the browser that asked, and not with another’s code', async () => {
    config.firstTime = { role: 'viewer', organizationId: null }
    person('hugo')
    const first = await signIn('hugo')
    const replayed = await first.browser.ask(first.back)
    assert.equal(replayed.headers.get('location'), `${url}/sign-in?error=sso_expired`)

    // Somebody else's browser is sent to the attacker's answer: it must not become the attacker's session.
    const attacker = testBrowser()
    const back = await attacker.walk(await begin(attacker), 'hugo')
    const victim = testBrowser()
    assert.equal((await victim.ask(back)).headers.get('location'), `${url}/sign-in?error=sso_expired`)
    assert.equal((await victim.ask(`${url}/api/me`)).status, 401)

    for (const search of ['', '?state=x&code=y', '?error=<script>&state=x', '?code=y'])
      assert.match(
        (await victim.ask(`${url}/api/auth/callback/oidc${search}`)).headers.get('location') ?? '',
        /\/sign-in\?error=sso_(expired|failed)$/,
        search,
      )
  })

  it('begins a new session and ends the one that was there', async () => {
    config.firstTime = { role: 'viewer', organizationId: null }
    person('ida')
    const { browser } = await signIn('ida')
    const host = new URL(url).host
    const before = new Map(browser.jar.get(host))
    await signIn('ida', '/', browser)
    assert.notDeepEqual(browser.jar.get(host), before)
    const old = [...before].map(([name, value]) => `${name}=${value}`).join('; ')
    assert.equal((await fetch(`${url}/api/me`, { headers: { cookie: old } })).status, 401)
    const userId = (await idOf('ida@example.com')) ?? ''
    assert.equal((await at.db.select().from(authSession).where(eq(authSession.userId, userId))).length, 1)
  })

  it('needs an Origin of ours, and is refused with one sentence where there is none or nobody answers', async (t) => {
    const foreign = await fetch(`${url}/api/auth/sign-in/oidc`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'content-type': 'application/json' },
      body: '{}',
    })
    assert.equal((await jsonOf(foreign)).error.code, 'identity.foreign_origin')

    const gone = await testInstallation({ oidc: { ...config, issuer: `http://127.0.0.1:${await freePort()}` } })
    t.after(() => gone.close())
    await gone.setUp()
    const post = (to: TestInstallation, path: string, payload: object) =>
      to.server.inject({ method: 'POST', url: path, headers: { origin: 'http://localhost:8484' }, payload })
    assert.equal((await post(gone, '/api/auth/sign-in/oidc', {})).json().error.code, 'identity.sso_unreachable')
    const byPassword = { email: 'ada@example.com', password: PASSWORD }
    assert.equal(
      (await post(gone, '/api/auth/sign-in/email', byPassword)).statusCode,
      200,
      'a password works all the same',
    )

    const without = await testInstallation()
    t.after(() => without.close())
    assert.equal((await post(without, '/api/auth/sign-in/oidc', {})).json().error.code, 'identity.sso_unavailable')
  })
})

describe('what claims are worth', () => {
  it('is decided by whether the address is verified, its domain, and whether its owner is known', () => {
    const all = { allowedDomains: [] }
    const some = { allowedDomains: ['example.com'] }
    const claims = { email: 'a@example.com', verified: true, known: false }
    assert.equal(refusalOf(all, claims), null)
    assert.equal(refusalOf(all, { ...claims, verified: false }), 'sso_email_unverified')
    assert.equal(refusalOf(all, { ...claims, verified: false, known: true }), null)
    assert.equal(refusalOf(some, { ...claims, verified: false, known: true }), 'sso_email_unverified')
    assert.equal(refusalOf(some, { ...claims, email: 'a@b@evil.com' }), 'sso_domain_refused')
    assert.equal(refusalOf(some, { ...claims, email: '' }), 'sso_domain_refused')
  })

  it('words from outside become words of ours', () => {
    assert.equal(refusalInOurWords('access_denied'), 'sso_cancelled')
    for (const word of ['<script>', '__proto__', 'constructor', 'toString'])
      assert.equal(refusalInOurWords(word), 'sso_failed')
  })
})
