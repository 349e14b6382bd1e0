/**
 * Backups on the disk: `tradewind-20261124-084316.tar.gz`, and beside each what is known about it, in a file of the same
 * name that ends in `.json`. Not in the database: a restore would take it back to an hour when newer backups were not
 * there. A backup without that file (of an older version, or put there by hand) is listed with what the disk knows.
 */
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** `nightly`: by itself. `asked`: by a person or the command line. `before_restore`: what a restore replaced. */
export const ORIGINS = ['nightly', 'asked', 'uploaded', 'before_restore', 'unknown'] as const
export type Origin = (typeof ORIGINS)[number]

/** Who asked; a name as it was then, since after a restore nobody may have it. */
export type Asker = { id: string; name: string | null }

export type BackupCheck =
  | { at: string; sound: true; sha256: string; unpackedBytes: number; rows: number }
  | { at: string; sound: false; code: string; message: string }

type Notes = {
  madeAt: string
  origin: Origin
  by: Asker | null
  /** Of Tradewind. */
  version: string | null
  /** Of the archive when it was noted: of other bytes nothing is known. */
  bytes: number
  check: BackupCheck | null
}

export type BackupFile = {
  /** The file's name without its ending; sorts by age. */
  id: string
  path: string
  bytes: number
  madeAt: Date
  origin: Origin
  by: Asker | null
  version: string | null
  /** Null = was never checked. */
  check: BackupCheck | null
}

const ID = /^tradewind-[A-Za-z0-9._-]{1,80}$/
const ARCHIVE_ENDING = '.tar.gz'

export type BackupFiles = ReturnType<typeof backupFilesIn>

export function backupFilesIn(folder: string) {
  const archiveOf = (id: string) => join(folder, `${id}${ARCHIVE_ENDING}`)
  const notesOf = (id: string) => join(folder, `${id}.json`)

  async function read(id: string): Promise<BackupFile | null> {
    if (!ID.test(id)) return null
    const seen = await stat(archiveOf(id)).catch(unlessMissing)
    if (!seen?.isFile()) return null
    const notes = await readNotes(notesOf(id))
    return {
      id,
      path: archiveOf(id),
      bytes: seen.size,
      madeAt: new Date(notes?.madeAt ?? seen.mtimeMs),
      origin: notes?.origin ?? 'unknown',
      by: notes?.by ?? null,
      version: notes?.version ?? null,
      check: notes?.bytes === seen.size ? notes.check : null,
    }
  }

  return {
    archiveOf,
    read,

    /** Newest first. */
    async list(): Promise<BackupFile[]> {
      const names = (await readdir(folder)).filter((name) => name.endsWith(ARCHIVE_ENDING))
      const files = await Promise.all(names.map((name) => read(name.slice(0, -ARCHIVE_ENDING.length))))
      return files
        .filter((file) => file !== null)
        .sort((a, b) => b.madeAt.getTime() - a.madeAt.getTime() || (a.id < b.id ? 1 : -1))
    },

    /** A name that is free: two may be made within a second. */
    async newId(at: Date): Promise<string> {
      const stamp = at.toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
      const taken = new Set(await readdir(folder))
      for (let count = 1; ; count++) {
        const id = `tradewind-${stamp}${count === 1 ? '' : `-${count}`}`
        if (!taken.has(`${id}${ARCHIVE_ENDING}`)) return id
      }
    },

    async note(file: Omit<BackupFile, 'path'>): Promise<void> {
      const { id, madeAt, ...rest } = file
      const notes: Notes = { ...rest, madeAt: madeAt.toISOString() }
      await writeFile(`${notesOf(id)}.part`, JSON.stringify(notes), { mode: 0o600 })
      await rename(`${notesOf(id)}.part`, notesOf(id))
    },

    async remove(id: string): Promise<void> {
      await rm(archiveOf(id), { force: true })
      await rm(notesOf(id), { force: true })
    },

    /** Deletes what earlier processes left half done. */
    async sweep(): Promise<void> {
      for (const name of await readdir(folder))
        if (name.endsWith('.part')) await rm(join(folder, name), { force: true })
    },
  }
}

/** Null also for what is no notes of ours: the archive is what counts. */
async function readNotes(path: string): Promise<Notes | null> {
  const text = await readFile(path, 'utf8').catch(unlessMissing)
  if (text === null) return null
  try {
    const notes = JSON.parse(text) as Notes
    return ORIGINS.includes(notes.origin) && !Number.isNaN(Date.parse(notes.madeAt)) ? notes : null
  } catch {
    return null
  }
}

function unlessMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null
  throw error
}
