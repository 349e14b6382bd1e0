/**
 * What a load would take and whether it would be granted, asked before anybody loads: the same plan that a load makes,
 * or, where the weights are not here or nobody is waiting for exact figures, the catalogue's computation.
 */
import type { Catalog } from '../catalog/catalog.ts'
import { type Fit, type FitVerdict, type SpeedEstimate, verdictOf } from '../catalog/fit.ts'
import type { ModelFacts, Precision } from '../catalog/model-family.ts'
import type { Engines, MemoryPlan, ModelToServe } from '../engines/engines.ts'
import { ContextTooLong, MemoryExceeded } from '../engines/errors.ts'
import { type Candidate, chooseVictims } from './choose-victims.ts'
import type { LoadWish } from './deployments.ts'

export type LoadEstimate = {
  verdict: FitVerdict
  reasonCode: Fit['reasonCode']
  /** `engine`: the engine library was asked about the file here. `computed`: from the catalogue's facts. */
  basis: 'engine' | 'computed'
  precision: Precision | null
  contextTokens: number
  sequences: number
  /** Of one sequence, that the model was made for. */
  contextTokensMax: number
  /** Null where it is no constant. */
  contextBytesPerToken: number | null
  weightsBytes: number | null
  contextBytes: number | null
  /** The process and its buffers. */
  workingBytes: number | null
  neededBytes: number | null
  /** What its own engine holds, which a load gives back first; free bytes have it in them. */
  heldBytes: number
  freeBytes: number
  capacityBytes: number
  /** Models that would be unloaded to make room. Empty also where those that could go are answering. */
  unloads: string[]
  tokensPerSecond: SpeedEstimate | null
}

type Deps = {
  catalog: Catalog
  engines: Engines
  candidates: (except: string) => Promise<Candidate[]>
  toServe: (model: string, wishes: { contextTokensWish: number | null; sequencesWish: number | null }) => ModelToServe
}

export async function estimateLoad(
  deps: Deps,
  model: string,
  wish: LoadWish & { precision?: Precision },
  exactly: boolean,
): Promise<LoadEstimate> {
  const { catalog, engines } = deps
  const facts = catalog.getModel(model)
  if (wish.contextTokens && wish.contextTokens > facts.contextTokens)
    throw new ContextTooLong({ model, wantedTokens: wish.contextTokens, longestTokens: facts.contextTokens })
  const own = engines.list().find((engine) => engine.model === model && engine.state !== 'failed')
  const heldBytes = own?.memoryBytes ?? 0
  const here = catalog.weightsOf(model)
  const fit = await catalog.fitOf(model, {
    heldBytes,
    ...(wish.precision ? { precisions: [wish.precision] } : {}),
    ...(wish.contextTokens ? { contextTokens: wish.contextTokens } : {}),
    ...(wish.sequences ? { sequences: wish.sequences } : {}),
  })
  const isThisFile = here !== null && (wish.precision === undefined || wish.precision === here.precision)
  const estimate =
    exactly && isThisFile
      ? await asPlanned(deps, model, wish, { facts, fit, heldBytes })
      : asComputed({ facts, fit, heldBytes }, wish)
  return { ...estimate, unloads: await unloadsFor(deps, model, estimate) }
}

type Known = { facts: ModelFacts; fit: Fit; heldBytes: number }

function asComputed({ facts, fit, heldBytes }: Known, wish: LoadWish): Omit<LoadEstimate, 'unloads'> {
  const { verdict, reasonCode, precision, contextTokens, weightsBytes, contextBytes, neededBytes } = fit
  return {
    verdict,
    reasonCode,
    basis: 'computed',
    precision,
    contextTokens,
    sequences: wish.sequences ?? 1,
    contextTokensMax: facts.contextTokens,
    contextBytesPerToken: facts.kv.bytesPerToken,
    weightsBytes,
    contextBytes,
    workingBytes: neededBytes === null ? null : neededBytes - (weightsBytes ?? 0) - (contextBytes ?? 0),
    neededBytes,
    heldBytes,
    freeBytes: fit.freeBytes,
    capacityBytes: fit.capacityBytes,
    tokensPerSecond: fit.tokensPerSecond,
  }
}

async function asPlanned(
  { engines, toServe }: Deps,
  model: string,
  wish: LoadWish,
  known: Known,
): Promise<Omit<LoadEstimate, 'unloads'>> {
  const served = toServe(model, {
    contextTokensWish: wish.contextTokens ?? null,
    sequencesWish: wish.sequences ?? null,
  })
  const { budgetBytes, freeBytes } = await engines.memory()
  const pool = { capacityBytes: budgetBytes, freeBytes: Math.min(budgetBytes, freeBytes + known.heldBytes) }
  const rest = { ...asComputed(known, wish), ...pool, basis: 'engine' as const }
  let plan: MemoryPlan
  try {
    // As if everything else were unloaded: what it needs, not what is left, is asked for.
    plan = await engines.plan(served, budgetBytes - freeBytes)
  } catch (error) {
    if (!(error instanceof MemoryExceeded)) throw error
    return { ...rest, verdict: 'does-not-fit', reasonCode: 'does-not-fit', neededBytes: error.data.neededBytes }
  }
  const verdict = verdictOf(plan.memoryBytes, pool)
  return {
    ...rest,
    verdict,
    reasonCode: verdict,
    contextTokens: plan.contextTokens,
    sequences: plan.sequences,
    weightsBytes: plan.weightsBytes,
    contextBytes: plan.contextBytes,
    workingBytes: plan.memoryBytes - plan.weightsBytes - plan.contextBytes,
    neededBytes: plan.memoryBytes,
  }
}

async function unloadsFor(
  { candidates }: Deps,
  model: string,
  { verdict, neededBytes, freeBytes }: Pick<LoadEstimate, 'verdict' | 'neededBytes' | 'freeBytes'>,
): Promise<string[]> {
  if (verdict !== 'fits-alone' || neededBytes === null) return []
  return (chooseVictims(await candidates(model), neededBytes - freeBytes) ?? []).map((victim) => victim.model)
}
