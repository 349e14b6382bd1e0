/** What a database says of itself, for the page that shows it; and what a power cut would do, from that. */
import { sql } from 'drizzle-orm'
import type { Database } from './database.ts'

export type Durability =
  /** The embedded database: it never calls fsync. */
  | 'power_cut_can_damage'
  /** PostgreSQL with fsync off. */
  | 'server_without_fsync'
  /** PostgreSQL that acknowledges before it has written: the last moments can be lost, nothing is damaged. */
  | 'server_delays_commits'
  | 'power_cut_survived'

export type DatabaseFacts = {
  version: string
  sizeBytes: number
  durability: Durability
  /** As the server is set; null = says nothing here (the embedded database claims what it does not do). */
  fsync: boolean | null
  synchronousCommit: string | null
  fullPageWrites: boolean | null
}

export async function databaseFacts({ db, kind }: Pick<Database, 'db' | 'kind'>): Promise<DatabaseFacts> {
  const { rows } = (await db.execute(sql`
    select current_setting('server_version') as version,
      pg_database_size(current_database())::text as size_bytes,
      current_setting('fsync') as fsync,
      current_setting('synchronous_commit') as synchronous_commit,
      current_setting('full_page_writes') as full_page_writes`)) as unknown as { rows: Record<string, string>[] }
  const row = rows[0]
  if (!row) throw new Error('a select without a table returned no row')
  const about = { version: row.version ?? '', sizeBytes: Number(row.size_bytes) }
  if (kind === 'embedded')
    return { ...about, durability: 'power_cut_can_damage', fsync: null, synchronousCommit: null, fullPageWrites: null }
  const set = {
    fsync: row.fsync === 'on',
    synchronousCommit: row.synchronous_commit ?? '',
    fullPageWrites: row.full_page_writes === 'on',
  }
  return { ...about, ...set, durability: durabilityOf(set) }
}

/** https://www.postgresql.org/docs/current/runtime-config-wal.html */
export function durabilityOf(set: { fsync: boolean; synchronousCommit: string; fullPageWrites: boolean }): Durability {
  if (!set.fsync || !set.fullPageWrites) return 'server_without_fsync'
  return set.synchronousCommit === 'off' ? 'server_delays_commits' : 'power_cut_survived'
}
