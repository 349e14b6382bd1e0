import { type SQL, sql } from 'drizzle-orm'
import type { Tx } from '../platform/database/database.ts'
import { rollUp, type Series, type Slot } from './roll-up.ts'
import { LEVELS, type Level } from './slices.ts'
import { usageDay, usageFourWeeks, usageHour, usageMinute, usageQuarter, usageSeries } from './tables.ts'
import type { UsageRecord } from './usage-record.ts'

export const LEVEL_TABLES = {
  minute: usageMinute,
  quarter: usageQuarter,
  hour: usageHour,
  day: usageDay,
  fourWeeks: usageFourWeeks,
} as const

/**
 * Adds records to the roll-ups of every level. The caller's transaction must be the one that made the records, and each
 * of them new in it: nothing here knows a record that was counted before.
 */
export async function addToRollUps(tx: Tx, records: readonly UsageRecord[]): Promise<void> {
  if (records.length === 0) return
  const { series, slots } = rollUp(records)
  await tx.insert(usageSeries).values(series.map(seriesRow)).onConflictDoNothing()
  for (const level of LEVELS) await tx.execute(addSlots(level, slots[level]))
}

function seriesRow({ id, ...rest }: Series) {
  return { id: BigInt(id), ...rest }
}

/**
 * One statement for all slots, and one parameter: insert into usage_hour … select … from jsonb_to_recordset($1) on
 * conflict (series, at) do update set requests = usage_hour.requests + excluded.requests, …
 */
function addSlots(level: Level, slots: readonly Slot[]): SQL {
  const table = LEVEL_TABLES[level]
  const rows = JSON.stringify(slots.map((slot) => ({ ...slot, at: new Date(slot.at).toISOString() })))
  return sql`
    insert into ${table} as kept
      (series, at, requests, tokens_in, tokens_cached, tokens_out, tokens_reasoning, first_token, total)
    select * from jsonb_to_recordset((${rows}::text)::jsonb) as slot
      (series bigint, at timestamptz, requests int, "tokensIn" bigint, "tokensCached" bigint, "tokensOut" bigint,
       "tokensReasoning" bigint, "firstToken" jsonb, total jsonb)
    on conflict (series, at) do update set
      requests = kept.requests + excluded.requests,
      tokens_in = kept.tokens_in + excluded.tokens_in,
      tokens_cached = kept.tokens_cached + excluded.tokens_cached,
      tokens_out = kept.tokens_out + excluded.tokens_out,
      tokens_reasoning = kept.tokens_reasoning + excluded.tokens_reasoning,
      first_token = ${sumOfBins('first_token')},
      total = ${sumOfBins('total')}`
}

/** The bins of both, added up. */
function sumOfBins(column: 'first_token' | 'total'): SQL {
  const [kept, added] = [sql.raw(`kept.${column}`), sql.raw(`excluded.${column}`)]
  return sql`coalesce((
    select jsonb_object_agg(bin, count) from (
      select bin, sum(count::int) as count
      from (select * from jsonb_each_text(${kept}) union all select * from jsonb_each_text(${added})) as both_of (bin, count)
      group by bin) as summed), '{}')`
}
