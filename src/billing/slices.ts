/**
 * Which level of roll-ups answers which piece of a range: the coarsest whose slots lie wholly within one step.
 *
 *     step   |14:32 …                  24:00|      (a day that began before the range)
 *     reads   minutes quarter hours ……………………
 *
 * Levels count in UTC, as every zone of today is a multiple of 15 minutes away from it; a day of the viewer's is then
 * none of UTC's, and a year of them would be read by the hour. So a day of UTC that lies by half or more in one step is
 * read whole for that step, and what of it lies in another is *moved*: added there and taken away here.
 *
 *     steps (Berlin)    |─── Tuesday ──────────────────|─── Wednesday ──
 *     days of UTC    ─────┼────────── Tuesday ───────────┼── Wednesday ──
 *     moved                                            ├─┤ from Tuesday to Wednesday
 *
 * Pure module.
 */
import { DAY_MS, HOUR_MS, MINUTE_MS } from './time-steps.ts'

/** From fine to coarse; each slot lies within one of the next level. */
export const LEVELS = ['minute', 'quarter', 'hour', 'day', 'fourWeeks'] as const
export type Level = (typeof LEVELS)[number]

/** Four weeks, not months: a level's slots are all of one length, and begin at a multiple of it since the epoch. */
export const LEVEL_MS: Record<Level, number> = {
  minute: MINUTE_MS,
  quarter: 15 * MINUTE_MS,
  hour: HOUR_MS,
  day: DAY_MS,
  fourWeeks: 28 * DAY_MS,
}

/** Milliseconds since the epoch; `to` is not in it. */
export type Range = { from: number; to: number }
export type Slices = {
  /** Counted where they lie; a day where its noon lies. */
  counted: Record<Level, Range[]>
  /** Counted where they lie, and taken away where the noon of their day lies. */
  moved: Record<Level, Range[]>
}

/**
 * @param starts where the steps of the range begin, whole minutes, ascending
 * @param to where the last one ends
 * @returns ranges, ascending and disjoint within their level; counted and moved, they are the whole range
 */
export function slicesOf(starts: readonly number[], to: number): Slices {
  const slices: Slices = { counted: emptyLevels(), moved: emptyLevels() }
  let step = 0
  const endOf = (one: number) => starts[one + 1] ?? to
  for (let at = starts[0] ?? to; at < to; ) {
    while (endOf(step) <= at) step++
    const level = coarsestAt(at, endOf(step))
    if (LEVEL_MS[level] < DAY_MS && at % DAY_MS === 0 && at + DAY_MS <= to) {
      const home = homeOf(at, starts, to, step)
      if (home !== null) {
        push(slices.counted.day, { from: at, to: at + DAY_MS })
        cover(slices.moved, at, home.from)
        cover(slices.moved, home.to, at + DAY_MS)
        at += DAY_MS
        continue
      }
    }
    const end = endOfRun(at, endOf(step), level)
    push(slices.counted[level], { from: at, to: end })
    at = end
  }
  return slices
}

/** What of the day at `at` lies in the step of its noon; null where that is less than half of it. */
function homeOf(at: number, starts: readonly number[], to: number, step: number): Range | null {
  let its = step
  while ((starts[its + 1] ?? to) <= at + DAY_MS / 2) its++
  const home = { from: Math.max(at, starts[its] ?? at), to: Math.min(at + DAY_MS, starts[its + 1] ?? to) }
  return home.to - home.from >= DAY_MS / 2 ? home : null
}

function cover(levels: Record<Level, Range[]>, from: number, to: number): void {
  for (let at = from; at < to; ) {
    const level = coarsestAt(at, to)
    const end = endOfRun(at, to, level)
    push(levels[level], { from: at, to: end })
    at = end
  }
}

/** Adds a range to those before it, as one where it goes on from the last. */
function push(ranges: Range[], range: Range): void {
  const last = ranges.at(-1)
  if (last?.to === range.from) last.to = range.to
  else ranges.push(range)
}

function coarsestAt(at: number, end: number): Level {
  return LEVELS.findLast((level) => at % LEVEL_MS[level] === 0 && at + LEVEL_MS[level] <= end) ?? 'minute'
}

/** As far as this level goes before a coarser one may take over, or the step ends. */
function endOfRun(at: number, end: number, level: Level): number {
  const wholeEnd = Math.floor(end / LEVEL_MS[level]) * LEVEL_MS[level]
  const coarser = LEVELS[LEVELS.indexOf(level) + 1]
  if (coarser === undefined) return wholeEnd
  const next = (Math.floor(at / LEVEL_MS[coarser]) + 1) * LEVEL_MS[coarser]
  return Math.min(wholeEnd, next)
}

function emptyLevels(): Record<Level, Range[]> {
  return { minute: [], quarter: [], hour: [], day: [], fourWeeks: [] }
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
