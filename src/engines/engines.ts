/**
 * Engines: start, stop, where does it listen, is it well. Owns no table: what runs is the supervisor's to know, and what
 * should run is the deployments house's.
 *
 *   deployments ──start──► engines ──IPC──► supervisor ──spawn──► engine host
 *                             └──GET /health over its socket, until ready or failed
 *
 * An engine that dies is started again by the supervisor; here it turns `loading` and then `ready` again, and whoever
 * listens to `onChange` moves its traffic meanwhile.
 */
import { join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import type { EngineConfig } from '../platform/config.ts'
import type { DataFolder } from '../platform/data-folder.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import type { EngineCommand, RunningEngine } from '../supervisor/messages.ts'
import { statsOf, tell } from './ask-engine.ts'
import { engineSpec, gpuLibraryInstalled } from './engine-spec.ts'
import type { AdapterSpec, EngineSpec, EngineStats } from './engine-wire.ts'
import { AdaptersUnsupported, EngineCrashed, ModelNotServable } from './errors.ts'
import { engineCommand } from './llama-server.ts'
import {
  createMemoryPlans,
  type MemoryPlan,
  type MemoryPlansDeps,
  type MemoryRoom,
  type ModelToServe,
  PROCESS_BYTES,
} from './plan-memory.ts'
import { sweepPrefixFolders } from './prefix-folders.ts'
import { type EngineView, isOurs, type Running, view } from './running-engine.ts'
import type { SupervisorLink } from './supervisor-link.ts'
import { threadShare } from './thread-share.ts'
import { createEngineWatch } from './watch-engine.ts'

export type { EngineView, MemoryPlan, ModelToServe }
export { gpuLibraryInstalled }

export type EnginesDeps = {
  link: SupervisorLink
  config: EngineConfig
  folder: DataFolder
  machineMemory: MemoryPlansDeps['machineMemory']
  log: Log
  clock: Clock
}

const LOADS_TRIED = 3

export type Engines = Awaited<ReturnType<typeof createEngines>>

export async function createEngines({ link, config, folder, machineMemory, log, clock }: EnginesDeps) {
  const running = new Map<string, Running>()
  const listeners = new Set<() => void>()
  const changed = () => {
    for (const listener of listeners) listener()
  }
  const plans = createMemoryPlans({
    config,
    machineMemory,
    promisedBytes: () => [...running.values()].reduce((sum, engine) => sum + engine.memoryBytes, 0),
  })
  const watch = createEngineWatch({
    clock,
    log,
    isRunning: (engine) => running.get(engine.spec.engineId) === engine,
    changed,
    restart: ({ spec }) => link.send({ type: 'engine.restart', engineId: spec.engineId }),
  })

  link.onEngineExit(({ engineId, code, signal, restartInMs }) => {
    const engine = running.get(engineId)
    if (!engine) return
    engine.watch.abort()
    engine.readySinceMs = null
    if (restartInMs === null) {
      log.info({ engineId, model: engine.spec.modelName }, 'an engine was ended')
      running.delete(engineId)
      return changed()
    }
    log.warn({ engineId, model: engine.spec.modelName, code, signal, restartInMs }, 'an engine died')
    engine.failedLoads = engine.state === 'loading' ? engine.failedLoads + 1 : 1
    engine.restarts++
    engine.lastExit = { code, signal, atMs: clock.nowMs() }
    if (engine.failedLoads >= LOADS_TRIED) {
      engine.state = 'failed'
      link.send({ type: 'engine.stop', engineId })
      return changed()
    }
    engine.state = 'loading'
    changed()
    watch(engine)
  })

  function register(spec: EngineSpec, command: EngineCommand, memoryBytes: number, seen?: RunningEngine): Running {
    const engine: Running = {
      spec,
      command,
      state: 'loading',
      health: null,
      memoryBytes,
      failedLoads: 0,
      pid: seen?.pid ?? null,
      restarts: seen?.restarts ?? 0,
      startedAtMs: seen?.startedAtMs ?? clock.nowMs(),
      readySinceMs: null,
      isStopping: false,
      lastExit: null,
      watch: new AbortController(),
    }
    running.set(spec.engineId, engine)
    watch(engine, seen !== undefined)
    return engine
  }

  async function shareThreads(): Promise<void> {
    const threads = threadShare(config.threadsTotal, running.size)
    await Promise.all(
      [...running.values()]
        .filter((engine) => engine.spec.threads !== threads)
        .map(async (engine) => {
          engine.spec.threads = threads
          link.send({ type: 'engine.update', spec: engine.spec })
          if (isOurs(engine) && engine.state === 'ready') await tell(engine, 'POST', '/threads', { threads })
        }),
    )
  }

  const door = {
    /**
     * What the model would take here, with the context it would get. Kept per file and wish, since asking costs a second.
     * @throws ModelNotServable for a file that no engine could load
     * @throws ContextTooLong for a wish beyond what the model was made for
     * @throws MemoryExceeded when not even the smallest context fits into what is free
     */
    plan: (model: ModelToServe, freeBytesHeld = 0): Promise<MemoryPlan> => plans.plan(model, freeBytesHeld),

    /** Remembers a plan made in an earlier life, so that a restart need not ask again. */
    rememberPlan: plans.remember,

    /**
     * Starts one engine and resolves when it answers.
     * @throws MemoryExceeded, ModelNotServable, EngineCrashed
     */
    async start(model: ModelToServe, plan: MemoryPlan): Promise<EngineView> {
      const engineId = newId('eng', clock.nowMs())
      const threads = threadShare(config.threadsTotal, running.size + 1)
      const spec = engineSpec(engineId, model, plan, { config, folder, threads })
      const command = await engineCommand(config.llamaServer, spec)
      const engine = register(spec, command, plan.memoryBytes)
      link.send({ type: 'engine.start', spec, command })
      changed()
      await door.settled(engineId)
      await shareThreads()
      return view(engine)
    },

    /** Resolves when the engine is ready. @throws ModelNotServable, EngineCrashed (and forgets the engine) */
    async settled(engineId: string): Promise<void> {
      const engine = running.get(engineId)
      if (!engine) throw new Error(`There is no engine ${engineId}.`)
      while (engine.state === 'loading' && running.get(engineId) === engine) await nextChange()
      if (engine.state === 'ready') return
      running.delete(engineId)
      link.send({ type: 'engine.stop', engineId })
      changed()
      const { error } = engine.health ?? {}
      if (error && engine.health?.state === 'failed')
        throw new ModelNotServable({ model: engine.spec.modelName, reason: error.message, cause: error.code })
      throw new EngineCrashed({
        model: engine.spec.modelName,
        times: LOADS_TRIED,
        logPath: join(folder.logs, `engine-${engine.spec.modelName}.log`),
      })
    },

    /** Lets running requests finish for some seconds, then ends the process. */
    async stop(engineId: string): Promise<void> {
      const engine = running.get(engineId)
      if (!engine) return
      engine.isStopping = true
      link.send({ type: 'engine.stop', engineId })
      changed()
      while (running.has(engineId)) await nextChange()
      await shareThreads()
    },

    /**
     * Takes over what runs already: an earlier control left it, or the supervisor began to load it beside this one.
     * @param memoryOf bytes that were planned for a model; null = unknown
     * @returns the engines found
     */
    async adopt(memoryOf: (model: string) => number | null): Promise<EngineView[]> {
      const { engines } = await link.list()
      for (const seen of engines) {
        register(seen.spec, seen.command, memoryOf(seen.spec.modelName) ?? PROCESS_BYTES, seen)
      }
      if (engines.length > 0) changed()
      return [...running.values()].map(view)
    },

    list: (): EngineView[] => [...running.values()].map(view),

    /** Counters and gauges of one engine; null where it does not answer. */
    stats: (engineId: string): Promise<EngineStats | null> => {
      const engine = running.get(engineId)
      return engine ? statsOf(engine.spec.socketPath) : Promise.resolve(null)
    },

    async addAdapter(engineId: string, adapter: AdapterSpec): Promise<void> {
      const engine = running.get(engineId)
      if (!engine) return
      if (!isOurs(engine)) throw new AdaptersUnsupported({ model: engine.spec.modelName })
      await tell(engine, 'POST', '/adapters', adapter)
      engine.spec.adapters.push(adapter)
      link.send({ type: 'engine.update', spec: engine.spec })
    },

    async removeAdapter(engineId: string, name: string): Promise<void> {
      const engine = running.get(engineId)
      if (!engine) return
      await tell(engine, 'DELETE', `/adapters/${encodeURIComponent(name)}`)
      engine.spec.adapters = engine.spec.adapters.filter((adapter) => adapter.name !== name)
      link.send({ type: 'engine.update', spec: engine.spec })
    },

    /** Forgets what engines remember of prompts: of a project (`salt`), or of one key in it (`share`). */
    async forgetPrefixes(salt: string, share: string | null): Promise<void> {
      const query = new URLSearchParams({ salt, ...(share === null ? {} : { share }) })
      await Promise.allSettled(
        [...running.values()]
          .filter((engine) => isOurs(engine) && engine.state === 'ready')
          .map((engine) => tell(engine, 'DELETE', `/prefixes?${query}`)),
      )
    },

    /**
     * Deletes spilled prefixes that none of `kept` may have, whether or not an engine runs.
     * @param kept salt and share of each live key whose project allows content on disk
     * @returns folders deleted
     */
    sweepPrefixes: (kept: readonly { salt: string; share: string }[]): number =>
      sweepPrefixFolders(folder.prefixes, kept),

    /** What is left for models, now. */
    memory: (): Promise<MemoryRoom> => plans.room(),

    /** Called after any engine appeared, changed state or went. */
    onChange(listener: () => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return door

  function nextChange(): Promise<void> {
    return new Promise((resolve) => {
      const listener = () => {
        listeners.delete(listener)
        resolve()
      }
      listeners.add(listener)
    })
  }
}
