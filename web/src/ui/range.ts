/**
 * The stretch of time that a page is about, as its address says it: a name, whose stretch moves on with the clock, or two
 * moments. Days begin at midnight where the viewer is. Pure.
 */
export const RANGES = ['24h', '7d', '30d', 'month'] as const
export type RangeName = (typeof RANGES)[number]
export type RangeSearch = { range?: RangeName; from?: string; to?: string }
/** Milliseconds since the epoch; `to` is not in it. */
export type Range = { from: number; to: number }

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** The server answers 2,000 steps at most. */
const DAYS_MOST = 1_990

/** Two moments go before a name; half of a pair, or a stretch without length, is no range. */
export function parseRange(raw: Record<string, unknown>): RangeSearch {
  const { from, to } = raw
  if (typeof from === 'string' && typeof to === 'string' && Date.parse(from) < Date.parse(to)) return { from, to }
  const range = RANGES.find((name) => name === raw.range)
  return range ? { range } : {}
}

/** null = all time. */
export function rangeOf(search: RangeSearch, nowMs: number, otherwise: RangeName | null): Range | null {
  if (search.from !== undefined && search.to !== undefined) {
    const to = Date.parse(search.to)
    return { from: Math.max(Date.parse(search.from), to - DAYS_MOST * DAY), to }
  }
  const name = search.range ?? otherwise
  return name === null ? null : namedRange(name, nowMs)
}

export function namedRange(name: RangeName, nowMs: number): Range {
  const now = new Date(nowMs)
  const midnight = (day: number, month = now.getMonth()) => new Date(now.getFullYear(), month, day).getTime()
  const today = now.getDate()
  switch (name) {
    case '24h': {
      // In steps of its own, so that the picture moves once in a quarter of an hour and not with each look.
      const to = Math.ceil(nowMs / (15 * MINUTE)) * 15 * MINUTE
      return { from: to - DAY, to }
    }
    case '7d':
      return { from: midnight(today - 6), to: midnight(today + 1) }
    case '30d':
      return { from: midnight(today - 29), to: midnight(today + 1) }
    case 'month':
      return { from: midnight(1), to: midnight(1, now.getMonth() + 1) }
    default:
      return name satisfies never
  }
}

/** Whole days that a range has, be they of 23 or 25 hours. */
export function daysIn({ from, to }: Range): number {
  return Math.round((to - from) / DAY)
}

/** A moment as `<input type="datetime-local">` writes it. */
export function toLocalInput(at: number): string {
  const date = new Date(at)
  const two = (value: number) => String(value).padStart(2, '0')
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}`
}

/** null = not a moment. */
export function fromLocalInput(text: string): number | null {
  const at = new Date(text).getTime()
  return Number.isNaN(at) ? null : at
}

export const iso = (at: number): string => new Date(at).toISOString()
