import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  check,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import type { LatencyBins } from './latency-bins.ts'
import type { FailedAttempt, RequestParameters } from './request-detail.ts'
import type { Outcome } from './roll-up.ts'
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
    requestedModel: text('requested_model'),
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
    /** `outcomeOf` of roll-up.ts, which a test holds equal. */
    outcome: text()
      .$type<Outcome>()
      .notNull()
      .generatedAlwaysAs(
        sql`case when cut_by = 'client' or status = 499 then 'cut' when status >= 400 or error_code is not null or cut_by is not null then 'failed' else 'ok' end`,
      ),
  },
  (table) => [
    index().on(table.organizationId, table.startedAt),
    index().on(table.projectId, table.startedAt),
    index().on(table.keyId, table.startedAt),
    index().on(table.startedAt),
  ],
)

/** The combinations that usage is added up by; see roll-up.ts. */
export const usageSeries = pgTable(
  'usage_series',
  {
    id: bigint({ mode: 'bigint' }).primaryKey(),
    organizationId: text('organization_id').notNull(),
    projectId: text('project_id').notNull(),
    keyId: text('key_id').notNull(),
    model: text().notNull(),
    /** Empty = none. */
    adapter: text().notNull(),
    route: text().notNull(),
    outcome: text().$type<Outcome>().notNull(),
  },
  (table) => [
    index().on(table.organizationId),
    check('usage_series_outcome', sql`${table.outcome} in ('ok', 'failed', 'cut')`),
  ],
)

/** What one series used in one slot of time. A table for each level, so that reading one passes over none of the others. */
const rollUpTable = <Name extends string>(name: Name) =>
  pgTable(
    name,
    {
      series: bigint({ mode: 'bigint' }).notNull(),
      /** When the slot begins. */
      at: timestamp({ withTimezone: true }).notNull(),
      requests: integer().notNull(),
      tokensIn: bigint('tokens_in', { mode: 'number' }).notNull(),
      tokensCached: bigint('tokens_cached', { mode: 'number' }).notNull(),
      tokensOut: bigint('tokens_out', { mode: 'number' }).notNull(),
      tokensReasoning: bigint('tokens_reasoning', { mode: 'number' }).notNull(),
      /** Milliseconds to the first token and to the end, as `latency-bins.ts` keeps them. */
      firstToken: jsonb('first_token').$type<LatencyBins>().notNull(),
      total: jsonb().$type<LatencyBins>().notNull(),
    },
    // Few series over long times go by the key, many over short ones by the index.
    (table) => [primaryKey({ columns: [table.series, table.at] }), index().on(table.at)],
  )

export const usageMinute = rollUpTable('usage_minute')
export const usageQuarter = rollUpTable('usage_quarter')
export const usageHour = rollUpTable('usage_hour')
export const usageDay = rollUpTable('usage_day')
export const usageFourWeeks = rollUpTable('usage_four_weeks')

/** What a key, its project and its owner were called when it was last used: usage outlives them. */
export const usageKey = pgTable(
  'usage_key',
  {
    keyId: text('key_id').primaryKey(),
    name: text().notNull(),
    /** `console`: the playground made it. */
    kind: text().$type<'api' | 'console'>().notNull(),
    projectId: text('project_id').notNull(),
    projectName: text('project_name').notNull(),
    /** A person, a service account, or `machine`. */
    ownerId: text('owner_id').notNull(),
    ownerName: text('owner_name').notNull(),
  },
  (table) => [index().on(table.ownerId)],
)

/** One database gives a Buffer, the other a Uint8Array. */
const bytes = customType<{ data: Buffer; driverData: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (value) => Buffer.from(value.buffer, value.byteOffset, value.byteLength),
})

/** Settings and sizes of a request, beside its usage record and for as long. Columns: `request-detail.ts`. */
export const requestDetail = pgTable('request_detail', {
  id: text().primaryKey(),
  parameters: jsonb().$type<RequestParameters>().notNull(),
  client: text(),
  /** Null = the first attempt answered. */
  attempts: jsonb().$type<FailedAttempt[]>(),
})

/** What a request and its answer said, where the project keeps that, until it expires. */
export const requestContent = pgTable(
  'request_content',
  {
    id: text().primaryKey(),
    organizationId: text('organization_id').notNull(),
    projectId: text('project_id').notNull(),
    keyId: text('key_id').notNull(),
    startedAt: timestamp('started_at', { withTimezone: true }).notNull(),
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
    truncated: boolean().notNull(),
    /** Bytes of the text; `storedBytes` of them are left when it is compressed. */
    textBytes: integer('text_bytes').notNull(),
    storedBytes: integer('stored_bytes').notNull(),
    address: text(),
    /** As `packed-content.ts` packs it. */
    body: bytes().notNull(),
  },
  (table) => [
    index().on(table.organizationId),
    index().on(table.projectId),
    index().on(table.keyId),
    index().on(table.expiresAt),
  ],
)

/** Who has read which content on which day (UTC): unique, so that the trail says each once. Goes with the content. */
export const requestContentReading = pgTable(
  'request_content_reading',
  {
    requestId: text('request_id')
      .notNull()
      .references(() => requestContent.id, { onDelete: 'cascade' }),
    /** A person's id, or `machine`. */
    readerId: text('reader_id').notNull(),
    /** Such as `2027-01-31`. */
    day: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.requestId, table.readerId, table.day] })],
)
