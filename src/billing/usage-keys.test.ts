import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { sql } from 'drizzle-orm'
import type { RequestOnWire } from './request-schema.ts'
import { type BillingInstallation, billingInstallation, TODAY } from './scratch-installation.ts'
import type { UsageOnWire } from './usage-schema.ts'

let at: BillingInstallation
before(async () => {
  at = await billingInstallation()
})
after(() => at?.close())

const named = (usage: UsageOnWire) => usage.groups.map(({ id, name, totals }) => [id, name, totals.requests])

describe('names', () => {
  it('are those of now, and of those that are gone, what they were called when they were last used', async () => {
    const { projectId } = await at.installation.addOrganization('Gone')
    await at.db.execute(sql`update project set organization_id = ${at.home.organizationId} where id = ${projectId}`)
    const of = { ...at.home, projectId }
    const key = await at.makeKey('old name', projectId)
    await at.use(key, { model: 'names' }, of)
    await at.db.execute(sql`update api_key set name = 'new name' where id = ${key}`)
    const ask = (group_by: string) => at.json<UsageOnWire>('/api/usage', { ...TODAY, model: 'names', group_by })
    assert.deepEqual(named(await ask('key')), [[key, 'new name', 1]])
    assert.deepEqual(named(await ask('person')), [['machine', 'Command line', 1]])

    await at.db.execute(sql`delete from project where id = ${projectId}`)
    const byKey = await ask('key')
    assert.deepEqual(named(byKey), [[key, 'old name', 1]])
    assert.equal(byKey.groups[0]?.deleted, true)
    assert.deepEqual(named(await ask('project')), [[projectId, 'Gone', 1]])
    assert.deepEqual(named(await ask('person')), [['machine', 'Command line', 1]])
    const { data } = await at.json<{ data: RequestOnWire[] }>('/api/requests', { model: 'names' })
    assert.deepEqual([data[0]?.key_name, data[0]?.project_name], ['old name', 'Gone'])
  })

  it('usage of a person who left keeps his name', async () => {
    const userId = await at.installation.addPerson('cy@example.com', {
      organizationId: at.home.organizationId,
      role: 'developer',
    })
    const key = await at.makeKey('his')
    await at.db.execute(sql`update api_key set created_by = ${userId} where id = ${key}`)
    await at.use(key, { model: 'left' })
    await at.db.execute(sql`delete from auth_user where id = ${userId}`)
    await at.db.execute(sql`delete from api_key where id = ${key}`)
    const usage = await at.json<UsageOnWire>('/api/usage', { ...TODAY, model: 'left', group_by: 'person' })
    assert.deepEqual(named(usage), [[userId, 'cy@example.com', 1]])
    const mine = await at.json<UsageOnWire>('/api/usage', { ...TODAY, person_id: userId })
    assert.equal(mine.totals.requests, 1)
  })

  it('all keys of the playground are one', async () => {
    const keys = await Promise.all([at.makeKey('console 1'), at.makeKey('console 2'), at.makeKey('a program')])
    await at.db.execute(sql`update api_key set kind = 'console' where name like 'console %'`)
    for (const key of keys) await at.use(key, { model: 'played' })
    const usage = await at.json<UsageOnWire>('/api/usage', { ...TODAY, model: 'played', group_by: 'key' })
    assert.deepEqual(named(usage), [
      ['playground', 'Playground', 2],
      [keys[2], 'a program', 1],
    ])
    const { data } = await at.json<{ data: RequestOnWire[] }>('/api/requests', {
      model: 'played',
      key_id: 'playground',
    })
    assert.deepEqual(data.map(({ key_id }) => key_id).toSorted(), keys.slice(0, 2).toSorted())
    assert.equal(data[0]?.key_kind, 'console')
  })
})
