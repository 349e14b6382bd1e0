/**
 * Lets requests of limited keys in, or refuses them: the worker's side of `lease-wire.ts`.
 *
 *   the lease has room in every scope ──► in, at once
 *   else ──► asked for, with all that wait ──► in, or refused with the limit and when it is free again
 *
 * Control away: what is leased may be spent until it ends, at most two seconds; who needs more waits for control for a
 * moment and is then refused with 503 `limits_unavailable`, since letting in what nobody counts would be no limit. Keys
 * without limits never come here.
 */
import type { OutgoingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { randomText } from '../../platform/ids.ts'
import type { ScopeLimits } from '../snapshot.ts'
import { LimitsUnavailable, RateLimitExceeded, RequestOverLimit } from './errors.ts'
import {
  BEAT_MS,
  type LeaseAnswer,
  type LeaseMessage,
  type LimitKind,
  type LimitRefusal,
  type ScopeName,
  scopeName,
} from './lease-wire.ts'
import { limitHeaders } from './limit-headers.ts'
import { ScopeHold } from './scope-hold.ts'

/** A request that was let in. */
export type Admission = {
  /** For its answer. */
  headers: OutgoingHttpHeaders
  /** It has ended. @param tokens that it took in truth */
  end(tokens: number): void
}

export type RateLimiter = {
  /**
   * @param tokens as estimated
   * @throws RateLimitExceeded · RequestOverLimit · LimitsUnavailable
   */
  admit(limits: readonly ScopeLimits[], tokens: number): Promise<Admission>
  /** Tells the owner now: there may be a new one, or new limits. */
  tell(): void
  stop(): void
}

export type RateLimiterDeps = {
  /** Rejects when control is away. */
  exchange(message: LeaseMessage): Promise<LeaseAnswer>
  worker: string
  /** Told of each request that is not let in. */
  onRefused?: ((scope: ScopeLimits['scope'] | 'none', of: LimitKind | 'unavailable') => void) | undefined
  nowMs?: () => number
  /** Longest wait for control. Default: about as long as a restart of it takes. */
  waitMs?: number
}

const WAIT_MS = 5_000
const RETRY_MS = 100
/**
 * A place that another worker gives back is known to the owner a moment later: a client that sends its next request as soon
 * as it has an answer must not be refused for that.
 */
const SLOT_GRACE_MS = 100
const SLOT_RETRY_MS = 20
/** What is given back where others wait goes out together with what ends in the same moment. */
const TOGETHER_MS = 2
/** These have not reached anybody. */
const UNHEARD = new Set(['ECONNREFUSED', 'ENOENT', 'UND_ERR_CONNECT_TIMEOUT'])

type Waiting = {
  holds: ScopeHold[]
  tokens: number
  giveUpAtMs: number
  graceUntilMs: number
  resolve(admission: Admission): void
  reject(error: Error): void
}

export function createRateLimiter(deps: RateLimiterDeps): RateLimiter {
  const { exchange, worker, onRefused = () => {}, nowMs = () => performance.now(), waitMs = WAIT_MS } = deps
  const holder = `${worker}.${randomText(12)}`
  const holds = new Map<ScopeName, ScopeHold>()
  let waiting: Waiting[] = []
  let sequence = 0
  let owner: string | null = null
  /** Whether the owner may be another one, so that all must be told that is remembered. */
  let isTelling = false
  let running = false
  let stopped = false
  let timer: NodeJS.Timeout | null = null
  let timerAtMs = 0

  const holdOf = (limits: ScopeLimits): ScopeHold => {
    const name = scopeName(limits)
    let hold = holds.get(name)
    if (hold === undefined) {
      hold = new ScopeHold(limits)
      holds.set(name, hold)
    } else if (hold.limits !== limits) {
      if (!areSame(hold.limits, limits)) hold.drop() // it was a slice of another limit
      hold.limits = limits
    }
    return hold
  }

  const admission = (of: ScopeHold[], counted: number): Admission => {
    const begunMs = nowMs()
    let ended = false
    return {
      headers: limitHeaders(of, true),
      end(tokens) {
        if (ended) return
        ended = true
        for (const hold of of) hold.end(hold.limits.tokensPerMinute === null ? 0 : tokens - counted, begunMs, nowMs())
        syncIn(of.some((hold) => hold.isScarce()) ? TOGETHER_MS : BEAT_MS)
      },
    }
  }

  const syncIn = (ms: number) => {
    const atMs = nowMs() + ms
    if (stopped || (timer !== null && timerAtMs <= atMs)) return
    if (timer !== null) clearTimeout(timer)
    timerAtMs = atMs
    timer = setTimeout(() => {
      timer = null
      void sync()
    }, ms)
    timer.unref()
  }

  /** One message at a time, for as long as somebody waits, or an owner is to be told. */
  const sync = async () => {
    if (running || stopped) return
    running = true
    try {
      do {
        if (timer !== null) clearTimeout(timer)
        timer = null
        if (!(await exchangeOnce())) await sleep(RETRY_MS, undefined, { ref: waiting.length > 0 })
        giveUp()
      } while ((waiting.length > 0 || (isTelling && holds.size > 0)) && !stopped)
    } finally {
      running = false
    }
    const now = nowMs()
    for (const [name, hold] of holds) if (hold.isIdle(now)) holds.delete(name)
    if ([...holds.values()].some((hold) => hold.isBusy())) syncIn(BEAT_MS)
  }

  /** @returns whether there is no reason to wait before the next one */
  const exchangeOnce = async (): Promise<boolean> => {
    const asks = waiting
    waiting = []
    const asked = new Set(asks.flatMap((ask) => ask.holds))
    const all = [...holds.values()].filter((hold) => isTelling || hold.isBusy() || asked.has(hold))
    if (all.length === 0) return true
    const sentMs = nowMs()
    const before = all.map((hold) => hold.held())
    const message: LeaseMessage = {
      holder,
      sequence: ++sequence,
      owner,
      scopes: all.map((hold) => hold.report(owner === null, sentMs)),
      asks: asks.map((ask) => ({ scopes: ask.holds.map((hold) => all.indexOf(hold)), tokens: ask.tokens })),
    }
    let answer: LeaseAnswer
    try {
      answer = await exchange(message)
    } catch (error) {
      if (UNHEARD.has((error as NodeJS.ErrnoException).code ?? ''))
        all.forEach((hold, at) => {
          hold.restore({ ...before[at]!, report: message.scopes[at]! }, sentMs)
        })
      waiting = [...asks, ...waiting]
      return false
    }
    if (answer.kind === 'tell') {
      owner = null
      isTelling = true
      waiting = [...asks, ...waiting]
      return true
    }
    owner = answer.owner
    isTelling = false
    all.forEach((hold, at) => {
      const lease = answer.leases[at]
      if (lease !== undefined) hold.accept(lease, sentMs)
    })
    if (answer.verdicts === null) {
      waiting = [...asks, ...waiting]
      return asks.length === 0
    }
    asks.forEach((ask, at) => {
      decide(ask, answer.verdicts?.[at] ?? null, all)
    })
    return true
  }

  const decide = (ask: Waiting, refusal: LimitRefusal | null, all: ScopeHold[]) => {
    if (refusal?.of === 'concurrency' && nowMs() < ask.graceUntilMs && !stopped) {
      setTimeout(() => {
        waiting.push(ask)
        void sync()
      }, SLOT_RETRY_MS)
      return
    }
    if (refusal !== null) {
      const of = all[refusal.scope]?.limits.scope ?? 'key'
      onRefused(of, refusal.of)
      ask.reject(errorOf(refusal, of, ask.tokens, limitHeaders(ask.holds, false)))
      return
    }
    for (const hold of ask.holds) hold.noteGranted(ask.tokens, nowMs())
    ask.resolve(admission(ask.holds, ask.tokens))
  }

  const giveUp = () => {
    const now = nowMs()
    for (const late of waiting.filter(({ giveUpAtMs }) => giveUpAtMs <= now)) {
      onRefused('none', 'unavailable')
      late.reject(new LimitsUnavailable({}))
    }
    waiting = waiting.filter(({ giveUpAtMs }) => giveUpAtMs > now)
  }

  return {
    admit(limits, tokens) {
      const now = nowMs()
      const all = limits.map(holdOf)
      if (all.every((hold) => hold.has(tokens, now))) {
        for (const hold of all) hold.take(tokens, now)
        syncIn(BEAT_MS)
        return Promise.resolve(admission(all, tokens))
      }
      return new Promise((resolve, reject) => {
        for (const hold of all) hold.waiting += 1
        const decided = () => {
          for (const hold of all) hold.waiting -= 1
        }
        waiting.push({
          holds: all,
          tokens,
          giveUpAtMs: now + waitMs,
          graceUntilMs: now + SLOT_GRACE_MS,
          resolve(admitted) {
            decided()
            resolve(admitted)
          },
          reject(error) {
            decided()
            reject(error)
          },
        })
        void sync()
      })
    },
    tell() {
      if (holds.size === 0) return
      isTelling = true
      void sync()
    },
    stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      for (const each of waiting.splice(0)) each.reject(new LimitsUnavailable({}))
    },
  }
}

function areSame(one: ScopeLimits, other: ScopeLimits): boolean {
  return (
    one.requestsPerMinute === other.requestsPerMinute &&
    one.tokensPerMinute === other.tokensPerMinute &&
    one.concurrency === other.concurrency
  )
}

function errorOf(
  { of, limit, burst, freeInMs }: LimitRefusal,
  scope: ScopeLimits['scope'],
  tokens: number,
  headers: OutgoingHttpHeaders,
): Error {
  if (freeInMs === null) return new RequestOverLimit({ scope, limit, tokens, headers })
  return new RateLimitExceeded({ scope, of, limit, burst, retryAfterMs: freeInMs, headers })
}
