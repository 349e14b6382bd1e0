import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from 'drizzle-orm'
import { OrganizationUnknown } from '../identity/errors.ts'
import type { Caller, OrganizationRole } from '../identity/rules.ts'
import { systemClock } from '../platform/clock.ts'
import type { Database } from '../platform/database/database.ts'
import { scratchDatabase } from '../platform/database/scratch.ts'
import { type Billing, createBilling } from './billing.ts'
import { RequestUnknown } from './errors.ts'
import { ALL_REQUESTS, type RequestFilter } from './requests.ts'
import { scratchRecord as record } from './scratch-records.ts'
import type { UsageQuestion } from './usage.ts'
import { filterFrom } from './usage-filter.ts'

let database: Database
let billing: Billing
before(async () => {
  database = await scratchDatabase()
  billing = createBilling({ db: database.db, clock: systemClock, findKeys: async () => [] })
})
after(() => database.close())

const MACHINE: Caller = { kind: 'machine' }
const where = (query: Parameters<typeof filterFrom>[0]): RequestFilter => ({
  ...filterFrom(query),
  ...ALL_REQUESTS,
})
const day = (query: Parameters<typeof filterFrom>[0]): UsageQuestion => ({
  from: 1_790_000_000_000 - 43_200_000,
  to: 1_790_000_000_000 + 43_200_000,
  step: '1h',
  timeZone: 'UTC',
  groupBy: 'key',
  filter: filterFrom(query),
  top: 5,
  comparePrevious: false,
})

function person(organizationId: string, role: OrganizationRole): Caller {
  const memberships = [{ organizationId, role }]
  return {
    kind: 'person',
    userId: 'usr_1',
    name: 'Ada',
    email: 'ada@example.com',
    operator: false,
    memberships,
    address: null,
  }
}

test('a batch that is sent twice is recorded once and counted once', async () => {
  const batch = Array.from({ length: 1_203 }, (_, index) => record(`req_${index}`))
  await billing.recordUsage(batch)
  await billing.recordUsage([...batch.slice(0, 700), record('req_new'), record('req_new')])
  const { data } = await billing.requests.list(MACHINE, where({ project_id: 'proj_1' }), { limit: 2_000, after: null })
  assert.equal(data.length, 1_204)
  const { figures } = await billing.usage.figures(MACHINE, day({ project_id: 'proj_1' }))
  assert.equal(figures.requests, 1_204)
  assert.equal(figures.tokensIn, 1_204 * 31)
})

test('a batch that cannot be recorded is not counted either', async () => {
  const broken = [
    record('req_d1', { projectId: 'proj_d' }),
    record('req_d2', { projectId: 'proj_d', route: null as unknown as string }),
  ]
  await assert.rejects(billing.recordUsage(broken))
  assert.equal((await billing.usage.figures(MACHINE, day({ project_id: 'proj_d' }))).figures.requests, 0)
  await billing.recordUsage(broken.slice(0, 1))
  assert.equal((await billing.usage.figures(MACHINE, day({ project_id: 'proj_d' }))).figures.requests, 1)
})

test('batches that arrive at once, some of them twice, are all counted once', async () => {
  const batches = Array.from({ length: 8 }, (_, batch) =>
    Array.from({ length: 40 }, (_, index) => record(`req_e${(batch >> 1) * 40 + index}`, { projectId: 'proj_e' })),
  )
  await Promise.all(batches.map((batch) => billing.recordUsage(batch)))
  assert.equal((await billing.usage.figures(MACHINE, day({ project_id: 'proj_e' }))).figures.requests, 160)
})

test('a record comes back as it went in', async () => {
  const whole = record('req_whole', { projectId: 'proj_2', requestedModel: 'house-chat' })
  await billing.recordUsage([whole])
  const { data } = await billing.requests.list(MACHINE, where({ project_id: 'proj_2' }), { limit: 1, after: null })
  const { startedAtMs, ...rest } = whole
  const unnamed = { keyName: null, keyKind: null, projectName: null, personId: null, personName: null }
  assert.deepEqual(data, [{ ...rest, ...unnamed, outcome: 'ok', startedAt: new Date(startedAtMs) }])
})

test('records come newest first, a page at a time, each once', async () => {
  const ids = ['req_c1', 'req_c2', 'req_c3', 'req_c4', 'req_c5']
  await billing.recordUsage(ids.map((id) => record(id, { projectId: 'proj_3' })))
  const seen: string[] = []
  for (let last: string | null = null; ; ) {
    const page = await billing.requests.list(MACHINE, where({ project_id: 'proj_3' }), { limit: 2, after: last })
    seen.push(...page.data.map((row) => row.id))
    if (page.next === null) break
    last = page.next
  }
  assert.deepEqual(seen, ids.toReversed())
})

test('nobody sees the usage of an organisation that is not his, whatever he filters by', async () => {
  await billing.recordUsage([record('req_theirs', { organizationId: 'org_2', projectId: 'proj_4', keyId: 'key_4' })])
  const ours = person('org_1', 'owner')
  const page = { limit: 2_000, after: null }
  const all = await billing.requests.list(ours, where({}), page)
  assert.ok(all.data.length > 0 && all.data.every((row) => row.organizationId === 'org_1'))
  for (const filter of [{ project_id: 'proj_4' }, { key_id: 'key_4' }]) {
    assert.deepEqual((await billing.requests.list(ours, where(filter), page)).data, [])
    assert.equal((await billing.usage.figures(ours, day(filter))).figures.requests, 0)
  }
  const theirs = { organization_id: 'org_2' }
  await assert.rejects(billing.requests.list(ours, where(theirs), page), OrganizationUnknown)
  await assert.rejects(billing.usage.figures(ours, day(theirs)), OrganizationUnknown)
  await assert.rejects(
    billing.usage.overview(ours, { organizationId: 'org_2', projectId: null }, 'UTC'),
    OrganizationUnknown,
  )
  await assert.rejects(billing.requests.one(ours, 'req_theirs'), RequestUnknown)
  assert.equal((await billing.usage.byKey(ours, ['key_4'])).keys[0]?.figures.requests, 0)
  const seen = await billing.requests.list(person('org_2', 'viewer'), where({}), page)
  assert.deepEqual(
    seen.data.map((row) => row.id),
    ['req_theirs'],
  )
  assert.equal((await billing.usage.figures(person('org_2', 'viewer'), day({}))).figures.requests, 1)
})

test('who has a role in one project alone sees the usage of that project alone', async () => {
  await billing.recordUsage([
    record('req_p5', { organizationId: 'org_3', projectId: 'proj_5' }),
    record('req_p6', { organizationId: 'org_3', projectId: 'proj_6' }),
  ])
  const caller = {
    ...person('org_9', 'owner'),
    projectRoles: [{ organizationId: 'org_3', projectId: 'proj_5', role: 'viewer' as const }],
  }
  const { data } = await billing.requests.list(caller, where({ organization_id: 'org_3' }), { limit: 10, after: null })
  assert.deepEqual(
    data.map(({ id }) => id),
    ['req_p5'],
  )
  assert.equal((await billing.usage.figures(caller, day({ organization_id: 'org_3' }))).figures.requests, 1)
  await assert.rejects(billing.requests.one(caller, 'req_p6'), RequestUnknown)
})

test('records of before there were roll-ups are caught up with, once', async () => {
  const { db } = database
  const before = await billing.usage.figures(MACHINE, day({}))
  assert.equal(await billing.catchUp(), 0)
  for (const table of ['usage_series', 'usage_minute', 'usage_quarter', 'usage_hour', 'usage_day', 'usage_four_weeks'])
    await db.execute(sql.raw(`delete from ${table}`))
  assert.equal((await billing.usage.figures(MACHINE, day({}))).figures.requests, 0)
  assert.equal(await billing.catchUp(), before.figures.requests)
  assert.equal(await billing.catchUp(), 0)
  assert.deepEqual({ ...(await billing.usage.figures(MACHINE, day({}))), countedTo: 0 }, { ...before, countedTo: 0 })
})
