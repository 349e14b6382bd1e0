/**
 * The pulls: queued, run, settled.
 *
 *   queue ─► row queued ─► runNext ─► bringWeights ─► settle: row done and artefact written, or neither
 *                 ▲  pause, resume, cancel: the row first, then the running fetch is told
 *                 └─ resumeUnfinished, after a start: what the last process left running
 *
 * The row decides and not what this process remembers (`pull-rows.ts`). A pull outlives the process; it goes on from the
 * part on disk.
 */
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { AppError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'
import { type Arrival, bringWeights, forgetPart, type Progress } from './arrival.ts'
import type { Artefacts } from './artefacts.ts'
import { IllegalPullMove } from './errors.ts'
import { precisionOf } from './facts-from-header.ts'
import type { GgufHeader } from './gguf-header.ts'
import { modelHeaderOf } from './model-header-check.ts'
import type { PullPlan } from './plan-pull.ts'
import { createPullRows, type PullPage } from './pull-rows.ts'
import type { PullState } from './pull-state.ts'
import { type Pull, showPull } from './show-pull.ts'
import { type Place, placeName, type Source } from './source.ts'
import type { PullRow } from './tables.ts'

export type PullsDeps = {
  db: Db
  weightsFolder: string
  sources: { [K in Place['kind']]: Source }
  artefacts: Artefacts
  freeBytesOf: (folder: string) => Promise<number>
  clock: Clock
  log: Log
}

type Running = { abort: AbortController; progress: Progress | null; savedAtMs: number; ended: Promise<void> }

const PULLS_AT_ONCE = 2
const SAVE_PROGRESS_EVERY_MS = 2000

export function createPulls({ db, weightsFolder, sources, artefacts, freeBytesOf, clock, log }: PullsDeps) {
  const rows = createPullRows({ db, clock })
  const running = new Map<string, Running>()
  const listeners = new Set<(pull: Pull) => void>()
  let closing = false

  const show = (row: PullRow): Pull => showPull(row, running.get(row.id)?.progress ?? null)

  function tell(row: PullRow): void {
    for (const listener of listeners) listener(show(row))
  }

  async function move(id: string, to: PullState, also: Partial<PullRow> = {}): Promise<PullRow> {
    const row = await rows.move(id, to, also)
    tell(row)
    return row
  }

  /** Asked again after a failure: what came then is continued. A failed pull of another file gives its part up. */
  async function failedPullToResume(model: string, place: Place): Promise<string | null> {
    const failed = await rows.failedOf(model)
    const isOpen = (await rows.openOf(model)) !== null
    const same = isOpen ? undefined : failed.find((row) => placeName(row.place) === placeName(place))
    for (const row of failed) {
      if (row.id === same?.id) continue
      await move(row.id, 'cancelled')
      await forgetPart(weightsFolder, row.id)
    }
    return same?.id ?? null
  }

  /** Starts queued pulls, oldest first, up to the number that may run at once. */
  async function runNext(): Promise<void> {
    if (closing || running.size >= PULLS_AT_ONCE) return
    for (const row of await rows.queued()) {
      if (closing || running.size >= PULLS_AT_ONCE) return
      if (running.has(row.id)) continue
      const abort = new AbortController()
      const entry: Running = { abort, progress: null, savedAtMs: clock.nowMs(), ended: Promise.resolve() }
      running.set(row.id, entry)
      entry.ended = run(row, entry)
        .catch((error) => log.error({ err: error, pull: row.id }, 'a pull could not be written down'))
        .finally(async () => {
          running.delete(row.id)
          await runNext().catch((error) => log.error({ err: error }, 'the next pull could not be started'))
        })
    }
  }

  async function run(queuedRow: PullRow, entry: Running): Promise<void> {
    const row = await move(queuedRow.id, 'running', { errorCode: null, errorMessage: null }).catch((error) => {
      if (error instanceof IllegalPullMove) return null // paused or cancelled just now
      throw error
    })
    if (row === null) return
    try {
      const arrival = await bringWeights({
        source: sources[row.place.kind],
        place: row.place,
        promisedSha256: row.promisedSha256,
        folder: weightsFolder,
        key: row.id,
        signal: entry.abort.signal,
        onProgress: (progress) => noteProgress(row, entry, progress),
        freeBytesOf,
      })
      await settle(row, arrival)
    } catch (error) {
      if (entry.abort.signal.aborted) return // whoever told it to stop has written the state
      await fail(row, error)
    }
  }

  function noteProgress(row: PullRow, entry: Running, progress: Progress): void {
    entry.progress = progress
    tell(row)
    if (clock.nowMs() - entry.savedAtMs < SAVE_PROGRESS_EVERY_MS || progress.phase !== 'fetching') return
    entry.savedAtMs = clock.nowMs()
    rows
      .saveProgress(row.id, progress.bytesDone, progress.bytesTotal)
      .catch((error) => log.warn({ err: error, pull: row.id }, 'progress of a pull could not be saved'))
  }

  /** The pull is done and the artefact is here, or neither. */
  async function settle(row: PullRow, arrival: Arrival): Promise<void> {
    const { sha256, kind, bytes, found } = arrival
    let header: GgufHeader
    try {
      header = modelHeaderOf(arrival.checked, found.fileName)
    } catch (error) {
      await artefacts.removeUnlessUsed(sha256, kind)
      throw error
    }
    const at = new Date(clock.nowMs())
    const settled = await db.transaction(async (tx) => {
      const done = await rows.markDone(tx, row.id, bytes, at)
      if (!done) return null
      const artefact = await artefacts.write(tx, row.model, {
        sha256,
        kind: 'gguf',
        bytes,
        precision: row.facts ? precisionOf(header.mainType) : row.precision,
        fileName: found.fileName,
        place: row.place,
        revision: found.revision,
        hashWasPromised: arrival.hashWasPromised,
        facts: row.facts,
        createdAt: at,
      })
      return { done, artefact }
    })
    if (settled === null) return artefacts.removeUnlessUsed(sha256, kind) // cancelled at the last moment
    await artefacts.keep(settled.artefact)
    log.info({ model: row.model, sha256, bytes }, 'weights arrived')
    tell(settled.done)
    artefacts.tellChanged()
  }

  async function fail(row: PullRow, error: unknown): Promise<void> {
    const isExpected = error instanceof AppError
    if (!isExpected) log.error({ err: error, pull: row.id, model: row.model }, 'a pull failed unexpectedly')
    const errorCode = isExpected ? error.code : 'internal'
    const errorMessage = isExpected ? error.message : `Something unexpected: ${(error as Error).message}`
    const { bytesDone = row.bytesDone, bytesTotal = row.bytesTotal } = running.get(row.id)?.progress ?? {}
    await move(row.id, 'failed', { errorCode, errorMessage, bytesDone, bytesTotal }).catch((moved) => {
      if (!(moved instanceof IllegalPullMove)) throw moved
    })
  }

  /** Tells a running fetch to stop, and waits until it has. */
  async function stopFetch(id: string): Promise<void> {
    const entry = running.get(id)
    entry?.abort.abort()
    await entry?.ended
  }

  return {
    /** Queues what is planned and starts it if it may; while a pull of the same model is open, that one is returned. */
    async queue(plan: PullPlan): Promise<Pull> {
      const again = await failedPullToResume(plan.model, plan.place)
      const row = again ? await rows.queueAgain(again, plan) : await rows.insert(plan)
      const open = row ?? (await rows.openOf(plan.model))
      if (!open) throw new Error(`The open pull of ${plan.model} ended while it was asked for again.`)
      if (row) tell(row)
      await runNext()
      return show(await rows.one(open.id))
    },

    async pause(id: string): Promise<Pull> {
      const came = running.get(id)?.progress
      const row = await move(id, 'paused', came ? { bytesDone: came.bytesDone, bytesTotal: came.bytesTotal } : {})
      await stopFetch(id)
      return show(row)
    },

    async resume(id: string): Promise<Pull> {
      await move(id, 'queued', { errorCode: null, errorMessage: null })
      await runNext()
      return show(await rows.one(id))
    },

    async cancel(id: string): Promise<Pull> {
      const row = await move(id, 'cancelled')
      await stopFetch(id)
      await forgetPart(weightsFolder, id)
      return show(row)
    },

    one: async (id: string): Promise<Pull> => show(await rows.one(id)),

    page: async (wanted: PullPage = {}): Promise<Pull[]> => (await rows.page(wanted)).map(show),

    /** Per model, the open pull or the last that failed. */
    async unfinished(): Promise<Map<string, Pull>> {
      return new Map((await rows.unfinished()).map((row) => [row.model, show(row)]))
    },

    licenceAcceptance: rows.licenceAcceptance,

    async settled(id: string): Promise<Pull> {
      const isOpen = (state: PullState) => state === 'queued' || state === 'running'
      const waiting = Promise.withResolvers<void>()
      const listener = (pull: Pull) => {
        if (pull.id === id && !isOpen(pull.state)) waiting.resolve()
      }
      listeners.add(listener)
      try {
        if (isOpen((await rows.one(id)).state)) await waiting.promise
      } finally {
        listeners.delete(listener)
      }
      return show(await rows.one(id))
    },

    onProgress(listener: (pull: Pull) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    async resumeUnfinished(): Promise<void> {
      await rows.queueRunning()
      await runNext()
    },

    async close(): Promise<void> {
      closing = true
      const entries = [...running.values()]
      for (const entry of entries) entry.abort.abort()
      await Promise.all(entries.map((entry) => entry.ended))
    },
  }
}
