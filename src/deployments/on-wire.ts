/** What the houses know of models, pulls and replicas, as the wire shows it. Pure; shapes: `schema.ts`. */
import type { ModelListing, Pull } from '../catalog/catalog.ts'
import type { Fit, SpeedEstimate } from '../catalog/fit.ts'
import type { EngineView } from '../engines/engines.ts'
import type { LoadTrouble, MeasuredSpeed, Replica } from './deployments.ts'
import type { LastHour } from './minute-series.ts'
import type { FitOnWire, ModelOnWire, PullOnWire, ReplicaOnWire, SpeedOnWire, StripOnWire } from './schema.ts'
import { isServed } from './what-to-serve.ts'

const iso = (ms: number) => new Date(ms).toISOString()

/** What this installation knows of a model beyond the catalogue. */
export type ModelHere = {
  engine: EngineView | null
  measured: MeasuredSpeed | null
  trouble: LoadTrouble | null
}

export function modelOnWire({ model, fit, weights, pull, inCatalogue }: ModelListing, here: ModelHere): ModelOnWire {
  const { engine } = here
  return {
    id: model.id,
    name: model.name,
    family: model.family,
    task: model.task,
    served: isServed(model.task),
    in_catalogue: inCatalogue,
    owned_by: model.ownedBy,
    licence: {
      id: model.licence.id,
      name: model.licence.name,
      url: model.licence.url,
      must_accept: model.licence.mustAccept,
    },
    parameters_total: model.parameters.total,
    parameters_active: model.parameters.active,
    context_tokens: model.contextTokens,
    precision: weights?.precision ?? fit.precision,
    fit: fitOnWire(fit, engine),
    speed: isServed(model.task) ? speedOnWire(here.measured, fit.tokensPerSecond) : null,
    ...stateOf(pull, weights !== null, here),
    weights: weights && { sha256: weights.sha256, bytes: weights.bytes, precision: weights.precision },
    pull: pull && pullOnWire(pull, model.name),
    engine: engine && {
      engine_id: engine.engineId,
      context_tokens: engine.contextTokens,
      sequences: engine.sequences,
      memory_bytes: Math.round(engine.memoryBytes),
    },
  }
}

function stateOf(
  pull: Pull | null,
  hasWeights: boolean,
  { engine, trouble }: ModelHere,
): Pick<ModelOnWire, 'state' | 'trouble'> {
  if (engine?.state === 'ready') return { state: 'loaded', trouble: null }
  if (engine?.state === 'loading') return { state: 'loading', trouble: null }
  if (trouble !== null) return { state: 'failed', trouble: { code: trouble.code, message: trouble.message } }
  if (hasWeights) return { state: 'here', trouble: null }
  switch (pull?.state) {
    case 'queued':
    case 'running':
      return { state: 'pulling', trouble: null }
    case 'paused':
      return { state: 'paused', trouble: null }
    case 'failed':
      return { state: 'failed', trouble: pull.error }
    default:
      return { state: 'not-here', trouble: null }
  }
}

export function fitOnWire(fit: Fit, engine: EngineView | null = null): FitOnWire {
  const { neededBytes, weightsBytes, contextBytes } = fit
  return {
    verdict: fit.verdict,
    reason_code: fit.reasonCode,
    reason: fit.reason,
    precision: fit.precision,
    context_tokens: fit.contextTokens,
    weights_bytes: rounded(weightsBytes),
    context_bytes: rounded(contextBytes),
    working_bytes: neededBytes === null ? null : Math.round(neededBytes - (weightsBytes ?? 0) - (contextBytes ?? 0)),
    needed_bytes: engine ? Math.round(engine.memoryBytes) : rounded(neededBytes),
    needed_basis: engine ? 'loaded' : 'estimated',
    capacity_bytes: Math.round(fit.capacityBytes),
    free_bytes: Math.round(fit.freeBytes),
    memory: fit.pool && { kind: fit.pool.kind, name: fit.pool.name },
    served_by: fit.servedBy.map(({ hardware, precision, memoryBytesMin, basis }) => ({
      hardware,
      precision,
      memory_bytes_min: memoryBytesMin,
      basis,
    })),
  }
}

/** What was measured goes before what is expected. */
export function speedOnWire(measured: MeasuredSpeed | null, estimate: SpeedEstimate | null): SpeedOnWire | null {
  const nothing = {
    measured_at: null,
    bandwidth_bytes_per_second: null,
    bandwidth_share: null,
    bytes_read_per_token: null,
  }
  if (measured !== null)
    return {
      ...nothing,
      tokens_per_second: shownRate(measured.tokensPerSecond),
      basis: 'measured',
      measured_at: iso(measured.atMs),
    }
  if (estimate === null) return null
  return {
    ...nothing,
    tokens_per_second: estimate.estimate,
    basis: 'estimated',
    bandwidth_bytes_per_second: estimate.bandwidthBytesPerSecond,
    bandwidth_share: estimate.bandwidthShare,
    bytes_read_per_token: estimate.bytesReadPerToken,
  }
}

export function pullOnWire(pull: Pull, modelName: string): PullOnWire {
  return {
    id: pull.id,
    model: pull.model,
    model_name: modelName,
    state: pull.state,
    allowed: [...pull.allowed],
    phase: pull.phase,
    source: pull.source,
    from: originOnWire(pull.from),
    precision: pull.precision,
    bytes_done: Math.round(pull.bytesDone),
    bytes_total: Math.round(pull.bytesTotal),
    bytes_per_second: Math.round(pull.bytesPerSecond),
    seconds_left: pull.secondsLeft,
    error: pull.error,
    created_at: iso(pull.createdAtMs),
    updated_at: iso(pull.updatedAtMs),
  }
}

/** Where weights came from, without the folders of this machine. */
export function originOnWire(from: string): string {
  return from.startsWith('file ') ? `file ${from.slice(from.lastIndexOf('/') + 1)}` : from
}

export function replicaOnWire({ engine, state, load, lastError }: Replica, modelName: string): ReplicaOnWire {
  return {
    id: engine.engineId,
    model: engine.model,
    model_name: modelName,
    task: engine.task,
    engine_kind: engine.speaks === 'tradewind' ? 'embedded' : 'llama-server',
    state,
    last_error: lastError && { code: lastError.code, message: lastError.message, at: iso(lastError.atMs) },
    memory_bytes: Math.round(engine.memoryBytes),
    resident_bytes: load?.stats.residentBytes ?? null,
    slots_busy: load?.stats.sequencesInUse ?? null,
    slots_total: engine.sequences,
    waiting: load?.stats.waiting ?? null,
    context_tokens: engine.contextTokens,
    threads: load?.stats.threads ?? engine.threads,
    tokens_per_second: load && shownRate(load.tokensPerSecond),
    tokens_are: engine.task === 'embedding' ? 'read' : 'written',
    last_hour: load && lastHourOnWire(load.lastHour),
    up_since: engine.readySinceMs === null ? null : iso(engine.readySinceMs),
    restarts: engine.restarts,
    adapters: [...engine.adapters],
  }
}

export function lastHourOnWire({ endsAtMs, tokensPerSecond }: LastHour): StripOnWire['last_hour'] {
  return {
    ends_at: iso(endsAtMs),
    tokens_per_second: tokensPerSecond.map((rate) => (rate === null ? null : shownRate(rate))),
  }
}

/** One digit more than a person reads, so that sums of rows and the sum itself agree. */
export function shownRate(tokensPerSecond: number): number {
  return Math.round(tokensPerSecond * 100) / 100
}

function rounded(bytes: number | null): number | null {
  return bytes === null ? null : Math.round(bytes)
}
