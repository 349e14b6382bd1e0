/**
 * The pulls: queued, run, settled. Owns the table catalog_pull.
 *
 *   queue ─► row queued ─► runNext ─► bringWeights ─► settle: row done and artefact written, or neither
 *                 ▲  pause, resume, cancel: the row first, then the running fetch is told
 *                 └─ resumeUnfinished, after a start: what the last process left running
 *
 * The row decides and not what this process remembers: every move is one conditional UPDATE. A pull outlives the
 * process; it goes on from the part on disk.
 */
import { and, desc, eq, inArray, isNotNull, lt } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { type Arrival, bringWeights, forgetPart, type Progress } from './arrival.ts'
import type { Artefacts } from './artefacts.ts'
import { IllegalPullMove, PullUnknown } from './errors.ts'
import { precisionOf } from './facts-from-header.ts'
import type { GgufHeader } from './gguf-header.ts'
import { modelHeaderOf } from './model-header-check.ts'
import type { PullPlan } from './plan-pull.ts'
import { OPEN_STATES, type PullState, statesBefore } from './pull-state.ts'
import { type Pull, showPull } from './show-pull.ts'
import { type Place, placeName, type Source } from './source.ts'
import { catalogPull, type PullRow } from './tables.ts'

export type PullsDeps = {
  db: Db
  weightsFolder: string
  sources: { [K in Place['kind']]: Source }
  artefacts: Artefacts
  freeBytesOf: (folder: string) => Promise<number>
  clock: Clock
  log: Log
}

export type PullPage = {
  /** 50 unless asked, 200 at most. */
  limit?: number
  /** Id that an earlier page ended with. */
  before?: string
  states?: PullState[]
  model?: string
}

type Running = { abort: AbortController; progress: Progress | null; savedAtMs: number; ended: Promise<void> }

const PULLS_AT_ONCE = 2
const SAVE_PROGRESS_EVERY_MS = 2000

export function createPulls({ db, weightsFolder, sources, artefacts, freeBytesOf, clock, log }: PullsDeps) {
  const running = new Map<string, Running>()
  const listeners = new Set<(pull: Pull) => void>()
  let closing = false

  const now = () => new Date(clock.nowMs())
  const show = (row: PullRow): Pull => showPull(row, running.get(row.id)?.progress ?? null)

  function tell(row: PullRow): void {
    for (const listener of listeners) listener(show(row))
  }

  async function pullRow(id: string): Promise<PullRow> {
    const [row] = await db.select().from(catalogPull).where(eq(catalogPull.id, id))
    if (!row) throw new PullUnknown({ pull: id })
    return row
  }

  /** Moves a pull if its state in the database allows it; the condition decides, not what we last read. */
  async function move(id: string, to: PullState, also: Partial<PullRow> = {}): Promise<PullRow> {
    const [row] = await db
      .update(catalogPull)
      .set({ ...also, state: to, updatedAt: now() })
      .where(and(eq(catalogPull.id, id), inArray(catalogPull.state, statesBefore(to))))
      .returning()
    if (!row) throw new IllegalPullMove({ pull: id, from: (await pullRow(id)).state, to })
    tell(row)
    return row
  }

  async function openPullOf(model: string): Promise<PullRow | null> {
    const [row] = await db
      .select()
      .from(catalogPull)
      .where(and(eq(catalogPull.model, model), inArray(catalogPull.state, [...OPEN_STATES])))
    return row ?? null
  }

  /** Asked again after a failure: what came then is continued. A failed pull of another file gives its part up. */
  async function failedPullToResume(model: string, place: Place): Promise<string | null> {
    const failed = await db
      .select()
      .from(catalogPull)
      .where(and(eq(catalogPull.model, model), eq(catalogPull.state, 'failed')))
      .orderBy(desc(catalogPull.id))
    const same = (await openPullOf(model)) ? undefined : failed.find((row) => placeName(row.place) === placeName(place))
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
    const queued = await db
      .select()
      .from(catalogPull)
      .where(eq(catalogPull.state, 'queued'))
      .orderBy(catalogPull.createdAt)
    for (const row of queued) {
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
    db.update(catalogPull)
      .set({ bytesDone: progress.bytesDone, bytesTotal: progress.bytesTotal, updatedAt: now() })
      .where(eq(catalogPull.id, row.id))
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
    const at = now()
    const settled = await db.transaction(async (tx) => {
      const [done] = await tx
        .update(catalogPull)
        .set({ state: 'done', bytesDone: bytes, bytesTotal: bytes, updatedAt: at })
        .where(and(eq(catalogPull.id, row.id), inArray(catalogPull.state, ['running', 'paused'])))
        .returning()
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
      const at = now()
      const again = await failedPullToResume(plan.model, plan.place)
      const [row] = again
        ? await db
            .update(catalogPull)
            .set({ ...plan, state: 'queued', errorCode: null, errorMessage: null, updatedAt: at })
            .where(and(eq(catalogPull.id, again), eq(catalogPull.state, 'failed')))
            .returning()
        : await db
            .insert(catalogPull)
            .values({ ...plan, id: newId('pull', at.getTime()), state: 'queued', createdAt: at, updatedAt: at })
            .onConflictDoNothing()
            .returning()
      const open = row ?? (await openPullOf(plan.model))
      if (!open) throw new Error(`The open pull of ${plan.model} ended while it was asked for again.`)
      if (row) tell(row)
      await runNext()
      return show(await pullRow(open.id))
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
      return show(await pullRow(id))
    },

    async cancel(id: string): Promise<Pull> {
      const row = await move(id, 'cancelled')
      await stopFetch(id)
      await forgetPart(weightsFolder, id)
      return show(row)
    },

    one: async (id: string): Promise<Pull> => show(await pullRow(id)),

    async page({ limit = 50, before, states, model }: PullPage = {}): Promise<Pull[]> {
      const rows = await db
        .select()
        .from(catalogPull)
        .where(
          and(
            before === undefined ? undefined : lt(catalogPull.id, before),
            states === undefined ? undefined : inArray(catalogPull.state, states),
            model === undefined ? undefined : eq(catalogPull.model, model),
          ),
        )
        .orderBy(desc(catalogPull.id))
        .limit(Math.min(200, limit))
      return rows.map(show)
    },

    /** Per model, the open pull or the last that failed. */
    async unfinished(): Promise<Map<string, Pull>> {
      const rows = await db
        .select()
        .from(catalogPull)
        .where(inArray(catalogPull.state, [...OPEN_STATES, 'failed']))
        .orderBy(catalogPull.createdAt)
      return new Map(rows.map((row) => [row.model, show(row)]))
    },

    async licenceAcceptance(model: string): Promise<{ by: string; atMs: number } | null> {
      const [row] = await db
        .select({ by: catalogPull.licenceAcceptedBy, at: catalogPull.licenceAcceptedAt })
        .from(catalogPull)
        .where(and(eq(catalogPull.model, model), isNotNull(catalogPull.licenceAcceptedAt)))
        .orderBy(desc(catalogPull.id))
        .limit(1)
      return row?.by && row.at ? { by: row.by, atMs: row.at.getTime() } : null
    },

    async settled(id: string): Promise<Pull> {
      const isOpen = (state: PullState) => state === 'queued' || state === 'running'
      const waiting = Promise.withResolvers<void>()
      const listener = (pull: Pull) => {
        if (pull.id === id && !isOpen(pull.state)) waiting.resolve()
      }
      listeners.add(listener)
      try {
        if (isOpen((await pullRow(id)).state)) await waiting.promise
      } finally {
        listeners.delete(listener)
      }
      return show(await pullRow(id))
    },

    onProgress(listener: (pull: Pull) => void): () => void {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },

    async resumeUnfinished(): Promise<void> {
      await db.update(catalogPull).set({ state: 'queued', updatedAt: now() }).where(eq(catalogPull.state, 'running'))
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
