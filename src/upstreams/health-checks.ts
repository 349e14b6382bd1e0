/**
 * Probes every upstream about each 30 s, and at once after a change. Times are scattered, so that many upstreams at one
 * vendor are not asked in one instant.
 *
 * One failure is looked at again soon before a healthy upstream is called unhealthy: a single lost packet should move no
 * traffic. A refused secret is believed at once.
 */
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { ProbeResult, ProbeTrouble } from './probe.ts'

export type Health = {
  /** Null: not probed yet. */
  state: 'healthy' | 'unhealthy' | null
  /** What is wrong; null while healthy. */
  trouble: ProbeTrouble | null
  /** Of the answer that was trouble; null = none came. */
  status: number | null
  /** When the state became what it is, ms since the epoch. */
  sinceMs: number | null
  checkedAtMs: number | null
  /** How long the last probe took. */
  tookMs: number | null
}

export const UNKNOWN: Health = {
  state: null,
  trouble: null,
  status: null,
  sinceMs: null,
  checkedAtMs: null,
  tookMs: null,
}

export type HealthChecksDeps = {
  probe: (id: string) => Promise<ProbeResult | null>
  /** Told of each result, before it counts as the present state; `changed`: healthy became unhealthy or the other way. */
  onResult: (id: string, result: ProbeResult, changed: boolean) => Promise<void>
  clock: Clock
  log: Log
}

const EVERY_MS = 30_000
const AGAIN_MS = 5_000

type Watched = { health: Health; failures: number; timer: NodeJS.Timeout | null; round: number }

export type HealthChecks = ReturnType<typeof createHealthChecks>

export function createHealthChecks({ probe, onResult, clock, log }: HealthChecksDeps) {
  const watched = new Map<string, Watched>()
  let isClosed = false

  function plan(id: string, one: Watched, inMs: number): void {
    if (isClosed || watched.get(id) !== one) return
    if (one.timer !== null) clearTimeout(one.timer)
    one.timer = setTimeout(() => void check(id), inMs)
    one.timer.unref()
  }

  async function check(id: string): Promise<ProbeResult | null> {
    const one = watched.get(id)
    if (one === undefined) return null
    const round = ++one.round
    let result: ProbeResult | null = null
    try {
      result = await probe(id)
      // A newer round has begun, perhaps with another secret: what this one found is of the past.
      if (result === null || one.round !== round || watched.get(id) !== one) return result
      const before = one.health
      one.failures = result.kind === 'failed' ? one.failures + 1 : 0
      one.health = next(before, result, one.failures, clock.nowMs())
      await onResult(id, result, before.state !== one.health.state)
    } catch (error) {
      log.warn({ upstream: id, err: error }, 'an upstream could not be probed')
    } finally {
      if (one.round === round) plan(id, one, one.failures === 1 ? AGAIN_MS : EVERY_MS * (0.8 + 0.4 * Math.random()))
    }
    return result
  }

  return {
    healthOf: (id: string): Health => watched.get(id)?.health ?? UNKNOWN,

    /** Begins to probe it, or begins anew as one of which nothing is known. @returns what the first probe says */
    watch(id: string): Promise<ProbeResult | null> {
      this.forget(id)
      watched.set(id, { health: UNKNOWN, failures: 0, timer: null, round: 0 })
      return check(id)
    },

    /** Probes now. @returns null where it is not watched */
    check,

    forget(id: string): void {
      const one = watched.get(id)
      if (one?.timer) clearTimeout(one.timer)
      watched.delete(id)
    },

    close(): void {
      isClosed = true
      for (const id of [...watched.keys()]) this.forget(id)
    },
  }
}

/** What a result makes of the state. Pure. */
export function next(before: Health, result: ProbeResult, failures: number, atMs: number): Health {
  const seen = { checkedAtMs: atMs, tookMs: result.tookMs }
  if (result.kind === 'listed') {
    const sinceMs = before.state === 'healthy' ? before.sinceMs : atMs
    return { ...seen, state: 'healthy', trouble: null, status: null, sinceMs }
  }
  if (before.state === 'healthy' && failures < 2 && result.trouble !== 'unauthorized') return { ...before, ...seen }
  const sinceMs = before.state === 'unhealthy' ? before.sinceMs : atMs
  return { ...seen, state: 'unhealthy', trouble: result.trouble, status: result.status, sinceMs }
}
