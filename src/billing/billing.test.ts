import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { OrganizationUnknown } from '../identity/errors.ts'
import type { Caller, OrganizationRole } from '../identity/rules.ts'
import type { Database } from '../platform/database/database.ts'
import { scratchDatabase } from '../platform/database/scratch.ts'
import { type Billing, createBilling, type UsageFilter } from './billing.ts'
import type { UsageRecord } from './usage-record.ts'

let database: Database
let billing: Billing
before(async () => {
  database = await scratchDatabase()
  billing = createBilling({ db: database.db })
})
after(() => database.close())

const record = (id: string, changed: Partial<UsageRecord> = {}): UsageRecord => ({
  id,
  startedAtMs: 1_790_000_000_000,
  organizationId: 'org_1',
  projectId: 'proj_1',
  keyId: 'key_1',
  model: 'smollm2-135m-instruct',
  adapter: null,
  deploymentId: 'dep_1',
  engineId: 'eng_1',
  route: '/v1/chat/completions',
  stream: true,
  status: 200,
  errorCode: null,
  tokensIn: 31,
  tokensCached: 8,
  tokensOut: 5,
  tokensReasoning: 0,
  tokensInSource: 'engine',
  tokensOutSource: 'engine',
  finish: 'length',
  cutBy: null,
  gatewayMs: 0.4,
  queueMs: 0.1,
  prefillMs: 120.5,
  decodeMs: 44.5,
  firstTokenMs: 130,
  totalMs: 181,
  retries: 0,
  ...changed,
})

const MACHINE: Caller = { kind: 'machine' }
const inProject = (projectId: string): UsageFilter => ({ organizationId: null, projectId, keyId: null })
const EVERYTHING: UsageFilter = { organizationId: null, projectId: null, keyId: null }

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

test('a batch that is sent twice is recorded once', async () => {
  const batch = Array.from({ length: 1_203 }, (_, index) => record(`req_${index}`))
  await billing.recordUsage(batch)
  await billing.recordUsage([...batch.slice(0, 700), record('req_new')])
  const { data } = await billing.listUsage(MACHINE, inProject('proj_1'), { limit: 2_000, after: null })
  assert.equal(data.length, 1_204)
})

test('a record comes back as it went in', async () => {
  await billing.recordUsage([record('req_whole', { projectId: 'proj_2' })])
  const { data } = await billing.listUsage(MACHINE, inProject('proj_2'), { limit: 1, after: null })
  const { startedAtMs, ...rest } = record('req_whole', { projectId: 'proj_2' })
  assert.deepEqual(data, [{ ...rest, startedAt: new Date(startedAtMs) }])
})

test('records come newest first, a page at a time, each once', async () => {
  const ids = ['req_c1', 'req_c2', 'req_c3', 'req_c4', 'req_c5']
  await billing.recordUsage(ids.map((id) => record(id, { projectId: 'proj_3' })))
  const seen: string[] = []
  for (let after: string | null = null; ; ) {
    const page = await billing.listUsage(MACHINE, inProject('proj_3'), { limit: 2, after })
    seen.push(...page.data.map((row) => row.id))
    if (page.next === null) break
    after = page.next
  }
  assert.deepEqual(seen, ids.toReversed())
})

test('nobody sees the usage of an organisation that is not his, whatever he filters by', async () => {
  await billing.recordUsage([record('req_theirs', { organizationId: 'org_2', projectId: 'proj_4', keyId: 'key_4' })])
  const ours = person('org_1', 'owner')
  const page = { limit: 2_000, after: null }
  const all = await billing.listUsage(ours, EVERYTHING, page)
  assert.ok(all.data.length > 0 && all.data.every((row) => row.organizationId === 'org_1'))
  assert.deepEqual((await billing.listUsage(ours, inProject('proj_4'), page)).data, [])
  assert.deepEqual((await billing.listUsage(ours, { ...EVERYTHING, keyId: 'key_4' }, page)).data, [])
  await assert.rejects(billing.listUsage(ours, { ...EVERYTHING, organizationId: 'org_2' }, page), OrganizationUnknown)
  const theirs = await billing.listUsage(person('org_2', 'viewer'), EVERYTHING, page)
  assert.deepEqual(
    theirs.data.map((row) => row.id),
    ['req_theirs'],
  )
})
