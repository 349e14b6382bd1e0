/** Room for a model: what others could give, and taking it from them where a load needs it (`choose-victims.ts` decides). */
import type { Engines, MemoryPlan, ModelToServe } from '../engines/engines.ts'
import { MemoryExceeded } from '../engines/errors.ts'
import type { Log } from '../platform/log.ts'
import { type Candidate, chooseVictims } from './choose-victims.ts'

export type RoomDeps = {
  engines: Engines
  log: Log
  /** 0 = never. */
  lastUsedAtMs: (model: string) => number
  unload: (model: string) => Promise<void>
}

export function createRoom({ engines, log, lastUsedAtMs, unload }: RoomDeps) {
  async function candidates(except: string): Promise<Candidate[]> {
    const others = engines.list().filter((engine) => engine.model !== except && engine.state === 'ready')
    return Promise.all(
      others.map(async (engine) => {
        const stats = await engines.stats(engine.engineId)
        return {
          model: engine.model,
          memoryBytes: engine.memoryBytes,
          lastUsedAtMs: lastUsedAtMs(engine.model),
          busy: stats === null || stats.running + stats.waiting > 0,
        }
      }),
    )
  }

  return {
    candidates,

    /**
     * The plan, after making room for it where that is needed and possible.
     * @param heldBytes what the model's own engine holds, which will have gone
     */
    async planWithRoom(served: ModelToServe, heldBytes: number): Promise<MemoryPlan> {
      try {
        return await engines.plan(served, heldBytes)
      } catch (error) {
        if (!(error instanceof MemoryExceeded)) throw error
        const missing = error.data.neededBytes - error.data.freeBytes
        const victims = chooseVictims(await candidates(served.name), missing)
        if (!victims) throw error
        for (const victim of victims) {
          log.info({ model: victim.model, for: served.name }, 'a model is unloaded to make room')
          await unload(victim.model)
        }
        return engines.plan(served, heldBytes)
      }
    },
  }
}
