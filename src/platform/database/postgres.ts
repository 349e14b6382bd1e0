import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import pg from 'pg'
import type { Log } from '../log.ts'
import type { Database, Db } from './database.ts'
import { MIGRATIONS_FOLDER } from './migrations-folder.ts'
import { guarded, refuseInsideTransaction } from './transaction-guard.ts'

/** Any number will do, as long as it stays: two starts that migrate at once wait for each other on it. */
const MIGRATION_LOCK = 7_308_604

class GuardedPool extends pg.Pool {
  // biome-ignore lint/suspicious/noExplicitAny: the overloads of Pool.query cannot be restated one by one.
  override query(...parameters: any[]): any {
    refuseInsideTransaction()
    // biome-ignore lint/suspicious/noExplicitAny: handed on as they came.
    return (super.query as (...all: any[]) => any)(...parameters)
  }
}

/** A PostgreSQL server, 15 or newer. */
export async function openPostgres(url: string, log: Log): Promise<Database> {
  const pool = new GuardedPool({ connectionString: url, max: 10, connectionTimeoutMillis: 10_000 })
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection was lost'))
  try {
    const lock = await pool.connect()
    try {
      await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
      await migrate(drizzle({ client: lock }), { migrationsFolder: MIGRATIONS_FOLDER })
      await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK])
    } finally {
      lock.release()
    }
    return {
      db: guarded(drizzle({ client: pool }) as unknown as Db),
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
