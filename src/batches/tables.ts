import { sql } from 'drizzle-orm'
import { bigint, check, index, integer, jsonb, pgTable, text, timestamp } from 'drizzle-orm/pg-core'
import type { BatchStatus } from './batch-state.ts'
import type { LineProblem } from './check-lines.ts'

const time = (name: string) => timestamp(name, { withTimezone: true })
const tokens = (name: string) => bigint(name, { mode: 'number' }).notNull().default(0)

export const batch = pgTable(
  'batch',
  {
    id: text().primaryKey(),
    organizationId: text('organization_id').notNull(),
    /** No reference: the house that deletes a project tells this one, in its own transaction. */
    projectId: text('project_id').notNull(),
    /** In whose name its requests are made. */
    keyId: text('key_id').notNull(),
    inputFileId: text('input_file_id').notNull(),
    /** What the client called it, since the file may go before the batch. */
    inputFilename: text('input_filename').notNull(),
    endpoint: text().notNull(),
    /** What every line names; null until they are checked. */
    model: text(),
    status: text().$type<BatchStatus>().notNull(),
    /** As the client wrote it: `24h`. */
    completionWindow: text('completion_window').notNull(),
    metadata: jsonb().$type<Record<string, string>>(),
    /** Of its results; null = they stay. */
    outputExpiresAfterS: integer('output_expires_after_s'),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
    inProgressAt: time('in_progress_at'),
    finalizingAt: time('finalizing_at'),
    completedAt: time('completed_at'),
    failedAt: time('failed_at'),
    expiredAt: time('expired_at'),
    cancellingAt: time('cancelling_at'),
    cancelledAt: time('cancelled_at'),
    /** 0 until the lines are checked. */
    linesTotal: integer('lines_total').notNull().default(0),
    /** Both are up to a second behind what is on file, and exact once it has ended. */
    linesCompleted: integer('lines_completed').notNull().default(0),
    linesFailed: integer('lines_failed').notNull().default(0),
    /** Why it failed, by line. */
    problems: jsonb().$type<LineProblem[]>(),
    /** Chosen before the files are made, so that a repeat makes no second one. They are there once it has ended. */
    outputFileId: text('output_file_id'),
    errorFileId: text('error_file_id'),
    tokensIn: tokens('tokens_in'),
    tokensCached: tokens('tokens_cached'),
    tokensOut: tokens('tokens_out'),
    tokensReasoning: tokens('tokens_reasoning'),
  },
  (table) => [
    index().on(table.projectId, table.id),
    index().on(table.organizationId),
    index().on(table.status),
    check(
      'batch_status',
      sql`${table.status} in ('validating', 'in_progress', 'finalizing', 'completed', 'failed', 'expired', 'cancelling', 'cancelled')`,
    ),
  ],
)
