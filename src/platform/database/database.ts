/**
 * The database: one dialect, two engines. `DATABASE_URL` names a PostgreSQL; without it, PGlite (PostgreSQL compiled to
 * WebAssembly) runs in a worker thread on the data folder. `embedded.ts` and `postgres.ts` open them; nobody else knows which.
 *
 * PGlite guards nothing by itself, so three guards are ours: a lock on the folder, a refusal of `db` inside
 * `db.transaction` (it has one session: the call would wait for itself for ever), and a watchdog for runaway queries.
 * The second guard holds on PostgreSQL too: there the call would quietly run outside the transaction.
 */
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import type { Log } from '../log.ts'

/** What houses query. Use the core query builder only. */
export type Db = PgDatabase<PgQueryResultHKT, Record<string, never>>
/** What runs inside `db.transaction`. */
export type Tx = Parameters<Parameters<Db['transaction']>[0]>[0]

export type Database = {
  db: Db
  kind: 'embedded' | 'postgresql'
  /** One honest sentence on what a power cut does. */
  durability: string
  /** Writes a whole copy of the embedded database (tar.gz). @throws where the database is PostgreSQL */
  dump(path: string): Promise<void>
  close(): Promise<void>
}

export type DatabaseOptions = {
  /** Folder of the embedded database; null = in memory. Unused with `url`. */
  folder: string | null
  url: string | null
  log: Log
  /** A dump (tar) to start an embedded database from, instead of an empty one. */
  loadFrom?: Uint8Array
  /** A query of the embedded database older than this is ended with its thread. Default 30,000. */
  queryMsMax?: number
}

/** Opens and migrates. Only the engine that is used is loaded: each costs a tenth of a second of every start. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  if (options.url === null) return (await import('./embedded.ts')).openEmbedded(options)
  return (await import('./postgres.ts')).openPostgres(options.url, options.log)
}
