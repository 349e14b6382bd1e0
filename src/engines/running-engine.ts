/** What is known of one engine: as this house keeps it, and as others see it. */
import type { EngineCommand } from '../supervisor/messages.ts'
import type { EngineHealth, EngineSpec, EngineTask } from './engine-wire.ts'

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

export type Running = {
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

/** Whether it knows our lifecycle routes and headers. */
export function isOurs(engine: Running): boolean {
  return engine.command.kind === 'embedded'
}

export function view(engine: Running): EngineView {
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
