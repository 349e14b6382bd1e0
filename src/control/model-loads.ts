/** What the engines of a model do right now, for who must stand behind others: batches. */
import type { ModelLoad } from '../batches/room.ts'
import type { Deployments } from '../deployments/deployments.ts'
import type { Engines } from '../engines/engines.ts'

export type ModelLoadsDeps = { deployments: Pick<Deployments, 'routes'>; engines: Pick<Engines, 'list' | 'stats'> }

/** @returns asks by the name that clients use; null = no engine here serves it right now */
export function createModelLoads({ deployments, engines }: ModelLoadsDeps) {
  return async (model: string): Promise<ModelLoad | null> => {
    const replicas = deployments.routes().find((route) => route.model === model)?.replicas ?? []
    const here = engines.list().filter(({ engineId }) => replicas.some((replica) => replica.engineId === engineId))
    const load: ModelLoad = { running: 0, waiting: 0, sequences: 0 }
    for (const { engineId, sequences } of here) {
      const stats = await engines.stats(engineId)
      if (stats === null) continue
      load.running += stats.running
      load.waiting += stats.waiting
      load.sequences += sequences
    }
    return load.sequences === 0 ? null : load
  }
}
