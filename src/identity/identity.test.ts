import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { passkey } from '@better-auth/passkey'
import { getAuthTables } from 'better-auth/db'
import { count, eq, getTableColumns, sql } from 'drizzle-orm'
import { ExpiryPast, KeyUnknown, ProjectNotNamed, SetupLinkInvalid } from './errors.ts'
import { keySha256 } from './key-secret.ts'
import type { MachineCaller } from './rules.ts'
import {
  apiKey,
  auditEvent,
  auditHead,
  authAccount,
  authPasskey,
  authSession,
  authUser,
  authVerification,
  organization,
  setupLink,
} from './tables.ts'
import { PASSWORD, type TestInstallation, testInstallation, tokenOf } from './test-installation.ts'

const MACHINE: MachineCaller = { kind: 'machine' }
const FIRST_PAGE = { limit: 50, after: null }
const FORM = { name: 'Ada', email: 'ada@example.com', password: PASSWORD, organization: 'Kestrel Labs' }
const ALL_KEYS = { organizationId: null, projectId: null, state: null }

describe('set-up', () => {
  let at: TestInstallation
  before(async () => {
    at = await testInstallation()
  })
  after(() => at.close())

  it('of ten who use the link at once, one wins and nothing of the others stays', async () => {
    const { setup, keys } = at.identity
    assert.equal(await setup.ownerExists(), false)
    await assert.rejects(keys.create(MACHINE, { name: 'early', projectId: null }), ProjectNotNamed)

    const replaced = await setup.offerLink()
    const link = await setup.offerLink()
    assert(replaced && link)
    assert.equal(await setup.linkValid(tokenOf(replaced.url)), false, 'a later start replaces the link')
    assert.equal(await setup.linkValid(tokenOf(link.url)), true)
    const stored = await at.db.select().from(setupLink)
    assert(!JSON.stringify(stored).includes(tokenOf(link.url)), 'the token is not stored')

    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) =>
        setup.complete(tokenOf(link.url), { ...FORM, email: `p${n}@example.com` }, '192.0.2.1'),
      ),
    )
    const won = results.filter((result) => result.status === 'fulfilled')
    assert.equal(won.length, 1)
    for (const result of results) if (result.status === 'rejected') assert(result.reason instanceof SetupLinkInvalid)
    for (const table of [authUser, authAccount, organization, apiKey])
      assert.equal((await at.db.select({ rows: count() }).from(table))[0]?.rows, 1)

    assert.equal(await setup.ownerExists(), true)
    assert.equal(await setup.offerLink(), null)
    assert.equal(await setup.linkValid(tokenOf(link.url)), false)
    await assert.rejects(setup.complete(tokenOf(link.url), FORM, null), SetupLinkInvalid)
    const [gatewayKey] = await keys.gatewayKeys()
    assert.equal(gatewayKey?.sha256, keySha256(won[0]!.value.secret))
    assert.equal((await at.identity.audit.verify(MACHINE)).intact, true)
  })

  it('a link ends after 24 hours', async (t) => {
    const later = await testInstallation()
    t.after(() => later.close())
    const link = await later.identity.setup.offerLink()
    assert(link)
    later.wait(24 * 60 * 60_000)
    assert.equal(await later.identity.setup.linkValid(tokenOf(link.url)), false)
    await assert.rejects(later.identity.setup.complete(tokenOf(link.url), FORM, null), SetupLinkInvalid)
    assert.equal(await later.identity.setup.ownerExists(), false)
  })
})

describe('keys', () => {
  let at: TestInstallation
  before(async () => {
    at = await testInstallation()
    await at.setUp()
  })
  after(() => at.close())

  it('a key is made, listed without its secret, found by it, and revoked', async () => {
    const { keys } = at.identity
    let told = 0
    const stop = at.identity.onKeysChanged(() => told++)
    const { key, secret } = await keys.create(MACHINE, {
      name: 'web',
      projectId: null,
      scopes: ['inference'],
      models: ['qwen3-0.6b'],
    })
    assert.equal(told, 1)
    assert.equal(key.state, 'live')
    assert.equal(key.createdBy, 'machine')

    const listed = await keys.list(MACHINE, ALL_KEYS, FIRST_PAGE)
    assert(listed.data.some(({ id }) => id === key.id))
    assert(!JSON.stringify(listed).includes(secret) && !JSON.stringify(listed).includes(keySha256(secret)))
    const everything =
      JSON.stringify(await at.db.select().from(apiKey)) + JSON.stringify(await at.db.select().from(auditEvent))
    assert(!everything.includes(secret), 'the secret is kept nowhere')

    const found = await keys.findBySecret(secret)
    assert.deepEqual(
      found,
      (await keys.gatewayKeys()).find(({ id }) => id === key.id),
    )
    assert.deepEqual(
      [found?.scopes, found?.models, found?.contentOnDisk, found?.expiresAtMs],
      [['inference'], ['qwen3-0.6b'], false, null],
    )
    assert.equal(await keys.findBySecret(`${secret}x`), null)

    const revoked = await keys.revoke(MACHINE, key.id)
    assert.equal(revoked.state, 'revoked')
    assert.equal(told, 2)
    assert.equal(await keys.findBySecret(secret), null)
    assert(!(await keys.gatewayKeys()).some(({ id }) => id === key.id))
    assert.deepEqual(await keys.revoke(MACHINE, key.id), revoked, 'again changes nothing')
    stop()
    assert.equal(told, 2)
    await assert.rejects(keys.revoke(MACHINE, 'key_none'), KeyUnknown)
    const events = await at.db.select().from(auditEvent).where(eq(auditEvent.target, key.id))
    assert.deepEqual(events.map(({ action }) => action).sort(), ['key.created', 'key.revoked'])
  })

  it('of many who revoke a key at once, one makes the event', async () => {
    const { key } = await at.identity.keys.create(MACHINE, { name: 'raced', projectId: null })
    await Promise.all(Array.from({ length: 8 }, () => at.identity.keys.revoke(MACHINE, key.id)))
    const events = await at.db.select().from(auditEvent).where(eq(auditEvent.target, key.id))
    assert.equal(events.filter(({ action }) => action === 'key.revoked').length, 1)
  })

  it('an expired key is no key, and one that would never live is not made', async () => {
    const { keys } = at.identity
    await assert.rejects(
      keys.create(MACHINE, { name: 'past', projectId: null, expiresAt: new Date(Date.now() - 1) }),
      ExpiryPast,
    )
    const { key, secret } = await keys.create(MACHINE, {
      name: 'brief',
      projectId: null,
      expiresAt: new Date(Date.now() + 60_000),
    })
    assert.equal((await keys.findBySecret(secret))?.expiresAtMs, key.expiresAt?.getTime())
    at.wait(60_000)
    assert.equal(await keys.findBySecret(secret), null)
    const expired = await keys.list(MACHINE, { ...ALL_KEYS, state: 'expired' }, FIRST_PAGE)
    assert.deepEqual(
      expired.data.map(({ id, state }) => [id, state]),
      [[key.id, 'expired']],
    )
    assert(!(await keys.list(MACHINE, { ...ALL_KEYS, state: 'live' }, FIRST_PAGE)).data.some(({ id }) => id === key.id))
  })

  it('pages hold every key once, newest first', async () => {
    const { keys } = at.identity
    await Promise.all(
      Array.from({ length: 12 }, (_, n) => keys.create(MACHINE, { name: `paged ${n}`, projectId: null })),
    )
    const all = (await keys.list(MACHINE, ALL_KEYS, { limit: 200, after: null })).data.map(({ id }) => id)
    const seen: string[] = []
    for (let after: string | null | undefined = null; after !== undefined; ) {
      const page: Awaited<ReturnType<typeof keys.list>> = await keys.list(MACHINE, ALL_KEYS, { limit: 5, after })
      seen.push(...page.data.map(({ id }) => id))
      after = page.next ?? undefined
    }
    assert.deepEqual(seen, all)
    assert.deepEqual(seen, [...seen].sort().reverse())
    assert.equal(new Set(seen).size, seen.length)
  })

  it('the last use of many keys is noted at once, late batches change nothing, unknown keys harm nothing', async () => {
    const { keys } = at.identity
    const a = (await keys.create(MACHINE, { name: 'a', projectId: null })).key.id
    const b = (await keys.create(MACHINE, { name: 'b', projectId: null })).key.id
    const now = Date.now()
    const lastUse = async (id: string) =>
      (await at.db.select().from(apiKey).where(eq(apiKey.id, id)))[0]?.lastUsedAt?.getTime()
    await keys.recordUse([])
    await keys.recordUse([
      { keyId: a, sha256: keySha256(a), atMs: now },
      { keyId: b, sha256: keySha256(b), atMs: now - 5 },
      { keyId: a, sha256: keySha256(a), atMs: now - 100 },
      { keyId: "key_none'; drop table api_key; --", sha256: keySha256("key_none'; drop table api_key; --"), atMs: now },
    ])
    assert.deepEqual([await lastUse(a), await lastUse(b)], [now, now - 5])
    await keys.recordUse([{ keyId: a, sha256: keySha256(a), atMs: now - 60_000 }])
    await keys.recordUse([{ keyId: a, sha256: keySha256(a), atMs: now + 9_999 }])
    assert.equal(await lastUse(a), now, 'not more often than every ten seconds')
    await keys.recordUse([{ keyId: a, sha256: keySha256(a), atMs: now + 10_001 }])
    assert.equal(await lastUse(a), now + 10_001)
  })

  it('a listener that fails does not make a committed change look failed', async () => {
    const stop = at.identity.onKeysChanged(() => {
      throw new Error('a snapshot could not be pushed')
    })
    assert.equal((await at.identity.keys.create(MACHINE, { name: 'still made', projectId: null })).key.state, 'live')
    stop()
  })
})

describe('trail', () => {
  let at: TestInstallation
  before(async () => {
    at = await testInstallation()
    await at.setUp()
  })
  after(() => at.close())

  it('fifty events at once make one chain without gaps or forks', async () => {
    const { audit } = at.identity
    const before = await audit.verify(MACHINE)
    assert(before.intact)
    const recorded = await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        at.db.transaction((tx) =>
          audit.record(tx, {
            actor: { kind: 'machine', id: 'machine' },
            action: 'test.done',
            target: `t${n}`,
            organizationId: null,
            address: null,
          }),
        ),
      ),
    )
    assert.equal(new Set(recorded.map(({ sequence }) => sequence)).size, 50)
    assert.equal(new Set(recorded.map(({ previousHash }) => previousHash)).size, 50)
    const after = await audit.verify(MACHINE)
    assert(after.intact)
    assert.equal(after.events, before.events + 50)
    assert.equal(after.head, recorded.find(({ sequence }) => sequence === after.events)?.hash)
  })

  it('an event of a change that is rolled back is not there', async () => {
    const { audit } = at.identity
    const before = await audit.verify(MACHINE)
    await assert.rejects(
      at.db.transaction(async (tx) => {
        await audit.record(tx, {
          actor: { kind: 'machine', id: 'machine' },
          action: 'test.undone',
          target: 't',
          organizationId: null,
          address: null,
        })
        throw new Error('undone')
      }),
      /undone/,
    )
    assert.deepEqual(await audit.verify(MACHINE), before)
  })

  it('what somebody changes, takes out or cuts off in the database shows', async () => {
    const { audit } = at.identity
    const verify = () => audit.verify(MACHINE)
    const whole = await verify()
    assert(whole.intact)

    await at.db
      .update(auditEvent)
      .set({ after: { forged: true } })
      .where(eq(auditEvent.sequence, 2))
    const changed = await verify()
    assert(!changed.intact)
    assert.equal(changed.events, 0, 'the break is found on the page that starts at the beginning')
    const [second] = await at.db.select().from(auditEvent).where(eq(auditEvent.sequence, 2))
    assert.equal(changed.event, second?.id)

    await at.db.delete(auditEvent).where(eq(auditEvent.sequence, 2))
    assert.equal((await verify()).intact, false)

    await at.db.delete(auditEvent).where(sql`${auditEvent.sequence} > 1`)
    const cut = await verify()
    assert(!cut.intact)
    assert.match(cut.why, /the last ones were taken out/)

    await at.db.update(auditHead).set({ sequence: 1, hash: 'f'.repeat(64) })
    assert.equal((await verify()).intact, false, 'a forged end does not fit its event')
  })
})

describe('tables', () => {
  it('the auth tables have every column that Better Auth describes for itself', () => {
    const ours = {
      user: authUser,
      session: authSession,
      account: authAccount,
      verification: authVerification,
      passkey: authPasskey,
    }
    const theirs = getAuthTables({ emailAndPassword: { enabled: true }, plugins: [passkey()] })
    assert.deepEqual(Object.keys(ours).sort(), Object.keys(theirs).sort())
    for (const [name, table] of Object.entries(ours)) {
      const columns = getTableColumns(table) as Record<
        string,
        { notNull: boolean; isUnique: boolean; dataType: string }
      >
      const fields = theirs[name]!.fields
      assert.deepEqual(Object.keys(columns).sort(), ['id', ...Object.keys(fields)].sort(), name)
      for (const [field, { required, unique, type }] of Object.entries(fields)) {
        assert.equal(columns[field]!.notNull, required !== false, `${name}.${field} required`)
        // Ours may be stricter: no two people share a passkey.
        assert(columns[field]!.isUnique || unique !== true, `${name}.${field} unique`)
        assert.equal(columns[field]!.dataType, type, `${name}.${field} type`)
      }
    }
  })
})
