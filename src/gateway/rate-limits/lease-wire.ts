/**
 * What a worker and the owner of all limits, in control, say to one another: one message, one answer.
 *
 *   worker ── POST /internal/limits { LeaseMessage } ──► control   200 { LeaseAnswer }
 *
 * With each message a worker gives back all that it had leased of the scopes in it, says what of that it spent, and asks
 * for the requests that it could not decide itself; with the answer it has their verdicts and new leases. While one is
 * under way the worker decides nothing of these scopes, and it sends one at a time.
 *
 * Pure module: types, and the times that both sides keep to.
 */
import type { ScopeLimits } from '../snapshot.ts'

/** How long a lease holds. What a worker was granted and did not report by then counts as spent. */
export const LEASE_MS = 2_000
/** A worker reports at least this often while it holds or owes anything. */
export const BEAT_MS = 1_000
/** Requests of a worker that has said nothing for so long do not count as running any more. */
export const WORKER_GONE_MS = 3_000
/** How long a new owner grants nothing, so that every worker has told what it spent under the one before. */
export const SETTLE_MS = 1_000

/** `key:key_…`, `project:proj_…`, `organization:org_…` */
export type ScopeName = `${ScopeLimits['scope']}:${string}`

export function scopeName({ scope, id }: { scope: ScopeLimits['scope']; id: string }): ScopeName {
  return `${scope}:${id}`
}

export type LeaseMessage = {
  /** One process of a worker: another one after a restart. */
  holder: string
  /** Rises with each message of a holder: one that comes late is not heard. */
  sequence: number
  /** Who this worker has told its past; null = nobody, so the past comes with this message. */
  owner: string | null
  scopes: ScopeReport[]
  asks: LeaseAsk[]
}

export type ScopeReport = {
  name: ScopeName
  /** Spent of the lease, and how long ago the last of it. */
  requests: number
  tokens: number
  lastAgoMs: number
  /** Tokens that requests, begun so long ago, took less (negative) or more than was counted for them. */
  corrections: [agoMs: number, tokens: number][]
  /** Requests that run now. */
  running: number
  /** What the last minute held here, for an owner that does not know: [ago, requests, tokens]. */
  past: [agoMs: number, requests: number, tokens: number][]
}

/** One request: all its scopes must have room for it, or none is touched. */
export type LeaseAsk = {
  /** Places in `scopes`. */
  scopes: number[]
  tokens: number
}

export type LeaseAnswer =
  /** Nothing was taken in: the owner is new to this worker, which is to send its past with the next message. */
  | { kind: 'tell' }
  | {
      kind: 'taken'
      owner: string
      /** One for each ask, null = granted; null for all = nothing is granted yet, ask again. */
      verdicts: (LimitRefusal | null)[] | null
      /** One for each scope, in their order. */
      leases: Lease[]
    }

export type Lease = {
  /** May be spent within `LEASE_MS` without asking. */
  requests: number
  tokens: number
  slots: number
  /** Left for all workers besides what is leased; null = there is no such limit. */
  free: { requests: number | null; tokens: number | null; slots: number | null }
  /** Until nothing of what is spent counts any more. */
  resetMs: { requests: number; tokens: number }
}

export type LimitKind = 'requests' | 'tokens' | 'concurrency'

/** Which limit stands in the way. */
export type LimitRefusal = {
  /** Place in `scopes` of the message. */
  scope: number
  of: LimitKind
  limit: number
  /** Most that one second may take, where that is what was reached; null = it was the minute, or concurrency. */
  burst: number | null
  /** Until it is free again, as things are now; null = never, since it alone is larger than the limit. */
  freeInMs: number | null
}
