/**
 * The range of a question about usage, and the one that it is compared with.
 * Pure module.
 */
import { RangeEmpty, TooManySteps } from './errors.ts'
import type { Range } from './slices.ts'
import { DAY_MS, STEP_MS, type Step, shiftDays, startOfDay, stepStarts, wholeMinutes, type Zone } from './time-steps.ts'

export const STEPS_MAX = 2_000

/**
 * The range in whole minutes, and where its steps begin.
 * @throws RangeEmpty
 * @throws TooManySteps
 */
export function checkedSteps(asked: Range, step: Step, zone: Zone): { range: Range; starts: number[] } {
  const range = checkedRange(asked)
  const steps = Math.ceil((range.to - range.from) / STEP_MS[step])
  if (steps > STEPS_MAX) throw new TooManySteps({ steps, most: STEPS_MAX, step })
  // One or two more than that where the range begins within a step.
  const starts = stepStarts(range.from, range.to, step, zone)
  if (starts.length > STEPS_MAX) throw new TooManySteps({ steps: starts.length, most: STEPS_MAX, step })
  return { range, starts }
}

/** @throws RangeEmpty */
export function checkedRange({ from, to }: Range): Range {
  if (to <= from) throw new RangeEmpty({ from: new Date(from).toISOString(), to: new Date(to).toISOString() })
  return wholeMinutes({ from, to })
}

/**
 * The period before: as many days where the range is whole days there, else as long. What is not over yet is compared
 * with as much of it as there is.
 */
export function previousOf(range: Range, zone: Zone, nowMs: number): Range {
  const now = wholeMinutes({ from: nowMs, to: nowMs }).to
  const to = now > range.from ? Math.min(range.to, now) : range.to
  const length = range.to - range.from
  const isDays = startOfDay(range.from, zone) === range.from && startOfDay(range.to, zone) === range.to
  if (!isDays) return { from: range.from - length, to: to - length }
  const days = Math.round(length / DAY_MS)
  return { from: shiftDays(range.from, -days, zone), to: shiftDays(to, -days, zone) }
}
