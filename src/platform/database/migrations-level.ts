/** How far a database is migrated, and how far this version goes. Drizzle keeps a row for each migration it has run. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import type { Db } from './database.ts'
import { MIGRATIONS_FOLDER } from './migrations-folder.ts'

export type Migration = { name: string; madeAtMs: number }

/** The migrations of this version, oldest first. */
export function knownMigrations(): Migration[] {
  const journal = JSON.parse(readFileSync(join(MIGRATIONS_FOLDER, 'meta', '_journal.json'), 'utf8')) as {
    entries: { tag: string; when: number }[]
  }
  return journal.entries.map(({ tag, when }) => ({ name: tag, madeAtMs: when }))
}

/** When each migration that `db` has been through was made, oldest first. They name each other by that time. */
export async function migrationTimesIn(db: Pick<Db, 'execute'>): Promise<number[]> {
  const { rows } = (await db.execute(
    sql`select created_at::text as made_at from drizzle.__drizzle_migrations order by created_at`,
  )) as unknown as { rows: { made_at: string }[] }
  return rows.map((row) => Number(row.made_at))
}
