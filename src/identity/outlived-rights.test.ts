/** What somebody made by a right must not outlast it: links to a password, invitations, keys. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, it } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { newId } from '../platform/ids.ts'
import type { OrganizationRole, ProjectRole } from './rules.ts'
import { apiKey, auditEvent, member, projectMember } from './tables.ts'
import { ORIGIN, PASSWORD, type TestInstallation, testInstallation, tokenOf } from './test-installation.ts'

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'
type Ask = (
  method: Method,
  url: string,
  payload?: object,
) => Promise<{ status: number; body: ReturnType<typeof JSON.parse> }>
type Person = { id: string; email: string; ask: Ask }

let at: TestInstallation
let ada: Ask
let alpha: { organizationId: string; projectId: string }
let beta: { organizationId: string; projectId: string }

before(async () => {
  at = await testInstallation()
  const done = await at.setUp()
  alpha = { organizationId: done.organization.id, projectId: done.project.id }
  beta = await at.addOrganization('Beta')
  ada = asker(await at.cookieOf('ada@example.com'))
})
beforeEach(() => at.wait(10 * 60_000)) // past the limit of tries from one address
after(() => at.close())

function asker(cookie: string): Ask {
  return async (method, url, payload) => {
    const answer = await at.server.inject({
      method,
      url,
      headers: { ...(cookie ? { cookie } : {}), ...(method === 'GET' ? {} : { origin: ORIGIN }) },
      ...(payload ? { payload } : {}),
    })
    return { status: answer.statusCode, body: answer.json() }
  }
}
const nobody: Ask = (...args) => asker('')(...args)

async function person(roles: {
  organizationId?: string
  role?: OrganizationRole
  operator?: boolean
}): Promise<Person> {
  const email = `${newId('usr').toLowerCase()}@example.com`
  const id = await at.addPerson(email, roles)
  return { id, email, ask: asker(await at.cookieOf(email)) }
}
const inAlpha = (role: OrganizationRole) => person({ organizationId: alpha.organizationId, role })
async function giveProjectRole(userId: string, role: ProjectRole) {
  await at.db.insert(projectMember).values({ ...alpha, userId, role, createdAt: new Date() })
}
const memberUrl = (id: string) => `/api/organizations/${alpha.organizationId}/members/${id}`
const inProject = (id: string) => `/api/projects/${alpha.projectId}/members/${id}`

async function must(answer: ReturnType<Ask>, status = 200) {
  const { status: was, body } = await answer
  assert.equal(was, status, JSON.stringify(body))
  return body
}

describe('a link to set a new password', () => {
  const linkBy = async (ask: Ask, who: Person) =>
    tokenOf((await must(ask('POST', '/api/password-reset-links', { person: who.id }), 201)).url)
  const isDead = async (token: string) => {
    const looked = await nobody('GET', `/api/auth/password-reset?token=${token}`)
    const used = await nobody('POST', '/api/auth/password-reset', { token, password: 'a wholly new one' })
    assert.deepEqual([looked.status, looked.body.error?.code], [410, 'identity.person_link_invalid'], 'looked at')
    assert.deepEqual([used.status, used.body.error?.code], [410, 'identity.person_link_invalid'], 'used')
  }
  const ownerAndHisOwn = async () => ({
    bob: await person({ organizationId: beta.organizationId, role: 'owner' }),
    victim: await person({ organizationId: beta.organizationId, role: 'developer' }),
  })

  it('is dead once the person also belongs where its maker owns nothing, however he got there', async () => {
    const { bob, victim } = await ownerAndHisOwn()
    const token = await linkBy(bob.ask, victim)
    const place = {
      organizationId: alpha.organizationId,
      userId: victim.id,
      role: 'owner',
      createdAt: new Date(),
    } as const
    await at.db.insert(member).values(place)
    await isDead(token)
    await at.cookieOf(victim.email)
  })

  it('is gone for good by an invitation accepted, a role changed, an operator made, a password of one’s own', async () => {
    const ends: ((victim: Person) => Promise<unknown>)[] = [
      async (victim) => {
        const wanted = { organization_id: alpha.organizationId, email: victim.email, role: 'viewer' }
        const { url } = await must(ada('POST', '/api/invitations', wanted), 201)
        await must(victim.ask('POST', '/api/invitations/accept', { token: tokenOf(url) }))
        await must(ada('DELETE', memberUrl(victim.id)))
      },
      async (victim) => {
        await must(ada('POST', '/api/operators', { email: victim.email }))
        await must(ada('DELETE', `/api/operators/${victim.id}`))
      },
      (victim) => at.identity.members.changeRole({ kind: 'machine' }, beta.organizationId, victim.id, 'viewer'),
      (victim) => at.identity.projectMembers.set({ kind: 'machine' }, beta.projectId, victim.id, 'viewer'),
      (victim) =>
        must(
          victim.ask('POST', '/api/me/password', {
            current_password: PASSWORD,
            new_password: 'my very own one',
          }),
        ),
    ]
    for (const end of ends) {
      at.wait(10 * 60_000)
      const { bob, victim } = await ownerAndHisOwn()
      const token = await linkBy(bob.ask, victim)
      await end(victim)
      await isDead(token)
    }
  })

  it('is dead once its maker is no operator or no owner any more; the command line’s holds', async () => {
    const operator = await person({ operator: true })
    const first = await inAlpha('owner')
    const token = await linkBy(operator.ask, first)
    await must(ada('DELETE', `/api/operators/${operator.id}`))
    await isDead(token)

    const { bob, victim } = await ownerAndHisOwn()
    const byBob = await linkBy(bob.ask, victim)
    await at.db.update(member).set({ role: 'admin' }).where(eq(member.userId, bob.id))
    await isDead(byBob)

    const made = await at.identity.passwordReset.makeLink({ kind: 'machine' }, first.id)
    const password = 'a wholly new one'
    await must(nobody('POST', '/api/auth/password-reset', { token: tokenOf(made.url), password }))
  })
})

describe('an invitation', () => {
  const inviteBy = async (ask: Ask, fields: object) =>
    tokenOf((await must(ask('POST', '/api/invitations', { email: 'guest@example.com', ...fields }), 201)).url)
  const accept = async (token: string) => (await person({})).ask('POST', '/api/invitations/accept', { token })
  const isDead = async (token: string) => {
    assert.equal((await nobody('POST', '/api/invitations/look', { token })).status, 410, 'looked at')
    assert.equal((await accept(token)).status, 410, 'accepted')
  }

  it('of an owner by an operator makes the first one alone, also of two at once', async () => {
    const operator = await person({ operator: true })
    const made = await must(operator.ask('POST', '/api/organizations', { name: 'Hidden' }), 201)
    const fields = { organization_id: made.id, role: 'owner' }
    const tokens = [await inviteBy(operator.ask, fields), await inviteBy(operator.ask, fields)]
    const people = [await person({}), await person({})]
    const answers = await Promise.all(
      people.map(({ ask }, n) => ask('POST', '/api/invitations/accept', { token: tokens[n] })),
    )
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 410])
    const owners = await at.db.select().from(member).where(eq(member.organizationId, made.id))
    assert.equal(owners.length, 1)
  })

  it('of an owner by an operator is taken back when he is one no more, and the trail says so', async () => {
    const operator = await person({ operator: true })
    const made = await must(operator.ask('POST', '/api/organizations', { name: 'Kept back' }), 201)
    const token = await inviteBy(operator.ask, { organization_id: made.id, role: 'owner' })
    await must(ada('DELETE', `/api/operators/${operator.id}`))
    await isDead(token)
    const [event] = await at.db
      .select()
      .from(auditEvent)
      .where(and(eq(auditEvent.target, operator.id), eq(auditEvent.action, 'operator.withdrawn')))
    assert.equal(event?.after?.invitationsRevoked, 1)
  })

  it('to a project goes with its maker’s role there, be it lowered, taken back, or fallen in the organisation', async () => {
    const place = { organization_id: alpha.organizationId, project_id: alpha.projectId, role: 'admin' }
    const lowered = await inAlpha('viewer')
    const cleared = await inAlpha('viewer')
    const fallen = await inAlpha('admin')
    const held = await inAlpha('admin')
    for (const { id } of [lowered, cleared, held]) await giveProjectRole(id, 'admin')
    const tokens = await Promise.all([lowered, cleared, fallen, held].map(({ ask }) => inviteBy(ask, place)))
    await must(ada('PUT', inProject(lowered.id), { role: 'developer' }))
    await must(ada('DELETE', inProject(cleared.id)))
    await must(ada('PATCH', memberUrl(fallen.id), { role: 'developer' }))
    await must(ada('PATCH', memberUrl(held.id), { role: 'developer' }))
    for (const token of tokens.slice(0, 3)) await isDead(token)
    // A right that comes back brings no invitation back.
    await must(ada('PATCH', memberUrl(fallen.id), { role: 'admin' }))
    await isDead(tokens[2] ?? '')
    assert.equal((await accept(tokens[3] ?? '')).status, 200, 'he is an admin of that project still')
  })

  it('is not accepted where its maker lost the right and nobody took it back', async () => {
    const admin = await inAlpha('admin')
    const token = await inviteBy(admin.ask, { organization_id: alpha.organizationId, role: 'admin' })
    await at.db.update(member).set({ role: 'viewer' }).where(eq(member.userId, admin.id))
    await isDead(token)
  })
})

describe('who may not send prompts any more', () => {
  const makeKey = (ask: Ask) => must(ask('POST', '/api/keys', { name: 'own', project_id: alpha.projectId }), 201)
  const makePlaygroundKey = (ask: Ask) => must(ask('POST', '/api/console-keys', { project_id: alpha.projectId }), 201)
  const works = async (secret: string) => (await at.identity.keys.findBySecret(secret)) !== null

  it('loses his keys there, named in answer and trail, and those of the playground at once; a service account’s stay', async () => {
    const ways: [(id: string) => ReturnType<Ask>, ProjectRole | null, OrganizationRole][] = [
      [(id) => ada('PATCH', memberUrl(id), { role: 'viewer' }), null, 'developer'],
      [(id) => ada('PUT', inProject(id), { role: 'viewer' }), null, 'developer'],
      [(id) => ada('DELETE', inProject(id)), 'developer', 'viewer'],
    ]
    for (const [demote, projectRole, role] of ways) {
      const dora = await inAlpha(role)
      if (projectRole) await giveProjectRole(dora.id, projectRole)
      const [own, kept, playground] = [
        await makeKey(dora.ask),
        await makeKey(dora.ask),
        await makePlaygroundKey(dora.ask),
      ]
      const account = await must(
        ada('POST', '/api/service-accounts', { organization_id: alpha.organizationId, name: dora.id }),
        201,
      )
      await at.db.update(apiKey).set({ serviceAccountId: account.id }).where(eq(apiKey.id, kept.id))
      let told = 0
      const stop = at.identity.onKeysChanged(() => told++)
      const { keys_revoked } = await must(demote(dora.id))
      stop()
      assert.deepEqual(keys_revoked, [{ id: own.id, name: 'own', project_id: alpha.projectId }])
      assert.deepEqual(
        [await works(own.secret), await works(playground.secret), await works(kept.secret), told > 0],
        [false, false, true, true],
      )
      const events = await at.db.select().from(auditEvent).where(eq(auditEvent.target, dora.id))
      assert(
        events.some(
          ({ after }) => JSON.stringify(after?.keysRevoked) === JSON.stringify([{ id: own.id, name: 'own' }]),
        ),
      )
      const [revoked] = await at.db
        .select()
        .from(auditEvent)
        .where(and(eq(auditEvent.target, own.id), eq(auditEvent.action, 'key.revoked')))
      assert.match(String(revoked?.after?.because), /may not send prompts/)
    }
  })

  it('keeps keys where a role in the project lets him send prompts still', async () => {
    const dora = await inAlpha('developer')
    await giveProjectRole(dora.id, 'developer')
    const own = await makeKey(dora.ask)
    assert.deepEqual((await must(ada('PATCH', memberUrl(dora.id), { role: 'viewer' }))).keys_revoked, [])
    assert(await works(own.secret))
  })

  it('accepts being a viewer of a project, and his keys there end too', async () => {
    const dora = await inAlpha('developer')
    const own = await makeKey(dora.ask)
    const wanted = {
      organization_id: alpha.organizationId,
      project_id: alpha.projectId,
      email: dora.email,
      role: 'viewer',
    }
    const { url } = await must(ada('POST', '/api/invitations', wanted), 201)
    await must(dora.ask('POST', '/api/invitations/accept', { token: tokenOf(url) }))
    assert(!(await works(own.secret)))
  })

  it('may revoke a key of his own as a viewer, and nobody else’s', async () => {
    const vera = await inAlpha('developer')
    const [own, other] = [await makeKey(vera.ask), await makeKey(ada)]
    await at.db.update(member).set({ role: 'viewer' }).where(eq(member.userId, vera.id))
    assert.equal((await vera.ask('DELETE', `/api/keys/${own.id}`)).status, 200)
    assert.equal((await vera.ask('DELETE', `/api/keys/${other.id}`)).status, 403)
  })
})

describe('a guest of one project', () => {
  it('sees who has a role in it and who manages the organisation, by name alone; who manages it sees all', async () => {
    const far = await inAlpha('developer')
    const near = await inAlpha('developer')
    const chief = await inAlpha('admin')
    const guest = await person({})
    const host = await person({})
    await giveProjectRole(near.id, 'viewer')
    await giveProjectRole(guest.id, 'developer')
    await giveProjectRole(host.id, 'admin')
    const url = `/api/projects/${alpha.projectId}/members?limit=200`
    const listed = async (as: Person, more = ''): Promise<{ user_id: string; email: string | null }[]> =>
      (await must(as.ask('GET', url + more))).data
    const seen = await listed(guest)
    const has = (rows: { user_id: string }[], one: Person) => rows.some(({ user_id }) => user_id === one.id)
    assert.deepEqual(
      [near, guest, host, chief, far].map((one) => has(seen, one)),
      [true, true, true, true, false],
    )
    assert(seen.every(({ email }) => email === null))
    assert.deepEqual(await listed(guest, '&search=ada%40'), [], 'an address is not found by its parts either')
    for (const one of [host, far]) {
      const all = await listed(one)
      assert.equal(all.find(({ user_id }) => user_id === far.id)?.email, far.email)
    }
  })
})
