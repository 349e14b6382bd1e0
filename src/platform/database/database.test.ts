import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { sql } from 'drizzle-orm'
import { createLog } from '../log.ts'
import { controlLease } from '../tables.ts'
import { type Database, type Db, openDatabase } from './database.ts'
import { QueryTooLong } from './pglite-thread.ts'
import { migratedTemplate, scratchUrl } from './scratch.ts'
import { TransactionMisuse } from './transaction-guard.ts'

const log = createLog('test', 'silent')
const scratch = mkdtempSync(join(tmpdir(), 'tradewind-database-'))
after(() => rmSync(scratch, { recursive: true }))

const lease = (id: number) => ({ id, holder: `holder ${id}`, term: 1, heldUntil: new Date(0) })
const idsIn = async (db: Db) =>
  (await db.select({ id: controlLease.id }).from(controlLease)).map(({ id }) => id).sort((a, b) => a - b)

const engines = [
  { name: 'the embedded database', skip: false as const, open: () => openEmbedded(null) },
  {
    name: 'PostgreSQL',
    skip: process.env.TEST_DATABASE_URL === undefined && 'TEST_DATABASE_URL names no server',
    open: async () => {
      const server = await scratchUrl()
      assert.ok(server)
      const database = await openDatabase({ folder: null, url: server.url, log })
      return { ...database, close: () => database.close().then(server.drop) }
    },
  },
]

for (const { name, skip, open } of engines) {
  describe(`on ${name}`, { skip }, () => {
    it('`db` inside `db.transaction` is refused instead of waiting for itself, and nothing of it stays', async () => {
      await using opened = closing(await open())
      const { db } = opened.database
      const misuses: [name: string, use: () => Promise<unknown>][] = [
        ['a select', () => db.select().from(controlLease)],
        ['an insert', () => db.insert(controlLease).values(lease(2))],
        ['raw SQL', () => db.execute(sql`select 1`)],
        ['another transaction', () => db.transaction(async () => 1)],
        [
          'a call some awaits away',
          async () => {
            await null
            await new Promise(setImmediate)
            return db.select().from(controlLease)
          },
        ],
      ]
      for (const [what, use] of misuses) {
        const misuse = db.transaction(async (tx) => {
          await tx.insert(controlLease).values(lease(1))
          await use()
        })
        await assert.rejects(misuse, (error: Error) => (error.cause ?? error) instanceof TransactionMisuse, what)
        assert.deepEqual(await idsIn(db), [], what)
      }
    })

    it('`tx` works inside, also in a transaction within, which fails alone', async () => {
      await using opened = closing(await open())
      const { db } = opened.database
      await db.transaction(async (tx) => {
        await tx.insert(controlLease).values(lease(1))
        await assert.rejects(
          tx.transaction(async (inner) => {
            await inner.insert(controlLease).values(lease(2))
            throw new Error('not this one')
          }),
          /not this one/,
        )
        await tx.transaction((inner) => inner.insert(controlLease).values(lease(3)))
      })
      assert.deepEqual(await idsIn(db), [1, 3])
    })

    it('a refused row says which constraint refused it, and later queries work', async () => {
      await using opened = closing(await open())
      const { db } = opened.database
      await db.insert(controlLease).values(lease(1))
      const refused = await db
        .insert(controlLease)
        .values(lease(1))
        .then(
          () => null,
          (error) => error,
        )
      assert.equal(refused.cause.code, '23505')
      assert.equal(refused.cause.constraint, 'control_lease_pkey')
      assert.deepEqual(await idsIn(db), [1])
    })

    it('transactions that run at once never see each other half done', async () => {
      await using opened = closing(await open())
      const { db } = opened.database
      await db.insert(controlLease).values(lease(1))
      const rise = () =>
        db.transaction(async (tx) => {
          const [row] = await tx.select().from(controlLease).for('update')
          await new Promise(setImmediate)
          await tx.update(controlLease).set({ term: row!.term + 1 })
        })
      await Promise.all(Array.from({ length: 8 }, rise))
      assert.equal((await db.select().from(controlLease))[0]?.term, 9)
    })
  })
}

describe('a query that runs away', () => {
  const runaway = sql`select count(*) from generate_series(1, 1e10)`

  it('is ended, the next one works, and what was committed is still there', async () => {
    await using opened = closing(await openEmbedded('runaway', { queryMsMax: 2_000 }))
    const { db } = opened.database
    await db.insert(controlLease).values(lease(1))
    const ended = db.execute(runaway)
    const behind = idsIn(db)
    await assert.rejects(ended, (error: Error) => error.cause instanceof QueryTooLong)
    assert.deepEqual(await behind, [1], 'whoever waited behind it is served by the new thread')
    await db.insert(controlLease).values(lease(2))
    assert.deepEqual(await idsIn(db), [1, 2])
  })

  it('inside a transaction takes that transaction with it, and no later query of it runs outside', async () => {
    await using opened = closing(await openEmbedded('runaway', { queryMsMax: 2_000 }))
    const { db } = opened.database
    const before = await idsIn(db)
    const lost = db.transaction(async (tx) => {
      await tx.insert(controlLease).values(lease(7))
      await tx.execute(runaway).catch(() => 'swallowed')
      await tx.insert(controlLease).values(lease(8))
    })
    await assert.rejects(lost, (error: Error) => (error.cause ?? error) instanceof QueryTooLong)
    assert.deepEqual(await idsIn(db), before)
  })
})

describe('the embedded database', () => {
  it('after kill -9 in the midst of transactions has all that was acknowledged, and no half of any', async () => {
    await (await openEmbedded('killed')).close()
    const script = join(scratch, 'commit-for-ever.mjs')
    writeFileSync(
      script,
      `
      import { openDatabase } from ${JSON.stringify(new URL('./database.ts', import.meta.url).href)}
      import { createLog } from ${JSON.stringify(new URL('../log.ts', import.meta.url).href)}
      import { controlLease } from ${JSON.stringify(new URL('../tables.ts', import.meta.url).href)}
      const { db } = await openDatabase({ folder: ${JSON.stringify(join(scratch, 'killed'))}, url: null, log: createLog('child', 'silent') })
      const lease = (id) => ({ id, holder: 'x', term: 1, heldUntil: new Date(0) })
      for (let pair = 0; ; pair++) {
        await db.transaction(async (tx) => {
          await tx.insert(controlLease).values(lease(2 * pair))
          await tx.insert(controlLease).values(lease(2 * pair + 1))
        })
        process.stdout.write(pair + '\\n')
      }`,
    )
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.split('\n').length > 40) child.kill('SIGKILL')
    })
    await once(child, 'close')
    assert.equal(child.signalCode, 'SIGKILL')
    const acknowledged = said.split('\n').slice(0, -1).map(Number)

    await using opened = closing(await openEmbedded('killed'))
    const kept = await idsIn(opened.database.db)
    const pairs = kept.length / 2
    assert.ok(pairs >= acknowledged.length, `${acknowledged.length} were acknowledged, ${pairs} are there`)
    assert.deepEqual(
      kept,
      Array.from({ length: 2 * pairs }, (_, id) => id),
      'pairs are whole and none is missing',
    )
  })

  it('comes back whole from its dump', async () => {
    const path = join(scratch, 'dump.tar.gz')
    {
      await using opened = closing(await openEmbedded('dumped'))
      await opened.database.db.insert(controlLease).values([lease(1), lease(2)])
      await opened.database.dump(path)
      await opened.database.db.insert(controlLease).values(lease(3))
    }
    assert.equal(statSync(path).mode & 0o777, 0o600)
    await using copy = closing(
      await openDatabase({ folder: null, url: null, log, loadFrom: gunzipSync(readFileSync(path)) }),
    )
    assert.deepEqual(await idsIn(copy.database.db), [1, 2])
    await copy.database.db.insert(controlLease).values(lease(3))
  })

  it('refuses queries once it is closed, and closing twice does no harm', async () => {
    const database = await openEmbedded('closed')
    await database.close()
    await database.close()
    await assert.rejects(idsIn(database.db), (error: Error) => /is closed/.test(String(error.cause ?? error)))
  })

  it('says that a power cut can harm it', async () => {
    await using opened = closing(await openEmbedded('closed'))
    assert.equal(opened.database.kind, 'embedded')
    assert.match(opened.database.durability, /power cut/)
  })
})

/** @param name of its folder; null = in memory */
async function openEmbedded(name: string | null, options: { queryMsMax?: number } = {}): Promise<Database> {
  const folder = name === null ? null : join(scratch, name)
  const isNew = folder === null || !existsSync(folder)
  return openDatabase({ folder, url: null, log, ...(isNew ? { loadFrom: await migratedTemplate() } : {}), ...options })
}

function closing(database: Database) {
  return { database, [Symbol.asyncDispose]: () => database.close() }
}
