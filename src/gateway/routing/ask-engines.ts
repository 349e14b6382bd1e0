/**
 * Gives a request to one engine after another until one answers, or there is no point in going on.
 *
 *   name ──plan-route.ts──► models in order ──find-replica.ts──► a replica ──► one attempt ──after-attempt.ts──┐
 *                                 ▲                                 ▲                                          │
 *                                 └──────────── next model ─────────┴──────────── another replica ─────────────┘
 *
 * A name that leads to one model has an order of one, and pays for nothing else here.
 */
import type { FailedAttempt } from '../../billing/request-detail.ts'
import { AppError } from '../../platform/errors.ts'
import { ClientLeft, EngineUnavailable, ModelDraining, TargetsExhausted } from '../errors.ts'
import { type ReplicaFinder, WakeRefused } from '../find-replica.ts'
import type { RoomSeeker } from '../queue/wait-for-room.ts'
import type { RelayEnd } from '../relay.ts'
import type { NamedRoute, RouteTable } from '../route-table.ts'
import type { SnapshotReplica, SnapshotRoute } from '../snapshot.ts'
import { afterAttempt, failureOf, isFailure, isFull, restMs } from './after-attempt.ts'
import type { Breakers } from './circuit-breaker.ts'
import { type HashKey, orderTargets } from './plan-route.ts'
import type { RetryBudget } from './retry-budget.ts'
import type { RoutingNews } from './routing-news.ts'

/** What the request brings along, and what is done with it. */
export type RoutedRequest = {
  route: NamedRoute
  signal: AbortSignal
  startedAt: number
  prefixKey(): HashKey | null
  conversationKey(): HashKey | null
  /** Where it waits for room. */
  room: RoomSeeker
  /** One attempt. */
  ask(leaf: SnapshotRoute, replica: SnapshotReplica, patience: Patience): Promise<RelayEnd>
  /** An attempt failed; another one may follow. */
  onFailed(attempt: FailedAttempt): void
  onRetry(): void
}

/** How long an engine may be silent, and whether its silence can still be hidden. */
export type Patience = {
  /** For the first content of a stream, in milliseconds; null = what holds for every engine. */
  firstTokenMs: number | null
  /** Within an answer; null = what holds for every engine. */
  silenceMs: number | null
  /** Hold back the head of a stream until its first content, since somebody else could still answer. */
  holdsHead: boolean
}

export type RoutingDeps = {
  finder: ReplicaFinder
  breakers: Breakers
  budget: RetryBudget
  limits: { deathsMax: number }
  random(): number
  news: RoutingNews
}

/** How it ended, and with whom. */
export type LastAttempt = { end: RelayEnd; leaf: SnapshotRoute; replica: SnapshotReplica; deaths: number }

const AT_ENGINES_PACE: Patience = { firstTokenMs: null, silenceMs: null, holdsHead: false }

/**
 * @throws ModelDraining · EngineUnavailable · ControlUnavailable · WakeRefused · ClientLeft, of a name of one model
 * @throws TargetsExhausted where all models of an alias were tried in vain
 */
export async function askEngines(request: RoutedRequest, routes: RouteTable, deps: RoutingDeps): Promise<LastAttempt> {
  deps.budget.request()
  return new Attempts(request, routes, deps).run()
}

class Attempts {
  readonly #request: RoutedRequest
  readonly #routes: RouteTable
  readonly #deps: RoutingDeps
  #deaths = 0
  #attemptsLeft: number
  #failed: FailedAttempt[] = []
  #last: LastAttempt | null = null

  constructor(request: RoutedRequest, routes: RouteTable, deps: RoutingDeps) {
    this.#request = request
    this.#routes = routes
    this.#deps = deps
    this.#attemptsLeft = request.route.alias?.retries ?? Number.POSITIVE_INFINITY
  }

  async run(): Promise<LastAttempt> {
    const { route } = this.#request
    const targets = this.#inOrder()
    for (const [at, leaf] of targets.entries()) {
      const last = await this.#askModel(leaf, at === targets.length - 1)
      if (last === null) continue
      const isAnswered = last.end.kind === 'answered' || last.end.kind === 'cut'
      if (at > 0 && isAnswered) this.#deps.news.fallback(route.model)
      return last
    }
    throw this.#exhausted()
  }

  /** Those that take new requests. @throws ModelDraining */
  #inOrder(): readonly SnapshotRoute[] {
    const { route } = this.#request
    const { alias } = route
    if (alias === undefined) {
      if (this.#routes.isDraining(route)) throw new ModelDraining({ model: route.model })
      return [route]
    }
    const open = alias.tiers.flat().length === 1 ? 0 : (this.#request.conversationKey() ?? this.#anyKey())
    return orderTargets(alias.tiers, open).filter((leaf) => {
      const isDraining = this.#routes.isDraining(leaf)
      if (isDraining) this.#note(leaf, null, { failed: 'draining', status: null })
      return !isDraining
    })
  }

  #anyKey(): HashKey {
    return Math.floor(this.#deps.random() * 2 ** 32)
  }

  /** @returns null = the next model is to be asked */
  async #askModel(leaf: SnapshotRoute, isLast: boolean): Promise<LastAttempt | null> {
    const { route, signal, prefixKey } = this.#request
    const { finder, breakers, budget, limits } = this.#deps
    const search = finder.search(leaf, signal, prefixKey)
    if (isLast) await this.#request.room.behindOthers(leaf.model)
    for (;;) {
      const replica = await this.#nextReplica(search.next(isLast), leaf)
      if (replica === null) return null
      const isOurs = leaf.upstreamId === null
      const patience = this.#patienceWith(isLast && !search.hasUntried())
      breakers.asked(replica.engineId)
      const end = await this.#request.ask(leaf, replica, patience)
      if (end.kind === 'lost' && end.reached && !end.timedOut) this.#deaths++
      this.#learn(end, leaf, replica)
      this.#last = { end, leaf, replica, deaths: this.#deaths }
      const next = afterAttempt({
        end,
        isOurs,
        isAlias: route.alias !== undefined,
        hasReplica: search.hasUntried(),
        hasTarget: !isLast,
        deaths: this.#deaths,
        deathsMax: limits.deathsMax,
        attemptsLeft: this.#attemptsLeft,
        mayRetry: () => {
          const mayIt = budget.take()
          if (!mayIt) this.#deps.news.retryDenied()
          return mayIt
        },
      })
      if (next === 'settle') {
        // It costs the engine nothing and the request no attempt: nobody has worked on it.
        const rest = isOurs ? 0 : (restMs(end, Date.now()) ?? 0)
        if (!isFull(end) || !(await this.#request.room.afterRefusal(leaf.model, rest))) return this.#settled(this.#last)
        search.again()
        continue
      }
      if (!(end.kind === 'lost' && !end.reached)) this.#attemptsLeft--
      this.#request.onRetry()
      if (next === 'target') return null
    }
  }

  /** Trouble of finding one is the end of the request only where there is no other model to ask. */
  async #nextReplica(found: Promise<SnapshotReplica | null>, leaf: SnapshotRoute): Promise<SnapshotReplica | null> {
    try {
      const replica = await found
      if (replica === null) this.#note(leaf, null, { failed: 'unavailable', status: null })
      return replica
    } catch (error) {
      const isAboutTheModel = error instanceof AppError || error instanceof WakeRefused
      if (!isAboutTheModel || error instanceof ClientLeft || this.#request.route.alias === undefined) throw error
      if (this.#request.route.alias.tiers.flat().length === 1) throw error // its own words say more
      const last = this.#failed.at(-1)
      // What was just tried and is away is one trouble, not two.
      if (!(error instanceof EngineUnavailable && last?.model === leaf.model && last.failed === 'unavailable'))
        this.#note(leaf, null, { failed: 'unavailable', status: null })
      return null
    }
  }

  #patienceWith(isOnlyOne: boolean): Patience {
    const { alias } = this.#request.route
    if (alias === undefined && isOnlyOne) return AT_ENGINES_PACE
    return {
      firstTokenMs: alias?.firstTokenMs ?? null,
      silenceMs: alias?.silenceMs ?? null,
      holdsHead: !isOnlyOne,
    }
  }

  /** What the attempt says of its engine, and of this request. */
  #learn(end: RelayEnd, leaf: SnapshotRoute, { engineId }: SnapshotReplica): void {
    const { breakers, news } = this.#deps
    const isOurs = leaf.upstreamId === null
    const failed = isFailure(end, isOurs)
    if (failed === true) breakers.failed(engineId)
    else if (failed === false) breakers.succeeded(engineId)
    const ms = isOurs ? null : restMs(end, Date.now()) // our own say it of one request, not of all
    if (ms !== null) breakers.rest(engineId, ms)
    const failure = failureOf(end)
    if (failure !== null) this.#note(leaf, engineId, failure)
    else if (end.kind === 'answered' || end.kind === 'cut' || end.kind === 'left') news.attempt(end.kind, leaf.model)
  }

  #note(leaf: SnapshotRoute, engineId: string | null, failure: Pick<FailedAttempt, 'failed' | 'status'>): void {
    const after_ms = Math.round(performance.now() - this.#request.startedAt)
    const last = this.#failed.at(-1)
    // An engine that is full or away is tried again and again while its request waits: that is one trouble.
    const isSame = last?.engine_id === engineId && last.failed === failure.failed && last.status === failure.status
    if (last !== undefined && engineId !== null && isSame) {
      last.after_ms = after_ms
      return
    }
    const attempt = { model: leaf.model, engine_id: engineId, ...failure, after_ms }
    this.#failed.push(attempt)
    this.#request.onFailed(attempt)
    this.#deps.news.attempt(failure.failed, leaf.model)
  }

  /** One model's trouble is told in its own words; that of several is told together. */
  #settled(last: LastAttempt): LastAttempt {
    const isAnswer = last.end.kind !== 'lost' && last.end.kind !== 'refused'
    const isOfOne = this.#failed.every(({ model }) => model === last.leaf.model)
    const isAllFull = this.#failed.every(({ status }) => status === 429)
    if (isAnswer || isOfOne || isAllFull) return last
    throw this.#exhausted()
  }

  #exhausted(): TargetsExhausted {
    const tried = this.#failed.map(({ model, failed, status }) => `${model} (${status ?? WORDS[failed]})`)
    return new TargetsExhausted({
      model: this.#request.route.model,
      tried: [...new Set(tried)].join(', '),
      // Whoever may have worked on it has: trying again is a person's decision.
      wasReached: this.#last !== null && this.#last.end.kind === 'lost' && this.#last.end.reached,
    })
  }
}

const WORDS: Record<FailedAttempt['failed'], string> = {
  unavailable: 'not available',
  draining: 'draining',
  lost: 'stopped while answering',
  timed_out: 'too slow',
  refused: 'refused',
}
