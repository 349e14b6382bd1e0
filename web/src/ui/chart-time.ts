/**
 * A time axis as a clock on the viewer's wall shows it: whole hours, midnights, first days of months. A day may have 23
 * or 25 hours, so lines are set by the wall's time and only then turned into moments. Pure.
 */
import { clamp } from './chart-scale.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export type TimeTick = {
  at: number
  label: string
}

type Unit = { minutes: number } | { days: number } | { months: number }

const UNITS: readonly (readonly [about: number, unit: Unit])[] = [
  ...[1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720].map((minutes) => [minutes * MINUTE, { minutes }] as const),
  ...[1, 2, 7, 14].map((days) => [days * DAY, { days }] as const),
  ...[1, 2, 3, 6, 12, 24, 60].map((months) => [months * 30.4 * DAY, { months }] as const),
]

/** @param most how many lines there is room for */
export function timeTicks(from: number, to: number, most: number, locale: string, zone?: string): TimeTick[] {
  if (!(to > from)) return []
  const [, unit] = UNITS.find(([about]) => (to - from) / about <= most) ?? UNITS.at(-1)!
  const wall = wallOf(zone)
  const label = labelsFor(from, to, unit, wall, locale, zone)
  const ticks: TimeTick[] = []
  for (const shown of wallTimes(wall.at(from), wall.at(to), unit)) {
    const at = wall.momentOf(shown)
    if (at < from || at > to || at === ticks.at(-1)?.at) continue
    // The clock skips this time. Midnight is then the first moment of its day; any other time is passed over.
    if (wall.at(at) !== shown && 'minutes' in unit) continue
    ticks.push({ at, label: label(at) })
  }
  return ticks
}

/** Wall times that the unit divides, each as if the wall were in UTC. */
function* wallTimes(first: number, last: number, unit: Unit): Generator<number> {
  if ('minutes' in unit) {
    const size = unit.minutes * MINUTE
    for (let at = Math.floor(first / size) * size; at <= last; at += size) yield at
  } else if ('days' in unit) {
    // Weeks begin on Monday, as 5 January 1970 did.
    const size = unit.days * DAY
    const origin = unit.days % 7 === 0 ? 4 * DAY : Math.floor(first / DAY) * DAY
    for (let at = origin + Math.floor((first - origin) / size) * size; at <= last; at += size) yield at
  } else {
    const date = new Date(first)
    const months = date.getUTCFullYear() * 12 + date.getUTCMonth()
    for (let month = Math.floor(months / unit.months) * unit.months; ; month += unit.months) {
      const at = Date.UTC(Math.floor(month / 12), month % 12, 1)
      if (at > last) return
      yield at
    }
  }
}

function labelsFor(from: number, to: number, unit: Unit, wall: Wall, locale: string, zone?: string) {
  const write = (options: Intl.DateTimeFormatOptions) => {
    const format = formatOf(locale, options, zone)
    return (at: number) => format.format(at)
  }
  if ('months' in unit) {
    const month = write({ month: 'short' })
    const year = write({ year: 'numeric' })
    return (at: number) => (new Date(wall.at(at)).getUTCMonth() === 0 ? year(at) : month(at))
  }
  const day =
    to - from <= 10 * DAY ? write({ weekday: 'short', day: 'numeric' }) : write({ day: 'numeric', month: 'short' })
  if ('days' in unit) return day
  const clock = write({ hour: '2-digit', minute: '2-digit' })
  const isMidnight = (at: number) => wall.at(at) % DAY === 0
  const oneDay = isMidnight(from) && isMidnight(to) && wall.at(to) - wall.at(from) === DAY
  return (at: number) => {
    if (!isMidnight(at)) return clock(at)
    return oneDay ? (at === to ? '24:00' : clock(at)) : day(at)
  }
}

/** When a step is, in words: "Thu 19 Nov, 12:00–14:00", "Thu 19 Nov". */
export function stepWords(from: number, to: number, locale: string, zone?: string): string {
  const wall = wallOf(zone)
  const day = { weekday: 'short', day: 'numeric', month: 'short' } as const
  const [first, last] = [wall.at(from), wall.at(to)]
  if (first % DAY === 0 && last % DAY === 0)
    return last - first <= DAY
      ? formatOf(locale, day, zone).format(from)
      : formatOf(locale, day, zone).formatRange(from, to - 1)
  const words = formatOf(locale, { ...day, hour: '2-digit', minute: '2-digit' }, zone).formatRange(from, to)
  // Around a change of the clock an hour comes twice or not at all; the offset says which one it is.
  const changes = wall.offset(from - 2 * HOUR) !== wall.offset(from) || wall.offset(from) !== wall.offset(to + 2 * HOUR)
  return changes && to - from < DAY ? `${words} ${offsetWords(wall.offset(from))}` : words
}

/** From one day to another, or from one time to another within a day. */
export function rangeWords(from: number, to: number, locale: string, zone?: string): string {
  const wall = wallOf(zone)
  const wholeDays = wall.at(from) % DAY === 0 && wall.at(to) % DAY === 0
  const options = { day: 'numeric', month: 'short', year: 'numeric' } as const
  return wholeDays || to - from > 2 * DAY
    ? formatOf(locale, options, zone).formatRange(from, to - 1)
    : formatOf(locale, { ...options, hour: '2-digit', minute: '2-digit' }, zone).formatRange(from, to)
}

/** Starts of steps of one length, for what is not counted by days. */
export function evenStarts(from: number, stepMs: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => from + index * stepMs)
}

/** Which step holds a moment; -1 = none. */
export function stepAt(at: number, starts: readonly number[], end: number): number {
  if (starts.length === 0 || at < starts[0]! || at >= end) return -1
  let [low, high] = [0, starts.length - 1]
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= at) low = middle
    else high = middle - 1
  }
  return low
}

/**
 * The step that a key leads to; null = none.
 * @param step where the crosshair is; -1 = nowhere: the first arrow then shows the newest
 */
export function stepAfterKey(key: string, step: number, newest: number, count: number): number | null {
  const now = step < 0 ? newest : step
  const one = step < 0 ? 0 : 1
  const page = Math.max(1, Math.round(count / 10))
  const to = {
    ArrowLeft: now - one,
    ArrowDown: now - one,
    ArrowRight: now + one,
    ArrowUp: now + one,
    PageDown: now - page,
    PageUp: now + page,
    Home: 0,
    End: count - 1,
  }[key]
  return to === undefined ? null : clamp(to, 0, count - 1)
}

type Wall = {
  offset: (at: number) => number
  /** What the clock shows at a moment, as if it were in UTC. */
  at: (at: number) => number
  /** The moment at which the clock shows this; the next one where it skips it. */
  momentOf: (shown: number) => number
}

function wallOf(zone?: string): Wall {
  const format = formatOf(
    'en-US',
    {
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    },
    zone,
  )
  const at = (moment: number) => {
    const part: Record<string, number> = {}
    for (const { type, value } of format.formatToParts(moment)) part[type] = Number(value)
    return (
      Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!) +
      (((moment % 1_000) + 1_000) % 1_000)
    )
  }
  const offset = (moment: number) => at(moment) - moment
  return {
    at,
    offset,
    momentOf(shown) {
      const near = shown - offset(shown)
      const moment = shown - offset(near)
      return at(moment) === shown ? moment : Math.max(near, moment)
    },
  }
}

function offsetWords(offset: number): string {
  const minutes = Math.round(Math.abs(offset) / MINUTE)
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60]
  return `UTC${offset < 0 ? '−' : '+'}${hours}${rest === 0 ? '' : `:${String(rest).padStart(2, '0')}`}`
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Kept: making one costs more than using it a hundred times. */
function formatOf(locale: string, options: Intl.DateTimeFormatOptions, zone?: string): Intl.DateTimeFormat {
  const key = `${locale} ${zone ?? ''} ${Object.entries(options).join(' ')}`
  const known = formats.get(key) ?? new Intl.DateTimeFormat(locale, { ...options, ...(zone ? { timeZone: zone } : {}) })
  formats.set(key, known)
  return known
}
