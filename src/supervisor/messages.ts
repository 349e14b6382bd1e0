/**
 * What control and the supervisor say to each other over the IPC channel of the child process. Types only.
 *
 * The supervisor is the parent of every process and knows no database: control tells it which engines to run, and it
 * keeps them running. What it knows survives a restart of control, which asks for `engines.list` when it comes back.
 */
import type { EngineSpec } from '../engines/engine-wire.ts'

/** `embedded`: our engine host. `llama-server`: llama.cpp's own server, started by the given command. */
export type EngineCommand = { kind: 'embedded' } | { kind: 'llama-server'; command: string; arguments: string[] }

export type ToSupervisor =
  | { type: 'engine.start'; spec: EngineSpec; command: EngineCommand }
  /** What it is to be started with if it dies: adapters and threads change while it runs. */
  | { type: 'engine.update'; spec: EngineSpec }
  | { type: 'engine.stop'; engineId: string }
  /** It does not answer any more: end it at once and start it again. */
  | { type: 'engine.restart'; engineId: string }
  | { type: 'engines.list' }
  /** For the person at the terminal. */
  | { type: 'say'; lines: string[] }
  | { type: 'progress'; label: string; bytesDone: number; bytesTotal: number; bytesPerSecond: number }
  | { type: 'progress.end' }
  /** Sent once by control (database open, routes pushed) and by each worker (listening, snapshot held). */
  | { type: 'ready' }
  /** Control cannot go on and a restart would not help; the supervisor prints it and ends everything. */
  | { type: 'fatal'; message: string }

export type FromSupervisor =
  | { type: 'engines'; engines: RunningEngine[]; workers: RunningWorker[] }
  | { type: 'engine.exited'; engineId: string; code: number | null; signal: string | null; restartInMs: number | null }

export type RunningEngine = {
  spec: EngineSpec
  command: EngineCommand
  pid: number | null
  restarts: number
  startedAtMs: number
}
export type RunningWorker = { name: string; pid: number | null; restarts: number; ready: boolean }
