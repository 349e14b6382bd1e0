import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import type { Database } from '../platform/database/database.ts'
import { AppError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'

const KEPT = 7
const EVERY_MS = 24 * 60 * 60_000
const CHECKED_EVERY_MS = 60 * 60_000

export class BackupIsPostgres extends AppError<Record<string, never>> {
  static override code = 'operations.backup_is_postgresql'
  static override status = 409
  static override say = () =>
    'This installation keeps its data in PostgreSQL: back it up with pg_dump, and copy the weights folder.'
}

export type Backup = { path: string; bytes: number }

/**
 * Whole copies of the embedded database in the data folder: one a day, seven kept, and one whenever somebody asks.
 * Weights are not in it: they can be fetched again, and their hashes are.
 */
export function createBackups({
  database,
  folder,
  clock,
  log,
}: {
  database: Database
  folder: string
  clock: Clock
  log: Log
}) {
  async function create(): Promise<Backup> {
    if (database.kind !== 'embedded') throw new BackupIsPostgres({})
    const stamp = new Date(clock.nowMs()).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15)
    const path = join(folder, `tradewind-${stamp}.tar.gz`)
    await database.dump(path)
    await forgetOld()
    return { path, bytes: (await stat(path)).size }
  }

  async function forgetOld(): Promise<void> {
    for (const name of (await names()).slice(0, -KEPT)) await rm(join(folder, name))
  }

  /** Oldest first. */
  async function names(): Promise<string[]> {
    return (await readdir(folder)).filter((name) => /^tradewind-.*\.tar\.gz$/.test(name)).sort()
  }

  /** Asked at start and hourly, so that an installation that is ended every evening has its copies too. */
  async function createIfDue(): Promise<void> {
    if (database.kind !== 'embedded') return
    const times = await Promise.all((await names()).map(async (name) => (await stat(join(folder, name))).mtimeMs))
    if (clock.nowMs() - Math.max(0, ...times) >= EVERY_MS) await create()
  }

  const hourly = setInterval(
    () => void createIfDue().catch((error) => log.error({ err: error }, 'the daily backup failed')),
    CHECKED_EVERY_MS,
  )
  hourly.unref()

  return { create, createIfDue, stop: () => clearInterval(hourly) }
}

export type Backups = ReturnType<typeof createBackups>
