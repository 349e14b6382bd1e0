/**
 * Billing: what was consumed. Owns table usage_record; prices, holds and wallets come on top of it.
 */
import { and, desc, eq, inArray, lt } from 'drizzle-orm'
import { type Caller, organizationsFor, requireVisible } from '../identity/rules.ts'
import type { Db } from '../platform/database/database.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { usageRecord } from './tables.ts'
import type { UsageRecord } from './usage-record.ts'

/** 28 columns a row: stays far below the 30,000 parameters that are safe in one statement. */
const ROWS_PER_INSERT = 500

/** A record as the database keeps it. */
export type UsageRow = typeof usageRecord.$inferSelect

export type UsageFilter = { organizationId: string | null; projectId: string | null; keyId: string | null }

export type Billing = ReturnType<typeof createBilling>

export function createBilling({ db }: { db: Db }) {
  return {
    /** Writes records down; one that is already there is left as it is, so a worker may send a batch again. */
    async recordUsage(records: UsageRecord[]): Promise<void> {
      for (let start = 0; start < records.length; start += ROWS_PER_INSERT) {
        const rows = records
          .slice(start, start + ROWS_PER_INSERT)
          .map(({ startedAtMs, ...record }) => ({ ...record, startedAt: new Date(startedAtMs) }))
        await db.insert(usageRecord).values(rows).onConflictDoNothing()
      }
    },

    /**
     * The records that exist for `caller`, newest first.
     * @throws OrganizationUnknown where a named organisation is not there, or not for him
     */
    async listUsage(caller: Caller, filter: UsageFilter, page: Page): Promise<PageOf<UsageRow>> {
      if (filter.organizationId !== null) requireVisible(caller, filter.organizationId, 'usage.read')
      const reach = organizationsFor(caller, 'usage.read')
      // select * from usage_record where organization_id = any($1) and … and id < $2 order by id desc limit $3:
      // ids begin with the time, so the primary key is the order.
      const rows = await db
        .select()
        .from(usageRecord)
        .where(
          and(
            reach === 'all' ? undefined : inArray(usageRecord.organizationId, reach),
            filter.organizationId === null ? undefined : eq(usageRecord.organizationId, filter.organizationId),
            filter.projectId === null ? undefined : eq(usageRecord.projectId, filter.projectId),
            filter.keyId === null ? undefined : eq(usageRecord.keyId, filter.keyId),
            page.after === null ? undefined : lt(usageRecord.id, page.after),
          ),
        )
        .orderBy(desc(usageRecord.id))
        .limit(page.limit + 1)
      return pageOf(rows, page)
    },
  }
}
