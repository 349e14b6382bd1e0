/** Watches an engine over its socket: until it is ready, and then whether it still answers. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { healthOf } from './ask-engine.ts'
import type { Running } from './running-engine.ts'

const HEALTH_POLL_MS = 40
const WATCH_MS = 5_000
/** Longer than any single step of a large model on a slow machine. */
const SILENT_MS_MAX = 60_000

export type EngineWatchDeps = {
  clock: Clock
  log: Log
  /** Whether it is still one of those that run. */
  isRunning: (engine: Running) => boolean
  /** Its state has changed. */
  changed: () => void
  /** It hangs. */
  restart: (engine: Running) => void
}

export function createEngineWatch({ clock, log, isRunning, changed, restart }: EngineWatchDeps) {
  async function watchUntilReady(engine: Running, signal: AbortSignal, isTakenOver: boolean): Promise<void> {
    while (!signal.aborted) {
      const health = await healthOf(engine.spec.socketPath)
      if (signal.aborted) return
      if (health && health.state !== 'loading') {
        engine.health = health
        engine.state = health.state
        if (health.state === 'ready') {
          engine.failedLoads = 0
          // One that was taken over has been answering since it was started, not since we looked.
          engine.readySinceMs = engine.restarts === 0 && isTakenOver ? engine.startedAtMs : clock.nowMs()
          void watchWhileReady(engine, signal)
        }
        return changed()
      }
      await sleep(HEALTH_POLL_MS)
    }
  }

  /** An engine that hangs would hold its requests for ever: one that has not answered for a while is started anew. */
  async function watchWhileReady(engine: Running, signal: AbortSignal): Promise<void> {
    let silentSince: number | null = null
    while (!signal.aborted && isRunning(engine)) {
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
      return restart(engine)
    }
  }

  /** Begins a life's watch, which `engine.watch` ends. */
  return function watch(engine: Running, isTakenOver = false): void {
    engine.watch = new AbortController()
    void watchUntilReady(engine, engine.watch.signal, isTakenOver)
  }
}
