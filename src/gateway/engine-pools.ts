/** Connections to engines, one pool a replica, and how many requests of ours each has in hand. */
import { type Dispatcher, Pool } from 'undici'
import { checkingConnector } from '../platform/network-reach.ts'
import type { GatewayLimits } from './limits.ts'
import type { SnapshotReplica } from './snapshot.ts'

export type EnginePools = {
  loadOf(replica: SnapshotReplica): number
  /** Counts one request more until `release` is called. */
  take(replica: SnapshotReplica): EngineConnection
  /** Closes pools of engines that are not in `replicas` and have no request left. */
  keepOnly(replicas: readonly SnapshotReplica[]): void
  close(): Promise<void>
}

export type EngineConnection = {
  dispatcher: Dispatcher
  /** Put before the path of each request: the path of an upstream's base URL, less `/v1`; '' for a local engine. */
  pathPrefix: string
  /** Our own kind of engine, which knows our headers and lets a request be cancelled. */
  isOurs: boolean
  release(): void
}

const CONNECT_MS_MAX = 5_000

type Held = { pool: Pool; address: string; load: number }

export function createEnginePools(limits: Pick<GatewayLimits, 'engineFirstByteMs' | 'engineSilenceMs'>): EnginePools {
  const byEngine = new Map<string, Held>()

  const open = (replica: SnapshotReplica): Held => {
    const origin = replica.baseUrl === null ? 'http://engine' : new URL(replica.baseUrl).origin
    const address = replica.socketPath ?? `${origin} ${replica.network}`
    const existing = byEngine.get(replica.engineId)
    if (existing?.address === address) return existing
    if (existing !== undefined) void existing.pool.close()
    const pool = new Pool(origin, {
      connections: null,
      pipelining: 1,
      allowH2: false,
      connectTimeout: CONNECT_MS_MAX,
      headersTimeout: limits.engineFirstByteMs,
      bodyTimeout: limits.engineSilenceMs,
      // An upstream's name is somebody else's to point: where it leads is checked at each connection.
      ...(replica.socketPath === null
        ? { connect: checkingConnector(replica.network, CONNECT_MS_MAX) }
        : { socketPath: replica.socketPath }),
    })
    const held = { pool, address, load: 0 }
    byEngine.set(replica.engineId, held)
    return held
  }

  return {
    loadOf: (replica) => byEngine.get(replica.engineId)?.load ?? 0,
    take(replica) {
      const held = open(replica)
      held.load++
      return {
        dispatcher: held.pool,
        pathPrefix: replica.baseUrl === null ? '' : pathPrefixOf(replica.baseUrl),
        isOurs: replica.speaks === 'tradewind',
        release: () => {
          held.load--
        },
      }
    },
    keepOnly(replicas) {
      const kept = new Set(replicas.map((replica) => replica.engineId))
      for (const [engineId, held] of byEngine) {
        if (kept.has(engineId) || held.load > 0) continue
        byEngine.delete(engineId)
        void held.pool.close()
      }
    },
    async close() {
      await Promise.all([...byEngine.values()].map((held) => held.pool.destroy()))
      byEngine.clear()
    },
  }
}

/** `https://host/openai/v1/` → `/openai`: base URLs end in `/v1` by custom, and our paths begin with it. */
function pathPrefixOf(baseUrl: string): string {
  return new URL(baseUrl).pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
}
