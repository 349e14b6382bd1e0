import { index, integer, pgTable, primaryKey, text, timestamp } from 'drizzle-orm/pg-core'
import type { SpentWhy } from './idempotency/claim-wire.ts'

/** One row per `Idempotency-Key` of an API key, for a day. Written by control; see `idempotency/claims-owner.ts`. */
export const idempotencyClaim = pgTable(
  'idempotency_claim',
  {
    keyId: text('key_id').notNull(),
    nameSha256: text('name_sha256').notNull(),
    organizationId: text('organization_id').notNull(),
    projectId: text('project_id').notNull(),
    bodySha256: text('body_sha256').notNull(),
    /** The request that has it. */
    requestId: text('request_id').notNull().unique(),
    state: text().$type<'running' | 'answered' | 'spent'>().notNull(),
    /** Of one that runs: unless it is renewed until then, its worker is gone. */
    leaseUntil: timestamp('lease_until', { withTimezone: true }).notNull(),
    expiresAt: timestamp('expires_at', { withTimezone: true }).notNull(),
    why: text().$type<SpentWhy>(),
    status: integer(),
    contentType: text('content_type'),
    /** The packed answer, sealed (`sealed-text.ts`). */
    answer: text(),
    /** Of `answer`; 0 = there is none. */
    storedBytes: integer('stored_bytes').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.keyId, table.nameSha256] }),
    index().on(table.projectId),
    index().on(table.organizationId),
    index().on(table.expiresAt),
  ],
)
