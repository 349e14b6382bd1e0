import { bigint, boolean, doublePrecision, index, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { CountSource, CutBy } from './usage-record.ts'

/** One row per request that reached a route. Columns: `usage-record.ts`. */
export const usageRecord = pgTable(
  'usage_record',
  {
    id: text().primaryKey(),
    startedAt: timestamp('started_at', { withTimezone: true }).notNull(),
    organizationId: text('organization_id').notNull(),
    projectId: text('project_id').notNull(),
    keyId: text('key_id').notNull(),
    model: text().notNull(),
    adapter: text(),
    deploymentId: text('deployment_id'),
    engineId: text('engine_id'),
    route: text().notNull(),
    stream: boolean().notNull(),
    status: integer().notNull(),
    errorCode: text('error_code'),
    tokensIn: bigint('tokens_in', { mode: 'number' }).notNull(),
    tokensCached: bigint('tokens_cached', { mode: 'number' }).notNull(),
    tokensOut: bigint('tokens_out', { mode: 'number' }).notNull(),
    tokensReasoning: bigint('tokens_reasoning', { mode: 'number' }).notNull(),
    tokensInSource: text('tokens_in_source').$type<CountSource>().notNull(),
    tokensOutSource: text('tokens_out_source').$type<CountSource>().notNull(),
    finish: text(),
    cutBy: text('cut_by').$type<Exclude<CutBy, null>>(),
    gatewayMs: doublePrecision('gateway_ms').notNull(),
    queueMs: doublePrecision('queue_ms'),
    prefillMs: doublePrecision('prefill_ms'),
    decodeMs: doublePrecision('decode_ms'),
    firstTokenMs: doublePrecision('first_token_ms'),
    totalMs: doublePrecision('total_ms').notNull(),
    retries: integer().notNull(),
  },
  (table) => [
    index().on(table.organizationId, table.startedAt),
    index().on(table.projectId, table.startedAt),
    index().on(table.keyId, table.startedAt),
  ],
)
