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
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { EstimateAnswer, EstimateQuestion } from '../../engine-host/estimate.ts'
import type { Clock } from '../platform/clock.ts'
import type { EngineConfig } from '../platform/config.ts'
import { type DataFolder, sockets } from '../platform/data-folder.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { SocketSilent, socketRequest } from '../platform/socket-request.ts'
import type { EngineCommand, RunningEngine } from '../supervisor/messages.ts'
import { chooseShape, shapesFor } from './context-shape.ts'
import type {
  AdapterSpec,
  EngineHealth,
  EngineSpec,
  EngineStats,
  EngineTask,
  ReasoningParser,
  SamplingDefaults,
  ToolParser,
} from './engine-wire.ts'
import {
  AdaptersUnsupported,
  ContextTooLong,
  EngineCrashed,
  EngineRefused,
  MemoryExceeded,
  ModelNotServable,
} from './errors.ts'
import { engineCommand } from './llama-server.ts'
import { sweepPrefixFolders } from './prefix-folders.ts'
import type { SupervisorLink } from './supervisor-link.ts'
import { threadShare } from './thread-share.ts'

/** A model with its weights on this disk, and how it wants to be run. */
export type ModelToServe = {
  name: string
  task: EngineTask
  path: string
  sha256: string
  toolParser: ToolParser
  reasoningParser: ReasoningParser
  adapters: AdapterSpec[]
  samplingDefaults?: SamplingDefaults
  /** Wishes; absent = chosen by what fits. */
  contextTokens?: number
  sequences?: number
}

export type EngineView = {
  engineId: string
  model: string
  /** Of its weights. */
  sha256: string
  state: 'loading' | 'ready' | 'failed'
  socketPath: string
  /** Our engine host, or another server that speaks OpenAI's API and none of our headers. */
  speaks: 'tradewind' | 'openai'
  task: EngineTask
  contextTokens: number
  sequences: number
  threads: number
  /** Names of those that are served beside the model. */
  adapters: string[]
  /** Estimated before loading: weights, context and the process itself. */
  memoryBytes: number
  pid: number | null
  restarts: number
  startedAtMs: number
  /** Since when it answers, without a break; null = it does not. */
  readySinceMs: number | null
  /** Told to end, and finishing what it has. */
  isStopping: boolean
  /** How its last process ended by itself; null = none did. */
  lastExit: EngineExitSeen | null
  health: EngineHealth | null
}

export type EngineExitSeen = { code: number | null; signal: string | null; atMs: number }

export type MemoryPlan = {
  contextTokens: number
  sequences: number
  weightsBytes: number
  contextBytes: number
  memoryBytes: number
}

export type EnginesDeps = {
  link: SupervisorLink
  config: EngineConfig
  folder: DataFolder
  /** Memory of the machine that a new process could take, now and in all; bytes. */
  machineMemory: () => Promise<{ totalBytes: number; availableBytes: number }>
  log: Log
  clock: Clock
}

/** Node, the library and its buffers, beside weights and context. Measured: 110–130 MB. */
const PROCESS_BYTES = 130e6
/** Left to the system and to the rest of Tradewind. */
const RESERVE_BYTES = 1.5e9
const BATCH_TOKENS = 512
const ESTIMATE_MS_MAX = 30_000
const LOADS_TRIED = 3
const HEALTH_POLL_MS = 40
const WATCH_MS = 5_000
/** Longer than any single step of a large model on a slow machine. */
const SILENT_MS_MAX = 60_000

type Running = {
  spec: EngineSpec
  command: EngineCommand
  state: EngineView['state']
  health: EngineHealth | null
  memoryBytes: number
  /** Exits in a row without having been ready. */
  failedLoads: number
  pid: number | null
  restarts: number
  startedAtMs: number
  readySinceMs: number | null
  isStopping: boolean
  lastExit: EngineExitSeen | null
  /** Ends the polling of an earlier life. */
  watch: AbortController
}

export type Engines = Awaited<ReturnType<typeof createEngines>>

export async function createEngines({ link, config, folder, machineMemory, log, clock }: EnginesDeps) {
  const running = new Map<string, Running>()
  const listeners = new Set<() => void>()
  const plans = new Map<string, MemoryPlan>()
  const changed = () => {
    for (const listener of listeners) listener()
  }

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
    watchUntilReady(engine)
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
    watchUntilReady(engine, seen !== undefined)
    return engine
  }

  function watchUntilReady(engine: Running, isTakenOver = false): void {
    const watch = new AbortController()
    engine.watch = watch
    void (async () => {
      while (!watch.signal.aborted) {
        const health = await healthOf(engine.spec.socketPath)
        if (watch.signal.aborted) return
        if (health && health.state !== 'loading') {
          engine.health = health
          engine.state = health.state
          if (health.state === 'ready') {
            engine.failedLoads = 0
            // One that was taken over has been answering since it was started, not since we looked.
            engine.readySinceMs = engine.restarts === 0 && isTakenOver ? engine.startedAtMs : clock.nowMs()
            void watchWhileReady(engine, watch.signal)
          }
          return changed()
        }
        await sleep(HEALTH_POLL_MS)
      }
    })()
  }

  /** An engine that hangs would hold its requests for ever: one that has not answered for a while is started anew. */
  async function watchWhileReady(engine: Running, signal: AbortSignal): Promise<void> {
    let silentSince: number | null = null
    while (!signal.aborted && running.get(engine.spec.engineId) === engine) {
      await sleep(WATCH_MS, undefined, { ref: false })
      if (signal.aborted || (await healthOf(engine.spec.socketPath)) !== null) {
        silentSince = null
        continue
      }
      silentSince ??= clock.nowMs()
      if (clock.nowMs() - silentSince < SILENT_MS_MAX) continue
      log.error(
        { engineId: engine.spec.engineId, model: engine.spec.modelName },
        'an engine does not answer and is started anew',
      )
      link.send({ type: 'engine.restart', engineId: engine.spec.engineId })
      return
    }
  }

  async function memory(): Promise<{ budgetBytes: number; freeBytes: number; usedBytes: number }> {
    const { totalBytes, availableBytes } = await machineMemory()
    const usedBytes = [...running.values()].reduce((sum, engine) => sum + engine.memoryBytes, 0)
    const budgetBytes = config.memoryBytesMax ?? Math.max(0, totalBytes - RESERVE_BYTES)
    // What the machine says is available counts too: others may have filled it. Memory that our own engines were
    // promised but have not touched yet is still shown as available, so the smaller of the two views is the true one.
    const freeBytes = Math.max(
      0,
      Math.min(budgetBytes - usedBytes, config.memoryBytesMax ? Number.POSITIVE_INFINITY : availableBytes),
    )
    return { budgetBytes, freeBytes, usedBytes }
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

  async function tell(engine: Running, method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<void> {
    const answer = await socketRequest(engine.spec.socketPath, method, path, body === undefined ? {} : { body })
    if (answer.status < 300) return
    const { error } = answer.body as { error?: { code: string; message: string } }
    if (error && answer.status < 500)
      throw new EngineRefused({ model: engine.spec.modelName, reason: error.message, cause: error.code })
    throw new Error(`The engine of ${engine.spec.modelName} answered ${answer.status} to ${method} ${path}.`)
  }

  const door = {
    /**
     * What the model would take here, with the context it would get. Kept per file and wish, since asking costs a second.
     * @throws ModelNotServable for a file that no engine could load
     * @throws ContextTooLong for a wish beyond what the model was made for
     * @throws MemoryExceeded when not even the smallest context fits into what is free
     */
    async plan(model: ModelToServe, freeBytesHeld = 0): Promise<MemoryPlan> {
      const key = `${model.sha256} ${model.contextTokens ?? ''} ${model.sequences ?? ''}`
      const { budgetBytes, freeBytes } = await memory()
      const room = freeBytes + freeBytesHeld
      const known = plans.get(key)
      if (known && known.memoryBytes <= room) return known
      const plan = await makePlan(model, { freeBytes: room, budgetBytes })
      plans.set(key, plan)
      return plan
    },

    /** Remembers a plan made in an earlier life, so that a restart need not ask again. */
    rememberPlan(model: ModelToServe, plan: MemoryPlan): void {
      plans.set(`${model.sha256} ${model.contextTokens ?? ''} ${model.sequences ?? ''}`, plan)
    },

    /**
     * Starts one engine and resolves when it answers.
     * @throws MemoryExceeded, ModelNotServable, EngineCrashed
     */
    async start(model: ModelToServe, plan: MemoryPlan): Promise<EngineView> {
      const engineId = newId('eng', clock.nowMs())
      const spec: EngineSpec = {
        engineId,
        socketPath: sockets.engine(folder, engineId),
        modelPath: model.path,
        modelSha256: model.sha256,
        modelName: model.name,
        task: model.task,
        threads: threadShare(config.threadsTotal, running.size + 1),
        sequences: plan.sequences,
        contextTokens: plan.contextTokens,
        batchTokens: BATCH_TOKENS,
        prefillChunkTokens: 128,
        gpu: config.gpu,
        ...(gpuLibraryInstalled(folder) ? { gpuLibraryFolder: folder.gpuLibrary } : {}),
        adapters: model.adapters,
        toolParser: model.toolParser,
        reasoningParser: model.reasoningParser,
        ...(model.samplingDefaults ? { samplingDefaults: model.samplingDefaults } : {}),
        ...(config.spillBytesMax > 0
          ? { spill: { folder: join(folder.prefixes, model.sha256), bytesMax: config.spillBytesMax } }
          : {}),
      }
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

    memory,

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

async function makePlan(model: ModelToServe, room: { freeBytes: number; budgetBytes: number }): Promise<MemoryPlan> {
  const first = shapesFor(Number.MAX_SAFE_INTEGER, model)
  const answer = await estimate({ modelPath: model.path, shapes: first, batchTokens: BATCH_TOKENS })
  if ('error' in answer)
    throw new ModelNotServable({ model: model.name, reason: answer.error.message, cause: answer.error.code })
  const longest = answer.trainedContextTokens
  if (model.contextTokens && longest > 0 && model.contextTokens > longest)
    throw new ContextTooLong({ model: model.name, wantedTokens: model.contextTokens, longestTokens: longest })
  // Shapes longer than the model was trained for are not asked for again: their figures bound the shorter ones from above.
  const shapes = first.map((shape) => ({
    ...shape,
    contextTokens:
      answer.trainedContextTokens > 0
        ? Math.min(shape.contextTokens, answer.trainedContextTokens)
        : shape.contextTokens,
  }))
  const weightsBytes = answer.weightsBytes + PROCESS_BYTES
  const choice = chooseShape(shapes, answer.contextBytes, weightsBytes, room)
  if ('neededBytes' in choice) throw new MemoryExceeded({ model: model.name, ...room, neededBytes: choice.neededBytes })
  return {
    ...choice.shape,
    weightsBytes: answer.weightsBytes,
    contextBytes: choice.contextBytes,
    memoryBytes: weightsBytes + choice.contextBytes,
  }
}

/** Whether `npm run gpu` put a GPU build of the engine library into the data folder. */
export function gpuLibraryInstalled(folder: DataFolder): boolean {
  return existsSync(join(folder.gpuLibrary, 'node_modules', 'node-llama-cpp'))
}

/** Asks in a process of its own: a hostile file may take the native reader down, and then only that process. */
function estimate(question: EstimateQuestion): Promise<EstimateAnswer> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [ESTIMATE, JSON.stringify(question)], { stdio: ['ignore', 'pipe', 'ignore'] })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    const timer = setTimeout(() => child.kill('SIGKILL'), ESTIMATE_MS_MAX)
    const broken = (message: string) => resolve({ error: { code: 'engine.model_broken', message } })
    child.on('error', (error) => broken(`the file could not be examined: ${error.message}`))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')) as EstimateAnswer)
      } catch {
        broken(`the file takes its reader down (${signal ?? `exit ${code}`}), so it is not loaded.`)
      }
    })
  })
}

const ESTIMATE = fileURLToPath(new URL('../../engine-host/estimate.ts', import.meta.url))

/** Null where nobody answers. */
async function healthOf(socketPath: string): Promise<EngineHealth | null> {
  const answer = await ask(socketPath, '/health')
  if (answer === null) return null
  if ('state' in answer.body) return answer.body as EngineHealth
  // llama.cpp's own server: 200 {"status":"ok"}, or 503 {"error":…} while it loads.
  return { state: answer.status === 200 ? 'ready' : 'loading' }
}

/** Null where nobody answers, or a server that keeps no such figures. */
async function statsOf(socketPath: string): Promise<EngineStats | null> {
  const answer = await ask(socketPath, '/stats')
  return answer?.status === 200 ? (answer.body as EngineStats) : null
}

async function ask(socketPath: string, path: string): Promise<{ status: number; body: object } | null> {
  try {
    const { status, body } = await socketRequest(socketPath, 'GET', path, { timeoutMs: 2_000 })
    return { status, body: typeof body === 'object' && body !== null ? body : {} }
  } catch (error) {
    if (error instanceof SocketSilent) return null
    throw error
  }
}

/** Whether it knows our lifecycle routes and headers. */
function isOurs(engine: Running): boolean {
  return engine.command.kind === 'embedded'
}

function view(engine: Running): EngineView {
  const { spec, state, health, memoryBytes, pid, restarts, startedAtMs, readySinceMs, isStopping, lastExit } = engine
  return {
    engineId: spec.engineId,
    model: spec.modelName,
    sha256: spec.modelSha256,
    state,
    socketPath: spec.socketPath,
    speaks: isOurs(engine) ? 'tradewind' : 'openai',
    task: spec.task,
    contextTokens: health?.model?.contextTokens ?? spec.contextTokens,
    sequences: spec.sequences,
    threads: spec.threads,
    adapters: spec.adapters.map((adapter) => adapter.name),
    memoryBytes,
    pid,
    restarts,
    startedAtMs,
    readySinceMs,
    isStopping,
    lastExit,
    health,
  }
}
