/** An upstream as operators see it. Pure module. */
import type { Health } from './health-checks.ts'
import { servedModels } from './published-models.ts'
import type { UpstreamRow } from './tables.ts'

export const UPSTREAM_STATES = ['checking', 'healthy', 'unhealthy', 'disabled'] as const
export type UpstreamState = (typeof UPSTREAM_STATES)[number]

export type UpstreamModel = {
  remote: string
  /** What clients call it; null = it is not published. */
  name: string | null
  task: 'chat' | 'embedding'
  /** Null = unknown; what is published has a default. */
  contextTokens: number | null
  /** Whether the upstream lists it. */
  listed: boolean
  /** Whether something else has its name, so that no client reaches it. */
  hidden: boolean
}

export type UpstreamView = Omit<UpstreamRow, 'secretSealed' | 'discovered'> & {
  state: UpstreamState
  health: Health
  models: UpstreamModel[]
  hasSecret: boolean
  /** False: the secret was sealed by another installation, and must be given again. */
  isReadable: boolean
  createdByName: string | null
  updatedByName: string | null
}

export type SeenBeside = {
  health: Health
  names: ReadonlyMap<string, string>
  isReadable: boolean
  isElsewhere: (model: string) => boolean
}

export function viewOf(row: UpstreamRow, { health, names, isReadable, isElsewhere }: SeenBeside): UpstreamView {
  const { secretSealed, discovered: _, ...shown } = row
  return {
    ...shown,
    state: row.enabled ? (health.state ?? 'checking') : 'disabled',
    health,
    models: modelsOf(row, isElsewhere),
    hasSecret: secretSealed !== null,
    isReadable,
    createdByName: names.get(row.createdBy) ?? null,
    updatedByName: names.get(row.updatedBy) ?? null,
  }
}

/** What may be told for ever: no secret, only whether another one came. */
export function inTrail(row: UpstreamRow): Record<string, unknown> {
  const { name, kind, baseUrl, network, authKind, authHeader, enabled, published } = row
  return { name, kind, baseUrl, network, authKind, authHeader, enabled, published }
}

/** Those that are published, then those that are listed and are not. */
function modelsOf(row: UpstreamRow, isElsewhere: (model: string) => boolean): UpstreamModel[] {
  const listed = new Set(row.discovered.map(({ id }) => id))
  const served = servedModels(row.name, row.published, row.discovered).map((model) => ({
    ...model,
    listed: listed.has(model.remote),
    hidden: isElsewhere(model.name),
  }))
  const published = new Set(served.map(({ remote }) => remote))
  const others = servedModels(row.name, null, row.discovered)
    .filter(({ remote }) => !published.has(remote))
    .map(({ remote, task }) => ({
      remote,
      name: null,
      task,
      contextTokens: row.discovered.find(({ id }) => id === remote)?.contextTokens ?? null,
      listed: true,
      hidden: false,
    }))
  return [...served, ...others]
}
