/**
 * Where the bytes of files lie: one file each, by id, in a folder that is the installation's alone.
 *
 *   files/parts/<id>   arriving          files/<id>   whole, on disk, and named: a row may speak of it
 */
import { createReadStream } from 'node:fs'
import { open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { makeFolder } from '../platform/data-folder.ts'

/** What an upload leaves free, for the database and journals beside it. */
const RESERVE_BYTES = 64 * 1024 * 1024

export type FileBytes = ReturnType<typeof createFileBytes>

export function createFileBytes(folder: string) {
  const parts = join(folder, 'parts')
  makeFolder(folder)
  makeFolder(parts)
  const pathOf = (id: string) => join(folder, id)

  return {
    pathOf,
    partOf: (id: string) => join(parts, id),

    /** How much may still arrive. */
    async roomBytes(): Promise<number> {
      const disk = await statfs(folder)
      return Math.max(0, disk.bavail * disk.bsize - RESERVE_BYTES)
    },

    /** Gives what lies at `path`, flushed to disk by whoever wrote it, the name of the file. Survives a power cut. */
    async adopt(path: string, id: string): Promise<void> {
      await rename(path, pathOf(id))
      const directory = await open(folder, 'r')
      try {
        await directory.sync()
      } finally {
        await directory.close()
      }
    },

    /** @param range the last byte is part of it */
    read: (id: string, range?: { start: number; end: number }) => createReadStream(pathOf(id), range),

    async remove(ids: readonly string[]): Promise<void> {
      for (const id of ids) await rm(pathOf(id), { force: true })
    },

    removePart: (id: string): Promise<void> => rm(join(parts, id), { force: true }),

    /** Forgets what was arriving when an earlier control ended. */
    async removeParts(): Promise<void> {
      for (const name of await readdir(parts)) await rm(join(parts, name), { force: true })
    },

    /** Ids of files that were not touched since `beforeMs`. */
    async olderThan(beforeMs: number): Promise<string[]> {
      const old: string[] = []
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (!entry.isFile()) continue
        const seen = await stat(join(folder, entry.name)).catch(() => null) // gone in between
        if (seen !== null && seen.mtimeMs < beforeMs) old.push(entry.name)
      }
      return old
    },
  }
}
