/**
 * One engine host: a process that holds one model and speaks OpenAI-compatible HTTP on a Unix socket.
 *
 *   TRADEWIND_ENGINE_SPEC (JSON EngineSpec) ─► listen at once, state `loading` ─► open the engine ─► `ready`
 *                                                                              └► `failed`: stays up to say why
 *
 * It ends when its standard input ends, because then its parent is gone, and on SIGTERM: running requests get a bounded
 * time, the engine is disposed so that prefixes reach the disk, exit code 0.
 *
 * The parent starts it with UV_THREADPOOL_SIZE=1: decoding then always runs on the same native thread, which on two
 * cores is the difference between 40 and 110 tokens per second. So nothing in this process may use libuv's pool while
 * it serves. The variable has to be set before the process starts, hence by the parent.
 */
import { chmodSync, rmSync } from 'node:fs'
import type { EngineSpec } from '../src/engines/engine-wire.ts'
import { createEngineServer, type LogLine } from './server.ts'
import { EngineError, type TokenEngine } from './token-engine.ts'

/** How long running requests may still take after SIGTERM. */
const DRAIN_MS_MAX = 20_000

function log(line: LogLine): void {
  process.stdout.write(`${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`)
}

function readSpec(): EngineSpec {
  const text = process.env.TRADEWIND_ENGINE_SPEC
  if (text === undefined) {
    throw new Error('TRADEWIND_ENGINE_SPEC is not set: an engine host is started by the supervisor, with its spec.')
  }
  return JSON.parse(text) as EngineSpec
}

const spec = readSpec()
const server = createEngineServer({ spec, nowMs: Date.now, log })
let engine: TokenEngine | null = null
let ending = false

async function end(reason: string, drainMsMax: number): Promise<void> {
  if (ending) return
  ending = true
  log({ level: 'info', event: 'engine-closing', engineId: spec.engineId, reason })
  await server.close(drainMsMax)
  await engine?.dispose()
  process.exit(0)
}

process.on('SIGTERM', () => void end('SIGTERM', DRAIN_MS_MAX))
// Ctrl-C reaches the whole process group; the supervisor decides, and says so with SIGTERM.
process.on('SIGINT', () => {})
process.stdin.on('end', () => void end('parent gone', 0))
process.stdin.on('error', () => void end('parent gone', 0))
process.stdin.resume()

if (process.env.UV_THREADPOOL_SIZE !== '1') {
  log({ level: 'warn', event: 'thread-pool', message: 'UV_THREADPOOL_SIZE is not 1: decoding will be slower.' })
}

rmSync(spec.socketPath, { force: true })
server.http.listen(spec.socketPath, () => {
  chmodSync(spec.socketPath, 0o600)
  log({ level: 'info', event: 'engine-listening', engineId: spec.engineId, socketPath: spec.socketPath })
})

try {
  const startedMs = Date.now()
  const { openEngine } = await import('./native/open-engine.ts')
  engine = await openEngine(spec, { log: (message) => log({ level: 'warn', event: 'engine-note', message }) })
  server.ready(engine)
  log({
    level: 'info',
    event: 'engine-ready',
    engineId: spec.engineId,
    model: spec.modelName,
    architecture: engine.facts.architecture,
    path: engine.path,
    loadMs: Date.now() - startedMs,
  })
} catch (error) {
  const code = error instanceof EngineError ? error.code : 'engine.model_broken'
  const message = error instanceof Error ? error.message : String(error)
  server.failed(code, message)
  log({ level: 'error', event: 'engine-failed', engineId: spec.engineId, code, message })
}
