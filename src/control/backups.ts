import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../platform/clock.ts'
import type { Database } from '../platform/database/database.ts'
import { AppError } from '../platform/errors.ts'
import type { Log } from '../platform/log.ts'

const KEPT = 7
const EVERY_MS = 24 * 60 * 60_000

export class BackupIsPostgres extends AppError<Record<string, never>> {
  static override code = 'operations.backup_is_postgresql'
  static override status = 409
  static override say = () =>
    'This installation keeps its data in PostgreSQL: back it up with pg_dump, and copy the weights folder.'
}

export type Backup = { path: string; bytes: number }

/**
 * Whole copies of the embedded database in the data folder: one a night, seven kept, and one whenever somebody asks.
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
    const names = (await readdir(folder)).filter((name) => /^tradewind-.*\.tar\.gz$/.test(name)).sort()
    for (const name of names.slice(0, -KEPT)) await rm(join(folder, name))
  }

  const nightly = setInterval(() => {
    if (database.kind === 'embedded') create().catch((error) => log.error({ err: error }, 'the nightly backup failed'))
  }, EVERY_MS)
  nightly.unref()

  return { create, stop: () => clearInterval(nightly) }
}

export type Backups = ReturnType<typeof createBackups>
