import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { EngineSpec } from '../engines/engine-wire.ts'
import type { DataFolder } from '../platform/data-folder.ts'
import { Child } from './child.ts'
import type { LogFile } from './log-file.ts'
import type { EngineCommand, FromSupervisor, RunningEngine } from './messages.ts'

type Entry = { spec: EngineSpec; command: EngineCommand; child: Child }

/** The engine processes: started as control asks, and kept running through control's own restarts. */
export class Engines {
  readonly #entries = new Map<string, Entry>()
  readonly #options: { folder: DataFolder; log: (name: string) => LogFile; onExit: (message: FromSupervisor) => void }

  constructor(options: {
    folder: DataFolder
    log: (name: string) => LogFile
    onExit: (message: FromSupervisor) => void
  }) {
    this.#options = options
  }

  start(spec: EngineSpec, command: EngineCommand): void {
    if (this.#entries.has(spec.engineId)) return
    const child = new Child({
      name: spec.engineId,
      command: command.kind === 'embedded' ? process.execPath : command.command,
      arguments: command.kind === 'embedded' ? [ENGINE_HOST] : command.arguments,
      environment: () => ({
        TRADEWIND_ENGINE_SPEC: JSON.stringify(entry.spec),
        // One libuv thread: decoding then stays on one native thread, which more than doubles its speed on two cores.
        UV_THREADPOOL_SIZE: '1',
        // An abort in native code would otherwise look for a debugger before it ends.
        GGML_NO_BACKTRACE: '1',
      }),
      ipc: false,
      log: this.#options.log(`engine-${spec.modelName.replaceAll(/[^a-zA-Z0-9.-]/g, '_')}`),
      onExit: ({ code, signal, restartInMs }) => {
        if (restartInMs === null) this.#entries.delete(spec.engineId)
        this.#options.onExit({ type: 'engine.exited', engineId: spec.engineId, code, signal, restartInMs })
      },
    })
    const entry: Entry = { spec, command, child }
    this.#entries.set(spec.engineId, entry)
    child.start()
  }

  /** Keeps what an engine is to be started with the next time. */
  update(spec: EngineSpec): void {
    const entry = this.#entries.get(spec.engineId)
    if (entry) entry.spec = spec
  }

  async stop(engineId: string, withinMs: number): Promise<void> {
    const entry = this.#entries.get(engineId)
    if (!entry) return
    await entry.child.stop(withinMs)
    // One that was killed, or is not ours, leaves it there.
    rmSync(entry.spec.socketPath, { force: true })
    this.#entries.delete(engineId)
  }

  restart(engineId: string): void {
    this.#entries.get(engineId)?.child.restart()
  }

  async stopAll(withinMs: number): Promise<void> {
    await Promise.all([...this.#entries.keys()].map((engineId) => this.stop(engineId, withinMs)))
  }

  killAll(): void {
    for (const { child } of this.#entries.values()) child.kill()
  }

  list(): RunningEngine[] {
    return [...this.#entries.values()].map(({ spec, command, child }) => ({
      spec,
      command,
      pid: child.pid,
      restarts: child.restarts,
      startedAtMs: child.startedAtMs,
    }))
  }
}

const ENGINE_HOST = fileURLToPath(new URL('../../engine-host/main.ts', import.meta.url))
