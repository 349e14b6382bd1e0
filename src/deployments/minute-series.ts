/**
 * Tokens of the last hour by the minute, for the small line beside a figure. In memory: after a restart of control it
 * begins anew, and minutes that nobody watched are empty instead of zero. Pure but for what it remembers.
 */

const MINUTE_MS = 60_000
const MINUTES = 60

export type LastHour = {
  /** End of the last whole minute, milliseconds since the epoch. */
  endsAtMs: number
  /** Averages of 60 whole minutes, oldest first; null = nobody watched then. */
  tokensPerSecond: (number | null)[]
}

export type Peak = { tokensPerSecond: number; atMs: number }

export function createMinuteSeries(startedAtMs: number) {
  const first = minuteOf(startedAtMs)
  const tokens = new Map<number, number>()
  let peak: (Peak & { day: number }) | null = null

  return {
    /** Tokens that were made up to now and were not counted before. */
    add(count: number, atMs: number): void {
      const minute = minuteOf(atMs)
      for (const old of tokens.keys()) if (old < minute - MINUTES) tokens.delete(old)
      const sum = (tokens.get(minute) ?? 0) + count
      tokens.set(minute, sum)
      const day = dayOf(atMs)
      const tokensPerSecond = sum / (MINUTE_MS / 1000)
      if (peak === null || peak.day !== day || tokensPerSecond > peak.tokensPerSecond)
        peak = { tokensPerSecond, atMs: minute * MINUTE_MS, day }
    },

    lastHour(nowMs: number): LastHour {
      const now = minuteOf(nowMs)
      return {
        endsAtMs: now * MINUTE_MS,
        tokensPerSecond: Array.from({ length: MINUTES }, (_, index) => {
          const minute = now - MINUTES + index
          return minute < first ? null : (tokens.get(minute) ?? 0) / (MINUTE_MS / 1000)
        }),
      }
    },

    /** The busiest minute of this UTC day; null = nothing was made today. */
    peakToday(nowMs: number): Peak | null {
      if (peak === null || peak.day !== dayOf(nowMs) || peak.tokensPerSecond === 0) return null
      return { tokensPerSecond: peak.tokensPerSecond, atMs: peak.atMs }
    },
  }
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS)
}

function dayOf(ms: number): number {
  return Math.floor(ms / (24 * 60 * MINUTE_MS))
}
