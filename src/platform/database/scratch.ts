/**
 * A migrated database of a test's own, gone when closed. On PGlite it starts from a template that the first test of a
 * set of migrations makes (0.5 s instead of 5); with `TEST_DATABASE_URL` it is a new database on that server.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import pg from 'pg'
import { randomText } from '../ids.ts'
import { createLog } from '../log.ts'
import { type Database, openDatabase } from './database.ts'
import { MIGRATIONS_FOLDER } from './migrations-folder.ts'

const log = createLog('test', 'silent')

export async function scratchDatabase(): Promise<Database> {
  const server = process.env.TEST_DATABASE_URL
  if (server) return scratchOnServer(server)
  return openDatabase({ folder: null, url: null, log, loadFrom: await migratedTemplate() })
}

async function scratchOnServer(server: string): Promise<Database> {
  const name = `tradewind_test_${randomText(12)}`
  await onServer(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  const database = await openDatabase({ folder: null, url: url.href, log })
  return {
    ...database,
    close: async () => {
      await database.close()
      await onServer(server, `drop database ${name} with (force)`)
    },
  }
}

/** Connection string of an empty database on the test server, with the call that drops it; null without a server. */
export async function scratchUrl(): Promise<{ url: string; drop: () => Promise<void> } | null> {
  const server = process.env.TEST_DATABASE_URL
  if (!server) return null
  const name = `tradewind_test_${randomText(12)}`
  await onServer(server, `create database ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => onServer(server, `drop database ${name} with (force)`) }
}

async function onServer(server: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/tradewind-test', import.meta.url))

/** A migrated, empty embedded database, to give as `loadFrom`. */
export async function migratedTemplate(): Promise<Uint8Array> {
  const hash = createHash('sha256')
  for (const file of readdirSync(MIGRATIONS_FOLDER, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.sql'))
    .sort())
    hash.update(file).update(readFileSync(join(MIGRATIONS_FOLDER, file)))
  const path = join(CACHE, `database-${hash.digest('hex').slice(0, 16)}.tar.gz`)
  try {
    return gunzipSync(readFileSync(path))
  } catch {
    // Two test files may both make it at first: each writes its own, and the rename decides.
    mkdirSync(CACHE, { recursive: true })
    const made = await openDatabase({ folder: null, url: null, log })
    const mine = `${path}.${process.pid}`
    await made.dump(mine)
    await made.close()
    renameSync(mine, path)
    return gunzipSync(readFileSync(path))
  }
}
