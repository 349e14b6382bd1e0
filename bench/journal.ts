/**
 * What it costs to have the record of each request on file before its answer ends: the journal, surviving the process or
 * the machine, against one INSERT each into the database, in turns on the same disk. A journal writes a request twice, its
 * opening and its close; the INSERT is made once. Many requests are under way at once, as behind a gateway, and each waits
 * for its own record.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scratchRecord } from '../src/billing/scratch-records.ts'
import { usageRecord } from '../src/billing/tables.ts'
import type { UsageRecord } from '../src/billing/usage-record.ts'
import { createUsageJournal } from '../src/gateway/journal/usage-journal.ts'
import { systemClock } from '../src/platform/clock.ts'
import type { UsageDurability } from '../src/platform/config.ts'
import { type Database, openDatabase } from '../src/platform/database/database.ts'
import { newId } from '../src/platform/ids.ts'
import { createLog } from '../src/platform/log.ts'
import { startPostgres } from './console/scratch-postgres.ts'
import { printRows, type Row } from './figures.ts'

const AT_ONCE = 256
const JOURNAL_RECORDS = 20_000
const INSERTED_RECORDS = 1_000
const BAR = 10
const log = createLog('bench', 'silent')

/** @param options `--rounds 7` */
export async function run(options: string[]): Promise<void> {
  const rounds = Number(options[options.indexOf('--rounds') + 1] ?? 7) || 7
  const root = mkdtempSync(join(tmpdir(), 'tw-bench-'))
  const postgres = startPostgres()
  try {
    const place = postgres ? `PostgreSQL ${postgres.version}` : 'PGlite'
    const database = await openDatabase(
      postgres ? { url: postgres.url, folder: null, log } : { url: null, folder: join(root, 'database'), log },
    )
    try {
      const row = (durability: UsageDurability): Row => ({
        what: `${durability}: records of ${AT_ONCE} requests at once, against one INSERT each (${place})`,
        unit: 'per second',
        ours: [],
        peers: [],
        bar: { atLeast: BAR },
      })
      const rows = { process: row('process'), host: row('host') }
      for (let round = -1; round < rounds; round++)
        for (const durability of ['process', 'host'] as const) {
          const ours = await journalled(root, durability)
          const peers = await inserted(database)
          if (round >= 0) rows[durability].ours.push(ours) && rows[durability].peers.push(peers)
        }
      printRows(Object.values(rows), { ours: 'journal', peers: 'INSERT' })
    } finally {
      await database.close()
    }
  } finally {
    postgres?.stop()
    rmSync(root, { recursive: true, force: true })
  }
}

async function journalled(root: string, durability: UsageDurability): Promise<number> {
  const journal = createUsageJournal({
    deliver: () => Promise.reject(new Error('control is away: only writing is measured')),
    root: mkdtempSync(join(root, 'journal-')),
    worker: '0',
    workers: 1,
    durability,
    clock: systemClock,
    log,
  })
  const perSecond = await many(JOURNAL_RECORDS, async (record) => {
    journal.open(record)
    await journal.close(record)
  })
  await journal.stop()
  return perSecond
}

function inserted({ db }: Database): Promise<number> {
  return many(INSERTED_RECORDS, async ({ startedAtMs, ...record }) => {
    await db
      .insert(usageRecord)
      .values({ ...record, startedAt: new Date(startedAtMs) })
      .onConflictDoNothing()
  })
}

/** @returns how many a second */
async function many(count: number, record: (record: UsageRecord) => Promise<void>): Promise<number> {
  const records = Array.from({ length: count }, () => scratchRecord(newId('req')))
  const startedAt = performance.now()
  let next = 0
  const request = async () => {
    for (let one = records[next++]; one !== undefined; one = records[next++]) await record(one)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, request))
  return (count / (performance.now() - startedAt)) * 1_000
}
