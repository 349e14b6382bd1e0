/** What an engine is asked to run for a deployment: the model's facts, its weights and the operator's wishes in one. */
import type { Catalog } from '../catalog/catalog.ts'
import type { ModelTask } from '../catalog/model-family.ts'
import type { AdapterSpec } from '../engines/engine-wire.ts'
import type { MemoryPlan, ModelToServe } from '../engines/engines.ts'
import { ModelNotServed, NoWeights } from './errors.ts'
import type { deployment } from './tables.ts'

type Row = typeof deployment.$inferSelect
/** Of the operator; null = chosen by what fits. */
export type Wishes = Pick<Row, 'contextTokensWish' | 'sequencesWish'>

/** Whether an engine here runs models of this task. */
export function isServed(task: ModelTask): task is 'chat' | 'embedding' {
  return task === 'chat' || task === 'embedding'
}

/** @throws ModelUnknown, NoWeights, ModelNotServed */
export function modelToServe(catalog: Catalog, model: string, wishes: Wishes, adapters: AdapterSpec[]): ModelToServe {
  const weights = catalog.weightsOf(model)
  if (!weights) throw new NoWeights({ model })
  const facts = catalog.getModel(model)
  if (!isServed(facts.task)) throw new ModelNotServed({ model, task: facts.task })
  // A model that thinks by itself is used with the settings for thinking.
  const defaults =
    facts.thinking.mode === 'never' ? facts.sampling.plain : (facts.sampling.thinking ?? facts.sampling.plain)
  return {
    name: model,
    task: facts.task,
    path: weights.path,
    sha256: weights.sha256,
    toolParser: facts.parsers.tool,
    reasoningParser: facts.parsers.reasoning,
    adapters,
    ...(defaults ? { samplingDefaults: defaults } : {}),
    ...(wishes.contextTokensWish ? { contextTokens: wishes.contextTokensWish } : {}),
    ...(wishes.sequencesWish ? { sequences: wishes.sequencesWish } : {}),
  }
}

/** The plan of the last load, as the row keeps it. */
export function planOf(row: Row): MemoryPlan {
  return {
    contextTokens: row.planContextTokens ?? 0,
    sequences: row.planSequences ?? 0,
    weightsBytes: row.planWeightsBytes ?? 0,
    contextBytes: row.planContextBytes ?? 0,
    memoryBytes: row.planMemoryBytes ?? 0,
  }
}

export function planColumns(served: ModelToServe, plan: MemoryPlan) {
  return {
    planSha256: served.sha256,
    planContextTokens: plan.contextTokens,
    planSequences: plan.sequences,
    planWeightsBytes: plan.weightsBytes,
    planContextBytes: plan.contextBytes,
    planMemoryBytes: plan.memoryBytes,
  }
}
