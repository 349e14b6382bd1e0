/**
 * Keeps the worker's keys and routes as control last said them.
 *
 * One request to control stays open and brings a snapshot a line. While control is away the last one stays in force, so
 * that known keys and loaded models keep working; the stream is sought again, quickly at first, since at boot workers
 * are there before control is.
 */
import { StringDecoder } from 'node:string_decoder'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { ControlClient } from './control-client.ts'
import { createHooksKeeper, type HooksInForce } from './hooks/hooks-in-force.ts'
import { createKeyRing, type KeyRing } from './key-ring.ts'
import { createRouteTable, type RouteTable } from './route-table.ts'
import type { Snapshot } from './snapshot.ts'

/** A snapshot made ready for use. Replaced whole, never changed. */
export type InForce = {
  version: number
  keys: KeyRing
  routes: RouteTable
  /** Of projects that want their requests or answers looked through; null = none does. */
  hooks: HooksInForce
  snapshot: Snapshot
  sinceMs: number
}

export type Snapshots = {
  /** Null until the first came. */
  current(): InForce | null
  /** Calls back with each new snapshot, after it is in force. @returns a function that stops it */
  onChange(listener: (inForce: InForce) => void): () => void
  isConnected(): boolean
}

/** Control sends at least a blank line every 5 s. */
const SILENCE_MS = 15_000
const RETRY_MS_FIRST = 50
const RETRY_MS_MAX = 200

export function createSnapshotClient({ control, clock, log }: { control: ControlClient; clock: Clock; log: Log }) {
  const listeners = new Set<(inForce: InForce) => void>()
  let inForce: InForce | null = null
  let connected = false
  let stopped = false
  let retryMs = RETRY_MS_FIRST
  let retry: NodeJS.Timeout | null = null
  let stream: { abort(reason: Error): void } | null = null

  const hooksOf = createHooksKeeper()
  const putInForce = (snapshot: Snapshot) => {
    inForce = {
      version: snapshot.version,
      keys: createKeyRing(snapshot.keys, clock),
      routes: createRouteTable(snapshot),
      hooks: hooksOf(snapshot.safety),
      snapshot,
      sinceMs: clock.nowMs(),
    }
    log.debug(
      { version: snapshot.version, keys: snapshot.keys.length, routes: snapshot.routes.length },
      'snapshot in force',
    )
    for (const listener of [...listeners]) listener(inForce)
    control.seen(snapshot.version).catch((error) => log.debug({ error: String(error) }, 'snapshot not acknowledged'))
  }

  const takeLine = (line: string) => {
    if (line.trim() === '') return // a sign of life
    putInForce(JSON.parse(line) as Snapshot)
    retryMs = RETRY_MS_FIRST
  }

  const connectLater = (reason: string) => {
    if (connected && !stopped) log.warn({ reason }, 'lost the snapshot stream of control; keeping the last snapshot')
    connected = false
    stream = null
    if (stopped || retry !== null) return
    retry = setTimeout(connect, retryMs)
    retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)
  }

  const connect = () => {
    retry = null
    let rest = ''
    const decoder = new StringDecoder('utf8')
    control.pool.dispatch(
      {
        method: 'GET',
        path: `/internal/snapshot?worker=${encodeURIComponent(control.worker)}`,
        headersTimeout: SILENCE_MS,
        bodyTimeout: SILENCE_MS,
      },
      {
        onRequestStart(controller) {
          stream = controller
          if (stopped) controller.abort(new Error('the worker is stopping'))
        },
        onResponseStart(controller, status) {
          if (status === 200) connected = true
          else if (status > 200) controller.abort(new Error(`control answered ${status}`))
        },
        onResponseData(_controller, chunk) {
          const lines = (rest + decoder.write(chunk)).split('\n')
          rest = lines.pop() ?? ''
          lines.forEach(takeLine)
        },
        onResponseEnd: () => connectLater('control ended the stream'),
        onResponseError: (_controller, error) => connectLater(error.message),
      },
    )
  }

  return {
    current: () => inForce,
    isConnected: () => connected,
    onChange(listener: (inForce: InForce) => void) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start: connect,
    stop() {
      stopped = true
      if (retry !== null) clearTimeout(retry)
      stream?.abort(new Error('the worker is stopping'))
    },
  }
}
