/**
 * Billing: what was consumed, by whom. Owns table usage_record, the roll-ups made of it and the names beside them;
 * prices, holds and wallets come on top of it.
 */
import { asc, gt } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { createRequests } from './requests.ts'
import { LEVELS } from './slices.ts'
import { usageFourWeeks, usageRecord } from './tables.ts'
import { createUsage } from './usage.ts'
import { createUsageKeys, type FindKeys } from './usage-keys.ts'
import type { UsageRecord } from './usage-record.ts'
import { addToRollUps, LEVEL_TABLES } from './write-roll-ups.ts'

/** 28 columns a row: stays far below the 30,000 parameters that are safe in one statement. */
const ROWS_PER_INSERT = 500
const ROWS_PER_CATCH_UP = 2_000

export type BillingDeps = {
  db: Db
  clock: Clock
  /** What keys, their projects and their owners are called. */
  findKeys: FindKeys
}

export type Billing = ReturnType<typeof createBilling>

export function createBilling({ db, clock, findKeys }: BillingDeps) {
  const keys = createUsageKeys({ db, clock, findKeys })
  return {
    /** Figures: sums, percentiles, series. */
    usage: createUsage({ db, clock, keys }),
    /** Records, one by one. */
    requests: createRequests({ db, keys }),

    /**
     * Writes records down and adds them to the roll-ups, in one transaction a batch. One that is already there is left as
     * it is and counted no second time, so a worker may send a batch again.
     */
    async recordUsage(records: readonly UsageRecord[]): Promise<void> {
      await keys.remember(records.map(({ keyId }) => keyId))
      for (let start = 0; start < records.length; start += ROWS_PER_INSERT) {
        const batch = [...records.slice(start, start + ROWS_PER_INSERT)].sort((a, b) => (a.id < b.id ? -1 : 1))
        await db.transaction(async (tx) => addToRollUps(tx, await insertNew(tx, batch)))
      }
    },

    /**
     * Adds up records that were written before there were roll-ups, or before there were all levels of them. Call it
     * before anything is recorded.
     * @returns how many there were
     */
    async catchUp(): Promise<number> {
      const [anyRecord] = await db.select({ id: usageRecord.id }).from(usageRecord).limit(1)
      const [anyCoarse] = await db.select({ at: usageFourWeeks.at }).from(usageFourWeeks).limit(1)
      if (!anyRecord || anyCoarse) return 0
      return db.transaction(async (tx) => {
        for (const level of LEVELS) await tx.delete(LEVEL_TABLES[level])
        let counted = 0
        for (let after = ''; ; ) {
          const rows = await tx
            .select()
            .from(usageRecord)
            .where(gt(usageRecord.id, after))
            .orderBy(asc(usageRecord.id))
            .limit(ROWS_PER_CATCH_UP)
          await addToRollUps(tx, rows.map(recordOf))
          counted += rows.length
          const last = rows.at(-1)
          if (rows.length < ROWS_PER_CATCH_UP || !last) return counted
          after = last.id
        }
      })
    },
  }
}

/** @returns those that were not there yet, each once */
async function insertNew(tx: Tx, records: readonly UsageRecord[]): Promise<UsageRecord[]> {
  const rows = records.map(({ startedAtMs, ...record }) => ({ ...record, startedAt: new Date(startedAtMs) }))
  const inserted = await tx.insert(usageRecord).values(rows).onConflictDoNothing().returning({ id: usageRecord.id })
  const byId = new Map(records.toReversed().map((record) => [record.id, record]))
  return inserted.flatMap(({ id }) => byId.get(id) ?? [])
}

function recordOf({ startedAt, outcome: _, ...row }: typeof usageRecord.$inferSelect): UsageRecord {
  return { ...row, startedAtMs: startedAt.getTime() }
}
