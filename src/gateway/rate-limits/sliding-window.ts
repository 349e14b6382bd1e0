/**
 * What was spent within the last minute: the counter of every limit that is per minute.
 *
 * Spendings are kept by quarters of a second, at the end of the quarter that they fall into, so that none leaves the
 * window before its time and a window is at most 240 numbers. A spending may come later than it happened, with its time.
 *
 * A window that slides, not a bucket that refills: a bucket lets twice its size through within one minute, once what it
 * held and once what came in.
 *
 * Pure: whoever calls says what time it is, in milliseconds of a clock that never goes back.
 */
export const MINUTE_MS = 60_000
export const SECOND_MS = 1_000
const QUARTER_MS = 250

export type Spending = { atMs: number; units: number }

export class SlidingWindow {
  /** The oldest first; `atMs` is the end of a quarter. */
  #spendings: Spending[] = []
  #total = 0

  add(units: number, atMs: number): void {
    if (units <= 0) return
    const endMs = Math.ceil(atMs / QUARTER_MS) * QUARTER_MS
    this.#total += units
    let at = this.#spendings.length
    while (at > 0 && this.#spendings[at - 1]!.atMs > endMs) at--
    const before = this.#spendings[at - 1]
    if (before?.atMs === endMs) before.units += units
    else this.#spendings.splice(at, 0, { atMs: endMs, units })
  }

  /**
   * Takes back what was counted and was not needed.
   * @param sinceMs when it was spent: it was counted then or later. What has left the window is gone, and so is what was
   *   to be taken from it.
   */
  takeBack(units: number, sinceMs: number, nowMs: number): void {
    if (sinceMs <= nowMs - MINUTE_MS) return
    let left = units
    for (const spending of this.#spendings) {
      if (left <= 0) return
      if (spending.atMs < sinceMs) continue
      const taken = Math.min(left, spending.units)
      spending.units -= taken
      this.#total -= taken
      left -= taken
    }
  }

  /** Units of the last minute. */
  used(nowMs: number): number {
    this.#forget(nowMs)
    return this.#total
  }

  /** Units of the last second, and of the quarters that it touches. */
  usedInSecond(nowMs: number): number {
    let units = 0
    for (let at = this.#spendings.length - 1; at >= 0; at--) {
      const spending = this.#spendings[at]!
      if (spending.atMs <= nowMs - SECOND_MS) break
      units += spending.units
    }
    return units
  }

  /** How long until at least that many units have left the last `withinMs`; null = it does not hold as many. */
  freeInMs(units: number, withinMs: number, nowMs: number): number | null {
    let left = units
    for (const spending of this.#spendings) {
      if (spending.atMs <= nowMs - withinMs) continue
      left -= spending.units
      if (left <= 0) return spending.atMs + withinMs - nowMs
    }
    return null
  }

  /** How long until nothing of the present is left in it. */
  emptyInMs(nowMs: number): number {
    const last = this.#spendings.findLast(({ units }) => units > 0)
    return last === undefined ? 0 : Math.max(0, last.atMs + MINUTE_MS - nowMs)
  }

  /** What it holds, the oldest first. */
  spendings(nowMs: number): Spending[] {
    this.#forget(nowMs)
    return this.#spendings.filter(({ units }) => units > 0).map((spending) => ({ ...spending }))
  }

  #forget(nowMs: number): void {
    let gone = 0
    for (const { atMs, units } of this.#spendings) {
      if (atMs > nowMs - MINUTE_MS) break
      this.#total -= units
      gone++
    }
    if (gone > 0) this.#spendings.splice(0, gone)
  }
}
