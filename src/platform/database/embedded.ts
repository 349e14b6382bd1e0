import type { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import type { Database, DatabaseOptions, Db } from './database.ts'
import { MIGRATIONS_FOLDER } from './migrations-folder.ts'
import { PgliteThread } from './pglite-thread.ts'
import { guarded, refuseInsideTransaction } from './transaction-guard.ts'

/** PGlite in a worker thread, on the data folder or in memory. */
export async function openEmbedded(options: DatabaseOptions): Promise<Database> {
  const thread = await openThread(options)
  try {
    const db = drizzle({ client: thread as unknown as PGlite })
    await migrate(db, { migrationsFolder: MIGRATIONS_FOLDER })
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

/** As it lies there, without running a migration: to look at a copy before it is trusted. */
export async function openUnmigrated(options: DatabaseOptions): Promise<Pick<Database, 'db' | 'close'>> {
  const thread = await openThread(options)
  const db = drizzle({ client: thread as unknown as PGlite })
  return { db: guarded(db as unknown as Db), close: () => thread.close() }
}

function openThread(options: DatabaseOptions): Promise<PgliteThread> {
  return PgliteThread.open({
    folder: options.folder,
    ...(options.loadFrom ? { loadFrom: options.loadFrom } : {}),
    queryMsMax: options.queryMsMax ?? 30_000,
    log: options.log,
    guard: refuseInsideTransaction,
  })
}
