/** The best speed of each model that real use showed lately, by the weights that showed it. */
import type { Catalog } from '../catalog/catalog.ts'
import type { Engines } from '../engines/engines.ts'
import { betterSpeed, isOneStream, type MeasuredSpeed, type ModelUse, speedShownBy } from './measured-speed.ts'
import type { deployment } from './tables.ts'
import { isServed } from './what-to-serve.ts'

type Row = typeof deployment.$inferSelect

export function createKeptSpeeds({ catalog, engines }: { catalog: Catalog; engines: Engines }) {
  const speeds = new Map<string, MeasuredSpeed & { sha256: string }>()

  return {
    restore({ model, speedTokensPerSecond, speedSha256, speedAt }: Row): void {
      if (speedTokensPerSecond === null || speedSha256 === null || speedAt === null) return
      speeds.set(model, { tokensPerSecond: speedTokensPerSecond, sha256: speedSha256, atMs: speedAt.getTime() })
    },

    /** Keeps a speed that beats the known one, if the engine's own steps allow it. */
    async note(model: string, use: ModelUse): Promise<void> {
      const sha256 = catalog.weightsOf(model)?.sha256
      if (sha256 === undefined) return
      const task = catalog.getModel(model).task
      if (!isServed(task)) return
      const tokensPerSecond = speedShownBy(use, task)
      if (tokensPerSecond === null) return
      const seen = { tokensPerSecond, atMs: use.startedAtMs + use.totalMs }
      const known = speeds.get(model)
      const kept = known?.sha256 === sha256 ? known : null
      if (betterSpeed(kept, seen) !== seen) return
      const stats = use.engineId !== null && task === 'chat' ? await engines.stats(use.engineId) : null
      if (stats === null || isOneStream(tokensPerSecond, stats.stepMsP50)) speeds.set(model, { ...seen, sha256 })
    },

    /** Null where none was shown with the weights that are here. */
    of(model: string): MeasuredSpeed | null {
      const kept = speeds.get(model)
      return kept && kept.sha256 === catalog.weightsOf(model)?.sha256 ? kept : null
    },

    /** What a row does not say yet; null = nothing. */
    unsaved({ model, speedAt }: Row): Pick<Row, 'speedTokensPerSecond' | 'speedSha256' | 'speedAt'> | null {
      const speed = speeds.get(model)
      if (speed === undefined || speed.atMs === speedAt?.getTime()) return null
      return {
        speedTokensPerSecond: speed.tokensPerSecond,
        speedSha256: speed.sha256,
        speedAt: new Date(speed.atMs),
      }
    },

    forget: (model: string): boolean => speeds.delete(model),
  }
}
