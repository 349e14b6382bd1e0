/**
 * LoRA adapters that are served beside their base model, each under its own name. Owns the table deployment_adapter.
 *
 *   add ─► file taken in ─► base loaded ─► engine takes it ─► row ─► route
 *                                 └ refused ─► the file goes again
 */
import { eq } from 'drizzle-orm'
import type { Catalog } from '../catalog/catalog.ts'
import type { AdapterSpec } from '../engines/engine-wire.ts'
import type { Engines, EngineView } from '../engines/engines.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { AdapterUnknown, NameTaken } from './errors.ts'
import { deploymentAdapter } from './tables.ts'

export type AdapterRow = typeof deploymentAdapter.$inferSelect

export type ServedAdaptersDeps = {
  db: Db
  catalog: Catalog
  engines: Engines
  clock: Clock
  load: (model: string) => Promise<EngineView>
  /** The engine that a model has now. */
  engineOf: (model: string) => EngineView | undefined
  changed: () => void
}

export function createServedAdapters({ db, catalog, engines, clock, load, engineOf, changed }: ServedAdaptersDeps) {
  const rows = new Map<string, AdapterRow>()
  /** Names that are being added. */
  const adding = new Set<string>()
  /** Hashes of files that no name may need any more. */
  const unneeded = new Set<string>()

  /** Files are named by content, and one that comes at this moment may have the bytes of one that is not needed. */
  async function dropUnneeded(): Promise<void> {
    if (adding.size > 0) return
    const hashes = [...unneeded].filter((sha256) => ![...rows.values()].some((row) => row.sha256 === sha256))
    unneeded.clear()
    for (const sha256 of hashes) await catalog.dropAdapter(sha256)
  }

  return {
    async restore(): Promise<void> {
      for (const row of await db.select().from(deploymentAdapter)) rows.set(row.name, row)
    },

    all: (): AdapterRow[] => [...rows.values()],

    /** The model that answers to a name: an adapter's base, or the model itself. */
    baseOf: (name: string): string => rows.get(name)?.baseModel ?? name,

    /** What an engine of this model is to serve beside it. */
    specsOf: (model: string): AdapterSpec[] =>
      [...rows.values()]
        .filter((row) => row.baseModel === model)
        .map(({ name, path, sha256, scale }) => ({ name, path, sha256, scale })),

    async add({ name, path, scale }: NewAdapter, baseModel: string): Promise<AdapterRow> {
      catalog.getModel(baseModel)
      if (rows.has(name) || adding.has(name) || catalog.knows(name)) throw new NameTaken({ name })
      adding.add(name)
      try {
        const taken = await catalog.takeAdapter(path)
        const spec = { name, path: taken.path, sha256: taken.sha256, scale }
        try {
          // Only an engine can tell whether an adapter fits its base, and one kept untried would keep the base from loading.
          const { engineId } = await load(baseModel)
          await engines.addAdapter(engineId, spec)
        } catch (error) {
          unneeded.add(taken.sha256)
          throw error
        }
        const [row] = await db
          .insert(deploymentAdapter)
          .values({ ...spec, baseModel, createdAt: new Date(clock.nowMs()) })
          .onConflictDoNothing()
          .returning()
        if (!row) throw new NameTaken({ name })
        rows.set(row.name, row)
        changed()
        return row
      } finally {
        adding.delete(name)
        await dropUnneeded()
      }
    },

    async remove(name: string): Promise<void> {
      const [row] = await db.delete(deploymentAdapter).where(eq(deploymentAdapter.name, name)).returning()
      if (!row) throw new AdapterUnknown({ name })
      rows.delete(name)
      changed()
      const engine = engineOf(row.baseModel)
      if (engine?.state === 'ready') await engines.removeAdapter(engine.engineId, name)
      unneeded.add(row.sha256)
      await dropUnneeded()
    },
  }
}

/** A GGUF file on this machine, and how much it weighs. */
export type NewAdapter = { name: string; path: string; scale: number }
