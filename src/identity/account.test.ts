/** One's own account, sessions, and links by mail, against a real mail server. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { eq } from 'drizzle-orm'
import { createMailer } from '../platform/mail.ts'
import { type MailServer, startMailServer } from '../platform/mail-server-stand-in.ts'
import { auditEvent, authSession, authUser, installationRole, member, personLink } from './tables.ts'
import { cookiesFrom, ORIGIN, PASSWORD, type TestInstallation, testInstallation, tokenOf } from './test-installation.ts'

const NEW_PASSWORD = 'a wholly new one'

let at: TestInstallation
let mail: MailServer
let home: string
let away: string

before(async () => {
  mail = await startMailServer()
  at = await testInstallation({ mailer: createMailer({ smtpUrl: mail.url, from: 'post@example.org' }) })
  home = (await at.setUp()).organization.id
  away = (await at.addOrganization('Osprey')).organizationId
})
beforeEach(() => at.wait(10 * 60_000)) // past the limit of tries from one address
after(async () => {
  await at.close()
  await mail.close()
})

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

function asker(cookie = '', headers: Record<string, string> = {}) {
  return (method: Method, url: string, payload?: object) =>
    at.server.inject({
      method,
      url,
      headers: { ...(cookie ? { cookie } : {}), ...(method === 'GET' ? {} : { origin: ORIGIN }), ...headers },
      ...(payload ? { payload } : {}),
    })
}
const anybody = asker()
const asPerson = async (email: string, password = PASSWORD) => asker(await at.cookieOf(email, password))
const codeOf = (answer: { json(): { error: { code: string } } }) => answer.json().error.code
const linkIn = (text: string) => /http\S+/.exec(text)?.[0] ?? ''
const actionsOn = async (target: string) =>
  (await at.db.select().from(auditEvent).where(eq(auditEvent.target, target)))
    .sort((a, b) => a.sequence - b.sequence)
    .map(({ action }) => action)

describe('a lost password', () => {
  const request = (email: string) => anybody('POST', '/api/auth/password-reset-request', { email })
  const reset = (token: string, password = NEW_PASSWORD) =>
    anybody('POST', '/api/auth/password-reset', { token, password })

  it('is replaced by a link by mail: once, within the hour, and every session ends', async () => {
    const userId = await at.addPerson('lost@example.com', { organizationId: home, role: 'developer' })
    const cookie = await at.cookieOf('lost@example.com')
    assert.deepEqual((await request(' Lost@example.com')).json(), { done: true })
    const { text } = await mail.next('lost@example.com')
    const url = linkIn(text)
    assert(url.startsWith(`${ORIGIN}/reset-password?token=`), text)
    const token = tokenOf(url)
    const [row] = await at.db.select().from(personLink).where(eq(personLink.userId, userId))
    assert(row && !JSON.stringify(row).includes(token), 'only its hash is kept')

    assert.deepEqual((await anybody('GET', `/api/auth/password-reset?token=${token}`)).json(), {
      name: 'lost@example.com',
      email: 'lost@example.com',
    })
    assert.equal(codeOf(await reset(token, 'short')), 'identity.password_refused')
    assert.equal((await reset(token)).statusCode, 200, 'a refused password does not use the link up')
    assert.equal(codeOf(await reset(token, 'yet another one')), 'identity.person_link_invalid')
    assert.equal(
      codeOf(await anybody('GET', `/api/auth/password-reset?token=${token}`)),
      'identity.person_link_invalid',
    )
    assert.equal((await asker(cookie)('GET', '/api/me')).statusCode, 401)
    const wrong = await anybody('POST', '/api/auth/sign-in/email', { email: 'lost@example.com', password: PASSWORD })
    assert.equal(codeOf(wrong), 'identity.sign_in_refused')
    await at.cookieOf('lost@example.com', NEW_PASSWORD)
    const [user] = await at.db.select().from(authUser).where(eq(authUser.id, userId))
    assert.equal(user?.emailVerified, true, 'who opened the mail owns the address')
    assert.match((await mail.next('lost@example.com')).subject, /password was changed/)
    assert.deepEqual(
      (await actionsOn(userId)).filter((action) => action.includes('reset')),
      ['person.password_reset_requested', 'person.password_reset'],
    )
  })

  it('a link is dead after an hour, and all links are once one of them is used', async () => {
    await at.addPerson('slow@example.com', {})
    await request('slow@example.com')
    const old = tokenOf(linkIn((await mail.next('slow@example.com')).text))
    at.wait(60 * 60_000)
    assert.equal(codeOf(await reset(old)), 'identity.person_link_invalid')
    await request('slow@example.com')
    const first = tokenOf(linkIn((await mail.next('slow@example.com')).text))
    await request('slow@example.com')
    const second = tokenOf(linkIn((await mail.next('slow@example.com')).text))
    assert.equal((await reset(second)).statusCode, 200)
    assert.equal(codeOf(await reset(first)), 'identity.person_link_invalid')
  })

  it('of many who use a link at once, one wins', async () => {
    await at.addPerson('race@example.com', {})
    await request('race@example.com')
    const token = tokenOf(linkIn((await mail.next('race@example.com')).text))
    const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => reset(token, `${NEW_PASSWORD} ${n}`)))
    assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [200, 410, 410, 410, 410])
  })

  it('whether anybody has an address is told neither by words nor by waiting for a mail', async () => {
    await at.addPerson('known@example.com', {})
    const slow = await startMailServer()
    const other = await testInstallation({ mailer: createMailer({ smtpUrl: slow.url, from: 'post@example.org' }) })
    await slow.close() // nobody listens there any more: a mail cannot be sent, and nobody may see that
    const post = (email: string) =>
      other.server.inject({
        method: 'POST',
        url: '/api/auth/password-reset-request',
        headers: { origin: ORIGIN },
        payload: { email },
      })
    await other.addPerson('known@example.com', {})
    const [there, nowhere, nonsense] = [await post('known@example.com'), await post('no@example.com'), await post('x')]
    const seen = ({ statusCode, body, headers }: typeof there) => {
      const { date: _, 'x-request-id': __, ...same } = headers
      return { statusCode, body, same }
    }
    assert.equal(there.statusCode, 202)
    assert.deepEqual(seen(there), seen(nowhere))
    assert.deepEqual(seen(there), seen(nonsense))
    await other.identity.links.settled()
    await other.close()

    const before = mail.mails.length
    await request('no@example.com')
    await at.identity.links.settled()
    assert.equal(mail.mails.length, before)
  })

  it('one person gets three mails an hour, and asking is limited by address', async () => {
    await at.addPerson('spam@example.com', {})
    for (let asked = 0; asked < 5; asked++) assert.equal((await request('spam@example.com')).statusCode, 202)
    const sixth = await request('spam@example.com')
    assert.equal(codeOf(sixth), 'identity.too_many_sign_ins')
    await at.identity.links.settled()
    assert.equal(mail.mails.filter(({ to }) => to.includes('spam@example.com')).length, 3)
    for (let tries = 0; tries < 50; tries++) await reset('guess'.padEnd(43, String(tries)))
    assert.equal(codeOf(await reset('guess')), 'identity.too_many_sign_ins')
  })

  it('a link says the address of the settings, whatever host a request claims', async () => {
    await at.addPerson('host@example.com', {})
    const spoofed = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }
    await asker('', spoofed)('POST', '/api/auth/password-reset-request', { email: 'host@example.com' })
    const { text } = await mail.next('host@example.com')
    assert(linkIn(text).startsWith(`${ORIGIN}/`))
    assert.doesNotMatch(text, /evil/)
  })

  it('a name with lines in it stays one line of the mail', async () => {
    const userId = await at.addPerson('lines@example.com', {})
    await at.db.update(authUser).set({ name: 'Eve\n\nhttp://evil.example\n' }).where(eq(authUser.id, userId))
    await request('lines@example.com')
    assert.match((await mail.next('lines@example.com')).text, /^Hello Eve http:\/\/evil\.example,\n\n/)
  })
})

describe('a link that somebody makes for somebody else', () => {
  const make = (ask: ReturnType<typeof asker>, person: string) => ask('POST', '/api/password-reset-links', { person })

  it('is made by the command line, an operator, or the owner of all that the person belongs to', async () => {
    const target = await at.addPerson('target@example.com', { organizationId: home, role: 'developer' })
    const roles = ['owner', 'admin', 'developer', 'viewer'] as const
    for (const role of roles) {
      await at.addPerson(`${role}@reset.example`, { organizationId: home, role })
      await at.addPerson(`${role}@away.example`, { organizationId: away, role })
    }
    await at.addPerson('operator@reset.example', { operator: true })

    for (const [email, code] of [
      ['admin@reset.example', 'identity.forbidden'],
      ['developer@reset.example', 'identity.forbidden'],
      ['viewer@reset.example', 'identity.forbidden'],
      ['owner@away.example', 'identity.person_unknown'],
      ['target@example.com', 'identity.forbidden'],
    ] as const)
      for (const who of [target, 'target@example.com'])
        assert.equal(codeOf(await make(await asPerson(email), who)), code, `${email} ${who}`)
    const missing = await make(await asPerson('owner@away.example'), 'usr_none')
    assert.equal(codeOf(missing), 'identity.person_unknown', 'a stranger looks like nobody')

    const links = []
    for (const email of ['owner@reset.example', 'operator@reset.example'])
      links.push((await make(await asPerson(email), 'Target@example.com')).json())
    const byMachine = await at.admin.inject({
      method: 'POST',
      url: '/api/password-reset-links',
      payload: { person: target },
    })
    assert.equal(byMachine.statusCode, 201, byMachine.body)
    links.push(byMachine.json())
    for (const { url } of links.slice(0, 2))
      assert.equal(
        codeOf(await anybody('GET', `/api/auth/password-reset?token=${tokenOf(url)}`)),
        'identity.person_link_invalid',
        'a later link ends the earlier ones',
      )
    const used = await anybody('POST', '/api/auth/password-reset', {
      token: tokenOf(links[2].url),
      password: NEW_PASSWORD,
    })
    assert.deepEqual(used.json(), { name: 'target@example.com', email: 'target@example.com' })
    const [user] = await at.db.select().from(authUser).where(eq(authUser.id, target))
    assert.equal(user?.emailVerified, false, 'a link that was handed over proves no address')
    const trail = await at.db.select().from(auditEvent).where(eq(auditEvent.target, target))
    const made = trail.filter(({ action }) => action === 'person.password_reset_link_made')
    assert.deepEqual([made.length, made.filter(({ organizationId }) => organizationId === home).length], [6, 3])
    assert(!JSON.stringify(trail).includes(tokenOf(links[2].url)))
  })

  it('an owner gets no hold of who also belongs elsewhere, runs the installation, or is himself', async () => {
    const both = await at.addPerson('both@example.com', { organizationId: home, role: 'viewer' })
    await at.db.insert(member).values({ userId: both, organizationId: away, role: 'viewer', createdAt: new Date() })
    const runs = await at.addPerson('runs@example.com', { organizationId: home, role: 'viewer' })
    await at.db.insert(installationRole).values({ userId: runs, role: 'operator', createdAt: new Date() })
    const owner = await at.addPerson('boss@example.com', { organizationId: home, role: 'owner' })
    const ask = await asPerson('boss@example.com')
    for (const who of [both, runs, owner]) assert.equal(codeOf(await make(ask, who)), 'identity.forbidden', who)
    const operator = await asPerson('runs@example.com')
    assert.equal(codeOf(await make(operator, runs)), 'identity.forbidden', 'an open browser must not be enough')
  })
})

describe('sessions', () => {
  it('are listed with device and address, ended one by one or all but this one', async () => {
    const userId = await at.addPerson('many@example.com', {})
    const open = async (userAgent: string) => {
      const answer = await asker('', { 'user-agent': userAgent })('POST', '/api/auth/sign-in/email', {
        email: 'many@example.com',
        password: PASSWORD,
      })
      return asker(cookiesFrom(answer.headers['set-cookie']))
    }
    const phone = await open(
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
    )
    const curl = await open('curl/8.5.0')
    const laptop = await open('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')
    const list = async () => (await laptop('GET', '/api/me/sessions')).json()
    const { data, next } = await list()
    assert.equal(next, null)
    assert.deepEqual(
      data.map((one: Record<string, unknown>) => [one.browser, one.system, one.address, one.current]),
      [
        ['Firefox', 'Linux', '127.0.0.1', true],
        ['curl', null, '127.0.0.1', false],
        ['Safari', 'iPhone', '127.0.0.1', false],
      ],
    )
    assert.doesNotMatch(JSON.stringify(data), /token/)
    const first = (await laptop('GET', '/api/me/sessions?limit=2')).json()
    assert.equal((await laptop('GET', `/api/me/sessions?limit=2&after=${first.next}`)).json().data.length, 1)

    const gone = data[2].id
    assert.equal((await laptop('DELETE', `/api/me/sessions/${gone}`)).statusCode, 200)
    assert.equal((await phone('GET', '/api/me')).statusCode, 401)
    assert.equal(codeOf(await laptop('DELETE', `/api/me/sessions/${gone}`)), 'identity.session_unknown')
    await at.addPerson('thief@example.com', {})
    const thief = await asPerson('thief@example.com')
    assert.equal(codeOf(await thief('DELETE', `/api/me/sessions/${data[1].id}`)), 'identity.session_unknown')
    assert.equal((await curl('GET', '/api/me')).statusCode, 200)

    assert.deepEqual((await laptop('DELETE', '/api/me/sessions')).json(), { sessions_ended: 1 })
    assert.equal((await curl('GET', '/api/me')).statusCode, 401)
    assert.equal((await laptop('GET', '/api/me')).statusCode, 200)
    assert.equal((await thief('GET', '/api/me')).statusCode, 200)
    const actions = await actionsOn(userId)
    assert.equal(actions.filter((action) => action === 'person.sessions_ended').length, 2)
  })

  it('of a member are ended by who manages him, and by nobody else', async () => {
    const target = await at.addPerson('member@example.com', { organizationId: home, role: 'developer' })
    const owner = await at.addPerson('theowner@example.com', { organizationId: home, role: 'owner' })
    const runs = await at.addPerson('theoperator@example.com', { organizationId: home, role: 'viewer' })
    await at.db.insert(installationRole).values({ userId: runs, role: 'operator', createdAt: new Date() })
    await at.addPerson('manages@example.com', { organizationId: home, role: 'admin' })
    await at.addPerson('looks@example.com', { organizationId: home, role: 'viewer' })
    await at.addPerson('elsewhere@example.com', { organizationId: away, role: 'owner' })
    const signedIn = await asPerson('member@example.com')
    const end = async (email: string, who: string) => (await asPerson(email))('DELETE', `/api/people/${who}/sessions`)
    assert.equal(codeOf(await end('looks@example.com', target)), 'identity.forbidden')
    assert.equal(codeOf(await end('elsewhere@example.com', target)), 'identity.person_unknown')
    assert.equal((await signedIn('GET', '/api/me')).statusCode, 200)
    assert.deepEqual((await end('manages@example.com', target)).json(), { sessions_ended: 1 })
    assert.equal((await signedIn('GET', '/api/me')).statusCode, 401)
    assert.equal(codeOf(await end('manages@example.com', owner)), 'identity.forbidden')
    assert.equal(codeOf(await end('manages@example.com', runs)), 'identity.forbidden')
    assert.equal((await end('theoperator@example.com', owner)).statusCode, 200)
  })

  it('end when they were not used for a week, and after thirty days however much they are used', async () => {
    const userId = await at.addPerson('old@example.com', {})
    const ask = await asPerson('old@example.com')
    const set = (change: Partial<typeof authSession.$inferInsert>) =>
      at.db.update(authSession).set(change).where(eq(authSession.userId, userId))
    const [session] = await at.db.select().from(authSession).where(eq(authSession.userId, userId))
    assert.equal(Math.round(((session?.expiresAt.getTime() ?? 0) - Date.now()) / 3_600_000), 7 * 24)
    // Used after six minutes, it is good for another week.
    await set({ expiresAt: new Date(Date.now() + 7 * 86_400_000 - 6 * 60_000) })
    assert.equal((await ask('GET', '/api/me')).statusCode, 200)
    const [used] = await at.db.select().from(authSession).where(eq(authSession.userId, userId))
    assert.equal(Math.round(((used?.expiresAt.getTime() ?? 0) - Date.now()) / 60_000), 7 * 24 * 60)
    await set({ createdAt: new Date(Date.now() - 30 * 86_400_000 - 1000) })
    assert.deepEqual((await (await asPerson('old@example.com'))('GET', '/api/me/sessions')).json().data.length, 1)
    assert.equal((await ask('GET', '/api/me')).statusCode, 401)
    assert.equal((await at.db.select().from(authSession).where(eq(authSession.userId, userId))).length, 1)
  })
})

describe('one’s own account', () => {
  it('says what there is, and takes a new name with what it was on the trail', async () => {
    const userId = await at.addPerson('self@example.com', {})
    const ask = await asPerson('self@example.com')
    const account = (await ask('GET', '/api/me/account')).json()
    assert.deepEqual(
      { ...account, created_at: 'then' },
      {
        id: userId,
        name: 'self@example.com',
        email: 'self@example.com',
        email_verified: false,
        email_can_change: true,
        created_at: 'then',
        has_password: true,
        passkeys_available: true,
        passkeys: [],
        single_sign_on: null,
      },
    )
    const renamed = await ask('PATCH', '/api/me/account', { name: '  <img src=x onerror=alert(1)> ' })
    assert.equal(renamed.json().name, '<img src=x onerror=alert(1)>')
    for (const name of ['', '   ', 'x'.repeat(101)])
      assert.equal(codeOf(await ask('PATCH', '/api/me/account', { name })), 'identity.name_refused')
    const [event] = (await at.db.select().from(auditEvent).where(eq(auditEvent.target, userId))).filter(
      ({ action }) => action === 'person.renamed',
    )
    assert.deepEqual(
      [event?.before, event?.after],
      [{ name: 'self@example.com' }, { name: '<img src=x onerror=alert(1)>' }],
    )
  })

  it('a new password ends every session, also the one that a thief has of this browser, and goes on in a new one', async () => {
    await at.addPerson('secure@example.com', {})
    const stolen = await at.cookieOf('secure@example.com')
    const other = await asPerson('secure@example.com')
    const changed = await asker(stolen)('POST', '/api/me/password', {
      current_password: PASSWORD,
      new_password: NEW_PASSWORD,
    })
    assert.equal(changed.statusCode, 200, changed.body)
    assert.equal((await asker(stolen)('GET', '/api/me')).statusCode, 401)
    assert.equal((await other('GET', '/api/me')).statusCode, 401)
    assert.equal((await asker(cookiesFrom(changed.headers['set-cookie']))('GET', '/api/me')).statusCode, 200)
    const ask = asker(cookiesFrom(changed.headers['set-cookie']))
    for (let tries = 0; tries < 5; tries++)
      assert.equal(
        codeOf(await ask('POST', '/api/me/password', { current_password: 'not it', new_password: 'whatever it is' })),
        'identity.current_password_wrong',
      )
    assert.equal(
      codeOf(await ask('POST', '/api/me/password', { current_password: NEW_PASSWORD, new_password: PASSWORD })),
      'identity.too_many_sign_ins',
    )
  })

  it('another address is one’s own only after its mail was opened, and the old one is told', async () => {
    const userId = await at.addPerson('before@example.com', {})
    const ask = await asPerson('before@example.com')
    const change = (email: string, current_password = PASSWORD) =>
      ask('POST', '/api/me/email', { email, current_password })
    assert.equal(codeOf(await change('after@example.com', 'not it')), 'identity.current_password_wrong')
    assert.equal(codeOf(await change('after')), 'identity.email_malformed')
    assert.equal((await change('After@example.com')).statusCode, 202)
    const { text } = await mail.next('after@example.com')
    assert(linkIn(text).startsWith(`${ORIGIN}/confirm-email?token=`))
    const emailNow = async () => (await at.db.select().from(authUser).where(eq(authUser.id, userId)))[0]
    assert.equal((await emailNow())?.email, 'before@example.com')
    const confirm = (token: string) => anybody('POST', '/api/auth/email-confirmation', { token })
    const token = tokenOf(linkIn(text))
    assert.equal(
      codeOf(await anybody('POST', '/api/auth/password-reset', { token, password: NEW_PASSWORD })),
      'identity.person_link_invalid',
    )
    assert.deepEqual((await confirm(token)).json(), { email: 'after@example.com' })
    assert.equal(codeOf(await confirm(token)), 'identity.person_link_invalid')
    assert.deepEqual([(await emailNow())?.email, (await emailNow())?.emailVerified], ['after@example.com', true])
    assert.match((await mail.next('before@example.com')).text, /now belongs to after@example\.com/)
    await at.cookieOf('after@example.com')

    // Somebody else's address gets no mail, and neither the answer nor a link from before tells.
    await at.addPerson('taken@example.com', {})
    const sent = mail.mails.length
    assert.equal((await change('taken@example.com')).statusCode, 202)
    await at.identity.links.settled()
    assert.equal(mail.mails.length, sent)
    assert.equal((await change('soon@example.com')).statusCode, 202)
    const soon = tokenOf(linkIn((await mail.next('soon@example.com')).text))
    await at.addPerson('soon@example.com', {})
    assert.equal(codeOf(await confirm(soon)), 'identity.person_link_invalid')
    assert.equal((await emailNow())?.email, 'after@example.com')
  })

  it('belongs to a person: the command line has none, and nobody has none', async () => {
    for (const url of ['/api/me/account', '/api/me/sessions']) {
      assert.equal((await at.admin.inject(url)).json().error.code, 'identity.person_needed')
      assert.equal(codeOf(await anybody('GET', url)), 'identity.unauthenticated')
    }
  })

  it('without a mail server, whoever wants mail is told who can help', async (t) => {
    const without = await testInstallation()
    t.after(() => without.close())
    await without.setUp()
    const cookie = await without.cookieOf('ada@example.com')
    for (const [url, payload] of [
      ['/api/auth/password-reset-request', { email: 'ada@example.com' }],
      ['/api/me/email', { email: 'new@example.com', current_password: PASSWORD }],
    ] as const) {
      const answer = await without.server.inject({ method: 'POST', url, payload, headers: { origin: ORIGIN, cookie } })
      assert.deepEqual([answer.statusCode, answer.json().error.code], [409, 'mail.not_configured'])
    }
    assert.equal((await without.server.inject('/api/sign-in-options')).json().mail, false)
  })
})

describe('the end of a session', () => {
  it('is told to those who watch keys, whichever way it ends, since the playground’s keys end with it', async () => {
    const userId = await at.addPerson('player@example.com', { organizationId: home, role: 'developer' })
    let told = 0
    const stop = at.identity.onKeysChanged(() => told++)
    for (const end of [
      async (ask: ReturnType<typeof asker>) => ask('POST', '/api/auth/sign-out', {}),
      async (ask: ReturnType<typeof asker>) => {
        const { data } = (await ask('GET', '/api/me/sessions')).json()
        return ask('DELETE', `/api/me/sessions/${data[0].id}`)
      },
      async () => at.admin.inject({ method: 'DELETE', url: `/api/people/${userId}/sessions` }),
    ]) {
      const ask = await asPerson('player@example.com')
      const before = told
      assert.equal((await end(ask)).statusCode, 200)
      assert(told > before)
      assert.equal((await ask('GET', '/api/me')).statusCode, 401)
    }
    stop()
  })
})
