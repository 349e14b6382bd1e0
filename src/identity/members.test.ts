import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { LastOwner } from './errors.ts'
import type { PersonCaller } from './rules.ts'
import { apiKey, auditEvent, authUser, invitation } from './tables.ts'
import { cookiesFrom, ORIGIN, PASSWORD, type TestInstallation, testInstallation, tokenOf } from './test-installation.ts'

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

let at: TestInstallation
let home: { organizationId: string; projectId: string }
let ada: string
const cookies: Record<string, string> = {}
const ids: Record<string, string> = {}

before(async () => {
  at = await testInstallation()
  const done = await at.setUp()
  home = { organizationId: done.organization.id, projectId: done.project.id }
  ada = done.userId
  cookies.ada = await at.cookieOf('ada@example.com')
  for (const [name, role] of [
    ['alf', 'admin'],
    ['dora', 'developer'],
    ['vera', 'viewer'],
  ] as const) {
    ids[name] = await at.addPerson(`${name}@example.com`, { organizationId: home.organizationId, role })
    cookies[name] = await at.cookieOf(`${name}@example.com`)
  }
  ids.eve = await at.addPerson('eve@example.com', {})
  cookies.eve = await at.cookieOf('eve@example.com')
})
after(() => at.close())

async function ask(as: string | null, method: Method, url: string, payload?: object) {
  const answer = await at.server.inject({
    method,
    url,
    headers: { ...(as ? { cookie: cookies[as] ?? '' } : {}), ...(method === 'GET' ? {} : { origin: ORIGIN }) },
    ...(payload ? { payload } : {}),
  })
  return { status: answer.statusCode, body: answer.json(), setCookie: answer.headers['set-cookie'] }
}

const member = (name: string) => `/api/organizations/${home.organizationId}/members/${ids[name]}`

describe('members', () => {
  it('are listed with role, last sight, keys and roles in projects; searched by name, role and page', async () => {
    const made = await ask('dora', 'POST', '/api/keys', { name: 'of dora', project_id: home.projectId })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    const url = `/api/organizations/${home.organizationId}/members`
    const all = (await ask('vera', 'GET', url)).body.data
    assert.equal(all.length, 4)
    const dora = all.find((one: { email: string }) => one.email === 'dora@example.com')
    assert.deepEqual([dora.role, dora.keys, dora.projects, dora.may_change], ['developer', 1, [], false])
    assert.notEqual(dora.last_seen_at, null)
    const first = (await ask('vera', 'GET', `${url}?limit=3`)).body
    const rest = (await ask('vera', 'GET', `${url}?limit=3&after=${first.next}`)).body
    assert.deepEqual([first.data.length, rest.data.length, rest.next], [3, 1, null])
    assert.equal((await ask('vera', 'GET', `${url}?role=admin`)).body.data.length, 1)
    assert.equal((await ask('vera', 'GET', `${url}?search=DORA`)).body.data.length, 1)
    assert.equal((await ask('vera', 'GET', `${url}?search=%25`)).body.data.length, 0, 'a percent sign is a letter')
    assert.equal((await ask('eve', 'GET', url)).status, 404)
    const seenByAdmin = (await ask('alf', 'GET', url)).body.data as { user_id: string; may_change: boolean }[]
    assert.equal(seenByAdmin.find(({ user_id }) => user_id === ada)?.may_change, false)
    assert.equal(seenByAdmin.find(({ user_id }) => user_id === ids.vera)?.may_change, true)
  })

  it('an admin touches no owner, and makes none', async () => {
    const owner = `/api/organizations/${home.organizationId}/members/${ada}`
    for (const [method, url, body] of [
      ['PATCH', owner, { role: 'viewer' }],
      ['DELETE', owner, undefined],
      ['PATCH', member('vera'), { role: 'owner' }],
      ['PATCH', member('alf'), { role: 'owner' }],
    ] as const) {
      const answer = await ask('alf', method, url, body)
      assert.deepEqual([answer.status, answer.body.error.code], [403, 'identity.forbidden'], url)
    }
    const invited = await ask('alf', 'POST', '/api/invitations', {
      organization_id: home.organizationId,
      email: 'x@example.com',
      role: 'owner',
    })
    assert.equal(invited.status, 403)
    assert.equal((await ask('dora', 'PATCH', member('vera'), { role: 'admin' })).status, 403)
    assert.equal((await ask('eve', 'PATCH', member('vera'), { role: 'admin' })).status, 404)
  })

  it('the last owner stays an owner, also where two owners demote each other at once', async () => {
    const owner = `/api/organizations/${home.organizationId}/members/${ada}`
    for (const [method, body] of [
      ['PATCH', { role: 'admin' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await ask('ada', method, owner, body)
      assert.deepEqual([answer.status, answer.body.error.code], [409, 'identity.last_owner'])
    }
    assert.equal((await ask('ada', 'PATCH', member('alf'), { role: 'owner' })).body.role, 'owner')
    const as = (userId: string): PersonCaller => ({
      kind: 'person',
      userId,
      name: '',
      email: '',
      operator: false,
      memberships: [{ organizationId: home.organizationId, role: 'owner' }],
      address: null,
    })
    const both = await Promise.allSettled([
      at.identity.members.changeRole(as(ids.alf ?? ''), home.organizationId, ada, 'admin'),
      at.identity.members.changeRole(as(ada), home.organizationId, ids.alf ?? '', 'admin'),
    ])
    const refused = both.filter((one) => one.status === 'rejected')
    assert.equal(refused.length, 1)
    assert(refused[0]?.reason instanceof LastOwner)
    // Whoever is left puts things as they were.
    await at.identity.members.changeRole({ kind: 'machine' }, home.organizationId, ada, 'owner')
    await at.identity.members.changeRole({ kind: 'machine' }, home.organizationId, ids.alf ?? '', 'admin')
  })

  it('who is taken out sees nothing any more, his keys are dead and named, and a service account’s lives on', async () => {
    await at.addPerson('gone@example.com', { organizationId: home.organizationId, role: 'admin' })
    cookies.gone = await at.cookieOf('gone@example.com')
    const people = (await ask('ada', 'GET', `/api/organizations/${home.organizationId}/members?search=gone`)).body.data
    ids.gone = people[0].user_id
    const own = (await ask('gone', 'POST', '/api/keys', { name: 'own', project_id: home.projectId })).body
    const kept = (await ask('gone', 'POST', '/api/keys', { name: 'kept', project_id: home.projectId })).body
    const account = await ask('gone', 'POST', '/api/service-accounts', {
      organization_id: home.organizationId,
      name: 'Nightly',
    })
    assert.equal(account.status, 201, JSON.stringify(account.body))
    await at.db.update(apiKey).set({ serviceAccountId: account.body.id }).where(eq(apiKey.id, kept.id))
    await ask('gone', 'POST', '/api/invitations', {
      organization_id: home.organizationId,
      email: 'friend@example.com',
      role: 'admin',
    })

    const answer = await ask('alf', 'DELETE', member('gone'))
    assert.equal(answer.status, 200, JSON.stringify(answer.body))
    assert.deepEqual(answer.body, {
      user_id: ids.gone,
      keys_revoked: [{ id: own.id, name: 'own', project_id: home.projectId }],
      invitations_revoked: 1,
    })
    assert.equal(await at.identity.keys.findBySecret(own.secret), null)
    assert.equal((await at.identity.keys.findBySecret(kept.secret))?.id, kept.id)
    const me = (await ask('gone', 'GET', '/api/me')).body
    assert.deepEqual(me.organizations, [])
    assert.equal((await ask('gone', 'GET', `/api/organizations/${home.organizationId}`)).status, 404)
    const events = await at.db
      .select()
      .from(auditEvent)
      .where(and(eq(auditEvent.target, own.id), eq(auditEvent.action, 'key.revoked')))
    assert.equal(events.length, 1)
    assert.equal((await ask('alf', 'DELETE', member('gone'))).body.error.code, 'identity.member_unknown')

    const accounts = (await ask('vera', 'GET', `/api/service-accounts?organization_id=${home.organizationId}`)).body
    assert.deepEqual(
      accounts.data.map((one: { name: string; keys: number }) => [one.name, one.keys]),
      [['Nightly', 1]],
    )
    assert.equal((await ask('dora', 'DELETE', `/api/service-accounts/${account.body.id}`)).status, 403)
    assert.equal((await ask('eve', 'DELETE', `/api/service-accounts/${account.body.id}`)).status, 404)
    const deleted = (await ask('alf', 'DELETE', `/api/service-accounts/${account.body.id}`)).body
    assert.deepEqual(deleted.keys_revoked, [{ id: kept.id, name: 'kept', project_id: home.projectId }])
    assert.equal(await at.identity.keys.findBySecret(kept.secret), null)
    assert.equal((await ask('alf', 'DELETE', `/api/service-accounts/${account.body.id}`)).status, 404)
  })
})

describe('roles in one project', () => {
  it('go before the role in the organisation, until they are taken back', async () => {
    const inProject = (name: string) => `/api/projects/${home.projectId}/members/${ids[name]}`
    const key = { name: 'k', project_id: home.projectId }
    assert.equal((await ask('alf', 'PUT', inProject('dora'), { role: 'viewer' })).body.role, 'viewer')
    assert.equal((await ask('dora', 'POST', '/api/keys', key)).status, 403)
    const me = (await ask('dora', 'GET', '/api/me')).body.organizations[0]
    assert(me.allowed.includes('keys.create'))
    assert.equal(me.projects[0].role, 'viewer')
    assert(!me.projects[0].allowed.includes('keys.create'))
    assert.equal((await ask('vera', 'GET', `/api/projects/${home.projectId}/members`)).body.data.length, 4)
    assert.equal((await ask('vera', 'PUT', inProject('dora'), { role: 'admin' })).status, 403)
    assert.equal((await ask('eve', 'PUT', inProject('dora'), { role: 'admin' })).status, 404)
    const owner = await ask('alf', 'PUT', `/api/projects/${home.projectId}/members/${ada}`, { role: 'viewer' })
    assert.equal(owner.body.error.code, 'identity.owner_everywhere')
    const stranger = await ask('alf', 'PUT', inProject('eve'), { role: 'viewer' })
    assert.equal(stranger.body.error.code, 'identity.member_unknown')
    assert.deepEqual((await ask('alf', 'DELETE', inProject('dora'))).body, { user_id: ids.dora, keys_revoked: [] })
    assert.equal((await ask('dora', 'POST', '/api/keys', key)).status, 201)
  })

  it('somebody invited to one project has that one alone, and leaves with the keys he made there', async () => {
    const side = (await ask('ada', 'POST', '/api/projects', { organization_id: home.organizationId, name: 'Side' }))
      .body
    const made = await ask('alf', 'POST', '/api/invitations', {
      organization_id: home.organizationId,
      project_id: side.id,
      email: 'eve@example.com',
      role: 'developer',
    })
    assert.equal(made.status, 201, JSON.stringify(made.body))
    assert.equal(made.body.project_name, 'Side')
    const accepted = await ask('eve', 'POST', '/api/invitations/accept', { token: tokenOf(made.body.url) })
    assert.deepEqual([accepted.status, accepted.body.project_id], [200, side.id], JSON.stringify(accepted.body))

    const me = (await ask('eve', 'GET', '/api/me')).body.organizations
    assert.deepEqual(
      me.map((one: { role: string | null; projects: { name: string; role: string }[] }) => [
        one.role,
        one.projects.map(({ name, role }) => [name, role]),
      ]),
      [[null, [['Side', 'developer']]]],
    )
    const projects = (await ask('eve', 'GET', `/api/projects?organization_id=${home.organizationId}`)).body.data
    assert.deepEqual(
      projects.map((one: { id: string }) => one.id),
      [side.id],
    )
    assert.equal((await ask('eve', 'GET', `/api/projects/${home.projectId}`)).status, 404)
    assert.equal((await ask('eve', 'GET', `/api/organizations/${home.organizationId}/members`)).status, 403)
    assert.equal((await ask('eve', 'POST', '/api/keys', { name: 'no', project_id: home.projectId })).status, 404)
    const key = await ask('eve', 'POST', '/api/keys', { name: 'yes', project_id: side.id })
    assert.equal(key.status, 201, JSON.stringify(key.body))

    const left = await ask('ada', 'DELETE', `/api/projects/${side.id}/members/${ids.eve}`)
    assert.deepEqual(
      left.body.keys_revoked.map((one: { name: string }) => one.name),
      ['yes'],
    )
    assert.equal(await at.identity.keys.findBySecret(key.body.secret), null)
    assert.deepEqual((await ask('eve', 'GET', '/api/me')).body.organizations, [])
  })
})

describe('invitations', () => {
  const invite = (fields: object) =>
    ask('ada', 'POST', '/api/invitations', { organization_id: home.organizationId, ...fields })

  it('a new person looks, accepts with name and password, and is in', async () => {
    const made = (await invite({ email: ' New@Example.com ', role: 'developer' })).body
    assert.deepEqual([made.email, made.mail], ['new@example.com', 'no-server'])
    const token = tokenOf(made.url)
    const [row] = await at.db.select().from(invitation).where(eq(invitation.id, made.id))
    assert(!JSON.stringify(row).includes(token), 'the token is kept nowhere')
    const listed = (await ask('alf', 'GET', `/api/invitations?organization_id=${home.organizationId}`)).body
    assert(!JSON.stringify(listed).includes(token))
    assert.equal(listed.data[0].created_by_name, 'Ada')

    const seen = await ask(null, 'POST', '/api/invitations/look', { token })
    assert.deepEqual(seen.body, {
      email: 'new@example.com',
      organization_name: 'Kestrel Labs',
      project_name: null,
      inviter_name: 'Ada',
      role: 'developer',
    })
    const weak = await ask(null, 'POST', '/api/invitations/accept', { token, name: 'New', password: 'short' })
    assert.deepEqual([weak.status, weak.body.error.code], [400, 'identity.invitation_form_refused'])
    assert.match(weak.body.error.problems.password, /12 characters/, 'each problem at its field')
    const done = await ask(null, 'POST', '/api/invitations/accept', { token, name: 'New', password: PASSWORD })
    assert.deepEqual([done.status, done.body.is_new, done.body.signed_in], [200, true, true], JSON.stringify(done.body))
    cookies.new = cookiesFrom(done.setCookie)
    const me = (await ask('new', 'GET', '/api/me')).body
    assert.deepEqual([me.person.name, me.organizations[0].role], ['New', 'developer'])
    const again = await ask(null, 'POST', '/api/invitations/accept', { token, name: 'New', password: PASSWORD })
    assert.deepEqual([again.status, again.body.error.code], [410, 'identity.invitation_invalid'])
  })

  it('of ten who accept at once, one is in', async () => {
    const { url } = (await invite({ email: 'race@example.com', role: 'viewer' })).body
    const token = tokenOf(url)
    const tries = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        at.identity
          .acceptInvitation(token, { person: null, name: `Racer ${n}`, password: PASSWORD }, `203.0.113.${n}`)
          .then(() => true)
          .catch(() => false),
      ),
    )
    assert.equal(tries.filter(Boolean).length, 1)
    assert.equal((await at.db.select().from(authUser).where(eq(authUser.email, 'race@example.com'))).length, 1)
  })

  it('who can sign in already is asked to, and who belongs there does not use the link up', async () => {
    const { url, id } = (await invite({ email: 'vera@example.com', role: 'developer' })).body
    const token = tokenOf(url)
    const asNew = await ask(null, 'POST', '/api/invitations/accept', { token, name: 'V', password: PASSWORD })
    assert.equal(asNew.body.error.code, 'identity.person_exists')
    assert.equal(
      (await ask('vera', 'POST', '/api/invitations/accept', { token })).body.error.code,
      'identity.already_member',
    )
    assert.equal((await ask(null, 'POST', '/api/invitations/look', { token })).status, 200)
    assert.equal((await ask('eve', 'DELETE', `/api/invitations/${id}`)).status, 404)
    assert.equal((await ask('vera', 'DELETE', `/api/invitations/${id}`)).status, 404, 'viewers see no invitations')
    assert.equal((await ask('alf', 'DELETE', `/api/invitations/${id}`)).status, 200)
    assert.equal((await ask(null, 'POST', '/api/invitations/look', { token })).status, 410)
  })

  it('end by themselves, and with what their maker may do', async () => {
    const early = (await invite({ email: 'late@example.com', role: 'viewer', valid_days: 1 })).body
    at.wait(24 * 60 * 60_000)
    assert.equal((await ask(null, 'POST', '/api/invitations/look', { token: tokenOf(early.url) })).status, 410)
    const byAlf = (
      await ask('alf', 'POST', '/api/invitations', {
        organization_id: home.organizationId,
        email: 'handed@example.com',
        role: 'admin',
      })
    ).body
    assert.equal((await ask('ada', 'PATCH', member('alf'), { role: 'developer' })).status, 200)
    assert.equal((await ask(null, 'POST', '/api/invitations/look', { token: tokenOf(byAlf.url) })).status, 410)
    await ask('ada', 'PATCH', member('alf'), { role: 'admin' })
  })

  it('a bad address, an owner of a project and a project of others are refused', async () => {
    const other = await at.addOrganization('Osprey')
    const tries: [object, number, string][] = [
      [{ email: 'nobody', role: 'viewer' }, 400, 'identity.email_refused'],
      [{ email: 'a@example.com', role: 'owner', project_id: home.projectId }, 400, 'identity.owner_of_project'],
      [{ email: 'a@example.com', role: 'viewer', project_id: other.projectId }, 404, 'identity.project_unknown'],
    ]
    for (const [fields, status, code] of tries) {
      const answer = await invite(fields)
      assert.deepEqual([answer.status, answer.body.error.code], [status, code])
    }
  })

  it('guessing stops, and does not stop those who sign in from there', async () => {
    const guess = () => ask(null, 'POST', '/api/invitations/look', { token: 'x'.repeat(43) })
    let status = 0
    for (let n = 0; n < 60 && status !== 429; n++) status = (await guess()).status
    assert.equal(status, 429)
    await at.cookieOf('ada@example.com')
  })

  it('an operator invites the first owner of a new organisation, and nobody after him', async () => {
    const made = (await ask('ada', 'POST', '/api/organizations', { name: 'Heron' })).body
    const wanted = { organization_id: made.id, email: 'h@example.com', role: 'owner' }
    at.wait(5 * 60_000)
    const first = await ask('ada', 'POST', '/api/invitations', wanted)
    assert.equal(first.status, 201, JSON.stringify(first.body))
    assert.equal((await ask('ada', 'POST', '/api/invitations', { ...wanted, role: 'admin' })).status, 403)
    const token = tokenOf(first.body.url)
    assert.equal(
      (await ask(null, 'POST', '/api/invitations/accept', { token, name: 'H', password: PASSWORD })).status,
      200,
    )
    assert.equal((await ask('ada', 'POST', '/api/invitations', wanted)).status, 403)
    assert.equal((await ask('ada', 'GET', '/api/audit/verification')).body.intact, true)
  })
})
