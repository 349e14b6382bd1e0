/**
 * Finds an engine for one request, and another one when that engine dies unseen.
 *
 *   a ready replica not yet tried  →  the one that knows the prompt's beginning, or the least loaded
 *   no replica at all              →  control is asked to load the model (once for all who wait for it)
 *   all were tried in vain         →  the next snapshot, or a short wait, then all may be tried again, until the deadline
 *
 * Ready is what no breaker holds back; what control found unhealthy is asked only where nothing else is left, and so is an
 * engine of ours behind a breaker.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ControlClient, Refusal } from './control-client.ts'
import type { EnginePools } from './engine-pools.ts'
import { ClientLeft, ControlUnavailable, EngineUnavailable } from './errors.ts'
import type { GatewayLimits } from './limits.ts'
import type { Breakers } from './routing/circuit-breaker.ts'
import { chooseReplica, type HashKey } from './routing/plan-route.ts'
import type { SnapshotReplica, SnapshotRoute } from './snapshot.ts'
import type { Snapshots } from './snapshot-client.ts'

/** Control refused to load the model; its words go to the client as they are. */
export class WakeRefused extends Error {
  override name = 'WakeRefused'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(`control answered ${refusal.status} to a wake`)
    this.refusal = refusal
  }
}

export type ReplicaFinder = {
  /**
   * One search for each model that a request comes to.
   * @param keyOf of the prompt's beginning; asked only where there is a choice
   */
  search(route: SnapshotRoute, signal: AbortSignal, keyOf: () => HashKey | null): ReplicaSearch
}

export type ReplicaSearch = {
  /**
   * @param isPatient whether to wait for an engine that is away; otherwise null says that none can be asked now
   * @throws EngineUnavailable · ControlUnavailable · WakeRefused · ClientLeft
   */
  next(isPatient: boolean): Promise<SnapshotReplica | null>
  /** Whether a replica is left that this request has not tried and may. */
  hasUntried(): boolean
  /** All may be tried again, and time counts from now. */
  again(): void
}

export type ReplicaFinderDeps = {
  snapshots: Snapshots
  control: ControlClient
  pools: EnginePools
  breakers: Breakers
  limits: Pick<GatewayLimits, 'restartWaitMs' | 'upstreamWaitMs' | 'wakeMs'>
}

const PAUSE_MS_FIRST = 50
const PAUSE_MS_MAX = 1_000

export function createReplicaFinder({ snapshots, control, pools, breakers, limits }: ReplicaFinderDeps): ReplicaFinder {
  const waking = new Map<string, Promise<SnapshotRoute>>()
  let turn = 0

  const wake = (model: string): Promise<SnapshotRoute> => {
    const running = waking.get(model)
    if (running !== undefined) return running
    const started = askToWake(control, model, limits.wakeMs).finally(() => waking.delete(model))
    started.catch(() => {}) // all who waited may have left
    waking.set(model, started)
    return started
  }
  const isReady = ({ engineId }: SnapshotReplica) => breakers.readyInMs(engineId) === 0

  return {
    search(route, signal, keyOf) {
      const tried = new Set<string>()
      let current = route
      let deadlineMs: number | null = null
      let pauseMs = PAUSE_MS_FIRST
      let key: HashKey | null | undefined

      const ready = () => {
        const [only] = current.replicas
        if (current.replicas.length === 1 && tried.size === 0 && only?.healthy && isReady(only)) return current.replicas
        return current.replicas.filter((replica) => !tried.has(replica.engineId) && isReady(replica))
      }
      const choose = (replicas: readonly SnapshotReplica[]) => {
        if (replicas.length > 1 && key === undefined) key = keyOf()
        return chooseReplica(replicas, pools.loadOf, key ?? null, turn++)
      }
      const take = (isPatient: boolean) => {
        const asked = ready()
        // Nothing else is left, and what is ours is started again when it dies: a breaker would only add to the wait.
        const isLastResort = asked.length === 0 && isPatient && isOurs
        const all = isLastResort ? current.replicas.filter(({ engineId }) => !tried.has(engineId)) : asked
        const healthy = all.some(({ healthy }) => !healthy) ? all.filter((replica) => replica.healthy) : all
        const replica = choose(healthy.length > 0 || !isPatient ? healthy : all)
        if (replica !== null) tried.add(replica.engineId)
        return replica
      }
      const refresh = () => {
        const latest = snapshots.current()?.routes.byModel(route.model)
        if (latest != null) current = latest
      }
      // Engines of ours are started again when they die. Of an upstream only a short trouble is waited out.
      const isOurs = route.upstreamId === null
      const waitMs = isOurs ? limits.restartWaitMs : Math.min(limits.upstreamWaitMs, limits.restartWaitMs)
      const unavailable = (leftMs: number) =>
        new EngineUnavailable({ model: route.model, waitedMs: Math.round(waitMs - Math.max(0, leftMs)) })
      /** Milliseconds that breakers keep all replicas for. */
      const heldMs = () => Math.min(...current.replicas.map(({ engineId }) => breakers.readyInMs(engineId)))

      return {
        hasUntried: () => ready().length > 0,
        again() {
          tried.clear()
          deadlineMs = null
          refresh()
        },
        async next(isPatient) {
          if (tried.size > 0) {
            deadlineMs ??= Date.now() + waitMs
            refresh()
          }
          for (;;) {
            if (signal.aborted) throw new ClientLeft()
            const replica = take(isPatient)
            if (replica !== null) return replica
            if (current.replicas.length === 0 && isOurs) {
              current = await unlessGone(wake(route.model), signal)
              if (ready().length > 0) continue
            }
            if (!isPatient) return null
            deadlineMs ??= Date.now() + waitMs
            const leftMs = deadlineMs - Date.now()
            if (leftMs <= 0 || (!isOurs && heldMs() > leftMs)) throw unavailable(leftMs)
            const changed = await changeWithin(snapshots, Math.min(pauseMs, leftMs), signal)
            refresh()
            if (!changed) {
              // Its socket may be back under the same name, or it was only one connection that broke.
              tried.clear()
              pauseMs = Math.min(PAUSE_MS_MAX, pauseMs * 2)
            }
          }
        },
      }
    },
  }
}
async function askToWake(control: ControlClient, model: string, timeoutMs: number): Promise<SnapshotRoute> {
  const answer = await control.wake(model, timeoutMs).catch((cause) => {
    throw new ControlUnavailable({}, { cause })
  })
  if ('route' in answer) return answer.route
  throw new WakeRefused(answer)
}

/** @returns whether a new snapshot came into force within the time */
async function changeWithin(snapshots: Snapshots, ms: number, signal: AbortSignal): Promise<boolean> {
  const until = new AbortController()
  const { promise: changed, resolve } = Promise.withResolvers<boolean>()
  const stop = snapshots.onChange(() => resolve(true))
  const timed = sleep(ms, false, { signal: AbortSignal.any([until.signal, signal]) }).catch(() => false)
  try {
    return await Promise.race([changed, timed])
  } finally {
    stop()
    until.abort()
  }
}

function unlessGone<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  if (signal.aborted) return Promise.reject(new ClientLeft())
  return new Promise((resolve, reject) => {
    const leave = () => reject(new ClientLeft())
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
