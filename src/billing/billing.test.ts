import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Database } from '../platform/database/database.ts'
import { scratchDatabase } from '../platform/database/scratch.ts'
import { createBilling } from './billing.ts'
import type { UsageRecord } from './usage-record.ts'

let database: Database
before(async () => {
  database = await scratchDatabase()
})
after(() => database.close())

const record = (id: string): UsageRecord => ({
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
})

test('a batch that is sent twice is recorded once', async () => {
  const billing = createBilling({ db: database.db })
  const batch = Array.from({ length: 1_203 }, (_, index) => record(`req_${index}`))
  await billing.recordUsage(batch)
  await billing.recordUsage([...batch.slice(0, 700), record('req_new')])
  const rows = await billing.recentUsage('proj_1', 2_000)
  assert.equal(rows.length, 1_204)
})

test('a record comes back as it went in', async () => {
  const billing = createBilling({ db: database.db })
  await billing.recordUsage([{ ...record('req_whole'), projectId: 'proj_2' }])
  const [row] = await billing.recentUsage('proj_2', 1)
  const { startedAtMs, ...rest } = { ...record('req_whole'), projectId: 'proj_2' }
  assert.deepEqual(row, { ...rest, startedAt: new Date(startedAtMs) })
})
