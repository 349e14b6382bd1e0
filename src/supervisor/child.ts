/**
 * One process that should be running. Started again with back-off when it dies, until `stop()`.
 *
 * A child learns that its parent is gone by the end of its standard input (engines) or of its IPC channel (control and
 * workers), so that nothing outlives a killed supervisor. Children share the terminal's process group and ignore its
 * Ctrl-C: only the supervisor hears it, and ends them in order.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { BackOff } from './back-off.ts'
import type { LogFile } from './log-file.ts'
import type { FromSupervisor, ToSupervisor } from './messages.ts'

export type ChildOptions = {
  name: string
  command: string
  arguments: string[]
  /** Asked at each start, over the supervisor's own. */
  environment: () => Record<string, string>
  /** Whether the child is a Node process that talks over IPC. */
  ipc: boolean
  log: LogFile
  onMessage?: (message: ToSupervisor) => void
  /** Just before it is started again; `ended` is the signal or exit code of its last life. */
  onRestart?: (ended: string | number | null) => void
  /** `restartInMs` is null when it was told to stop. */
  onExit?: (exit: { code: number | null; signal: NodeJS.Signals | null; restartInMs: number | null }) => void
}

export class Child {
  readonly name: string
  readonly #options: ChildOptions
  readonly #backOff = new BackOff()
  #process: ChildProcess | null = null
  #restartTimer: NodeJS.Timeout | null = null
  #stopping = false
  #ended: Promise<void> = Promise.resolve()
  startedAtMs = 0
  restarts = 0

  constructor(options: ChildOptions) {
    this.name = options.name
    this.#options = options
  }

  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  start(): void {
    const { command, arguments: argv, environment, ipc, log } = this.#options
    const child = spawn(command, argv, {
      env: { ...process.env, ...environment() },
      stdio: ipc ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe'],
      serialization: 'json',
    })
    this.#process = child
    this.startedAtMs = Date.now()
    child.stdout?.on('data', (chunk: Buffer) => log.write(chunk))
    child.stderr?.on('data', (chunk: Buffer) => log.write(chunk))
    child.on('message', (message) => this.#options.onMessage?.(message as ToSupervisor))
    let settle: () => void
    this.#ended = new Promise((resolve) => {
      settle = resolve
    })
    let over = false
    const exited = (code: number | null, signal: NodeJS.Signals | null) => {
      if (over) return
      over = true
      this.#process = null
      settle()
      this.#restartOrEnd(code, signal)
    }
    child.on('exit', exited)
    child.on('error', (error) => {
      log.write(Buffer.from(`${JSON.stringify({ level: 'error', process: this.name, msg: error.message })}\n`))
      if (child.pid === undefined) exited(null, null)
    })
  }

  send(message: FromSupervisor): void {
    // A child that is just dying has no channel any more; what it would have heard, its successor asks for.
    if (this.#process?.connected) this.#process.send(message, () => undefined)
  }

  /** Asks it to end, and ends it after `withinMs`. Resolves when it is gone. */
  async stop(withinMs: number): Promise<void> {
    this.#stopping = true
    if (this.#restartTimer) clearTimeout(this.#restartTimer)
    const child = this.#process
    if (!child) return
    child.kill('SIGTERM')
    const killer = setTimeout(() => child.kill('SIGKILL'), withinMs)
    await this.#ended
    clearTimeout(killer)
  }

  /** Ends it at once; it is started again like one that died. */
  restart(): void {
    this.#process?.kill('SIGKILL')
  }

  kill(): void {
    this.#stopping = true
    this.#process?.kill('SIGKILL')
  }

  #restartOrEnd(code: number | null, signal: NodeJS.Signals | null): void {
    const restartInMs = this.#stopping ? null : this.#backOff.nextMs(Date.now() - this.startedAtMs)
    if (restartInMs !== null) {
      this.#restartTimer = setTimeout(() => {
        this.restarts++
        this.#options.onRestart?.(signal ?? code)
        this.start()
      }, restartInMs)
    }
    this.#options.onExit?.({ code, signal, restartInMs })
  }
}
