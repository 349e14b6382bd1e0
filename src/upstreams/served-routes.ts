/** The names by which clients reach models of upstreams, and what a gateway worker needs to get there. Pure module. */
import type { NetworkReach } from '../platform/network-reach.ts'
import { headersOf } from './credential.ts'
import { servedModels } from './published-models.ts'
import type { UpstreamRow } from './tables.ts'
import { PRESETS } from './upstream-kinds.ts'

/** An enabled upstream, with what is known only while this process runs. */
export type UpstreamUnderWay = {
  row: UpstreamRow
  /** Null where it has none, or it cannot be opened. */
  secret: string | null
  healthy: boolean
}

/** One name that a client may put in `model`, served elsewhere. */
export type UpstreamRoute = {
  model: string
  upstreamId: string
  task: 'chat' | 'embedding'
  contextTokens: number
  createdAtMs: number
  /** The upstream's name. */
  ownedBy: string
  speaks: 'openai' | 'anthropic'
  baseUrl: string
  network: NetworkReach
  /** Headers with the secret. */
  authorization: Record<string, string>
  remoteModel: string
  healthy: boolean
}

/**
 * @param upstreams the first of two that have one name keeps it
 * @param isTaken whether the name is that of a model served here, which goes before
 */
export function upstreamRoutes(
  upstreams: readonly UpstreamUnderWay[],
  isTaken: (model: string) => boolean,
): UpstreamRoute[] {
  const routes = new Map<string, UpstreamRoute>()
  for (const { row, secret, healthy } of upstreams) {
    const { speaks } = PRESETS[row.kind]
    for (const { name, remote, task, contextTokens } of servedModels(row.name, row.published, row.discovered)) {
      if (routes.has(name) || isTaken(name)) continue
      routes.set(name, {
        model: name,
        upstreamId: row.id,
        task,
        contextTokens,
        createdAtMs: row.createdAt.getTime(),
        ownedBy: row.name,
        speaks,
        baseUrl: row.baseUrl,
        network: row.network,
        authorization: headersOf(speaks, { kind: row.authKind, header: row.authHeader }, secret),
        remoteModel: remote,
        healthy,
      })
    }
  }
  return [...routes.values()]
}
