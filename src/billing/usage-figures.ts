/**
 * The figures of a usage page, from the sums that the database gives. Every figure of an answer is added up from the
 * same rows, so that the strip, the chart and the table cannot disagree.
 *
 * Pure module.
 */
import { addToBin, type LatencyBins, type Percentiles, percentilesOf } from './latency-bins.ts'
import type { Latency, PartSums } from './read-roll-ups.ts'
import { OUTCOMES, SUMS } from './roll-up.ts'

/** What is counted in a step. `requests` are all, `failed` and `cut` those of them that ended so. */
export const COUNTS = [...SUMS, 'failed', 'cut'] as const
export type Counts = Record<(typeof COUNTS)[number], number>
/** One number for each step. */
export type CountSeries = Record<(typeof COUNTS)[number], number[]>

export type Figures = Counts & {
  /** Milliseconds; null = nothing was measured. */
  firstTokenMs: Percentiles | null
  totalMs: Percentiles | null
}

export const NOTHING_MEASURED: Latency = { firstToken: {}, total: {} }

/** A part of an answer is a group and an outcome: that way one sum tells both what was used and how it ended. */
export function partOf(group: number, outcome: (typeof OUTCOMES)[number]): number {
  return group * OUTCOMES.length + OUTCOMES.indexOf(outcome)
}

/** @returns one series of counts for each group */
export function seriesByGroup(rows: readonly PartSums[], groups: number, steps: number): CountSeries[] {
  const series = Array.from({ length: groups }, () => emptySeries(steps))
  for (const row of rows) {
    const its = series[Math.floor(row.part / OUTCOMES.length)]
    if (!its) continue
    const outcome = OUTCOMES[row.part % OUTCOMES.length]
    const add = (step: number, sign: 1 | -1) => {
      for (const sum of SUMS) addAt(its[sum], step, sign * row[sum])
      if (outcome === 'failed' || outcome === 'cut') addAt(its[outcome], step, sign * row.requests)
    }
    add(row.step, 1)
    if (row.movedFrom !== null) add(row.movedFrom, -1)
  }
  return series
}

/** Step by step. */
export function sumOfSeries(series: readonly CountSeries[], steps: number): CountSeries {
  const sum = emptySeries(steps)
  for (const one of series)
    for (const count of COUNTS) for (const [step, value] of one[count].entries()) addAt(sum[count], step, value)
  return sum
}

export function figuresOf(series: CountSeries, latency: Latency): Figures {
  const counts = Object.fromEntries(
    COUNTS.map((count) => [count, series[count].reduce((sum, value) => sum + value, 0)]),
  ) as Counts
  return { ...counts, firstTokenMs: percentilesOf(latency.firstToken), totalMs: percentilesOf(latency.total) }
}

/** The latency of several parts as one. */
export function mergedLatency(parts: Iterable<Latency>): Latency {
  const merged: Latency = { firstToken: {}, total: {} }
  const add = (to: LatencyBins, from: LatencyBins) => {
    for (const [bin, count] of Object.entries(from)) addToBin(to, bin, count)
  }
  for (const { firstToken, total } of parts) {
    add(merged.firstToken, firstToken)
    add(merged.total, total)
  }
  return merged
}

/** The latency of one group, over all its outcomes. */
export function latencyOfGroup(latency: ReadonlyMap<number, Latency>, group: number): Latency {
  return mergedLatency(OUTCOMES.flatMap((outcome) => latency.get(partOf(group, outcome)) ?? []))
}

/** Groups that were used: most tokens first, then most requests, the rest last. */
export function inOrder<Group extends { id: string | null; figures: Figures }>(groups: readonly Group[]): Group[] {
  const tokens = ({ figures }: Group) => figures.tokensIn + figures.tokensOut
  return groups
    .filter(({ figures }) => figures.requests > 0)
    .sort(
      (a, b) =>
        Number(a.id === null) - Number(b.id === null) ||
        tokens(b) - tokens(a) ||
        b.figures.requests - a.figures.requests ||
        ((a.id ?? '') < (b.id ?? '') ? -1 : 1),
    )
}

function emptySeries(steps: number): CountSeries {
  return Object.fromEntries(COUNTS.map((count) => [count, new Array<number>(steps).fill(0)])) as CountSeries
}

function addAt(values: number[], at: number, value: number): void {
  values[at] = (values[at] ?? 0) + value
}
