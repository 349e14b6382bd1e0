/**
 * Which level of roll-ups answers which piece of a range: the coarsest whose slots lie wholly within one step.
 *
 *     step  |14:32 … 24:00|00:00 ………… 24:00|00:00 … 09:07|      (days in Berlin, UTC + 1)
 *     reads  min quarter  hour   hour …        hour  quarter min
 *
 * Levels count in UTC, as every zone of today is a multiple of 15 minutes away from it. Days of UTC can be read whole
 * only where the viewer's day is UTC's, or where no step cuts the range at all, as for its sum.
 *
 * Pure module.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from './time-steps.ts'

/** From fine to coarse; each slot lies within one of the next level. */
export const LEVELS = ['minute', 'quarter', 'hour', 'day'] as const
export type Level = (typeof LEVELS)[number]

export const LEVEL_MS: Record<Level, number> = {
  minute: MINUTE_MS,
  quarter: 15 * MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
}

/** Milliseconds since the epoch; `to` is not in it. */
export type Range = { from: number; to: number }

/**
 * @param starts where the steps of the range begin, whole minutes, ascending
 * @param to where the last one ends
 * @returns disjoint ranges, ascending within their level, which together are the whole range
 */
export function slicesOf(starts: readonly number[], to: number): Record<Level, Range[]> {
  const slices: Record<Level, Range[]> = { minute: [], quarter: [], hour: [], day: [] }
  for (const [index, start] of starts.entries()) {
    const end = starts[index + 1] ?? to
    for (let at = start; at < end; ) {
      const level = coarsestAt(at, end)
      const stop = endOfRun(at, end, level)
      const open = slices[level].at(-1)
      if (open?.to === at) open.to = stop
      else slices[level].push({ from: at, to: stop })
      at = stop
    }
  }
  return slices
}

function coarsestAt(at: number, end: number): Level {
  const fitting = LEVELS.filter((level) => at % LEVEL_MS[level] === 0 && at + LEVEL_MS[level] <= end)
  return fitting.at(-1) ?? 'minute'
}

/** As far as this level goes before a coarser one can take over, or the step ends. */
function endOfRun(at: number, end: number, level: Level): number {
  const wholeEnd = Math.floor(end / LEVEL_MS[level]) * LEVEL_MS[level]
  const coarser = LEVELS[LEVELS.indexOf(level) + 1]
  if (coarser === undefined) return wholeEnd
  const next = (Math.floor(at / LEVEL_MS[coarser]) + 1) * LEVEL_MS[coarser]
  return Math.min(wholeEnd, next)
}

/** How many slots of a level lie in these ranges. */
export function slotCount(level: Level, ranges: readonly Range[]): number {
  return ranges.reduce((sum, { from, to }) => sum + (to - from) / LEVEL_MS[level], 0)
}

/** The beginnings of all slots in these ranges. */
export function slotsIn(level: Level, ranges: readonly Range[]): number[] {
  return ranges.flatMap(({ from, to }) =>
    Array.from({ length: (to - from) / LEVEL_MS[level] }, (_, index) => from + index * LEVEL_MS[level]),
  )
}
