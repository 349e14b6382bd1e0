/**
 * The database: one dialect, two engines. `DATABASE_URL` names a PostgreSQL; without it, PGlite (PostgreSQL compiled to
 * WebAssembly) runs in a worker thread on the data folder. This is the only file that knows which.
 *
 * PGlite guards nothing by itself, so three guards are ours: a lock on the folder, a refusal of `db` inside
 * `db.transaction` (it has one session: the call would wait for itself for ever), and a watchdog for runaway queries.
 * The second guard holds on PostgreSQL too: there the call would quietly run outside the transaction.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { fileURLToPath } from 'node:url'
import type { PGlite } from '@electric-sql/pglite'
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres'
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator'
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core'
import { drizzle as drizzlePglite } from 'drizzle-orm/pglite'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import pg from 'pg'
import type { Log } from '../log.ts'
import { PgliteThread } from './pglite-thread.ts'

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

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../migrations', import.meta.url))

/** Opens and migrates. */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.url === null ? openEmbedded(options) : openPostgres(options.url, options.log)
}

const insideTransaction = new AsyncLocalStorage<true>()

/** Thrown where `db` is used while `db.transaction` is open on the same path of calls. A bug of ours, never a user's. */
export class TransactionMisuse extends Error {
  override name = 'TransactionMisuse'
  constructor() {
    super('`db` was used inside `db.transaction`; use the `tx` that the callback was given.')
  }
}

export function refuseInsideTransaction(): void {
  if (insideTransaction.getStore()) throw new TransactionMisuse()
}

async function openEmbedded(options: DatabaseOptions): Promise<Database> {
  const thread = await PgliteThread.open({
    folder: options.folder,
    ...(options.loadFrom ? { loadFrom: options.loadFrom } : {}),
    queryMsMax: options.queryMsMax ?? 30_000,
    log: options.log,
    guard: refuseInsideTransaction,
  })
  try {
    const db = drizzlePglite({ client: thread as unknown as PGlite })
    await migratePglite(db, { migrationsFolder: MIGRATIONS_FOLDER })
    return {
      db: guarded(db as unknown as Db),
      kind: 'embedded',
      durability:
        'Embedded database: survives a crash of the program, but a power cut can lose or damage it; set DATABASE_URL for production.',
      dump: (path) => thread.dump(path),
      close: () => thread.close(),
    }
  } catch (error) {
    await thread.close()
    throw error
  }
}

class GuardedPool extends pg.Pool {
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of Pool.query cannot be restated one by one.
  override query(...parameters: any[]): any {
    refuseInsideTransaction()
    // biome-ignore lint/suspicious/noExplicitAny: handed on as they came.
    return (super.query as (...all: any[]) => any)(...parameters)
  }
}

async function openPostgres(url: string, log: Log): Promise<Database> {
  const pool = new GuardedPool({ connectionString: url, max: 10, connectionTimeoutMillis: 10_000 })
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  try {
    const db = drizzlePg({ client: pool })
    await migratePg(db, { migrationsFolder: MIGRATIONS_FOLDER })
    return {
      db: guarded(db as unknown as Db),
      kind: 'postgresql',
      durability: 'PostgreSQL: a committed change survives a power cut, as far as that server is set to.',
      dump: async () => {
        throw new Error('This installation keeps its data in PostgreSQL: back it up with pg_dump.')
      },
      close: () => pool.end(),
    }
  } catch (error) {
    await pool.end()
    throw error
  }
}

/** Marks the callback's path of calls, so that the guard knows where it is. */
function guarded(db: Db): Db {
  const transaction = db.transaction.bind(db)
  db.transaction = ((work: (tx: Tx) => Promise<unknown>, config?: Parameters<Db['transaction']>[1]) => {
    refuseInsideTransaction()
    return transaction((tx) => insideTransaction.run(true, () => work(tx)), config)
  }) as Db['transaction']
  return db
}
