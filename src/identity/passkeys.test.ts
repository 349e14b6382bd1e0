/** Passkeys as people use them: a real browser, with a virtual authenticator in the place of the device. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { eq } from 'drizzle-orm'
import { type Browser, type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core'
import { auditEvent, authAccount, authPasskey, authSession } from './tables.ts'
import { PASSWORD, type TestInstallation, testInstallation } from './test-installation.ts'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

type Answer = { status: number; body: Record<string, unknown> & { error?: { code: string } } }

/** What a page does with options, as a text: the types of this program know no browser. */
function inBrowser(ceremony: 'create' | 'get', options: unknown): string {
  const parse = ceremony === 'create' ? 'parseCreationOptionsFromJSON' : 'parseRequestOptionsFromJSON'
  const publicKey = `PublicKeyCredential.${parse}(${JSON.stringify(options)})`
  return `navigator.credentials.${ceremony}({ publicKey: ${publicKey} }).then((made) => made.toJSON())`
}

describe('passkeys in a browser', { skip: !existsSync(CHROMIUM) && `there is no ${CHROMIUM}` }, () => {
  let at: TestInstallation
  let url: string
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let devtools: CDPSession
  let authenticatorId: string

  before(async () => {
    const reserved = createTcpServer().listen(0, '127.0.0.1')
    await once(reserved, 'listening')
    const { port } = reserved.address() as AddressInfo
    reserved.close()
    await once(reserved, 'close')
    url = `http://localhost:${port}`
    at = await testInstallation({ publicUrl: url })
    await at.setUp()
    await at.server.listen({ host: '127.0.0.1', port })
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  })
  after(async () => {
    await browser?.close()
    await at.close()
  })

  async function open(verifiesUser = true) {
    await context?.close()
    // The plain pages let no script run; what the console's own will do is run here in their place.
    context = await browser.newContext({ bypassCSP: true })
    page = await context.newPage()
    devtools = await context.newCDPSession(page)
    await devtools.send('WebAuthn.enable')
    const made = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: verifiesUser,
        automaticPresenceSimulation: true,
      },
    })
    authenticatorId = made.authenticatorId
    await page.goto(`${url}/sign-in`)
  }
  beforeEach(() => open())

  const ask = (method: string, path: string, body?: object): Promise<Answer> =>
    page.evaluate(
      async ([method, path, body]) => {
        const answer = await fetch(path as string, {
          method: method as string,
          ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
        })
        return { status: answer.status, body: await answer.json() }
      },
      [method, path, body] as const,
    ) as Promise<Answer>

  const signInByPassword = (email: string) => ask('POST', '/api/auth/sign-in/email', { email, password: PASSWORD })

  /** What the page does to add a passkey. */
  async function add(name: string): Promise<Answer> {
    const begun = await ask('POST', '/api/me/passkeys/options')
    if (begun.status !== 200) return begun
    const response = await page.evaluate(inBrowser('create', begun.body.options))
    return ask('POST', '/api/me/passkeys', { name, response })
  }

  /** What the page does to sign in. @param change what somebody between the browser and us would change */
  async function signIn(change: (response: Record<string, unknown>) => unknown = (same) => same): Promise<Answer> {
    const begun = await ask('POST', '/api/auth/sign-in/passkey/options')
    if (begun.status !== 200) return begun
    const response = await page.evaluate(inBrowser('get', begun.body.options))
    return ask('POST', '/api/auth/sign-in/passkey', { response: change(response as never) })
  }

  it('one is added, opens the door without a password, is renamed and deleted, and all of it is on the trail', async () => {
    const userId = await at.addPerson('kim@example.com', {})
    await signInByPassword('kim@example.com')
    const added = await add('Kim’s laptop')
    assert.equal(added.status, 201, JSON.stringify(added.body))
    assert.equal(added.body.name, 'Kim’s laptop')
    assert.match(String(added.body.id), /^pk_/)
    assert.equal((await ask('POST', '/api/auth/sign-out', {})).status, 200)
    assert.equal((await ask('GET', '/api/me')).status, 401)

    const signedIn = await signIn()
    assert.deepEqual([signedIn.status, signedIn.body], [200, { done: true }])
    assert.equal(((await ask('GET', '/api/me')).body.person as { email: string }).email, 'kim@example.com')
    const [cookie] = (await context.cookies()).filter(({ name }) => name === 'tradewind.session_token')
    assert.deepEqual([cookie?.httpOnly, cookie?.sameSite], [true, 'Lax'])

    const path = `/api/me/passkeys/${added.body.id}`
    assert.equal((await ask('PATCH', path, { name: 'Old laptop' })).body.name, 'Old laptop')
    const account = await ask('GET', '/api/me/account')
    assert.deepEqual(
      (account.body.passkeys as { name: string }[]).map(({ name }) => name),
      ['Old laptop'],
    )
    assert.equal((await ask('DELETE', path)).status, 200)
    assert.equal((await ask('DELETE', path)).body.error?.code, 'identity.passkey_unknown')
    await ask('POST', '/api/auth/sign-out', {})
    assert.equal((await signIn()).body.error?.code, 'identity.passkey_not_proved')

    const trail = await at.db.select().from(auditEvent).where(eq(auditEvent.actorId, userId))
    assert.deepEqual(
      trail.sort((a, b) => a.sequence - b.sequence).map(({ action }) => action),
      [
        'person.signed_in',
        'person.passkey_added',
        'person.signed_out',
        'person.signed_in',
        'person.passkey_renamed',
        'person.passkey_deleted',
        'person.signed_out',
      ],
    )
    assert.deepEqual(trail[3]?.after, { by: 'passkey' })
  })

  it('an answer is good once, for its own challenge, as it was signed', async () => {
    await at.addPerson('lee@example.com', {})
    await signInByPassword('lee@example.com')
    await add('phone')
    await ask('POST', '/api/auth/sign-out', {})

    let kept: unknown
    assert.equal(
      (
        await signIn((response) => {
          kept = response
          return response
        })
      ).status,
      200,
    )
    await ask('POST', '/api/auth/sign-out', {})
    const refused = async (answer: Promise<Answer>) =>
      assert.equal((await answer).body.error?.code, 'identity.passkey_not_proved')
    await refused(ask('POST', '/api/auth/sign-in/passkey', { response: kept as object }))
    await ask('POST', '/api/auth/sign-in/passkey/options')
    await refused(ask('POST', '/api/auth/sign-in/passkey', { response: kept as object }))
    await refused(
      signIn((response) => {
        const { signature, ...rest } = response.response as Record<string, string>
        return { ...response, response: { ...rest, signature: `A${signature?.slice(1)}` } }
      }),
    )
    await refused(signIn((response) => ({ ...response, id: 'somebody-elses' })))
    for (const nonsense of [{}, { id: 1 }, { id: { $ne: null } }, { id: 'x', response: {} }])
      await refused(ask('POST', '/api/auth/sign-in/passkey', { response: nonsense }))
    assert.equal((await ask('GET', '/api/me')).status, 401)
  })

  it('one that does not make sure who touches it is not taken', async () => {
    await at.addPerson('max@example.com', {})
    await signInByPassword('max@example.com')
    await add('key')
    await ask('POST', '/api/auth/sign-out', {})
    await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
    // The browser itself refuses what our page asks for, so the page of somebody who does not ask for it is tried.
    const begun = await ask('POST', '/api/auth/sign-in/passkey/options')
    assert.equal((begun.body.options as { userVerification: string }).userVerification, 'required')
    const lax = { ...(begun.body.options as object), userVerification: 'discouraged' }
    const response = await page.evaluate(inBrowser('get', lax))
    const answer = await ask('POST', '/api/auth/sign-in/passkey', { response })
    assert.equal(answer.body.error?.code, 'identity.passkey_not_proved')
    assert.equal((await ask('GET', '/api/me')).status, 401)
  })

  it('nobody touches the passkey of somebody else, or deletes his only way in', async () => {
    const niaId = await at.addPerson('nia@example.com', {})
    await signInByPassword('nia@example.com')
    const { id } = (await add('nia’s')).body
    await open()
    await at.addPerson('oli@example.com', {})
    await signInByPassword('oli@example.com')
    for (const method of ['PATCH', 'DELETE'])
      assert.equal(
        (await ask(method, `/api/me/passkeys/${id}`, method === 'PATCH' ? { name: 'mine' } : undefined)).body.error
          ?.code,
        'identity.passkey_unknown',
      )
    assert.equal(
      (
        await at.db
          .select()
          .from(authPasskey)
          .where(eq(authPasskey.id, String(id)))
      )[0]?.name,
      'nia’s',
    )

    await open()
    await signInByPassword('nia@example.com')
    await at.db.delete(authAccount).where(eq(authAccount.userId, niaId))
    assert.equal((await ask('DELETE', `/api/me/passkeys/${id}`)).body.error?.code, 'identity.last_way_in')
    assert.equal(
      (
        await at.db
          .select()
          .from(authPasskey)
          .where(eq(authPasskey.id, String(id)))
      ).length,
      1,
    )
  })

  it('is added only within an hour of signing in', async () => {
    const userId = await at.addPerson('pam@example.com', {})
    await signInByPassword('pam@example.com')
    const longAgo = new Date(Date.now() - 61 * 60_000)
    await at.db.update(authSession).set({ createdAt: longAgo }).where(eq(authSession.userId, userId))
    assert.equal((await add('late')).body.error?.code, 'identity.session_not_fresh')
    assert.deepEqual(await at.db.select().from(authPasskey).where(eq(authPasskey.userId, userId)), [])
  })

  it('options name nobody’s passkeys, whoever asks', async () => {
    await at.addPerson('quin@example.com', {})
    await signInByPassword('quin@example.com')
    await add('tablet')
    const { options } = (await ask('POST', '/api/auth/sign-in/passkey/options')).body
    assert.equal((options as { allowCredentials?: unknown[] }).allowCredentials?.length ?? 0, 0)
  })

  it('a page that is opened by number goes to the name, with its path and query', async () => {
    await page.goto(`${url.replace('localhost', '127.0.0.1')}/sign-in?next=/docs`)
    assert.equal(page.url(), `${url}/sign-in?next=/docs`)
    const api = await fetch(`${url.replace('localhost', '127.0.0.1')}/api/sign-in-options`, { redirect: 'manual' })
    assert.equal(api.status, 200)
  })
})

describe('passkeys', () => {
  it('are not offered where browsers do not know them', async (t) => {
    const at = await testInstallation({ publicUrl: 'http://192.0.2.7:8484' })
    t.after(() => at.close())
    assert.equal((await at.server.inject('/api/sign-in-options')).json().passkey, false)
    const answer = await at.server.inject({
      method: 'POST',
      url: '/api/auth/sign-in/passkey/options',
      headers: { origin: 'http://192.0.2.7:8484' },
    })
    assert.equal(answer.json().error.code, 'identity.passkeys_unavailable')
  })
})
