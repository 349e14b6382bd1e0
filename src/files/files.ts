/** The door: files of projects. Owns table stored_file, and the bytes in the folder `files`. */

import type { Readable } from 'node:stream'
import { and, asc, desc, eq, gt, inArray, isNull, lt, lte, or, sql, sum } from 'drizzle-orm'
import { type Caller, type KeyCaller, may, requireMay } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { DiskFull, FileTooLarge, FileUnknown, ProjectFilesFull, UploadRefused } from './errors.ts'
import { createFileBytes } from './file-bytes.ts'
import { EXPIRES_S_MAX, EXPIRES_S_MIN, expiryOf, type FilePurpose, isUploadPurpose } from './purposes.ts'
import { receiveUpload } from './receive-upload.ts'
import { storedFile } from './tables.ts'

export type StoredFile = typeof storedFile.$inferSelect

export type FilesDeps = {
  db: Db
  clock: Clock
  log: Log
  /** Where bytes lie; made if it is not there. */
  folder: string
  fileBytesMax: number
  /** Of all files of one project together. */
  projectBytesMax: number
}

export type FilesPage = { limit: number; after: string | null; order: 'asc' | 'desc' }

/** What is made here rather than uploaded. */
export type MadeFile = {
  organizationId: string
  projectId: string
  /** What made it, by id. */
  createdBy: string
  filename: string
  purpose: FilePurpose
  sizeBytes: number
  sha256: string
  /** Seconds; null = it stays. */
  expiresAfterS: number | null
}

const SWEEP_EVERY_MS = 10 * 60_000
/** Bytes without a row are kept so long: a restored backup may be put back, and its files with it. */
const ORPHAN_MS = 24 * 60 * 60_000

export type Files = ReturnType<typeof createFiles>

export function createFiles({ db, clock, log, folder, fileBytesMax, projectBytesMax }: FilesDeps) {
  const bytes = createFileBytes(folder)
  /** Whose rows went in a transaction of another house, which may not have ended yet. */
  const gone = new Set<string>()

  return {
    /**
     * Takes an upload in.
     * @param lengthBytes of the body, where it is known
     * @throws UploadRefused · FileTooLarge · ProjectFilesFull · DiskFull; nothing is kept then
     */
    async upload(
      caller: KeyCaller,
      body: Readable,
      { contentType, lengthBytes }: { contentType: string | undefined; lengthBytes: number | null },
    ): Promise<StoredFile> {
      const { organizationId, projectId } = caller
      requireMay(caller, 'files.write', { organizationId, projectId })
      await requireRoom(projectId, lengthBytes ?? 0)
      const createdAtMs = clock.nowMs()
      const id = newId('file', createdAtMs)
      const partPath = bytes.partOf(id)
      const { filename, sizeBytes, sha256, fields } = await receiveUpload(body, {
        contentType,
        partPath,
        bytesMax: fileBytesMax,
      })
      try {
        const { purpose, expiresAfterS } = wishesIn(fields)
        const expiresAt = expiryOf(purpose, expiresAfterS, createdAtMs)
        const createdAt = new Date(createdAtMs)
        const file = { id, organizationId, projectId, filename, purpose, sizeBytes, sha256, createdAt, expiresAt }
        await bytes.adopt(partPath, id)
        return await insert({ ...file, createdBy: caller.keyId }, projectBytesMax)
      } catch (error) {
        await bytes.removePart(id)
        throw error
      }
    },

    /**
     * Takes in a file that was made here and lies at `path`, flushed to disk; it is moved. A project's ceiling does not keep
     * out what the project has paid for. Repeated with the same id, it answers what is there.
     */
    async adopt(id: string, path: string, made: MadeFile): Promise<StoredFile> {
      const [there] = await db.select().from(storedFile).where(eq(storedFile.id, id))
      if (there) return there
      const { expiresAfterS, ...rest } = made
      const createdAtMs = clock.nowMs()
      await bytes.adopt(path, id)
      const expiresAt = expiryOf(made.purpose, expiresAfterS, createdAtMs)
      return insert({ ...rest, id, createdAt: new Date(createdAtMs), expiresAt }, null)
    },

    /** @throws FileUnknown */
    async get(caller: Caller, id: string): Promise<StoredFile> {
      const file = await find(id)
      if (file === null || !may(caller, 'files.read', file)) throw new FileUnknown({ file: id })
      return file
    },

    /** A file of a project, for another house. @returns null = there is none */
    async ofProject(projectId: string, id: string): Promise<StoredFile | null> {
      const file = await find(id)
      return file?.projectId === projectId ? file : null
    },

    /** Where its bytes lie. */
    pathOf: bytes.pathOf,

    /** Its bytes. @param range both ends are part of it */
    read: (file: StoredFile, range?: { start: number; end: number }) => bytes.read(file.id, range),

    /** Files of the key's project. */
    async list(caller: KeyCaller, filter: { purpose: string | null }, { limit, after, order }: FilesPage) {
      const { organizationId, projectId } = caller
      requireMay(caller, 'files.read', { organizationId, projectId })
      // select * from stored_file where project_id = $1 and purpose = $2 and id < $3 and (expires_at …) order by id desc limit $4
      const rows = await db
        .select()
        .from(storedFile)
        .where(
          and(
            eq(storedFile.projectId, projectId),
            filter.purpose === null ? undefined : sql`${storedFile.purpose} = ${filter.purpose}`,
            after === null ? undefined : order === 'asc' ? gt(storedFile.id, after) : lt(storedFile.id, after),
            notExpired(),
          ),
        )
        .orderBy(order === 'asc' ? asc(storedFile.id) : desc(storedFile.id))
        .limit(limit + 1)
      return { data: rows.slice(0, limit), hasMore: rows.length > limit }
    },

    /** @throws FileUnknown */
    async delete(caller: Caller, id: string): Promise<void> {
      const file = await find(id)
      if (file === null || !may(caller, 'files.read', file)) throw new FileUnknown({ file: id })
      requireMay(caller, 'files.write', file)
      await db.delete(storedFile).where(eq(storedFile.id, id))
      await bytes.remove([id])
    },

    /** Deletes what is kept of a project, or with `projectId` null of a whole organisation, in the transaction that ends it. */
    async forget(
      tx: Tx,
      { organizationId, projectId }: { organizationId: string; projectId: string | null },
    ): Promise<void> {
      const rows = await tx
        .delete(storedFile)
        .where(projectId === null ? eq(storedFile.organizationId, organizationId) : eq(storedFile.projectId, projectId))
        .returning({ id: storedFile.id })
      for (const { id } of rows) gone.add(id)
      setTimeout(() => void removeGone().catch(warn), 1_000).unref()
    },

    /** Removes what an ended life left, and from then on what expires. @returns a function that ends it */
    async begin(): Promise<() => void> {
      await bytes.removeParts()
      await sweep()
      const timer = setInterval(() => void sweep().catch(warn), SWEEP_EVERY_MS)
      return () => clearInterval(timer)
    },
  }

  function warn(error: unknown): void {
    log.warn({ err: error }, 'files were not swept')
  }

  function notExpired() {
    return or(isNull(storedFile.expiresAt), gt(storedFile.expiresAt, new Date(clock.nowMs())))
  }

  async function find(id: string): Promise<StoredFile | null> {
    const [file] = await db
      .select()
      .from(storedFile)
      .where(and(eq(storedFile.id, id), notExpired()))
    return file ?? null
  }

  /** @throws FileTooLarge · ProjectFilesFull · DiskFull */
  async function requireRoom(projectId: string, wantedBytes: number): Promise<void> {
    // A form around the file takes some, so what is only just too long is found out at its end.
    if (wantedBytes > fileBytesMax + 100_000) throw new FileTooLarge({ bytesMax: fileBytesMax })
    const roomBytes = await bytes.roomBytes()
    if (wantedBytes > roomBytes || roomBytes === 0) throw new DiskFull({ freeBytes: roomBytes })
    const kept = await bytesOf(db, projectId)
    if (kept >= projectBytesMax) throw new ProjectFilesFull({ bytes: kept, bytesMax: projectBytesMax })
  }

  async function bytesOf(on: Db | Tx, projectId: string): Promise<number> {
    const [row] = await on
      .select({ bytes: sum(storedFile.sizeBytes).mapWith(Number) })
      .from(storedFile)
      .where(eq(storedFile.projectId, projectId))
    return row?.bytes ?? 0
  }

  /** Writes the row of bytes that are on disk. @throws ProjectFilesFull, and the bytes go */
  async function insert(file: StoredFile, bytesMax: number | null): Promise<StoredFile> {
    try {
      await db.transaction(async (tx) => {
        const kept = bytesMax === null ? 0 : await bytesOf(tx, file.projectId)
        if (bytesMax !== null && kept + file.sizeBytes > bytesMax) throw new ProjectFilesFull({ bytes: kept, bytesMax })
        await tx.insert(storedFile).values(file)
      })
      return file
    } catch (error) {
      await bytes.remove([file.id])
      throw error
    }
  }

  async function sweep(): Promise<void> {
    const nowMs = clock.nowMs()
    const expired = await db
      .delete(storedFile)
      .where(lte(storedFile.expiresAt, new Date(nowMs)))
      .returning({ id: storedFile.id })
    await bytes.remove(expired.map(({ id }) => id))
    for (const id of await bytes.olderThan(nowMs - ORPHAN_MS)) gone.add(id)
    await removeGone()
  }

  /** Removes the bytes of those that have no row: a transaction that was to delete them may have failed. */
  async function removeGone(): Promise<void> {
    const ids = [...gone]
    gone.clear()
    for (let at = 0; at < ids.length; at += 500) {
      const some = ids.slice(at, at + 500)
      const rows = await db.select({ id: storedFile.id }).from(storedFile).where(inArray(storedFile.id, some))
      const kept = new Set(rows.map(({ id }) => id))
      await bytes.remove(some.filter((id) => !kept.has(id)))
    }
  }
}

/** @throws UploadRefused */
function wishesIn(fields: Record<string, string>): { purpose: FilePurpose; expiresAfterS: number | null } {
  const { purpose = '', 'expires_after[anchor]': anchor, 'expires_after[seconds]': seconds } = fields
  if (!isUploadPurpose(purpose)) throw new UploadRefused({ trouble: 'purpose' })
  if (anchor === undefined && seconds === undefined) return { purpose, expiresAfterS: null }
  if (anchor !== 'created_at') throw new UploadRefused({ trouble: 'anchor' })
  const expiresAfterS = /^\d+$/.test(seconds ?? '') ? Number(seconds) : 0
  if (expiresAfterS < EXPIRES_S_MIN || expiresAfterS > EXPIRES_S_MAX) throw new UploadRefused({ trouble: 'seconds' })
  return { purpose, expiresAfterS }
}
