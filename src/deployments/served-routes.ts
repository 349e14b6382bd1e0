/** The names that clients may use, and where a request for one goes. Pure. */
import type { Weights } from '../catalog/catalog.ts'
import type { ModelFacts } from '../catalog/model-family.ts'
import type { EngineView } from '../engines/engines.ts'
import type { AdapterRow } from './served-adapters.ts'
import type { deployment } from './tables.ts'
import { isServed } from './what-to-serve.ts'

/** One name that a client may put in `model`, and the engines that answer to it. */
export type Route = {
  model: string
  adapter: string | null
  deploymentId: string
  task: 'chat' | 'embedding'
  /** Context of one sequence, tokens; what the model was made for while it is not loaded. */
  contextTokens: number
  createdAtMs: number
  ownedBy: string
  replicas: { engineId: string; speaks: 'tradewind' | 'openai'; socketPath: string }[]
}

/** A model whose weights are here. */
export type ServedModel = {
  facts: ModelFacts
  weights: Weights | null
  engine: EngineView | undefined
  row: typeof deployment.$inferSelect | undefined
}

/** One for each model whose weights are here and that engines run, and one for each adapter of such a model. */
export function routesOf(models: readonly ServedModel[], adapters: readonly AdapterRow[]): Route[] {
  const bases = models.flatMap((model) => routeOf(model) ?? [])
  const byModel = new Map(bases.map((route) => [route.model, route]))
  const tuned = adapters.flatMap((row) => {
    const base = byModel.get(row.baseModel)
    return base ? [{ ...base, model: row.name, adapter: row.name, createdAtMs: row.createdAt.getTime() }] : []
  })
  return [...bases, ...tuned]
}

function routeOf({ facts, weights, engine, row }: ServedModel): Route | null {
  if (!isServed(facts.task)) return null
  return {
    model: facts.id,
    adapter: null,
    deploymentId: row?.id ?? `dep_${facts.id}`,
    task: facts.task,
    contextTokens: engine?.contextTokens ?? row?.planContextTokens ?? facts.contextTokens,
    createdAtMs: weights?.arrivedAtMs ?? 0,
    ownedBy: facts.ownedBy,
    replicas:
      engine?.state === 'ready'
        ? [{ engineId: engine.engineId, speaks: engine.speaks, socketPath: engine.socketPath }]
        : [],
  }
}
