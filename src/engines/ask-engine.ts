/** What control asks and tells an engine over its socket, beside the requests of clients. */
import { SocketSilent, socketRequest } from '../platform/socket-request.ts'
import type { EngineHealth, EngineStats } from './engine-wire.ts'
import { EngineRefused } from './errors.ts'
import type { Running } from './running-engine.ts'

/** Null where nobody answers. */
export async function healthOf(socketPath: string): Promise<EngineHealth | null> {
  const answer = await ask(socketPath, '/health')
  if (answer === null) return null
  if ('state' in answer.body) return answer.body as EngineHealth
  // llama.cpp's own server: 200 {"status":"ok"}, or 503 {"error":…} while it loads.
  return { state: answer.status === 200 ? 'ready' : 'loading' }
}

/** Null where nobody answers, or a server that keeps no such figures. */
export async function statsOf(socketPath: string): Promise<EngineStats | null> {
  const answer = await ask(socketPath, '/stats')
  return answer?.status === 200 ? (answer.body as EngineStats) : null
}

/** @throws EngineRefused with the engine's own words where it says no */
export async function tell(engine: Running, method: 'POST' | 'DELETE', path: string, body?: unknown): Promise<void> {
  const answer = await socketRequest(engine.spec.socketPath, method, path, body === undefined ? {} : { body })
  if (answer.status < 300) return
  const { error } = answer.body as { error?: { code: string; message: string } }
  if (error && answer.status < 500)
    throw new EngineRefused({ model: engine.spec.modelName, reason: error.message, cause: error.code })
  throw new Error(`The engine of ${engine.spec.modelName} answered ${answer.status} to ${method} ${path}.`)
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
