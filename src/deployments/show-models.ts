/** Rows and strip of the Models page: what the houses know, gathered in one call each. */
import type { Catalog } from '../catalog/catalog.ts'
import type { Engines } from '../engines/engines.ts'
import { type Caller, may } from '../identity/rules.ts'
import type { Deployments } from './deployments.ts'
import { lastHourOnWire, modelOnWire, replicaOnWire, shownRate } from './on-wire.ts'
import type { ModelOnWire, ReplicaOnWire, StripOnWire } from './schema.ts'

export type ShowModelsDeps = {
  catalog: Catalog
  deployments: Deployments
  engines: Engines
  machine: () => Promise<{ name: string; cores: number; gpus: string[] }>
  /** Of the disk that holds the weights. */
  diskFreeBytes: () => Promise<number>
}

export type ShowModels = ReturnType<typeof createShowModels>

/** Whether somebody is told what runs, and how busy it is: that shows what others do. */
export function maySeeReplicas(caller: Caller): boolean {
  return may(caller, 'status.read')
}

export function createShowModels({ catalog, deployments, engines, machine, diskFreeBytes }: ShowModelsDeps) {
  const nameOf = (model: string) => (catalog.knows(model) ? catalog.getModel(model).name : model)

  async function models(): Promise<ModelOnWire[]> {
    const running = new Map(engines.list().flatMap((one) => (one.isStopping ? [] : [[one.model, one] as const])))
    return (await catalog.listModels(deployments.heldBytes)).map((listing) => {
      const { id } = listing.model
      return modelOnWire(listing, {
        engine: running.get(id) ?? null,
        measured: deployments.measuredSpeed(id),
        trouble: deployments.troubleOf(id),
      })
    })
  }

  return {
    models,

    /** @throws ModelUnknown */
    async model(id: string): Promise<ModelOnWire> {
      catalog.getModel(id)
      const found = (await models()).find((one) => one.id === id)
      if (!found) throw new Error(`${id} is known and not listed`)
      return found
    },

    nameOf,

    async replicas(): Promise<ReplicaOnWire[]> {
      await deployments.refresh()
      return deployments.replicas().map((replica) => replicaOnWire(replica, nameOf(replica.engine.model)))
    },

    /** Sums of the replicas that are shown beside it, so that they agree to the last digit. */
    async strip(replicas: ReplicaOnWire[]): Promise<StripOnWire> {
      const [memory, facts, free] = await Promise.all([engines.memory(), machine(), diskFreeBytes()])
      const files = new Map(
        catalog.modelsWithWeights().flatMap(({ id }) => {
          const weights = catalog.weightsOf(id)
          return weights ? [[weights.sha256, weights.bytes] as const] : []
        }),
      )
      const load = deployments.totalLoad()
      const ready = replicas.filter(({ state }) => state === 'serving' || state === 'idle')
      const sum = (values: (number | null)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0)
      return {
        machine: facts,
        memory: {
          used_bytes: sum(replicas.map((one) => one.memory_bytes)),
          budget_bytes: Math.round(memory.budgetBytes),
          free_bytes: Math.round(memory.freeBytes),
        },
        loaded: { models: new Set(ready.map(({ model }) => model)).size, replicas: ready.length },
        slots: {
          busy: sum(ready.map((one) => one.slots_busy)),
          total: sum(ready.map((one) => one.slots_total)),
          waiting: sum(ready.map((one) => one.waiting)),
        },
        tokens_per_second: shownRate(
          sum(replicas.map((one) => (one.tokens_are === 'written' ? one.tokens_per_second : 0))),
        ),
        peak_today: load.peakToday && {
          tokens_per_second: shownRate(load.peakToday.tokensPerSecond),
          at: new Date(load.peakToday.atMs).toISOString(),
        },
        last_hour: lastHourOnWire(load.lastHour),
        disk: { models_bytes: sum([...files.values()]), files: files.size, free_bytes: Math.round(free) },
      }
    },
  }
}
