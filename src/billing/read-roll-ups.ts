/**
 * Sums over roll-ups. Whoever asks hands in which series make up which *part* of the answer, so that one statement
 * serves every grouping: names and people are looked up once for each series, not once for each row.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../platform/database/database.ts'
import { addToBin, type LatencyBins } from './latency-bins.ts'
import type { Sums } from './roll-up.ts'
import { LEVELS, type Level, type Range, slicesOf, slotCount, slotsIn } from './slices.ts'
import { LEVEL_TABLES } from './write-roll-ups.ts'

/** Which part of an answer a series counts towards, from 0. */
export type Member = { seriesId: string; part: number }
export type PartSums = Sums & { part: number /** Index of the step, from 0. */; step: number }
export type Latency = { firstToken: LatencyBins; total: LatencyBins }

/** What each part used in each step, where that is anything. A part and step may come in several rows. */
export async function sumsOf(
  db: Db,
  members: readonly Member[],
  starts: readonly number[],
  to: number,
): Promise<PartSums[]> {
  if (members.length === 0) return []
  const step = starts.length === 1 ? sql`0` : sql`width_bucket(kept.at, ${timeArray(starts)}) - 1`
  const queries = levelsOf(starts, to).map(
    ([level, ranges]) => sql`
      select part, ${step} as step, sum(requests::float8) as requests, sum(tokens_in::float8) as "tokensIn",
        sum(tokens_cached::float8) as "tokensCached", sum(tokens_out::float8) as "tokensOut",
        sum(tokens_reasoning::float8) as "tokensReasoning"
      from ${memberTable(members)} join ${LEVEL_TABLES[level]} as kept on kept.series = member.series
      where ${inRanges(level, ranges)}
      group by 1, 2`,
  )
  const { rows } = (await db.execute(sql.join(queries, sql` union all `))) as unknown as { rows: PartSums[] }
  return rows
}

/** How long things took in a range, by part. */
export async function latencyOf(db: Db, members: readonly Member[], range: Range): Promise<Map<number, Latency>> {
  const found = new Map<number, Latency>()
  if (members.length === 0) return found
  const queries = levelsOf([range.from], range.to).flatMap(([level, ranges]) =>
    (['first_token', 'total'] as const).map(
      (column) => sql`
        select part, ${column}::text as measure, bin.key as bin, sum(bin.value::float8) as count
        from ${memberTable(members)} join ${LEVEL_TABLES[level]} as kept on kept.series = member.series
          cross join lateral jsonb_each_text(${sql.raw(`kept.${column}`)}) as bin
        where ${inRanges(level, ranges)}
        group by 1, 2, 3`,
    ),
  )
  type BinCount = { part: number; measure: 'first_token' | 'total'; bin: string; count: number }
  const { rows } = (await db.execute(sql.join(queries, sql` union all `))) as unknown as { rows: BinCount[] }
  for (const { part, measure, bin, count } of rows) {
    const latency = found.get(part) ?? { firstToken: {}, total: {} }
    found.set(part, latency)
    addToBin(measure === 'first_token' ? latency.firstToken : latency.total, bin, count)
  }
  return found
}

function levelsOf(starts: readonly number[], to: number): [Level, Range[]][] {
  const slices = slicesOf(starts, to)
  return LEVELS.filter((level) => slices[level].length > 0).map((level) => [level, slices[level]])
}

function memberTable(members: readonly Member[]): SQL {
  const ids = `{${members.map(({ seriesId }) => seriesId).join()}}`
  const parts = `{${members.map(({ part }) => part).join()}}`
  return sql`unnest((${ids}::text)::bigint[], (${parts}::text)::int[]) as member (series, part)`
}

const RANGES_WRITTEN_OUT_MAX = 4
const SLOTS_WRITTEN_OUT_MAX = 2_000

/**
 * A zone that is half an hour off has two pieces of quarters in each day, hours between them: a few pieces are compared
 * one by one, few slots are listed, and of many pieces the bucket between their bounds tells, which is odd inside one.
 */
function inRanges(level: Level, ranges: readonly Range[]): SQL {
  const from = ranges[0]?.from ?? 0
  const to = ranges.at(-1)?.to ?? 0
  if (ranges.length <= RANGES_WRITTEN_OUT_MAX)
    return sql`(${sql.join(
      ranges.map((range) => sql`(kept.at >= ${time(range.from)} and kept.at < ${time(range.to)})`),
      sql` or `,
    )})`
  if (slotCount(level, ranges) <= SLOTS_WRITTEN_OUT_MAX)
    return sql`kept.at = any (${timeArray(slotsIn(level, ranges))})`
  const bounds = timeArray(ranges.flatMap((range) => [range.from, range.to]))
  return sql`kept.at >= ${time(from)} and kept.at < ${time(to)} and width_bucket(kept.at, ${bounds}) % 2 = 1`
}

function time(at: number): SQL {
  return sql`(${new Date(at).toISOString()}::text)::timestamptz`
}

/** As text, which both databases take alike. */
function timeArray(times: readonly number[]): SQL {
  return sql`(${`{${times.map((at) => new Date(at).toISOString()).join()}}`}::text)::timestamptz[]`
}
