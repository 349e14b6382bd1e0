import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { eq } from 'drizzle-orm'
import { apiKey, auditEvent, organization, project } from './tables.ts'
import { ORIGIN, type TestInstallation, testInstallation } from './test-installation.ts'

type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE'

describe('organisations and projects', () => {
  let at: TestInstallation
  let home: { organizationId: string; projectId: string }
  let cookie: string
  before(async () => {
    at = await testInstallation()
    const done = await at.setUp()
    home = { organizationId: done.organization.id, projectId: done.project.id }
    cookie = await at.cookieOf('ada@example.com')
  })
  after(() => at.close())

  async function ask(method: Method, url: string, payload?: object, as = cookie) {
    const answer = await at.server.inject({
      method,
      url,
      headers: { cookie: as, ...(method === 'GET' ? {} : { origin: ORIGIN }) },
      ...(payload ? { payload } : {}),
    })
    return { status: answer.statusCode, body: answer.json() }
  }

  it('the only organisation and the only project stay, whatever name is typed', async () => {
    const { body } = await ask('GET', `/api/organizations/${home.organizationId}`)
    assert.deepEqual([body.members, body.projects, body.role], [1, 1, 'owner'])
    const last = await ask('DELETE', `/api/organizations/${home.organizationId}`, { name: body.name })
    assert.deepEqual([last.status, last.body.error.code], [409, 'identity.last_organization'])
    const lastProject = await ask('DELETE', `/api/projects/${home.projectId}`, { name: 'First project' })
    assert.deepEqual([lastProject.status, lastProject.body.error.code], [409, 'identity.last_project'])
  })

  it('an operator makes an organisation, owns it only where asked to, and it begins with a project', async () => {
    const own = await ask('POST', '/api/organizations', { name: ' Osprey ', become_owner: true })
    assert.equal(own.status, 201, JSON.stringify(own.body))
    assert.deepEqual([own.body.name, own.body.role, own.body.members, own.body.projects], ['Osprey', 'owner', 1, 1])
    assert(own.body.allowed.includes('keys.create'))
    const others = await ask('POST', '/api/organizations', { name: 'Heron' })
    assert.deepEqual([others.body.role, others.body.members], [null, 0])
    assert(!others.body.allowed.includes('keys.create') && others.body.allowed.includes('organization.delete'))
    const { body: me } = await ask('GET', '/api/me')
    assert.deepEqual(
      me.organizations.map((one: { name: string; role: string }) => [one.name, one.role]),
      [
        ['Kestrel Labs', 'owner'],
        ['Osprey', 'owner'],
      ],
    )
    assert.equal(me.organizations[1].projects[0].name, 'First project')
    assert.equal(me.organizations[1].projects[0].role, 'owner')
    assert(me.organizations[1].projects[0].allowed.includes('keys.create'))
  })

  it('a rename is on the trail with both names, and one that changes nothing is not', async () => {
    const url = `/api/organizations/${home.organizationId}`
    assert.equal((await ask('PATCH', url, { name: 'Kestrel Works' })).body.name, 'Kestrel Works')
    assert.equal((await ask('PATCH', url, { name: 'Kestrel Works' })).status, 200)
    const events = await at.db.select().from(auditEvent).where(eq(auditEvent.action, 'organization.renamed'))
    assert.deepEqual(
      events.map(({ before, after, address }) => [before, after, address]),
      [[{ name: 'Kestrel Labs' }, { name: 'Kestrel Works' }, '127.0.0.1']],
    )
  })

  it('a project goes with its keys, which gateways are told before the answer', async () => {
    const made = await ask('POST', '/api/projects', { organization_id: home.organizationId, name: 'Side' })
    assert.deepEqual([made.status, made.body.organization_name, made.body.keys], [201, 'Kestrel Works', 0])
    const { key, secret } = await at.identity.keys.create(
      { kind: 'machine' },
      { name: 'goes', projectId: made.body.id },
    )
    assert.equal((await ask('GET', `/api/projects/${made.body.id}`)).body.keys, 1)
    const wrong = await ask('DELETE', `/api/projects/${made.body.id}`, { name: 'side' })
    assert.deepEqual([wrong.status, wrong.body.error.code], [400, 'identity.name_not_typed'])

    const heard: string[] = []
    at.identity.onDeleting(async (tx, gone) => {
      if (gone.projectId !== made.body.id) return
      const [still] = await tx.select({ id: project.id }).from(project).where(eq(project.id, made.body.id))
      heard.push(still ? 'told while it is there' : 'told too late')
    })
    const stop = at.identity.onKeysChanged(async () => {
      heard.push((await at.identity.keys.gatewayKeys()).some((one) => one.id === key.id) ? 'still live' : 'gone')
    })
    const gone = await ask('DELETE', `/api/projects/${made.body.id}`, { name: 'Side' })
    stop()
    assert.equal(gone.status, 200, JSON.stringify(gone.body))
    assert.deepEqual(gone.body.keys_revoked, [{ id: key.id, name: 'goes', project_id: made.body.id }])
    assert.deepEqual(heard, ['told while it is there', 'gone'])
    assert.equal(await at.identity.keys.findBySecret(secret), null)
    assert.equal((await ask('GET', `/api/projects/${made.body.id}`)).status, 404)
  })

  it('a house that cannot let go keeps everything as it was', async () => {
    const { body } = await ask('POST', '/api/organizations', { name: 'Plover', become_owner: true })
    let refuses = true
    at.identity.onDeleting(async (_tx, gone) => {
      if (gone.organizationId === body.id && refuses) throw new Error('not now')
    })
    assert.equal((await ask('DELETE', `/api/organizations/${body.id}`, { name: 'Plover' })).status, 500)
    assert.equal((await ask('GET', `/api/organizations/${body.id}`)).body.name, 'Plover')
    refuses = false
    const [plover] = await at.db.select().from(project).where(eq(project.organizationId, body.id))
    await at.identity.keys.create({ kind: 'machine' }, { name: 'k', projectId: plover?.id ?? null })
    const gone = await ask('DELETE', `/api/organizations/${body.id}`, { name: 'Plover' })
    assert.deepEqual(gone, { status: 200, body: { id: body.id, keys_revoked: 1 } })
    assert.deepEqual(await at.db.select().from(apiKey).where(eq(apiKey.organizationId, body.id)), [])
    const [event] = await at.db.select().from(auditEvent).where(eq(auditEvent.action, 'organization.deleted'))
    assert.deepEqual(event?.before, { name: 'Plover', projects: 1, members: 1, keys: 1 })
    assert.equal(event?.organizationId, null)
    assert.equal((await ask('GET', '/api/audit/verification')).body.intact, true)
  })

  it('of two organisations that are deleted at once, one is left', async () => {
    const scratch = await testInstallation()
    try {
      const done = await scratch.setUp()
      const other = await scratch.addOrganization('Osprey')
      const results = await Promise.allSettled([
        scratch.identity.organizations.delete({ kind: 'machine' }, done.organization.id, 'Kestrel Labs'),
        scratch.identity.organizations.delete({ kind: 'machine' }, other.organizationId, 'Osprey'),
      ])
      assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
      assert.equal((await scratch.db.select().from(organization)).length, 1)
    } finally {
      await scratch.close()
    }
  })

  it('operators are granted by address and withdrawn, but for the last', async () => {
    const ids = (await ask('GET', '/api/operators')).body.data.map((one: { user_id: string }) => one.user_id)
    assert.equal(ids.length, 1)
    const last = await ask('DELETE', `/api/operators/${ids[0]}`)
    assert.deepEqual([last.status, last.body.error.code], [409, 'identity.last_operator'])
    await at.addPerson('bob@example.com', {})
    assert.equal((await ask('POST', '/api/operators', { email: 'nobody@example.com' })).status, 404)
    const bob = await ask('POST', '/api/operators', { email: 'Bob@example.com' })
    assert.deepEqual([bob.status, bob.body.operator, bob.body.last_seen_at], [200, true, null])
    assert.equal((await ask('POST', '/api/operators', { email: 'bob@example.com' })).status, 200)
    const bobs = await at.cookieOf('bob@example.com')
    const everybody = await ask('GET', '/api/people?search=BOB', undefined, bobs)
    assert.deepEqual(
      everybody.body.data.map((one: { email: string }) => one.email),
      ['bob@example.com'],
    )
    assert.notEqual(everybody.body.data[0].last_seen_at, null)
    const results = await Promise.all([
      ask('DELETE', `/api/operators/${ids[0]}`, undefined, bobs),
      ask('DELETE', `/api/operators/${bob.body.user_id}`),
    ])
    // The second either finds itself the last, or is asked by somebody who is no operator any more.
    assert.equal(results.filter(({ status }) => status === 200).length, 1)
    const granted = await at.db.select().from(auditEvent).where(eq(auditEvent.action, 'operator.granted'))
    assert.equal(granted.length, 1, 'granting an operator again changes nothing')
  })
})
