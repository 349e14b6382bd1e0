/**
 * The embedded database's backups: whole copies in the data folder, one a night and one whenever somebody asks, each tried
 * as soon as it is made; sent away, taken in, and put in the place of the present data. Weights are not in them: they can
 * be fetched again, and their hashes are. PostgreSQL has its own tools, which `postgresCommands` names.
 */
import { createReadStream, type ReadStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import type { Identity } from '../../identity/identity.ts'
import type { Caller } from '../../identity/rules.ts'
import type { Clock } from '../../platform/clock.ts'
import type { DataFolder } from '../../platform/data-folder.ts'
import type { Database } from '../../platform/database/database.ts'
import { databaseFacts } from '../../platform/database/database-facts.ts'
import { AppError } from '../../platform/errors.ts'
import type { Log } from '../../platform/log.ts'
import { VERSION } from '../../version.ts'
import { type Activity, createActivities, type Step } from './activity.ts'
import { DISK_RESERVE_BYTES, UNPACKED_BYTES_MAX } from './archive-limits.ts'
import { type Asker, type BackupCheck, type BackupFile, backupFilesIn, type Origin } from './backup-files.ts'
import { BackupBusy, BackupDiskShort, BackupIsPostgres, BackupUnknown } from './errors.ts'
import { receiveArchive } from './receive-archive.ts'
import { readPlan, restorePlacesIn } from './restore-plan.ts'
import { createRestores } from './restores.ts'
import { runCheck, type SoundArchive } from './run-check.ts'

const NIGHTLY_KEPT = 7
const EVERY_MS = 24 * 60 * 60_000
const CHECKED_EVERY_MS = 60 * 60_000

export type BackupsDeps = {
  database: Database
  folder: DataFolder
  audit: Identity['audit']
  /** Before there is an owner there is nothing to lose. */
  ownerExists: () => Promise<boolean>
  /** Ends control in order and has it started again; `whileClosed` runs when nobody can change anything any more. */
  restart: (whileClosed: () => Promise<void>) => void
  clock: Clock
  log: Log
}

export type Backups = ReturnType<typeof createBackups>

export function createBackups(deps: BackupsDeps) {
  const { database, folder, audit, clock, log } = deps
  const files = backupFilesIn(folder.backups)
  const places = restorePlacesIn(folder)
  const activities = createActivities({ clock, log })
  const retention = join(folder.backups, 'retention.json')
  const restores = createRestores({ ...deps, files, places, check, backUp })

  /** @throws BackupIsPostgres */
  function requireEmbedded(): void {
    if (database.kind !== 'embedded') throw new BackupIsPostgres({})
  }

  /** @throws BackupUnknown */
  async function find(id: string): Promise<BackupFile> {
    const found = await files.read(id)
    if (!found) throw new BackupUnknown({ backup: id })
    return found
  }

  /** Writes a copy of the database as it is now; not tried yet. */
  async function backUp(origin: Origin, by: Asker | null): Promise<BackupFile> {
    const { sizeBytes } = await databaseFacts(database)
    await requireDisk(sizeBytes)
    const madeAt = new Date(clock.nowMs())
    const id = await files.newId(madeAt)
    await database.dump(files.archiveOf(id))
    const { size: bytes } = await stat(files.archiveOf(id))
    const made = { id, bytes, madeAt, origin, by, version: VERSION, check: null }
    await files.note(made)
    return { ...made, path: files.archiveOf(id) }
  }

  /**
   * Unpacks an archive into `into`, which is emptied before, and tries it there.
   * @throws BackupDamaged, BackupForeign, BackupHostile, BackupNewer, BackupCheckEnded, BackupDiskShort
   */
  async function check(archive: string, into: string, step: Step): Promise<SoundArchive> {
    await rm(into, { recursive: true, force: true })
    await mkdir(places.folder, { recursive: true, mode: 0o700 })
    const { size } = await stat(archive)
    const freeBytes = await requireDisk(size)
    step({ phase: 'unpacking', bytesDone: 0, bytesTotal: size })
    const unpackedBytesMax = Math.floor(Math.min(UNPACKED_BYTES_MAX, freeBytes - DISK_RESERVE_BYTES))
    return runCheck({ archive, folder: into, unpackedBytesMax }, (progress) =>
      step(progress.phase === 'opening' ? { phase: 'opening', bytesDone: size } : progress),
    )
  }

  /** Tries a backup that is here and notes how it went. @throws as `check` */
  async function checkAndNote(file: BackupFile, step: Step): Promise<BackupFile> {
    const trial = join(places.folder, 'trial')
    try {
      const checked = { ...file, check: soundCheck(await check(file.path, trial, step), clock) }
      await files.note(checked)
      return checked
    } catch (error) {
      // What says nothing about the archive is not held against it.
      if (error instanceof AppError && error.status === 422)
        await files.note({ ...file, check: unsoundCheck(error, clock) })
      throw error
    } finally {
      await rm(trial, { recursive: true, force: true })
    }
  }

  /** @returns bytes free on the disk of the data folder @throws BackupDiskShort */
  async function requireDisk(neededBytes: number): Promise<number> {
    const { bavail, bsize } = await statfs(folder.root)
    const freeBytes = bavail * bsize
    if (freeBytes - DISK_RESERVE_BYTES < neededBytes)
      throw new BackupDiskShort({ neededBytes, freeBytes: freeBytes - DISK_RESERVE_BYTES })
    return freeBytes
  }

  /** @throws BackupBusy at once, not later */
  function make(origin: Origin, by: Asker | null): Promise<BackupFile> {
    return activities.run('create', { phase: 'copying' }, async (step) => {
      const made = await backUp(origin, by)
      step({ backup: made.id })
      return checkAndNote(made, step)
    })
  }

  async function nightlyKept(): Promise<number> {
    const text = await readFile(retention, 'utf8').catch(() => '{}')
    const kept = (JSON.parse(text) as { nightlyKept?: unknown }).nightlyKept
    return typeof kept === 'number' ? kept : NIGHTLY_KEPT
  }

  async function forgetOldNightly(): Promise<void> {
    const nightly = (await files.list()).filter(({ origin }) => origin === 'nightly')
    for (const { id } of nightly.slice(await nightlyKept())) await files.remove(id)
  }

  /** Asked at start and hourly, so that an installation that is ended every evening has its copies too. */
  async function createIfDue(): Promise<void> {
    if (database.kind !== 'embedded' || activities.isBusy() || !(await deps.ownerExists())) return
    const own = (await files.list()).filter(({ origin }) => origin !== 'uploaded')
    if (clock.nowMs() - (own[0]?.madeAt.getTime() ?? 0) < EVERY_MS) return
    await make('nightly', null)
    await forgetOldNightly()
  }

  const hourly = setInterval(
    () => void createIfDue().catch((error) => log.error({ err: error }, 'the daily backup failed')),
    CHECKED_EVERY_MS,
  )
  hourly.unref()

  const started = (work: Promise<unknown>): Activity => {
    work.catch(() => undefined) // told by the activity
    return activities.current()!
  }

  return {
    /** Whether this installation can do any of it. */
    kind: database.kind,

    /** Newest first. */
    list: files.list,

    /** @throws BackupUnknown */
    get: find,

    /** What is being done, or was done last; null = nothing yet. */
    activity: activities.current,

    /** Begins a copy of the database as it is now. @throws BackupIsPostgres, BackupBusy */
    create(caller: Caller): Activity {
      requireEmbedded()
      const work = make('asked', askerOf(caller))
      return started(
        work.then(({ id, bytes }) => audit.note(caller, { action: 'backup.created', target: id, after: { bytes } })),
      )
    },

    /** Begins to try a backup: it is unpacked and opened elsewhere. @throws BackupIsPostgres, BackupUnknown, BackupBusy */
    async check(id: string): Promise<Activity> {
      requireEmbedded()
      const file = await find(id)
      return started(activities.run('check', { phase: 'unpacking', backup: id }, (step) => checkAndNote(file, step)))
    },

    /**
     * Takes in a backup. It is listed only when it came whole and opens.
     * @param bytesTotal as its sender said; null = unknown
     * @throws BackupIsPostgres, BackupBusy, BackupTooLarge, BackupDiskShort
     * @throws BackupDamaged, BackupForeign, BackupHostile, BackupNewer, BackupCheckEnded and keeps nothing
     */
    async upload(caller: Caller, body: Readable, bytesTotal: number | null): Promise<BackupFile> {
      requireEmbedded()
      return activities.run('upload', { phase: 'receiving', bytesTotal }, async (step) => {
        await requireDisk(bytesTotal ?? 0)
        const madeAt = new Date(clock.nowMs())
        const id = await files.newId(madeAt)
        const part = `${files.archiveOf(id)}.part`
        const trial = join(places.folder, 'trial')
        try {
          const bytes = await receiveArchive(body, part, bytesTotal, (bytesDone) => step({ bytesDone }))
          const sound = soundCheck(await check(part, trial, step), clock)
          await rename(part, files.archiveOf(id))
          const file = {
            id,
            bytes,
            madeAt,
            origin: 'uploaded',
            by: askerOf(caller),
            version: null,
            check: sound,
          } as const
          await files.note(file)
          await audit.note(caller, { action: 'backup.uploaded', target: id, after: { bytes, sha256: sound.sha256 } })
          step({ backup: id })
          return { ...file, path: files.archiveOf(id) }
        } finally {
          await rm(part, { force: true })
          await rm(trial, { recursive: true, force: true })
        }
      })
    },

    /** The bytes of a backup, and a note in the trail that they went. @throws BackupUnknown */
    async download(caller: Caller, id: string): Promise<{ file: BackupFile; bytes: ReadStream }> {
      const file = await find(id)
      await audit.note(caller, { action: 'backup.downloaded', target: id, after: { bytes: file.bytes } })
      return { file, bytes: createReadStream(file.path, { end: Math.max(0, file.bytes - 1) }) }
    },

    /** @throws BackupUnknown, BackupBusy where something is being done with it */
    async remove(caller: Caller, id: string): Promise<void> {
      const { bytes, origin, madeAt } = await find(id)
      const now = activities.current()
      if (now?.state === 'running' && now.backup === id)
        throw new BackupBusy({ kind: now.kind, sinceMs: clock.nowMs() - now.startedAt.getTime() })
      await files.remove(id)
      const before = { bytes, origin, madeAt: madeAt.toISOString() }
      await audit.note(caller, { action: 'backup.deleted', target: id, before })
    },

    /**
     * Begins to put a backup in the place of the present data: it is tried, the present data is saved as one more backup,
     * and control starts again on the other one. Until it starts again, whatever goes wrong changes nothing.
     * @throws BackupIsPostgres, BackupUnknown, BackupBusy
     */
    async restore(caller: Caller, id: string): Promise<Activity> {
      requireEmbedded()
      const file = await find(id)
      return started(
        activities.run('restore', { phase: 'unpacking', backup: id }, (step) =>
          restores.begin(caller, askerOf(caller), file, step),
        ),
      )
    },

    nightlyKept,

    /** Says how many nightly ones are kept, and deletes those beyond. @throws BackupIsPostgres */
    async keepNightly(caller: Caller, kept: number): Promise<void> {
      requireEmbedded()
      const before = await nightlyKept()
      await writeFile(`${retention}.part`, JSON.stringify({ nightlyKept: kept }), { mode: 0o600 })
      await rename(`${retention}.part`, retention)
      await audit.note(caller, {
        action: 'backup.retention_changed',
        target: 'nightly',
        before: { nightlyKept: before },
        after: { nightlyKept: kept },
      })
      await forgetOldNightly()
    },

    /** At a start: ends what an earlier control began, and says in the trail that a restore was carried out. */
    async settle(): Promise<void> {
      await files.sweep()
      if (database.kind !== 'embedded') return
      await restores.settle()
      const last = readPlan(places)
      if (last !== null) activities.remember(last)
    },

    createIfDue,
    stop: () => clearInterval(hourly),
  }

  /** Who asked, as a list will show it. */
  function askerOf(caller: Caller): Asker {
    return { id: audit.by(caller).actor.id, name: caller.kind === 'person' ? caller.name : null }
  }
}

function soundCheck({ sha256, unpackedBytes, rows }: SoundArchive, clock: Clock) {
  return {
    at: new Date(clock.nowMs()).toISOString(),
    sound: true,
    sha256,
    unpackedBytes,
    rows,
  } as const satisfies BackupCheck
}

function unsoundCheck({ code, message }: AppError, clock: Clock): BackupCheck {
  return { at: new Date(clock.nowMs()).toISOString(), sound: false, code, message }
}
