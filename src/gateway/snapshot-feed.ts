/**
 * Control's side of the snapshot: builds it from the doors below, pushes it whole to each connected worker on every
 * change, and knows which version each worker has in force, so that whoever revokes a key can wait until it is true
 * everywhere.
 */
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Snapshot, SnapshotKey, SnapshotRoute, SnapshotSafety } from './snapshot.ts'

/** One worker's open answer. */
export type SnapshotReader = {
  worker: string
  write(line: string): void
  /** Ends the answer, so that its worker looks for the next control. */
  end?(): void
}

export type SnapshotFeedDeps = {
  keys: () => Promise<SnapshotKey[]>
  routes: () => SnapshotRoute[]
  /** Names that lead to several routes, and routes that take nothing new. */
  routing: () => Pick<Snapshot, 'aliases' | 'draining'>
  /** What projects have looked for; absent = nothing. */
  safety?: () => SnapshotSafety[]
  clock: Clock
  log: Log
}

const SIGN_OF_LIFE_MS = 5_000

export type SnapshotFeed = ReturnType<typeof createSnapshotFeed>

export function createSnapshotFeed({ keys, routes, routing, safety, clock, log }: SnapshotFeedDeps) {
  const readers = new Set<SnapshotReader>()
  const seen = new Map<string, number>()
  const waiting = new Set<() => void>()
  // Microseconds since the epoch: above the last version of any control before this one, and a safe integer until 2255.
  let version = clock.nowMs() * 1_000
  let line = ''
  let building: Promise<void> | null = null
  let again = false

  const alive = setInterval(() => {
    for (const reader of readers) reader.write('\n')
  }, SIGN_OF_LIFE_MS)
  alive.unref()

  async function build(): Promise<void> {
    const found = await keys()
    const rest = { ...routing(), routes: routes(), safety: safety?.() ?? [] }
    const snapshot: Snapshot = { version: ++version, keys: found, ...rest }
    line = `${JSON.stringify(snapshot)}\n`
    for (const reader of readers) reader.write(line)
  }

  /** Many changes at once become one snapshot; a change during a build becomes another one after it. */
  function push(): Promise<void> {
    if (building) {
      again = true
      return building.then(() => (again ? push() : undefined))
    }
    again = false
    building = build().finally(() => {
      building = null
    })
    return building
  }

  return {
    /** Tells all workers how things are now. Resolves when it is written to them, which is not yet "in force". */
    async push(): Promise<void> {
      await push().catch((error) =>
        log.error({ err: error }, 'the snapshot could not be built; workers keep the last one'),
      )
    },

    /** Adds a worker's open answer and writes the present state to it. @returns a function that removes it */
    async connect(reader: SnapshotReader): Promise<() => void> {
      if (line === '') await push()
      readers.add(reader)
      reader.write(line)
      return () => {
        readers.delete(reader)
        seen.delete(reader.worker)
        for (const check of [...waiting]) check()
      }
    },

    noteSeen(worker: string, seenVersion: number): void {
      seen.set(worker, Math.max(seenVersion, seen.get(worker) ?? 0))
      for (const check of [...waiting]) check()
    },

    /**
     * Pushes and waits until every connected worker has it in force.
     * @returns how many workers have it, and how many are connected
     */
    async inForceEverywhere(withinMs = 2_000): Promise<{ inForce: number; workers: number }> {
      await push()
      const wanted = version
      const count = () => [...readers].filter((reader) => (seen.get(reader.worker) ?? 0) >= wanted).length
      await new Promise<void>((resolve) => {
        const timer = setTimeout(done, withinMs)
        const check = () => {
          if (count() === readers.size) done()
        }
        function done() {
          clearTimeout(timer)
          waiting.delete(check)
          resolve()
        }
        waiting.add(check)
        check()
      })
      return { inForce: count(), workers: readers.size }
    },

    workers: (): { worker: string; version: number }[] =>
      [...readers].map(({ worker }) => ({ worker, version: seen.get(worker) ?? 0 })),

    close(): void {
      clearInterval(alive)
      for (const reader of readers) reader.end?.()
      readers.clear()
    },
  }
}
