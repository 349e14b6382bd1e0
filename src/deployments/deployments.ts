/**
 * Deployments: which models should be served, and where a request for one goes. Owns tables deployment and
 * deployment_adapter.
 *
 *   load ──► plan memory ──► (unload the least recently used) ──► start an engine ──► route appears
 *   wake = load, asked by the gateway for a model that has weights but no engine; many askers share one load
 *
 * Loads happen one after another: each plans with the memory that the one before it left.
 */
import { desc, eq } from 'drizzle-orm'
import type { Catalog } from '../catalog/catalog.ts'
import type { ModelTask, Precision } from '../catalog/model-family.ts'
import type { AdapterSpec } from '../engines/engine-wire.ts'
import type { Engines, EngineView, MemoryPlan, ModelToServe } from '../engines/engines.ts'
import { MemoryExceeded } from '../engines/errors.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { type Candidate, chooseVictims } from './choose-victims.ts'
import { AdapterUnknown, ModelNotServed, NameTaken, NoWeights, ReplicaUnknown } from './errors.ts'
import { estimateLoad, type LoadEstimate } from './estimate-load.ts'
import { betterSpeed, isOneStream, type MeasuredSpeed, type ModelUse, speedShownBy } from './measured-speed.ts'
import { type Replica, replicaOf } from './replica.ts'
import { deployment, deploymentAdapter } from './tables.ts'
import { createThroughput, type TotalLoad } from './throughput.ts'

export type { LoadEstimate, MeasuredSpeed, ModelUse, Replica, TotalLoad }

export type DeploymentsDeps = { db: Db; catalog: Catalog; engines: Engines; clock: Clock; log: Log }

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

export type LoadWish = { contextTokens?: number; sequences?: number }

/** Why a model's last load failed. */
export type LoadTrouble = { code: string; message: string; atMs: number }

type Row = typeof deployment.$inferSelect
type AdapterRow = typeof deploymentAdapter.$inferSelect

export type Deployments = ReturnType<typeof createDeployments>

export function createDeployments({ db, catalog, engines, clock, log }: DeploymentsDeps) {
  const rows = new Map<string, Row>()
  const adapters = new Map<string, AdapterRow>()
  const lastUsedAtMs = new Map<string, number>()
  const speeds = new Map<string, MeasuredSpeed & { sha256: string }>()
  const troubles = new Map<string, LoadTrouble>()
  const throughput = createThroughput({ engines, clock })
  const loading = new Map<string, Promise<EngineView>>()
  const listeners = new Set<() => void>()
  let turn: Promise<unknown> = Promise.resolve()

  engines.onChange(() => changed())
  catalog.onWeightsChanged(() => changed())

  function changed(): void {
    for (const listener of listeners) listener()
  }

  const engineOf = (model: string) =>
    engines.list().find((engine) => engine.model === model && engine.state !== 'failed' && !engine.isStopping)
  const baseOf = (name: string) => adapters.get(name)?.baseModel ?? name
  const adaptersOf = (model: string): AdapterSpec[] =>
    [...adapters.values()]
      .filter((row) => row.baseModel === model)
      .map(({ name, path, sha256, scale }) => ({ name, path, sha256, scale }))

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

  function toServe(model: string, row: Pick<Row, 'contextTokensWish' | 'sequencesWish'>): ModelToServe {
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
      adapters: adaptersOf(model),
      ...(defaults ? { samplingDefaults: defaults } : {}),
      ...(row.contextTokensWish ? { contextTokens: row.contextTokensWish } : {}),
      ...(row.sequencesWish ? { sequences: row.sequencesWish } : {}),
    }
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
    const wishes = wish
      ? { contextTokensWish: wish.contextTokens ?? null, sequencesWish: wish.sequences ?? null }
      : { contextTokensWish: row.contextTokensWish, sequencesWish: row.sequencesWish }
    const served = toServe(model, wishes)
    if (row.planSha256 === served.sha256 && !wish) engines.rememberPlan(served, planOf(row))
    // A wish that cannot be met changes nothing: the engine that runs goes when it is sure that another one fits.
    const plan = await planWithRoom(served, running?.memoryBytes ?? 0)
    if (running) await engines.stop(running.engineId)
    const view = await engines.start(served, plan)
    const [kept] = await db
      .update(deployment)
      .set({
        ...wishes,
        planSha256: served.sha256,
        planContextTokens: plan.contextTokens,
        planSequences: plan.sequences,
        planWeightsBytes: plan.weightsBytes,
        planContextBytes: plan.contextBytes,
        planMemoryBytes: plan.memoryBytes,
      })
      .where(eq(deployment.model, model))
      .returning()
    if (kept) rows.set(model, kept)
    log.info({ model, engineId: view.engineId, plan }, 'a model is loaded')
    changed()
    return view
  }

  /**
   * The plan, after making room for it where that is needed and possible.
   * @param heldBytes what the model's own engine holds, which will have gone
   */
  async function planWithRoom(served: ModelToServe, heldBytes: number): Promise<MemoryPlan> {
    try {
      return await engines.plan(served, heldBytes)
    } catch (error) {
      if (!(error instanceof MemoryExceeded)) throw error
      const missing = error.data.neededBytes - error.data.freeBytes
      const victims = chooseVictims(await candidates(served.name), missing)
      if (!victims) throw error
      for (const victim of victims) {
        log.info({ model: victim.model, for: served.name }, 'a model is unloaded to make room')
        await unloadNow(victim.model)
      }
      return engines.plan(served, heldBytes)
    }
  }

  async function candidates(except: string): Promise<Candidate[]> {
    const others = engines.list().filter((engine) => engine.model !== except && engine.state === 'ready')
    return Promise.all(
      others.map(async (engine) => {
        const stats = await engines.stats(engine.engineId)
        return {
          model: engine.model,
          memoryBytes: engine.memoryBytes,
          lastUsedAtMs: lastUsedAtMs.get(engine.model) ?? rows.get(engine.model)?.lastUsedAt.getTime() ?? 0,
          busy: stats === null || stats.running + stats.waiting > 0,
        }
      }),
    )
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

  /** Keeps a speed that beats the known one, if the engine's own steps allow it. */
  async function noteSpeed(model: string, use: ModelUse): Promise<void> {
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
  }

  function inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }

  return {
    /** Takes over running engines, then loads again what was loaded before, most recently used first. */
    async restore(): Promise<void> {
      for (const row of await db.select().from(deployment).orderBy(desc(deployment.lastUsedAt)))
        rows.set(row.model, row)
      for (const { model, speedTokensPerSecond, speedSha256, speedAt } of rows.values())
        if (speedTokensPerSecond !== null && speedSha256 !== null && speedAt !== null)
          speeds.set(model, {
            tokensPerSecond: speedTokensPerSecond,
            sha256: speedSha256,
            atMs: speedAt.getTime(),
          })
      for (const row of await db.select().from(deploymentAdapter)) adapters.set(row.name, row)
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
        await this.load(row.model).catch((error) =>
          log.error({ err: error, model: row.model }, 'a model that was loaded before does not load'),
        )
      }
    },

    /**
     * Serves a model: makes room, starts an engine, resolves when it answers. Loading what is loaded changes nothing,
     * unless a wish says otherwise.
     * @throws ModelUnknown, NoWeights, MemoryExceeded, ModelNotServable, EngineCrashed
     */
    load(model: string, wish?: LoadWish): Promise<EngineView> {
      const base = baseOf(model)
      const already = loading.get(base)
      if (already && !wish) return already
      const mine = inTurn(() => loadNotingTrouble(base, wish)).finally(() => loading.delete(base))
      loading.set(base, mine)
      return mine
    },

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
        speeds.delete(model)
      }),

    /**
     * What loading it would take, before anybody does.
     * @param exactly asks the engine library where the weights are here, which costs a second the first time; else it is
     *   computed from the facts
     * @throws ModelUnknown, ContextTooLong, ModelNotServable
     */
    estimate: (model: string, wish: LoadWish & { precision?: Precision }, exactly: boolean): Promise<LoadEstimate> =>
      estimateLoad({ catalog, engines, candidates, toServe }, model, wish, exactly),

    /** Engines with what they do, in the order in which they were started. As of the last look (`refresh`). */
    replicas: (): Replica[] =>
      engines.list().map((engine) => replicaOf(engine, throughput.of(engine.engineId), troubles.get(engine.model))),

    /** Looks at what replicas do, unless somebody did within the last second. */
    refresh: (): Promise<void> => throughput.refresh(),

    /** What all replicas do together. As of the last look. */
    totalLoad: (): TotalLoad => throughput.total(),

    /** The best speed of one stream that real use showed lately; null = none. */
    measuredSpeed(model: string): MeasuredSpeed | null {
      const kept = speeds.get(model)
      return kept && kept.sha256 === catalog.weightsOf(model)?.sha256 ? kept : null
    },

    /** Why its last load failed; null where it did not, or where it was loaded or unloaded since. */
    troubleOf: (model: string): LoadTrouble | null => troubles.get(model) ?? null,

    /** Memory that its own engine takes now, 0 where there is none. */
    heldBytes: (model: string): number => engineOf(model)?.memoryBytes ?? 0,

    /**
     * Serves a LoRA adapter (GGUF) beside its base, under its own name. A base that runs is not restarted; one that does
     * not is loaded.
     * @throws ModelUnknown, NameTaken, AdapterRefused, and whatever `load` throws
     */
    async addAdapter(adapter: AdapterSpec, baseModel: string): Promise<void> {
      catalog.getModel(baseModel)
      if (adapters.has(adapter.name) || catalog.knows(adapter.name)) throw new NameTaken({ name: adapter.name })
      // Only an engine can tell whether an adapter fits its base, and one kept untried would keep the base from loading.
      const { engineId } = await this.load(baseModel)
      await engines.addAdapter(engineId, adapter)
      const [row] = await db
        .insert(deploymentAdapter)
        .values({ ...adapter, baseModel, createdAt: new Date(clock.nowMs()) })
        .onConflictDoNothing()
        .returning()
      if (!row) throw new NameTaken({ name: adapter.name })
      adapters.set(row.name, row)
      changed()
    },

    async removeAdapter(name: string): Promise<void> {
      const [row] = await db.delete(deploymentAdapter).where(eq(deploymentAdapter.name, name)).returning()
      if (!row) throw new AdapterUnknown({ name })
      adapters.delete(name)
      changed()
      const engine = engineOf(row.baseModel)
      if (engine?.state === 'ready') await engines.removeAdapter(engine.engineId, name)
    },

    adapters: (): AdapterRow[] => [...adapters.values()],

    /** Every name that a client may use: each model whose weights are here, and each adapter of one. */
    routes(): Route[] {
      const bases = catalog.modelsWithWeights().flatMap((facts): Route[] => {
        if (!isServed(facts.task)) return []
        const engine = engineOf(facts.id)
        const row = rows.get(facts.id)
        return [
          {
            model: facts.id,
            adapter: null,
            deploymentId: row?.id ?? `dep_${facts.id}`,
            task: facts.task,
            contextTokens: engine?.contextTokens ?? row?.planContextTokens ?? facts.contextTokens,
            createdAtMs: catalog.weightsOf(facts.id)?.arrivedAtMs ?? 0,
            ownedBy: facts.ownedBy,
            replicas:
              engine?.state === 'ready'
                ? [{ engineId: engine.engineId, speaks: engine.speaks, socketPath: engine.socketPath }]
                : [],
          },
        ]
      })
      const byModel = new Map(bases.map((route) => [route.model, route]))
      const tuned = [...adapters.values()].flatMap((row) => {
        const base = byModel.get(row.baseModel)
        return base ? [{ ...base, model: row.name, adapter: row.name, createdAtMs: row.createdAt.getTime() }] : []
      })
      return [...bases, ...tuned]
    },

    /** Told of each use, so that the least recently used model and its speed are known; written down now and then. */
    noteUse(use: ModelUse): void {
      const base = baseOf(use.model)
      lastUsedAtMs.set(base, Math.max(use.startedAtMs, lastUsedAtMs.get(base) ?? 0))
      if (catalog.knows(base))
        noteSpeed(base, use).catch((error) => log.warn({ err: error, model: base }, 'a speed could not be noted'))
    },

    async saveUse(): Promise<void> {
      for (const row of [...rows.values()]) {
        const usedAtMs = lastUsedAtMs.get(row.model) ?? 0
        const speed = speeds.get(row.model)
        const isFaster = speed !== undefined && speed.atMs !== row.speedAt?.getTime()
        if (usedAtMs <= row.lastUsedAt.getTime() && !isFaster) continue
        const [saved] = await db
          .update(deployment)
          .set({
            lastUsedAt: new Date(Math.max(usedAtMs, row.lastUsedAt.getTime())),
            ...(speed
              ? {
                  speedTokensPerSecond: speed.tokensPerSecond,
                  speedSha256: speed.sha256,
                  speedAt: new Date(speed.atMs),
                }
              : {}),
          })
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

/** Whether an engine here runs models of this task. */
export function isServed(task: ModelTask): task is 'chat' | 'embedding' {
  return task === 'chat' || task === 'embedding'
}

function planOf(row: Row): MemoryPlan {
  return {
    contextTokens: row.planContextTokens ?? 0,
    sequences: row.planSequences ?? 0,
    weightsBytes: row.planWeightsBytes ?? 0,
    contextBytes: row.planContextBytes ?? 0,
    memoryBytes: row.planMemoryBytes ?? 0,
  }
}
