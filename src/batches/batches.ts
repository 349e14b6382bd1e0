/** The door: batches of requests. Owns table batch, and the folder `batches` where what became of their lines is kept. */
import { and, count, desc, eq, inArray, lt, sql } from 'drizzle-orm'
import type { Files, StoredFile } from '../files/files.ts'
import type { Identity } from '../identity/identity.ts'
import { type Caller, type KeyCaller, may, requireMay } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { type BatchRow, createBatchRows } from './batch-rows.ts'
import { type BatchStatus, isOpen, mayCancel, OPEN } from './batch-state.ts'
import type { Endpoint } from './check-lines.ts'
import {
  BatchEnded,
  BatchUnknown,
  InputPurposeWrong,
  InputUnknown,
  NoResults,
  TooManyBatches,
  WindowRefused,
} from './errors.ts'
import type { ModelLoad } from './room.ts'
import { createBatchRunner } from './run-batches.ts'
import type { LineSender } from './send-line.ts'
import { batch } from './tables.ts'

export type Batch = BatchRow

/** A batch as a page shows it. */
export type BatchView = Batch & {
  keyName: string | null
  inputFile: StoredFile | null
  outputFile: StoredFile | null
  errorFile: StoredFile | null
  allowed: ('cancel' | 'download')[]
}

export type CreateBatch = {
  inputFileId: string
  endpoint: Endpoint
  completionWindow: string
  metadata: Record<string, string> | null
  outputExpiresAfterS: number | null
}

export type BatchesDeps = {
  db: Db
  clock: Clock
  log: Log
  identity: Pick<Identity, 'audit' | 'organizations' | 'names'>
  files: Files
  sender: LineSender
  /** What the engines of a model do right now; null = it has none here. */
  loadOf: (model: string) => Promise<ModelLoad | null>
  folder: string
  /** Lines of all batches that may be asked at once. */
  linesMax: number
  /** Of one project, not ended. */
  openMax?: number
}

const WINDOW_HOURS_MAX = 336
const HOUR_MS = 60 * 60_000

export type Batches = ReturnType<typeof createBatches>

export function createBatches(deps: BatchesDeps) {
  const { db, clock, identity, files, openMax = 100 } = deps
  const { audit } = identity
  const rows = createBatchRows({ db, clock })
  const runner = createBatchRunner({ ...deps, rows })

  return {
    /**
     * Queues a batch of the key's project. Its lines are checked later: what is wrong with them is in `errors` of the batch.
     * @throws InputUnknown · InputPurposeWrong · WindowRefused · TooManyBatches
     */
    async create(caller: KeyCaller, wanted: CreateBatch): Promise<Batch> {
      const { organizationId, projectId, keyId } = caller
      requireMay(caller, 'batches.create', { organizationId, projectId })
      const windowMs = windowMsOf(wanted.completionWindow)
      const input = await files.ofProject(projectId, wanted.inputFileId)
      if (input === null) throw new InputUnknown({ file: wanted.inputFileId })
      if (input.purpose !== 'batch') throw new InputPurposeWrong({ file: input.id, purpose: input.purpose })
      const atMs = clock.nowMs()
      const row = await db.transaction(async (tx) => {
        const [open] = await tx
          .select({ batches: count() })
          .from(batch)
          .where(and(eq(batch.projectId, projectId), inArray(batch.status, OPEN)))
        if (open !== undefined && open.batches >= openMax) throw new TooManyBatches({ batches: open.batches })
        const [made] = await tx
          .insert(batch)
          .values({
            ...wanted,
            id: newId('batch', atMs),
            organizationId,
            projectId,
            keyId,
            inputFilename: input.filename,
            status: 'validating',
            createdAt: new Date(atMs),
            expiresAt: new Date(atMs + windowMs),
          })
          .returning()
        return made!
      })
      runner.take(row)
      return row
    },

    /** @throws BatchUnknown */
    get: async (caller: Caller, id: string): Promise<Batch> => live(await find(caller, id)),

    /** Batches of the key's project, newest first. */
    async list(caller: KeyCaller, { limit, after }: Page): Promise<{ data: Batch[]; hasMore: boolean }> {
      const { organizationId, projectId } = caller
      requireMay(caller, 'batches.read', { organizationId, projectId })
      const found = await select(projectId, null, { limit, after })
      return { data: found.slice(0, limit).map(live), hasMore: found.length > limit }
    },

    /**
     * Ends a batch early. What was answered is kept; what is in flight is broken off.
     * @returns it in state `cancelling`; within seconds it is `cancelled`
     * @throws BatchUnknown · BatchEnded
     */
    async cancel(caller: Caller, id: string): Promise<Batch> {
      const found = await find(caller, id)
      requireMay(caller, 'batches.cancel', found)
      if (found.status === 'cancelling') return live(found)
      const moved = await db.transaction(async (tx) => {
        const row = await rows.move(id, 'cancelling', {}, tx)
        if (row !== null && caller.kind !== 'key')
          await audit.record(tx, {
            ...audit.by(caller),
            action: 'batch.cancelled',
            target: id,
            organizationId: found.organizationId,
            before: { projectId: found.projectId, status: found.status },
            after: { projectId: found.projectId, status: row.status },
          })
        return row
      })
      if (moved === null) throw new BatchEnded({ batch: id, status: (await find(caller, id)).status })
      runner.cancel(moved)
      return live(moved)
    },

    /**
     * Batches of a project with all that a page shows, newest first.
     * @throws ProjectUnknown · Forbidden
     */
    async page(
      caller: Caller,
      filter: { projectId: string; status: BatchStatus | null },
      page: Page,
    ): Promise<PageOf<BatchView>> {
      const { id: projectId, organizationId } = await identity.organizations.project(caller, filter.projectId)
      requireMay(caller, 'batches.read', { organizationId, projectId })
      const { data, next } = pageOf(await select(projectId, filter.status, page), page)
      return { data: await views(caller, data), next }
    },

    /** @throws BatchUnknown */
    async view(caller: Caller, id: string): Promise<BatchView> {
      const [view] = await views(caller, [await find(caller, id)])
      return view!
    },

    /**
     * One of its files, to be read through `files`.
     * @throws BatchUnknown · Forbidden · NoResults
     */
    async results(caller: Caller, id: string, kind: 'output' | 'error'): Promise<StoredFile> {
      const found = await find(caller, id)
      requireMay(caller, 'files.read', found)
      const fileId = isOpen(found.status) ? null : kind === 'output' ? found.outputFileId : found.errorFileId
      const file = fileId === null ? null : await files.ofProject(found.projectId, fileId)
      if (file === null) throw new NoResults({ batch: id, kind })
      return file
    },

    /** Deletes what is kept of a project, or with `projectId` null of a whole organisation, in the transaction that ends it. */
    async forget(tx: Tx, { organizationId, projectId }: { organizationId: string; projectId: string | null }) {
      const gone = await tx
        .delete(batch)
        .where(projectId === null ? eq(batch.organizationId, organizationId) : eq(batch.projectId, projectId))
        .returning({ id: batch.id })
      // The transaction may still fail, and then they go on.
      setTimeout(() => void dropGone(gone.map(({ id }) => id)).catch(() => {}), 1_000).unref()
    },

    begin: runner.begin,
    stop: runner.stop,
  }

  async function dropGone(ids: string[]): Promise<void> {
    for (const id of ids) if ((await rows.find(id)) === null) await runner.drop(id)
  }

  async function find(caller: Caller, id: string): Promise<Batch> {
    const row = await rows.find(id)
    if (row === null || !may(caller, 'batches.read', row)) throw new BatchUnknown({ batch: id })
    return row
  }

  /** One more than the limit, if there are more. */
  function select(projectId: string, status: BatchStatus | null, { limit, after }: Page): Promise<Batch[]> {
    // select * from batch where project_id = $1 and status = $2 and id < $3 order by id desc limit $4
    return db
      .select()
      .from(batch)
      .where(
        and(
          eq(batch.projectId, projectId),
          status === null ? undefined : sql`${batch.status} = ${status}`,
          after === null ? undefined : lt(batch.id, after),
        ),
      )
      .orderBy(desc(batch.id))
      .limit(limit + 1)
  }

  /** With counts as of now, where it runs; the row is up to a second behind. */
  function live(row: Batch): Batch {
    const counts = isOpen(row.status) ? runner.countsOf(row.id) : null
    return counts === null ? row : { ...row, linesCompleted: counts.completed, linesFailed: counts.failed }
  }

  async function views(caller: Caller, found: Batch[]): Promise<BatchView[]> {
    const keys = await identity.names.keys([...new Set(found.map(({ keyId }) => keyId))])
    const nameOf = new Map(keys.map(({ keyId, name }) => [keyId, name]))
    const fileOf = async (row: Batch, id: string | null) => (id === null ? null : files.ofProject(row.projectId, id))
    return Promise.all(
      found.map(async (row) => {
        const hasEnded = !isOpen(row.status)
        const mayRead = may(caller, 'files.read', row)
        return {
          ...live(row),
          keyName: nameOf.get(row.keyId) ?? null,
          inputFile: await fileOf(row, row.inputFileId),
          outputFile: await fileOf(row, hasEnded ? row.outputFileId : null),
          errorFile: await fileOf(row, hasEnded ? row.errorFileId : null),
          allowed: [
            ...(mayCancel(row.status) && may(caller, 'batches.cancel', row) ? (['cancel'] as const) : []),
            ...(mayRead ? (['download'] as const) : []),
          ],
        }
      }),
    )
  }
}

/** @throws WindowRefused */
function windowMsOf(window: string): number {
  const hours = Number(/^([1-9]\d{0,3})h$/.exec(window)?.[1] ?? 0)
  if (hours < 1 || hours > WINDOW_HOURS_MAX) throw new WindowRefused({ window, hoursMax: WINDOW_HOURS_MAX })
  return hours * HOUR_MS
}
