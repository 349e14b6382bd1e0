/**
 * Days and hours as people at one place have them. A step of an hour or a day begins where a clock on the wall there
 * shows a whole hour or midnight, so a day has 23 or 25 hours when the clock is changed, and the hour that comes twice
 * is two steps.
 *
 *     range ──► stretches of one offset (`stretchesOf`) ──► whole wall-clock steps in each (`stepStarts`)
 *
 * Offsets come from `Intl`, which every Node has; a library of time zones would bring its own, older copy of the rules.
 * All times are milliseconds since the epoch. Pure module.
 */
import { TimeZoneUnknown } from './errors.ts'

export const MINUTE_MS = 60_000
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

export const STEPS = ['1m', '5m', '15m', '1h', '1d'] as const
export type Step = (typeof STEPS)[number]
export const STEP_MS: Record<Step, number> = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': HOUR_MS,
  '1d': DAY_MS,
}

export type Zone = {
  /** IANA name. */
  name: string
  /** What a wall clock there shows, minus UTC. */
  offsetMs(at: number): number
}

/** @throws TimeZoneUnknown */
export function zoneOf(name: string): Zone {
  let format: Intl.DateTimeFormat
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (cause) {
    throw new TimeZoneUnknown({ timeZone: name }, { cause })
  }
  return {
    name,
    offsetMs(at) {
      const part: Record<string, number> = {}
      for (const { type, value } of format.formatToParts(at)) part[type] = Number(value)
      const wall = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!)
      return wall - Math.floor(at / 1_000) * 1_000
    },
  }
}

/** Clocks are changed at most once in this time. */
const LOOK_EVERY_MS = 12 * HOUR_MS

type Stretch = { from: number; to: number; offsetMs: number }

/** `from` up to `to`, cut where the clock is changed. Both are whole minutes, as every change is. */
function stretchesOf(from: number, to: number, zone: Zone): Stretch[] {
  const stretches: Stretch[] = []
  let open: Stretch = { from, to, offsetMs: zone.offsetMs(from) }
  for (let at = from; at < to; ) {
    const next = Math.min(to, at + LOOK_EVERY_MS)
    if (zone.offsetMs(next) !== open.offsetMs) {
      const change = changeBetween(at, next, zone)
      if (change >= to) break
      stretches.push({ ...open, to: change })
      open = { from: change, to, offsetMs: zone.offsetMs(change) }
    }
    at = next
  }
  return [...stretches, open]
}

/** The first minute that has the offset of `high`. */
function changeBetween(low: number, high: number, zone: Zone): number {
  const before = zone.offsetMs(low)
  while (high - low > MINUTE_MS) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE_MS) * MINUTE_MS
    if (zone.offsetMs(middle) === before) low = middle
    else high = middle
  }
  return high
}

/**
 * Where the steps of a range begin. The first begins with the range, be it in the middle of an hour or a day; the last
 * ends with it.
 * @param from whole minute
 * @param to whole minute, not in the range
 */
export function stepStarts(from: number, to: number, step: Step, zone: Zone): number[] {
  const size = STEP_MS[step]
  const starts = [from]
  let running: number | null = null
  for (const { from: first, to: end, offsetMs } of stretchesOf(from, to, zone)) {
    const nameOf = (at: number) => Math.floor((at + offsetMs) / size)
    running ??= nameOf(first)
    const whole = Math.ceil((first + offsetMs) / size) * size - offsetMs
    // A clock put forward may skip the beginning of a step, which then begins with the change.
    if (whole !== first && nameOf(first) > running) {
      running = nameOf(first)
      starts.push(first)
    }
    for (let at = whole; at < end; at += size) {
      // A clock put back over midnight shows the same date again, which is no other day.
      if (at === from || (step === '1d' && nameOf(at) <= running)) continue
      running = nameOf(at)
      starts.push(at)
    }
  }
  return starts
}

/** When the day of `at` began. */
export function startOfDay(at: number, zone: Zone): number {
  const minute = Math.floor(at / MINUTE_MS) * MINUTE_MS
  return stepStarts(minute - 2 * DAY_MS, minute + MINUTE_MS, '1d', zone).at(-1) ?? minute
}

/** The same time on the wall, some days later, or earlier below 0. A time that the clock skips becomes the one after it. */
export function shiftDays(at: number, days: number, zone: Zone): number {
  const wall = at + zone.offsetMs(at) + days * DAY_MS
  const near = wall - zone.offsetMs(wall)
  const shifted = wall - zone.offsetMs(near)
  return shifted + zone.offsetMs(shifted) === wall ? shifted : Math.max(near, shifted)
}

/** A range in whole minutes that holds all of it: what is counted is counted by the minute. */
export function wholeMinutes(range: { from: number; to: number }): { from: number; to: number } {
  return {
    from: Math.floor(range.from / MINUTE_MS) * MINUTE_MS,
    to: Math.ceil(range.to / MINUTE_MS) * MINUTE_MS,
  }
}
