/**
 * Finds an engine for one request, and another one when that engine dies unseen.
 *
 *   a ready replica not yet tried  →  that one, the least loaded
 *   no replica at all              →  control is asked to load the model (once for all who wait for it)
 *   all were tried in vain         →  the next snapshot, or a short wait, then all may be tried again, until the deadline
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ControlClient, Refusal } from './control-client.ts'
import type { EnginePools } from './engine-pools.ts'
import { ClientLeft, ControlUnavailable, EngineUnavailable } from './errors.ts'
import type { GatewayLimits } from './limits.ts'
import { leastLoaded } from './route-table.ts'
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
  /** One search a request. */
  search(route: SnapshotRoute, signal: AbortSignal): ReplicaSearch
}

export type ReplicaSearch = {
  /** @throws EngineUnavailable · ControlUnavailable · WakeRefused · ClientLeft */
  next(): Promise<SnapshotReplica>
  /** Whether a replica is left that this request has not tried. */
  hasUntried(): boolean
}

export type ReplicaFinderDeps = {
  snapshots: Snapshots
  control: ControlClient
  pools: EnginePools
  limits: Pick<GatewayLimits, 'restartWaitMs' | 'wakeMs'>
}

const PAUSE_MS_FIRST = 50
const PAUSE_MS_MAX = 1_000

export function createReplicaFinder({ snapshots, control, pools, limits }: ReplicaFinderDeps): ReplicaFinder {
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

  return {
    search(route, signal) {
      const tried = new Set<string>()
      let current = route
      let deadlineMs: number | null = null
      let pauseMs = PAUSE_MS_FIRST

      const untried = () => current.replicas.filter((replica) => !tried.has(replica.engineId))
      const refresh = () => {
        const latest = snapshots.current()?.routes.byModel(route.model)
        if (latest != null) current = latest
      }

      return {
        hasUntried: () => untried().length > 0,
        async next() {
          if (tried.size > 0) {
            deadlineMs ??= Date.now() + limits.restartWaitMs
            refresh()
          }
          for (;;) {
            if (signal.aborted) throw new ClientLeft()
            const replica = leastLoaded(untried(), pools.loadOf, turn++)
            if (replica !== null) {
              tried.add(replica.engineId)
              return replica
            }
            if (current.replicas.length === 0) {
              current = await unlessGone(wake(route.model), signal)
              if (untried().length > 0) continue
            }
            deadlineMs ??= Date.now() + limits.restartWaitMs
            const leftMs = deadlineMs - Date.now()
            if (leftMs <= 0) throw new EngineUnavailable({ model: route.model, waitedMs: limits.restartWaitMs })
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
