/** A replica as people see it: an engine, and what it does. Pure. */
import type { EngineView } from '../engines/engines.ts'
import type { LoadTrouble } from './deployments.ts'
import type { ReplicaLoad } from './throughput.ts'

export const REPLICA_STATES = ['warming', 'serving', 'idle', 'draining', 'restarting', 'failed'] as const

/**
 * `warming`: loads for the first time. `serving`: has requests. `idle`: ready, without any. `draining`: finishes what it
 * has and ends. `restarting`: loads again after it died. `failed`: is not tried again.
 */
export type ReplicaState = (typeof REPLICA_STATES)[number]

export type Replica = {
  engine: EngineView
  state: ReplicaState
  /** Null until it was looked at, and for engines that tell no figures. */
  load: ReplicaLoad | null
  /** What went wrong last in its life; null = nothing. */
  lastError: { code: string; message: string; atMs: number } | null
}

export function replicaOf(
  engine: EngineView,
  load: ReplicaLoad | null,
  trouble: LoadTrouble | undefined = undefined,
): Replica {
  return {
    engine,
    state: stateOf(engine, load),
    load: engine.state === 'ready' ? load : null,
    lastError: lastErrorOf(engine, trouble),
  }
}

function stateOf(engine: EngineView, load: ReplicaLoad | null): ReplicaState {
  if (engine.isStopping) return 'draining'
  switch (engine.state) {
    case 'loading':
      return engine.restarts === 0 ? 'warming' : 'restarting'
    case 'ready':
      return load !== null && load.stats.running + load.stats.waiting > 0 ? 'serving' : 'idle'
    case 'failed':
      return 'failed'
    default:
      return engine.state satisfies never
  }
}

function lastErrorOf({ health, lastExit }: EngineView, trouble: LoadTrouble | undefined): Replica['lastError'] {
  if (health?.state === 'failed' && health.error) return { ...health.error, atMs: trouble?.atMs ?? lastExit?.atMs ?? 0 }
  if (lastExit === null) return null
  const how = lastExit.signal === null ? `with exit code ${lastExit.code}` : `by signal ${lastExit.signal}`
  return { code: 'engine_died', message: `Its process ended ${how}.`, atMs: lastExit.atMs }
}
