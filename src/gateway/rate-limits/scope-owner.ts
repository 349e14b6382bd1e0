/**
 * One key, project or organisation that has limits: what was spent of them, and what workers hold. Lives in control.
 *
 *   spent in the last 60 s + leased ≤ limit        spent in the last second + leased ≤ burst        running + leased ≤ concurrency
 *
 * What is leased counts as spent until it is reported, and what is never reported counts as spent at the end of its lease.
 * So at every moment the sum above is at least what was truly spent, and no window of 60 s, wherever it begins, takes more
 * than the limit. A slice is a share of what is left, so it shrinks to nothing near the limit, where each request is asked
 * for by itself.
 *
 * Pure: whoever calls says what time it is.
 */
import type { ScopeLimits } from '../snapshot.ts'
import { LEASE_MS, type Lease, type LimitRefusal, type ScopeReport, WORKER_GONE_MS } from './lease-wire.ts'
import { MINUTE_MS, SECOND_MS, SlidingWindow } from './sliding-window.ts'

export type Limits = Pick<ScopeLimits, 'requestsPerMinute' | 'tokensPerMinute' | 'concurrency'>

/** Of a whole minute, one second takes at most a tenth, so that all is not gone at once; small limits need not be smoothed. */
const BURST_SHARE = 10
const REQUESTS_BURST_MIN = 10
const TOKENS_BURST_MIN = 10_000
/** A worker gets this part of its even share of what is left. */
const SLICE_PART = 4
/** When a place becomes free depends on how long answers are, which nobody knows. */
const SLOT_RETRY_MS = 1_000

type Held = {
  requests: number
  tokens: number
  untilMs: number
  /** Requests that run, and places that may be taken without asking. */
  slots: number
  slotsUntilMs: number
}

/** Most requests that any one second takes. */
export function requestsBurst(limit: number): number {
  return Math.min(limit, Math.max(Math.ceil(limit / BURST_SHARE), REQUESTS_BURST_MIN))
}

/** Most tokens that any one second takes; a single request that is larger has a second for itself. */
export function tokensBurst(limit: number): number {
  return Math.min(limit, Math.max(Math.ceil(limit / BURST_SHARE), TOKENS_BURST_MIN))
}

export class ScopeOwner {
  limits: Limits
  readonly #requests = new SlidingWindow()
  readonly #tokens = new SlidingWindow()
  readonly #held = new Map<string, Held>()

  constructor(limits: Limits) {
    this.limits = limits
  }

  /** Takes back what a worker holds; what it says it has spent is counted, and the rest is free. */
  settle(holder: string, report: ScopeReport, isPastNew: boolean, nowMs: number): void {
    this.#expire(nowMs)
    const held = this.#held.get(holder)
    const lastMs = nowMs - report.lastAgoMs
    // Only what is held counts: a lease that has ended was counted whole.
    this.#requests.add(Math.min(report.requests, held?.requests ?? 0), lastMs)
    this.#tokens.add(Math.min(report.tokens, held?.tokens ?? 0), lastMs)
    for (const [agoMs, tokens] of report.corrections) {
      if (tokens > 0) this.#tokens.add(tokens, nowMs)
      else this.#tokens.takeBack(-tokens, nowMs - agoMs, nowMs)
    }
    if (isPastNew)
      for (const [agoMs, requests, tokens] of report.past) {
        this.#requests.add(requests, nowMs - agoMs)
        this.#tokens.add(tokens, nowMs - agoMs)
      }
    const { running } = report
    const slotsUntilMs = nowMs + WORKER_GONE_MS
    if (running === 0) this.#held.delete(holder)
    else this.#held.set(holder, { requests: 0, tokens: 0, untilMs: nowMs, slots: running, slotsUntilMs })
  }

  /** What stands in the way of one more request of so many tokens; null = nothing does. */
  obstacle(tokens: number, nowMs: number): Omit<LimitRefusal, 'scope'> | null {
    this.#expire(nowMs)
    const { requestsPerMinute, tokensPerMinute, concurrency } = this.limits
    const held = this.#sums()
    if (concurrency !== null && held.slots + 1 > concurrency)
      return { of: 'concurrency', limit: concurrency, burst: null, freeInMs: SLOT_RETRY_MS }
    if (requestsPerMinute !== null) {
      const found = this.#tooMuch(this.#requests, held.requests, 1, requestsPerMinute, requestsBurst, nowMs)
      if (found !== null) return { of: 'requests', limit: requestsPerMinute, ...found }
    }
    if (tokensPerMinute !== null) {
      if (tokens > tokensPerMinute) return { of: 'tokens', limit: tokensPerMinute, burst: null, freeInMs: null }
      const found = this.#tooMuch(this.#tokens, held.tokens, tokens, tokensPerMinute, tokensBurst, nowMs)
      if (found !== null) return { of: 'tokens', limit: tokensPerMinute, ...found }
    }
    return null
  }

  /** Counts one request of a worker, for which there is room (`obstacle`). */
  take(holder: string, tokens: number, nowMs: number): void {
    this.#requests.add(1, nowMs)
    this.#tokens.add(tokens, nowMs)
    const held = this.#heldOf(holder, nowMs)
    held.slots += 1
    held.slotsUntilMs = nowMs + WORKER_GONE_MS
  }

  /**
   * Leases a slice to a worker, for requests to come.
   * @param shares how many workers it is divided among
   * @param isBusy whether the worker has use for one
   */
  lease(holder: string, shares: number, isBusy: boolean, nowMs: number): Lease {
    const { requestsPerMinute, tokensPerMinute, concurrency } = this.limits
    const sums = this.#sums()
    const sliceOf = (left: number | null) => (isBusy && left !== null ? Math.floor(left / (SLICE_PART * shares)) : 0)
    const left = (window: SlidingWindow, held: number, limit: number | null, burstOf: (limit: number) => number) =>
      limit === null
        ? null
        : Math.max(0, Math.min(limit - window.used(nowMs), burstOf(limit) - window.usedInSecond(nowMs)) - held)
    const requests = sliceOf(left(this.#requests, sums.requests, requestsPerMinute, requestsBurst))
    const tokens = sliceOf(left(this.#tokens, sums.tokens, tokensPerMinute, tokensBurst))
    const slots = sliceOf(concurrency === null ? null : Math.max(0, concurrency - sums.slots))
    if (requests + tokens + slots > 0) {
      const held = this.#heldOf(holder, nowMs)
      held.requests += requests
      held.tokens += tokens
      held.slots += slots
      held.untilMs = nowMs + LEASE_MS
      held.slotsUntilMs = nowMs + WORKER_GONE_MS
    }
    const free = (window: SlidingWindow, held: number, limit: number | null) =>
      limit === null ? null : Math.max(0, limit - window.used(nowMs) - held)
    return {
      requests,
      tokens,
      slots,
      free: {
        requests: free(this.#requests, sums.requests + requests, requestsPerMinute),
        tokens: free(this.#tokens, sums.tokens + tokens, tokensPerMinute),
        slots: concurrency === null ? null : Math.max(0, concurrency - sums.slots - slots),
      },
      resetMs: { requests: this.#requests.emptyInMs(nowMs), tokens: this.#tokens.emptyInMs(nowMs) },
    }
  }

  /** Whether nothing is known of it that a new one would not know. */
  isEmpty(nowMs: number): boolean {
    this.#expire(nowMs)
    return this.#held.size === 0 && this.#requests.used(nowMs) === 0 && this.#tokens.used(nowMs) === 0
  }

  #tooMuch(
    window: SlidingWindow,
    held: number,
    wanted: number,
    limit: number,
    burstOf: (limit: number) => number,
    nowMs: number,
  ): { burst: number | null; freeInMs: number } | null {
    const minute = window.used(nowMs) + held
    const second = window.usedInSecond(nowMs) + held
    const burst = burstOf(limit)
    const isOverMinute = minute + wanted > limit
    const isOverSecond = second + wanted > burst && second > 0
    if (!isOverMinute && !isOverSecond) return null
    // What workers hold is free again at the latest when their leases end.
    const freeIn = (over: number, withinMs: number) =>
      window.freeInMs(over, withinMs, nowMs) ?? Math.max(1, this.#nextEndMs() - nowMs)
    const ofMinute = isOverMinute ? freeIn(minute + wanted - limit, MINUTE_MS) : 0
    const ofSecond = isOverSecond ? freeIn(Math.min(second, second + wanted - burst), SECOND_MS) : 0
    return { burst: isOverMinute ? null : burst, freeInMs: Math.max(1, Math.ceil(Math.max(ofMinute, ofSecond))) }
  }

  #nextEndMs(): number {
    const ends = [...this.#held.values()].filter(({ requests, tokens }) => requests + tokens > 0)
    return Math.min(...ends.map(({ untilMs }) => untilMs))
  }

  #heldOf(holder: string, nowMs: number): Held {
    const known = this.#held.get(holder)
    if (known !== undefined) return known
    const made = { requests: 0, tokens: 0, untilMs: nowMs, slots: 0, slotsUntilMs: nowMs }
    this.#held.set(holder, made)
    return made
  }

  #sums(): { requests: number; tokens: number; slots: number } {
    const sums = { requests: 0, tokens: 0, slots: 0 }
    for (const held of this.#held.values()) {
      sums.requests += held.requests
      sums.tokens += held.tokens
      sums.slots += held.slots
    }
    return sums
  }

  #expire(nowMs: number): void {
    for (const [holder, held] of this.#held) {
      if (held.untilMs <= nowMs && held.requests + held.tokens > 0) {
        this.#requests.add(held.requests, held.untilMs)
        this.#tokens.add(held.tokens, held.untilMs)
        held.requests = 0
        held.tokens = 0
      }
      if (held.slotsUntilMs <= nowMs) this.#held.delete(holder)
    }
  }
}
