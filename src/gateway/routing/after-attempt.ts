/**
 * What comes after an attempt at an engine: the whole of the gateway's rule on retries, in one function.
 *
 * Nothing is tried again once the client has seen a byte. What never reached an engine costs nothing and may be tried for
 * as long as there is somebody to ask; what may have worked on the request costs one of its attempts and a piece of the
 * worker's retry budget.
 *
 * Pure module.
 */
import type { FailedAttempt } from '../../billing/request-detail.ts'
import { codeIn } from '../engine-error.ts'
import type { RelayEnd } from '../relay.ts'

export type AfterAttempt = {
  end: RelayEnd
  /** Whether the engine is one that control starts again when it is gone. */
  isOurs: boolean
  isAlias: boolean
  /** Another replica of the same model, and another model of the route. */
  hasReplica: boolean
  hasTarget: boolean
  /** Engines that died holding this request, this one included, and how many that may be. */
  deaths: number
  deathsMax: number
  /** Attempts more that may reach an engine. */
  attemptsLeft: number
  /** Takes a piece of the worker's budget. */
  mayRetry(): boolean
}

/** `replica`: another one of the same model, waiting for it if need be. `target`: the next model. `settle`: this was it. */
export type NextStep = 'replica' | 'target' | 'settle'

export function afterAttempt(at: AfterAttempt): NextStep {
  const { end } = at
  if (end.kind !== 'lost' && end.kind !== 'refused') return 'settle'
  // It may be the request that kills them.
  if (end.kind === 'lost' && end.reached && !end.timedOut && at.deaths > at.deathsMax) return 'settle'
  const step = whereTo(at)
  if (step === 'settle' || isFree(at)) return step
  return at.attemptsLeft > 0 && at.mayRetry() ? step : 'settle'
}

function whereTo({ end, isOurs, isAlias, hasReplica, hasTarget }: AfterAttempt): NextStep {
  const elsewhere = hasReplica ? 'replica' : hasTarget ? 'target' : 'settle'
  if (end.kind === 'refused') {
    // 503 of our engine: it is loading or closing, so waiting helps. All else, only another one could answer better.
    return elsewhere === 'settle' && isOurs && end.status === 503 ? 'replica' : elsewhere
  }
  if (end.kind !== 'lost') return 'settle'
  // A model that took minutes would take them again; an alias has its own, shorter patience, and other models.
  if (end.timedOut && end.reached) return !isAlias ? 'settle' : hasTarget ? 'target' : hasReplica ? 'replica' : 'settle'
  if (end.timedOut) return elsewhere
  return elsewhere === 'settle' ? 'replica' : elsewhere
}

/** Whether the attempt cost the engine nothing. */
function isFree({ end, isOurs }: AfterAttempt): boolean {
  if (end.kind === 'lost') return !end.reached
  return end.kind === 'refused' && end.status === 503 && isOurs
}

/**
 * Whether an engine had no room, so that waiting helps. Vendors say 429 of an empty account too, and some say that trying
 * again is no use.
 */
export function isFull(end: RelayEnd): boolean {
  if (end.kind !== 'refused' || end.status !== 429 || end.headers['x-should-retry'] === 'false') return false
  return codeIn(end.body) !== 'insufficient_quota'
}

/** @returns whether the end says that the engine fails; null = it says nothing of it */
export function isFailure(end: RelayEnd, isOurs: boolean): boolean | null {
  switch (end.kind) {
    case 'answered':
      return false
    case 'lost':
    case 'cut':
      return true
    case 'refused':
      // Our own says 503 while it loads or closes, and 429 is no failure of anybody.
      return end.status >= 500 && !(isOurs && end.status === 503) ? true : null
    case 'left':
      return null
    default:
      return end satisfies never
  }
}

/** How long an engine wants to be left alone, in milliseconds; null = it does not say. */
export function restMs(end: RelayEnd, nowMs: number): number | null {
  if (end.kind !== 'refused' || (end.status !== 429 && end.status !== 503)) return null
  const ms = Number(end.headers['retry-after-ms'])
  if (end.headers['retry-after-ms'] !== undefined && ms >= 0) return ms
  const after = end.headers['retry-after']
  if (after === undefined) return null
  if (/^\d{1,9}$/.test(after)) return Number(after) * 1_000
  const atMs = Date.parse(after)
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs)
}

/** What the end of an attempt is called in the request's detail; null = the client got it. */
export function failureOf(end: RelayEnd): Pick<FailedAttempt, 'failed' | 'status'> | null {
  if (end.kind === 'refused') return { failed: 'refused', status: end.status }
  if (end.kind !== 'lost') return null
  return { failed: end.timedOut ? 'timed_out' : end.reached ? 'lost' : 'unavailable', status: null }
}
