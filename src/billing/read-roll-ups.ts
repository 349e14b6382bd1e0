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
export type PartSums = Sums & {
  part: number
  /** Index of the step, from 0. */
  step: number
  /** The step that counted it too and from which it is taken away; null = none. */
  movedFrom: number | null
}
export type Latency = { firstToken: LatencyBins; total: LatencyBins }

/** What each part used in each step, where that is anything. A part and step may come in several rows. */
export async function sumsOf(
  db: Db,
  members: readonly Member[],
  starts: readonly number[],
  to: number,
): Promise<PartSums[]> {
  if (members.length === 0) return []
  const stepOf = (at: SQL) => (starts.length === 1 ? sql`0` : sql`width_bucket(${at}, ${timeArray(starts)}) - 1`)
  const noonOfDay = sql`date_trunc('day', kept.at, 'UTC') + interval '12 hours'`
  return rowsOf<PartSums>(
    db,
    piecesOf(starts, to).map(
      ({ level, within, isMoved }) => sql`
        select part, ${stepOf(level === 'day' ? noonOfDay : kept)} as step,
          ${isMoved ? stepOf(noonOfDay) : sql`null::int`} as "movedFrom",
          sum(requests::float8) as requests, sum(tokens_in::float8) as "tokensIn",
          sum(tokens_cached::float8) as "tokensCached", sum(tokens_out::float8) as "tokensOut",
          sum(tokens_reasoning::float8) as "tokensReasoning"
        from ${memberTable(members)} join ${LEVEL_TABLES[level]} as kept on kept.series = member.series
        where ${within}
        group by 1, 2, 3`,
    ),
  )
}

type BinCount = { part: number; measure: keyof Latency; bin: string; count: number }

/** How long things took in a range, by part. */
export async function latencyOf(db: Db, members: readonly Member[], range: Range): Promise<Map<number, Latency>> {
  const found = new Map<number, Latency>()
  if (members.length === 0) return found
  const rows = await rowsOf<BinCount>(
    db,
    piecesOf([range.from], range.to).map(
      ({ level, within }) => sql`
        select part, measure, bin.key as bin, sum(bin.value::float8) as count
        from ${memberTable(members)} join ${LEVEL_TABLES[level]} as kept on kept.series = member.series
          cross join lateral (values ('firstToken', kept.first_token), ('total', kept.total)) as measured (measure, bins)
          cross join lateral jsonb_each_text(bins) as bin
        where ${within}
        group by 1, 2, 3`,
    ),
  )
  for (const { part, measure, bin, count } of rows) {
    const latency = found.get(part) ?? { firstToken: {}, total: {} }
    found.set(part, latency)
    addToBin(latency[measure], bin, count)
  }
  return found
}

async function rowsOf<Row>(db: Db, queries: SQL[]): Promise<Row[]> {
  const { rows } = (await db.execute(sql.join(queries, sql` union all `))) as unknown as { rows: Row[] }
  return rows
}

function memberTable(members: readonly Member[]): SQL {
  const ids = `{${members.map(({ seriesId }) => seriesId).join()}}`
  const parts = `{${members.map(({ part }) => part).join()}}`
  return sql`unnest((${ids}::text)::bigint[], (${parts}::text)::int[]) as member (series, part)`
}

/** A piece of a range that one level answers, and how the database finds it. */
type Piece = { level: Level; within: SQL; isMoved: boolean }

const RANGES_APART_MAX = 4
const SLOTS_LISTED_MAX = 2_000

function piecesOf(starts: readonly number[], to: number): Piece[] {
  const { counted, moved } = slicesOf(starts, to)
  return LEVELS.flatMap((level) => [
    ...withinRanges(level, counted[level]).map((within) => ({ level, within, isMoved: false })),
    ...withinRanges(level, moved[level]).map((within) => ({ level, within, isMoved: true })),
  ])
}

/**
 * A few ranges are asked for apart, since the database finds each by an index then, and all of them joined by `or` by
 * none. What is moved lies in one or two ranges of each day: of those, few slots are listed; where they are many, the
 * place of a time among all bounds tells, which is odd inside a range.
 */
function withinRanges(level: Level, ranges: readonly Range[]): SQL[] {
  const between = (from: number, to: number) => sql`${kept} >= ${time(from)} and ${kept} < ${time(to)}`
  if (ranges.length <= RANGES_APART_MAX) return ranges.map((range) => between(range.from, range.to))
  if (slotCount(level, ranges) <= SLOTS_LISTED_MAX)
    return [sql`${kept} in (select unnest(${timeArray(slotsIn(level, ranges))}))`]
  const bounds = timeArray(ranges.flatMap(({ from, to }) => [from, to]))
  const all = between(ranges[0]!.from, ranges.at(-1)!.to)
  return [sql`${all} and width_bucket(${kept}, ${bounds}) % 2 = 1`]
}

const kept = sql.raw('kept.at')

function time(at: number): SQL {
  return sql`${new Date(at).toISOString()}::timestamptz`
}

/**
 * As text, which both databases take alike; in a select of its own, which is done once. Text is made an array anew for
 * each row otherwise.
 */
function timeArray(times: readonly number[]): SQL {
  const text = `{${times.map((at) => new Date(at).toISOString()).join()}}`
  return sql`(select (${text}::text)::timestamptz[])`
}
