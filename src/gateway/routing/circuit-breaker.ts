/**
 * Which replicas are left alone for a while, by what this worker has seen of them.
 *
 *   closed ──5 of the last 10 attempts failed, within 30 s──► open ──after 1 s, 2 s … 30 s──► half open
 *     ▲                                                        ▲                                │ one trial at a time
 *     └────────────────────────── it went well ◄───────────────┴──────── it failed ◄────────────┘
 *
 * Only what says something of the replica counts: no connection, silence, a 5xx, a cut answer. A 429 that says when to come
 * again lets it rest that long, open or not. What has not failed lately is not in here at all, so that a healthy system
 * pays for a look into an empty map. Workers keep their own: telling one another would be slower than finding out.
 *
 * Pure module, but for the clock and the chance it is handed.
 */

export type BreakerState = 'closed' | 'open' | 'half_open' | 'resting'

export type BreakerRules = {
  outcomes: number
  failuresMin: number
  windowMs: number
  openMsFirst: number
  openMsMax: number
  /** A trial that nobody has heard of for so long does not keep out the next one: long answers are no failures. */
  trialMs: number
  restMsMax: number
}

export const BREAKER: BreakerRules = {
  outcomes: 10,
  failuresMin: 5,
  windowMs: 30_000,
  openMsFirst: 1_000,
  openMsMax: 30_000,
  trialMs: 5_000,
  restMsMax: 60_000,
}

export type Breakers = {
  stateOf(engineId: string): BreakerState
  /** Milliseconds until it may be asked; 0 = now. */
  readyInMs(engineId: string): number
  /** To be called when it is asked: of one that is half open, this is the trial. */
  asked(engineId: string): void
  succeeded(engineId: string): void
  failed(engineId: string): void
  /** It said when to come again. */
  rest(engineId: string, ms: number): void
  /** Forgets all but these. */
  keepOnly(engineIds: ReadonlySet<string>): void
  /** Those that are not closed. */
  notClosed(): { engineId: string; state: Exclude<BreakerState, 'closed'> }[]
}

type Outcome = { atMs: number; ok: boolean }
type Kept = {
  outcomes: Outcome[]
  openings: number
  openUntilMs: number | null
  trialAtMs: number
  restUntilMs: number
}

export function createBreakers(nowMs: () => number, random: () => number, rules: BreakerRules = BREAKER): Breakers {
  const byEngine = new Map<string, Kept>()

  const keptOf = (engineId: string): Kept => {
    const known = byEngine.get(engineId)
    if (known !== undefined) return known
    const kept: Kept = {
      outcomes: [],
      openings: 0,
      openUntilMs: null,
      trialAtMs: Number.NEGATIVE_INFINITY,
      restUntilMs: 0,
    }
    byEngine.set(engineId, kept)
    return kept
  }
  const note = (kept: Kept, ok: boolean) => {
    const now = nowMs()
    kept.outcomes = kept.outcomes.filter(({ atMs }) => atMs > now - rules.windowMs).slice(1 - rules.outcomes)
    kept.outcomes.push({ atMs: now, ok })
  }
  const open = (kept: Kept) => {
    const ms = Math.min(rules.openMsMax, rules.openMsFirst * 2 ** kept.openings)
    kept.openings++
    kept.outcomes = []
    kept.trialAtMs = Number.NEGATIVE_INFINITY
    kept.openUntilMs = nowMs() + ms * (0.8 + 0.4 * random()) // or all workers would come back at one moment
  }
  const waitOf = ({ openUntilMs, trialAtMs, restUntilMs }: Kept): number => {
    const now = nowMs()
    const waits = [restUntilMs - now, openUntilMs === null ? 0 : Math.max(openUntilMs, trialAtMs + rules.trialMs) - now]
    return Math.max(0, ...waits)
  }
  const stateOf = (kept: Kept): BreakerState => {
    if (kept.restUntilMs > nowMs()) return 'resting'
    if (kept.openUntilMs === null) return 'closed'
    return kept.openUntilMs > nowMs() ? 'open' : 'half_open'
  }

  return {
    stateOf(engineId) {
      const kept = byEngine.get(engineId)
      return kept === undefined ? 'closed' : stateOf(kept)
    },
    readyInMs(engineId) {
      const kept = byEngine.get(engineId)
      return kept === undefined ? 0 : waitOf(kept)
    },
    asked(engineId) {
      const kept = byEngine.get(engineId)
      if (kept !== undefined && kept.openUntilMs !== null) kept.trialAtMs = nowMs()
    },
    succeeded(engineId) {
      const kept = byEngine.get(engineId)
      if (kept === undefined) return
      if (kept.openUntilMs !== null) byEngine.delete(engineId)
      else {
        note(kept, true)
        if (kept.outcomes.every(({ ok }) => ok) && kept.restUntilMs <= nowMs()) byEngine.delete(engineId)
      }
    },
    failed(engineId) {
      const kept = keptOf(engineId)
      if (kept.openUntilMs !== null) {
        // What was asked before it opened and fails only now says nothing new.
        if (kept.openUntilMs <= nowMs()) open(kept)
        return
      }
      note(kept, false)
      if (kept.outcomes.filter(({ ok }) => !ok).length >= rules.failuresMin) open(kept)
    },
    rest(engineId, ms) {
      const kept = keptOf(engineId)
      kept.restUntilMs = Math.max(kept.restUntilMs, nowMs() + Math.min(ms, rules.restMsMax))
    },
    keepOnly(engineIds) {
      for (const engineId of byEngine.keys()) if (!engineIds.has(engineId)) byEngine.delete(engineId)
    },
    notClosed: () =>
      [...byEngine].flatMap(([engineId, kept]) => {
        const state = stateOf(kept)
        return state === 'closed' ? [] : [{ engineId, state }]
      }),
  }
}
