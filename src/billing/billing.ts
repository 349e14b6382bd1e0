/**
 * Billing: what was consumed. Owns table usage_record; prices, holds and wallets come on top of it.
 */
import { desc, eq } from 'drizzle-orm'
import type { Db } from '../platform/database/database.ts'
import { usageRecord } from './tables.ts'
import type { UsageRecord } from './usage-record.ts'

/** 28 columns a row: stays far below the 30,000 parameters that are safe in one statement. */
const ROWS_PER_INSERT = 500

export type Billing = ReturnType<typeof createBilling>

export function createBilling({ db }: { db: Db }) {
  return {
    /** Writes records down; one that is already there is left as it is, so a worker may send a batch again. */
    async recordUsage(records: UsageRecord[]): Promise<void> {
      for (let start = 0; start < records.length; start += ROWS_PER_INSERT) {
        const rows = records.slice(start, start + ROWS_PER_INSERT).map(({ startedAtMs, ...record }) => ({ ...record, startedAt: new Date(startedAtMs) }))
        await db.insert(usageRecord).values(rows).onConflictDoNothing()
      }
    },

    /** The newest records of a project, newest first. @param limit 1–1000 */
    recentUsage(projectId: string, limit: number) {
      return db.select().from(usageRecord).where(eq(usageRecord.projectId, projectId)).orderBy(desc(usageRecord.startedAt)).limit(limit)
    },
  }
}
