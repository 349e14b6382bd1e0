/**
 * Deployments: which models should be served, and where a request for one goes. Owns the table deployment;
 * `served-adapters.ts` owns deployment_adapter.
 *
 *   load ──► plan memory ──► (unload the least recently used) ──► start an engine ──► route appears
 *   wake = load, asked by the gateway for a model that has weights but no engine; many askers share one load
 *
 * Loads happen one after another: each plans with the memory that the one before it left.
 */
import { desc, eq } from 'drizzle-orm'
import type { Catalog } from '../catalog/catalog.ts'
import type { Precision } from '../catalog/model-family.ts'
import type { Engines, EngineView } from '../engines/engines.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { NoWeights, ReplicaUnknown } from './errors.ts'
import { estimateLoad, type LoadEstimate } from './estimate-load.ts'
import { createKeptSpeeds } from './kept-speeds.ts'
import { createRoom } from './make-room.ts'
import type { MeasuredSpeed, ModelUse } from './measured-speed.ts'
import { type Replica, replicaOf } from './replica.ts'
import { type AdapterRow, createServedAdapters, type NewAdapter } from './served-adapters.ts'
import { type Route, routesOf } from './served-routes.ts'
import { deployment } from './tables.ts'
import { createThroughput, type TotalLoad } from './throughput.ts'
import { modelToServe, planColumns, planOf, type Wishes } from './what-to-serve.ts'

export type { LoadEstimate, MeasuredSpeed, ModelUse, Replica, Route, TotalLoad }

export type DeploymentsDeps = { db: Db; catalog: Catalog; engines: Engines; clock: Clock; log: Log }

export type LoadWish = { contextTokens?: number; sequences?: number }

/** Why a model's last load failed. */
export type LoadTrouble = { code: string; message: string; atMs: number }

type Row = typeof deployment.$inferSelect

export type Deployments = ReturnType<typeof createDeployments>

export function createDeployments({ db, catalog, engines, clock, log }: DeploymentsDeps) {
  const rows = new Map<string, Row>()
  const lastUsedAtMs = new Map<string, number>()
  const troubles = new Map<string, LoadTrouble>()
  const loading = new Map<string, Promise<EngineView>>()
  const listeners = new Set<() => void>()
  let turn: Promise<unknown> = Promise.resolve()
  const throughput = createThroughput({ engines, clock })
  const speeds = createKeptSpeeds({ catalog, engines })
  const room = createRoom({
    engines,
    log,
    lastUsedAtMs: (model) => lastUsedAtMs.get(model) ?? rows.get(model)?.lastUsedAt.getTime() ?? 0,
    unload: unloadNow,
  })
  const adapters = createServedAdapters({ db, catalog, engines, clock, load, engineOf, changed })

  engines.onChange(() => changed())
  catalog.onWeightsChanged(() => changed())

  function changed(): void {
    for (const listener of listeners) listener()
  }

  function engineOf(model: string): EngineView | undefined {
    return engines.list().find((engine) => engine.model === model && engine.state !== 'failed' && !engine.isStopping)
  }

  const toServe = (model: string, wishes: Wishes) => modelToServe(catalog, model, wishes, adapters.specsOf(model))

  async function rowFor(model: string): Promise<Row> {
    const now = new Date(clock.nowMs())
    const [row] = await db
      .insert(deployment)
      .values({ id: newId('dep', clock.nowMs()), model, loaded: true, createdAt: now, lastUsedAt: now })
      .onConflictDoUpdate({ target: deployment.model, set: { loaded: true, lastUsedAt: now } })
      .returning()
    if (!row) throw new Error('an upsert returned no row')
    rows.set(model, row)
    return row
  }

  /** Whether a running engine is one that this installation would have started now. */
  function isWanted(engine: EngineView): boolean {
    const row = rows.get(engine.model)
    return row?.loaded === true && catalog.weightsOf(engine.model)?.sha256 === engine.sha256
  }

  async function loadNow(model: string, wish?: LoadWish): Promise<EngineView> {
    const running = engineOf(model)
    if (running && !wish) {
      await engines.settled(running.engineId)
      return running
    }
    catalog.getModel(model) // whether there is such a model comes before whether it is here
    if (!catalog.weightsOf(model)) throw new NoWeights({ model })
    const row = await rowFor(model)
    const wishes: Wishes = wish
      ? { contextTokensWish: wish.contextTokens ?? null, sequencesWish: wish.sequences ?? null }
      : { contextTokensWish: row.contextTokensWish, sequencesWish: row.sequencesWish }
    const served = toServe(model, wishes)
    if (row.planSha256 === served.sha256 && !wish) engines.rememberPlan(served, planOf(row))
    // A wish that cannot be met changes nothing: the engine that runs goes when it is sure that another one fits.
    const plan = await room.planWithRoom(served, running?.memoryBytes ?? 0)
    if (running) await engines.stop(running.engineId)
    const view = await engines.start(served, plan)
    const [kept] = await db
      .update(deployment)
      .set({ ...wishes, ...planColumns(served, plan) })
      .where(eq(deployment.model, model))
      .returning()
    if (kept) rows.set(model, kept)
    log.info({ model, engineId: view.engineId, plan }, 'a model is loaded')
    changed()
    return view
  }

  async function unloadNow(model: string): Promise<void> {
    troubles.delete(model)
    const [row] = await db.update(deployment).set({ loaded: false }).where(eq(deployment.model, model)).returning()
    if (row) rows.set(model, row)
    for (const engine of engines.list().filter((one) => one.model === model)) await engines.stop(engine.engineId)
    changed()
  }

  async function loadNotingTrouble(model: string, wish?: LoadWish): Promise<EngineView> {
    try {
      const view = await loadNow(model, wish)
      troubles.delete(model)
      return view
    } catch (error) {
      if (error instanceof AppError && catalog.weightsOf(model) !== null)
        troubles.set(model, { code: error.code, message: error.message, atMs: clock.nowMs() })
      changed()
      throw error
    }
  }

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }

  function load(model: string, wish?: LoadWish): Promise<EngineView> {
    const base = adapters.baseOf(model)
    const already = loading.get(base)
    if (already && !wish) return already
    const mine = inTurn(() => loadNotingTrouble(base, wish)).finally(() => loading.delete(base))
    loading.set(base, mine)
    return mine
  }

  return {
    /** Takes over running engines, then loads again what was loaded before, most recently used first. */
    async restore(): Promise<void> {
      for (const row of await db.select().from(deployment).orderBy(desc(deployment.lastUsedAt)))
        rows.set(row.model, row)
      for (const row of rows.values()) speeds.restore(row)
      await adapters.restore()
      const adopted = await engines.adopt((model) => rows.get(model)?.planMemoryBytes ?? null)
      for (const engine of adopted.filter((one) => !isWanted(one))) void engines.stop(engine.engineId)
      throughput.start()
      changed()
    },

    /** Stops looking at engines; they go on. */
    close: (): void => throughput.stop(),

    /** Loads what was loaded before, and waits for what is loading already; failures are logged. */
    async reload(): Promise<void> {
      const settling = engines.list().filter((engine) => engine.state === 'loading')
      await Promise.allSettled(settling.map((engine) => engines.settled(engine.engineId)))
      for (const row of [...rows.values()].filter(
        (one) => one.loaded && !engineOf(one.model) && catalog.weightsOf(one.model) !== null,
      )) {
        await load(row.model).catch((error) =>
          log.error({ err: error, model: row.model }, 'a model that was loaded before does not load'),
        )
      }
    },

    /**
     * Serves a model: makes room, starts an engine, resolves when it answers. Loading what is loaded changes nothing,
     * unless a wish says otherwise.
     * @throws ModelUnknown, NoWeights, MemoryExceeded, ModelNotServable, EngineCrashed
     */
    load,

    /** Lets running answers finish and frees the memory. The model is loaded again when somebody asks for it. */
    unload: (model: string): Promise<void> => inTurn(() => unloadNow(model)),

    /**
     * Ends a replica as `unload` does and starts one like it.
     * @returns the new one, which has an id of its own
     * @throws ReplicaUnknown, and whatever `load` throws
     */
    restart(engineId: string): Promise<EngineView> {
      return inTurn(() => {
        const engine = engines.list().find((one) => one.engineId === engineId)
        if (!engine) throw new ReplicaUnknown({ replica: engineId })
        const { contextTokensWish, sequencesWish } = rows.get(engine.model) ?? {}
        return loadNotingTrouble(engine.model, {
          ...(contextTokensWish ? { contextTokens: contextTokensWish } : {}),
          ...(sequencesWish ? { sequences: sequencesWish } : {}),
        })
      })
    },

    /**
     * Deletes a model's weights. In turn with loads, so that nobody loads it between its unload and the deletion.
     * @param options.unload ends its engine first; else a loaded model is refused
     * @throws ModelUnknown, WeightsMissing, WeightsInUse
     */
    deleteWeights: (model: string, { unload }: { unload: boolean }): Promise<void> =>
      inTurn(async () => {
        catalog.getModel(model)
        if (unload && catalog.weightsOf(model) !== null) await unloadNow(model)
        await catalog.deleteWeights(model)
        troubles.delete(model)
        speeds.forget(model)
      }),

    /**
     * What loading it would take, before anybody does.
     * @param exactly asks the engine library where the weights are here, which costs a second the first time; else it is
     *   computed from the facts
     * @throws ModelUnknown, ContextTooLong, ModelNotServable
     */
    estimate: (model: string, wish: LoadWish & { precision?: Precision }, exactly: boolean): Promise<LoadEstimate> =>
      estimateLoad({ catalog, engines, candidates: room.candidates, toServe }, model, wish, exactly),

    /** Engines with what they do, in the order in which they were started. As of the last look (`refresh`). */
    replicas: (): Replica[] =>
      engines.list().map((engine) => replicaOf(engine, throughput.of(engine.engineId), troubles.get(engine.model))),

    /** Looks at what replicas do, unless somebody did within the last second. */
    refresh: (): Promise<void> => throughput.refresh(),

    /** What all replicas do together. As of the last look. */
    totalLoad: (): TotalLoad => throughput.total(),

    /** The best speed of one stream that real use showed lately; null = none. */
    measuredSpeed: (model: string): MeasuredSpeed | null => speeds.of(model),

    /** Why its last load failed; null where it did not, or where it was loaded or unloaded since. */
    troubleOf: (model: string): LoadTrouble | null => troubles.get(model) ?? null,

    /** Memory that its own engine takes now, 0 where there is none. */
    heldBytes: (model: string): number => engineOf(model)?.memoryBytes ?? 0,

    /**
     * Serves a LoRA adapter (a GGUF file of this machine) beside its base, under its own name. A base that runs is not
     * restarted; one that does not is loaded. Of an adapter that its base's engine refuses, nothing stays here.
     * @throws ModelUnknown, NameTaken, FileMissing, NotWeights, DiskFull, EngineRefused, and whatever `load` throws
     */
    addAdapter: (adapter: NewAdapter, baseModel: string): Promise<AdapterRow> => adapters.add(adapter, baseModel),

    /** @throws AdapterUnknown */
    removeAdapter: (name: string): Promise<void> => adapters.remove(name),

    adapters: (): AdapterRow[] => adapters.all(),

    /** Every name that a client may use: each model whose weights are here, and each adapter of one. */
    routes: (): Route[] =>
      routesOf(
        catalog.modelsWithWeights().map((facts) => ({
          facts,
          weights: catalog.weightsOf(facts.id),
          engine: engineOf(facts.id),
          row: rows.get(facts.id),
        })),
        adapters.all(),
      ),

    /** Told of each use, so that the least recently used model and its speed are known; written down now and then. */
    noteUse(use: ModelUse): void {
      const base = adapters.baseOf(use.model)
      lastUsedAtMs.set(base, Math.max(use.startedAtMs, lastUsedAtMs.get(base) ?? 0))
      if (catalog.knows(base))
        speeds.note(base, use).catch((error) => log.warn({ err: error, model: base }, 'a speed could not be noted'))
    },

    async saveUse(): Promise<void> {
      for (const row of [...rows.values()]) {
        const usedAtMs = lastUsedAtMs.get(row.model) ?? 0
        const speed = speeds.unsaved(row)
        if (usedAtMs <= row.lastUsedAt.getTime() && speed === null) continue
        const [saved] = await db
          .update(deployment)
          .set({ lastUsedAt: new Date(Math.max(usedAtMs, row.lastUsedAt.getTime())), ...speed })
          .where(eq(deployment.id, row.id))
          .returning()
        if (saved) rows.set(saved.model, saved)
      }
    },

    /** Whether an engine has its weights open, also one that is about to end. */
    isLoaded: (model: string): boolean =>
      engines.list().some((engine) => engine.model === model && engine.state !== 'failed'),

    /** Called after a route appeared, moved or went. */
    onRoutesChanged(listener: () => void): void {
      listeners.add(listener)
    },
  }
}
