/** The playground's own keys: how they come, and all the ways in which they end. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { and, eq } from 'drizzle-orm'
import { apiKey, auditEvent, authSession, authUser, consoleKeyDay, member, projectMember } from './tables.ts'
import { ORIGIN, type TestInstallation, testInstallation } from './test-installation.ts'

const HOUR_MS = 60 * 60_000

let at: TestInstallation
let home: { organizationId: string; projectId: string }
let people = 0

before(async () => {
  at = await testInstallation()
  const done = await at.setUp()
  home = { organizationId: done.organization.id, projectId: done.project.id }
})
after(() => at.close())

/** Somebody new, signed in. */
async function somebody(role: 'admin' | 'developer' | 'viewer' = 'developer') {
  const email = `person${++people}@home.example`
  const userId = await at.addPerson(email, { organizationId: home.organizationId, role })
  return { email, userId, cookie: await at.cookieOf(email) }
}

function post(url: string, cookie: string, payload: Record<string, unknown>) {
  return at.server.inject({ method: 'POST', url, headers: { cookie, origin: ORIGIN }, payload })
}

const openPlayground = async (cookie: string) => {
  const answer = await post('/api/console-keys', cookie, { project_id: home.projectId })
  assert.equal(answer.statusCode, 201, answer.body)
  return answer.json() as { id: string; secret: string; expires_at: string; scopes: string[]; project_id: string }
}
const works = async (secret: string) => (await at.identity.keys.findBySecret(secret)) !== null
const rowOf = async (id: string) => (await at.db.select().from(apiKey).where(eq(apiKey.id, id)))[0]

describe('a key of the playground', () => {
  it('works for an hour, for prompts and the list of models, and gateways are told before it is answered', async () => {
    const { cookie } = await somebody()
    let known: string[] = []
    const stop = at.identity.onKeysChanged(async () => {
      known = (await at.identity.keys.gatewayKeys()).map(({ id }) => id)
    })
    const key = await openPlayground(cookie)
    stop()
    assert.ok(known.includes(key.id))
    assert.deepEqual(key.scopes, ['inference', 'models.read'])
    assert.ok(Date.parse(key.expires_at) <= Date.now() + HOUR_MS)
    assert.equal((await at.identity.keys.findBySecret(key.secret))?.expiresAtMs, Date.parse(key.expires_at))
    at.wait(HOUR_MS)
    assert.equal(await works(key.secret), false)
  })

  it('is in no list, and is still known by its id and by its secret, as its person’s', async () => {
    const { cookie, userId } = await somebody()
    const key = await openPlayground(cookie)
    const get = async (url: string) => (await at.server.inject({ url, headers: { cookie } })).json()
    assert.ok(!JSON.stringify(await get('/api/keys?limit=200')).includes(key.id))
    assert.ok(!JSON.stringify(await get('/api/keys?search=Playground')).includes(key.id))
    const one = await get(`/api/keys/${key.id}`)
    assert.deepEqual([one.kind, one.name, one.owner.id, one.created_by], ['console', 'Playground', userId, userId])
    const found = (await post('/api/keys/find', cookie, { text: key.secret })).json()
    assert.equal(found.data[0].key.id, key.id)
    const rename = { method: 'PATCH', url: `/api/keys/${key.id}`, payload: { name: 'mine' } } as const
    assert.equal((await at.admin.inject(rename)).json().error.code, 'identity.key_of_console')
    const rotate = await at.admin.inject({ method: 'POST', url: `/api/keys/${key.id}/rotate`, payload: {} })
    assert.equal(rotate.json().error.code, 'identity.key_of_console')
    assert.equal((await at.admin.inject({ method: 'DELETE', url: `/api/keys/${key.id}` })).json().state, 'revoked')
    assert.equal(await works(key.secret), false)
  })

  it('is on the trail once a person and day, also where tabs open at once', async () => {
    const { cookie, userId } = await somebody()
    await Promise.all(Array.from({ length: 5 }, () => openPlayground(cookie)))
    const events = () =>
      at.db
        .select()
        .from(auditEvent)
        .where(and(eq(auditEvent.actorId, userId), eq(auditEvent.action, 'playground.opened')))
    assert.equal((await events()).length, 1)
    at.wait(24 * HOUR_MS)
    await openPlayground(cookie)
    const [, second] = await events()
    assert.deepEqual([second?.target, second?.organizationId], [home.projectId, home.organizationId])
    assert.equal((await events()).length, 2)
  })

  it('is for people who may send prompts in that project, and for nobody else', async () => {
    const ask = async (cookie: string, project_id = home.projectId) =>
      (await post('/api/console-keys', cookie, { project_id })).json().error?.code ?? null
    assert.equal(await ask((await somebody('viewer')).cookie), 'identity.forbidden')
    const away = await at.addOrganization('Osprey')
    assert.equal(await ask((await somebody()).cookie, away.projectId), 'identity.project_unknown')
    const byMachine = { method: 'POST', url: '/api/console-keys', payload: { project_id: home.projectId } } as const
    assert.equal((await at.admin.inject(byMachine)).json().error.code, 'identity.forbidden')
    assert.equal((await at.server.inject(byMachine)).statusCode, 401)
    const { cookie } = await somebody()
    const foreign = { ...byMachine, headers: { cookie, origin: 'https://evil.example' } }
    assert.equal((await at.server.inject(foreign)).json().error.code, 'identity.foreign_origin')
  })

  it('of an eleventh tab ends the oldest, and those of other sessions stay', async () => {
    const { cookie, email } = await somebody()
    const other = await openPlayground(await at.cookieOf(email))
    const keys = []
    for (let tab = 0; tab < 11; tab++) keys.push(await openPlayground(cookie))
    assert.deepEqual(await Promise.all(keys.map(({ secret }) => works(secret))), [false, ...Array(10).fill(true)])
    assert.equal(await works(other.secret), true)
  })
})

describe('it ends with what it stands on:', () => {
  /** Makes a key, lets something happen, and says whether gateways would still let it in, and what they were told. */
  async function survives(happens: (of: { userId: string; cookie: string; email: string }) => Promise<unknown>) {
    const person = await somebody()
    const bystander = await openPlayground((await somebody()).cookie)
    const key = await openPlayground(person.cookie)
    let told: string[] | null = null
    const stop = at.identity.onKeysChanged(async () => {
      told = (await at.identity.keys.gatewayKeys()).map(({ id }) => id)
    })
    await happens(person)
    stop()
    assert.ok(told, 'gateways were told')
    assert.ok((told as string[]).includes(bystander.id), 'and nobody else is touched')
    assert.equal((told as string[]).includes(key.id), await works(key.secret))
    return works(key.secret)
  }
  const tell = () => at.identity.consoleKeys.sweep()

  it('its session, by signing out', async () => {
    assert.equal(await survives(({ cookie }) => post('/api/auth/sign-out', cookie, {})), false)
  })

  it('its session, when it is gone from the database', async () => {
    assert.equal(
      await survives(async ({ userId }) => {
        await at.db.delete(authSession).where(eq(authSession.userId, userId))
        await tell()
      }),
      false,
    )
  })

  it('the person’s place in the organisation', async () => {
    assert.equal(
      await survives(async ({ userId }) => {
        await at.db.delete(member).where(eq(member.userId, userId))
        await tell()
      }),
      false,
    )
  })

  it('the person', async () => {
    assert.equal(
      await survives(async ({ userId }) => {
        await at.db.delete(authUser).where(eq(authUser.id, userId))
        await tell()
      }),
      false,
    )
  })

  it('the right to send prompts, in the organisation or in the project; another role that has it is no end', async () => {
    const becomes = (role: 'admin' | 'viewer') =>
      survives(async ({ userId }) => {
        await at.db.update(member).set({ role }).where(eq(member.userId, userId))
        await tell()
      })
    assert.equal(await becomes('viewer'), false)
    assert.equal(await becomes('admin'), true)
    assert.equal(
      await survives(async ({ userId }) => {
        await at.db.insert(projectMember).values({ userId, ...home, role: 'viewer', createdAt: new Date() })
        await tell()
      }),
      false,
    )
  })

  it('the session’s own end, where that comes before the hour', async () => {
    const { userId, cookie } = await somebody()
    const soon = new Date(Date.now() + 10 * 60_000)
    await at.db.update(authSession).set({ expiresAt: soon }).where(eq(authSession.userId, userId))
    const key = await openPlayground(cookie)
    const [session] = await at.db.select().from(authSession).where(eq(authSession.userId, userId))
    assert.ok(session && Date.parse(key.expires_at) <= session.expiresAt.getTime())
  })
})

describe('a day after its end', () => {
  it('only whose it was and where is left, which usage still needs; keys of people stay whole', async () => {
    const { cookie, userId } = await somebody()
    const key = await openPlayground(cookie)
    const lasting = await at.identity.keys.create({ kind: 'machine' }, { name: 'lasting', projectId: home.projectId })
    at.wait(HOUR_MS)
    await at.identity.consoleKeys.sweep()
    assert.equal((await rowOf(key.id))?.last4, key.secret.slice(-4), 'a leaked one can still be recognised')
    at.wait(24 * HOUR_MS)
    await at.identity.consoleKeys.sweep()
    const row = await rowOf(key.id)
    assert.deepEqual(
      [row?.kind, row?.createdBy, row?.projectId, row?.prefix, row?.last4, row?.share, row?.sessionId, row?.scopes],
      ['console', userId, home.projectId, '', '', '', null, []],
    )
    assert.match(row?.sha256 ?? '', /^forgotten key_/)
    assert.equal((await rowOf(lasting.key.id))?.last4, lasting.key.last4)
    assert.ok(await works(lasting.secret))
    await at.identity.consoleKeys.sweep()
    assert.deepEqual(await rowOf(key.id), row, 'and once is enough')
    at.wait(24 * HOUR_MS)
    await at.identity.consoleKeys.sweep()
    assert.deepEqual(await at.db.select().from(consoleKeyDay).where(eq(consoleKeyDay.userId, userId)), [])
  })
})
