/**
 * The one owner of every limit: counts for all workers, in control's memory. Workers lease slices of it (`lease-wire.ts`).
 *
 * Control that starts anew knows nothing of the last minute. It grants nothing in its first second, in which every worker
 * tells what it spent itself; what only a worker knew that is gone too is forgotten, and no more than that.
 *
 * Knows no database and no socket: limits are handed in whenever keys are told to gateways.
 */
import type { ScopeLimits } from '../snapshot.ts'
import {
  type LeaseAnswer,
  type LeaseAsk,
  type LeaseMessage,
  type LimitRefusal,
  type ScopeName,
  SETTLE_MS,
  scopeName,
} from './lease-wire.ts'
import { type Limits, ScopeOwner } from './scope-owner.ts'

const NONE: Limits = { requestsPerMinute: null, tokensPerMinute: null, concurrency: null }
/** A holder that has been silent for longer is another process by now. */
const HOLDER_KEPT_MS = 120_000
const SWEEP_MS = 10_000

/** The one that takes longest is the one to be told of: trying again sooner would meet it. */
function waitOf(refusal: { freeInMs: number | null } | null): number {
  return refusal === null ? -1 : (refusal.freeInMs ?? Number.POSITIVE_INFINITY)
}

export type LimitsOwner = ReturnType<typeof createLimitsOwner>

export type LimitsOwnerDeps = {
  /** Of this life of control. */
  id: string
  /** How many workers there are, at most: slices are shares of that. */
  workers: number
  /** A clock that never goes back. */
  nowMs: () => number
  settleMs?: number
}

export function createLimitsOwner({ id, workers, nowMs, settleMs = SETTLE_MS }: LimitsOwnerDeps) {
  const limits = new Map<ScopeName, Limits>()
  const owners = new Map<ScopeName, ScopeOwner>()
  const holders = new Map<string, { sequence: number; hasToldPast: boolean; heardAtMs: number }>()
  let grantsFromMs = Number.POSITIVE_INFINITY
  let areLimitsKnown = false
  let sweepAtMs = 0

  const ownerOf = (name: ScopeName): ScopeOwner => {
    let owner = owners.get(name)
    if (owner === undefined) {
      owner = new ScopeOwner(limits.get(name) ?? NONE)
      owners.set(name, owner)
    }
    return owner
  }

  const judge = (holder: string, scopes: ScopeOwner[], ask: LeaseAsk, now: number): LimitRefusal | null => {
    let refusal: LimitRefusal | null = null
    for (const scope of ask.scopes) {
      const obstacle = scopes[scope]?.obstacle(ask.tokens, now) ?? null
      if (obstacle !== null && waitOf(obstacle) > waitOf(refusal)) refusal = { scope, ...obstacle }
    }
    if (refusal === null) for (const scope of ask.scopes) scopes[scope]?.take(holder, ask.tokens, now)
    return refusal
  }

  const sweep = (now: number) => {
    if (now < sweepAtMs) return
    sweepAtMs = now + SWEEP_MS
    for (const [name, owner] of owners) if (owner.isEmpty(now)) owners.delete(name)
    for (const [name, { heardAtMs }] of holders) if (heardAtMs <= now - HOLDER_KEPT_MS) holders.delete(name)
  }

  return {
    /** Workers can reach this owner from now on. */
    begin(): void {
      grantsFromMs = nowMs() + settleMs
    },

    /** Says all limits there are; those of before that are not among them are none any more. */
    setLimits(all: Iterable<ScopeLimits>): void {
      areLimitsKnown = true
      limits.clear()
      for (const { scope, id: of, ...values } of all) limits.set(scopeName({ scope, id: of }), values)
      for (const [name, owner] of owners) owner.limits = limits.get(name) ?? NONE
    },

    exchange(message: LeaseMessage): LeaseAnswer {
      const now = nowMs()
      sweep(now)
      const { holder, sequence, asks } = message
      const known = holders.get(holder)
      const isLate = known !== undefined && sequence <= known.sequence
      if (isLate || (message.owner !== null && message.owner !== id)) return { kind: 'tell' }
      const isPastNew = message.owner === null && known?.hasToldPast !== true
      holders.set(holder, { sequence, hasToldPast: true, heardAtMs: now })

      const scopes = message.scopes.map(({ name }) => ownerOf(name))
      message.scopes.forEach((report, at) => {
        scopes[at]?.settle(holder, report, isPastNew, now)
      })
      const grants = areLimitsKnown && now >= grantsFromMs
      const verdicts = grants ? asks.map((ask) => judge(holder, scopes, ask, now)) : null
      const asked = new Set(asks.flatMap((ask) => ask.scopes))
      const leases = scopes.map((scope, at) => {
        const isBusy = grants && (asked.has(at) || (message.scopes[at]?.requests ?? 0) > 0)
        return scope.lease(holder, workers, isBusy, now)
      })
      return { kind: 'taken', owner: id, verdicts, leases }
    },
  }
}
