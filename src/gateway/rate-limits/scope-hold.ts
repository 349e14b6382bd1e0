/**
 * What one worker holds of one key, project or organisation that has limits, and what it has still to report.
 *
 * Pure: whoever calls says what time it is.
 */
import type { ScopeLimits } from '../snapshot.ts'
import { LEASE_MS, type Lease, type ScopeName, type ScopeReport, scopeName } from './lease-wire.ts'
import { MINUTE_MS, SlidingWindow } from './sliding-window.ts'

/** Before its end a lease is not used any more, since the owner's clock may have begun a little earlier. */
const LEASE_MARGIN_MS = 50
/** Corrections of requests that began within this are told as one. */
const TOGETHER_MS = 250

const NO_LEASE: Lease = {
  requests: 0,
  tokens: 0,
  slots: 0,
  free: { requests: null, tokens: null, slots: null },
  resetMs: { requests: 0, tokens: 0 },
}

export class ScopeHold {
  readonly name: ScopeName
  limits: ScopeLimits
  running = 0
  /** Requests that wait for a verdict. */
  waiting = 0
  #lease: Lease = NO_LEASE
  #leaseEndsMs = 0
  #spent = { requests: 0, tokens: 0, lastMs: 0 }
  #corrections: { atMs: number; tokens: number }[] = []
  /** For an owner that begins anew. */
  readonly #requests = new SlidingWindow()
  readonly #tokens = new SlidingWindow()

  constructor(limits: ScopeLimits) {
    this.name = scopeName(limits)
    this.limits = limits
  }

  /** Whether the lease has room for one more request of so many tokens. */
  has(tokens: number, nowMs: number): boolean {
    const { requestsPerMinute, tokensPerMinute, concurrency } = this.limits
    if (nowMs >= this.#leaseEndsMs) return false
    return (
      (requestsPerMinute === null || this.#lease.requests >= 1) &&
      (tokensPerMinute === null || this.#lease.tokens >= tokens) &&
      (concurrency === null || this.#lease.slots >= 1)
    )
  }

  /** Spends of the lease, which has room for it. */
  take(tokens: number, nowMs: number): void {
    this.#lease.requests -= 1
    this.#lease.tokens -= tokens
    this.#lease.slots -= 1
    this.#spent.requests += 1
    this.#spent.tokens += tokens
    this.#spent.lastMs = nowMs
    this.noteGranted(tokens, nowMs)
  }

  /** A request that the owner has counted already. */
  noteGranted(tokens: number, nowMs: number): void {
    this.running += 1
    this.#requests.add(1, nowMs)
    this.#tokens.add(tokens, nowMs)
  }

  /** A request has ended. @param more tokens than were counted for it; negative = fewer */
  end(more: number, begunMs: number, nowMs: number): void {
    this.running -= 1
    if (nowMs < this.#leaseEndsMs) this.#lease.slots += 1
    if (more === 0) return
    if (more > 0) this.#tokens.add(more, nowMs)
    else this.#tokens.takeBack(-more, begunMs, nowMs)
    // Of those told as one, the latest beginning counts: what is taken back was counted then or later.
    const last = this.#corrections.at(-1)
    if (
      last !== undefined &&
      Math.sign(last.tokens) === Math.sign(more) &&
      Math.abs(last.atMs - begunMs) < TOGETHER_MS
    ) {
      last.tokens += more
      last.atMs = Math.max(last.atMs, begunMs)
    } else this.#corrections.push({ atMs: begunMs, tokens: more })
  }

  /** What is spent and not told, and gives the lease back: nothing can be spent of it any more. */
  report(isPastWanted: boolean, nowMs: number): ScopeReport {
    const report: ScopeReport = {
      name: this.name,
      // The past holds it.
      requests: isPastWanted ? 0 : this.#spent.requests,
      tokens: isPastWanted ? 0 : this.#spent.tokens,
      lastAgoMs: Math.max(0, nowMs - this.#spent.lastMs),
      corrections: isPastWanted ? [] : this.#corrections.map(({ atMs, tokens }) => [Math.max(0, nowMs - atMs), tokens]),
      running: this.running,
      past: isPastWanted ? this.#past(nowMs) : [],
    }
    this.#spent = { requests: 0, tokens: 0, lastMs: 0 }
    this.#corrections = []
    this.drop()
    return report
  }

  /** As `report`, undone: the message has not reached anybody. */
  restore(before: { lease: Lease; leaseEndsMs: number; report: ScopeReport }, sentMs: number): void {
    this.#lease = before.lease
    this.#leaseEndsMs = before.leaseEndsMs
    this.#lease.slots += before.report.running - this.running // those that have ended meanwhile
    const { requests, tokens, lastAgoMs, corrections } = before.report
    this.#spent.requests += requests
    this.#spent.tokens += tokens
    this.#spent.lastMs = Math.max(this.#spent.lastMs, sentMs - lastAgoMs)
    this.#corrections.unshift(...corrections.map(([agoMs, more]) => ({ atMs: sentMs - agoMs, tokens: more })))
  }

  /** The lease, to be restored where a message reaches nobody. */
  held(): { lease: Lease; leaseEndsMs: number } {
    return { lease: { ...this.#lease }, leaseEndsMs: this.#leaseEndsMs }
  }

  /** @param sentMs when it was asked for: it may have been granted right after */
  accept(lease: Lease, sentMs: number): void {
    this.#lease = lease
    this.#leaseEndsMs = sentMs + LEASE_MS - LEASE_MARGIN_MS
  }

  /** Holds nothing any more; the owner hears of it with the next report. */
  drop(): void {
    this.#lease = { ...this.#lease, requests: 0, tokens: 0, slots: 0 }
    this.#leaseEndsMs = 0
  }

  /** Left for this worker as far as it knows; null = there is no such limit. */
  left(): { requests: number | null; tokens: number | null } {
    const { requests, tokens, free } = this.#lease
    return {
      requests: free.requests === null ? null : free.requests + Math.max(0, requests),
      tokens: free.tokens === null ? null : free.tokens + Math.max(0, tokens),
    }
  }

  /** How long until nothing of what was spent counts any more, as the owner last said. */
  resetMs(): { requests: number; tokens: number } {
    return this.#lease.resetMs
  }

  /** Whether other workers may be waiting for what this one gives back. */
  isScarce(): boolean {
    const { slots } = this.#lease.free
    return slots !== null && slots <= 0
  }

  /** Whether there is something to report, or to give back. */
  isBusy(): boolean {
    const { requests, tokens, slots } = this.#lease
    const holds = this.#leaseEndsMs > 0 && (requests > 0 || tokens > 0 || slots > 0)
    return this.running > 0 || this.waiting > 0 || this.#spent.requests > 0 || this.#corrections.length > 0 || holds
  }

  /** Whether it may be forgotten. */
  isIdle(nowMs: number): boolean {
    return !this.isBusy() && this.#requests.used(nowMs) === 0 && this.#tokens.used(nowMs) === 0
  }

  #past(nowMs: number): [number, number, number][] {
    const past = new Map<number, [number, number, number]>()
    const at = (atMs: number) => {
      const agoMs = Math.min(MINUTE_MS, Math.max(0, nowMs - atMs))
      const known = past.get(agoMs) ?? [agoMs, 0, 0]
      past.set(agoMs, known)
      return known
    }
    for (const { atMs, units } of this.#requests.spendings(nowMs)) at(atMs)[1] += units
    for (const { atMs, units } of this.#tokens.spendings(nowMs)) at(atMs)[2] += units
    return [...past.values()]
  }
}
