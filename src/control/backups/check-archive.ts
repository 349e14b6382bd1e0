/**
 * The process that tries a backup: unpacks it into a scratch folder, opens it there as a database, reads all of it, and
 * migrates it as a start would. A process of its own, since what is tried may be broken or made by somebody who wishes us
 * ill: it may hang, take all memory or end the process, and then only this one.
 *
 *     node check-archive.ts '{"archive": "…", "folder": "…", "unpackedBytesMax": 1}'   →   lines of JSON (CheckLine)
 */
import { writeSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { openDatabase } from '../../platform/database/database.ts'
import { openUnmigrated } from '../../platform/database/embedded.ts'
import { knownMigrations, migrationTimesIn } from '../../platform/database/migrations-level.ts'
import { createLog } from '../../platform/log.ts'
import { ArchiveRefused, type ArchiveTrouble } from './tar-entries.ts'
import { type Unpacked, unpackArchive } from './unpack-archive.ts'

export type CheckQuestion = { archive: string; folder: string; unpackedBytesMax: number }

export type CheckLine =
  | { phase: 'unpacking'; bytesDone: number }
  | { phase: 'opening' }
  | { refused: ArchiveTrouble; reason: string }
  | { sound: Unpacked & Content }

type Content = {
  migrations: number
  tables: number
  rows: number
  /** People who run that installation; 0 = it is from before its set-up. */
  operators: number
}

const PROGRESS_BYTES = 8e6
/** For one query over one table. */
const QUERY_MS_MAX = 30 * 60_000

const log = createLog('check-archive', 'silent')

async function check({ archive, folder, unpackedBytesMax }: CheckQuestion): Promise<void> {
  let said = 0
  const unpacked = await unpackArchive({
    archive,
    folder,
    unpackedBytesMax,
    onProgress: (bytesDone) => {
      if (bytesDone - said < PROGRESS_BYTES) return
      said = bytesDone
      say({ phase: 'unpacking', bytesDone })
    },
  })
  say({ phase: 'opening' })
  const content = await readAll(folder)
  // As the next start will: a backup that cannot be migrated must not become the database.
  await (await openDatabase({ folder, url: null, log, queryMsMax: QUERY_MS_MAX })).close()
  say({ sound: { ...unpacked, ...content } })
}

async function readAll(folder: string): Promise<Content> {
  const database = await openUnmigrated({ folder, url: null, log, queryMsMax: QUERY_MS_MAX }).catch((error) => {
    throw new ArchiveRefused('damaged', `it does not open as a database: ${(error as Error).message}`)
  })
  try {
    const { db } = database
    const times = await migrationTimesIn(db).catch(() => {
      throw new ArchiveRefused('foreign', 'it is a database, and not one of ours')
    })
    const known = new Set(knownMigrations().map(({ madeAtMs }) => madeAtMs))
    const unknown = times.filter((time) => !known.has(time)).length
    if (unknown > 0)
      throw new ArchiveRefused(
        'newer',
        `a newer version of Tradewind made it: ${unknown} of its migrations are not known here`,
      )
    const { rows: tables } = (await db.execute(
      sql`select table_name as name from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`,
    )) as unknown as { rows: { name: string }[] }
    if (!tables.some(({ name }) => name === 'control_lease'))
      throw new ArchiveRefused('foreign', 'it is a database, and not one of ours')
    const rowsOf = new Map<string, number>()
    for (const { name } of tables) {
      const counted = (await db
        .execute(
          sql`select count(*)::text as rows, sum(length(whole_row::text)) from ${sql.identifier(name)} as whole_row`,
        )
        .catch((error) => {
          throw new ArchiveRefused('damaged', `the table ${name} cannot be read: ${(error as Error).message}`)
        })) as unknown as { rows: { rows: string }[] }
      rowsOf.set(name, Number(counted.rows[0]?.rows ?? 0))
    }
    const rows = rowsOf.values().reduce((sum, count) => sum + count, 0)
    return { migrations: times.length, tables: tables.length, rows, operators: rowsOf.get('installation_role') ?? 0 }
  } finally {
    await database.close()
  }
}

/** At once, not when the event loop comes round: this process may end at any moment. */
function say(line: CheckLine): void {
  writeSync(1, `${JSON.stringify(line)}\n`)
}

try {
  await check(JSON.parse(process.argv[2] ?? '') as CheckQuestion)
  process.exit(0)
} catch (error) {
  const reason = (error as Error).message
  if (error instanceof ArchiveRefused) say({ refused: error.trouble, reason })
  else if ((error as NodeJS.ErrnoException).code === 'ENOSPC') throw error
  else say({ refused: 'damaged', reason: `it does not open as a database: ${reason}` })
  process.exit(0)
}
