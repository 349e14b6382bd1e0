/**
 * The usage page on a database of a million requests: how long each of its questions takes, beside the bare alternative
 * that needs no roll-ups, one aggregate over all records. Then what roll-ups cost when records are written.
 *
 * Records come through the door that workers use (`recordUsage`), a year of them: 12 keys of 4 projects, 6 models, more
 * by day than by night, one in fifty failed.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { type Billing, createBilling } from '../../src/billing/billing.ts'
import { usageRecord } from '../../src/billing/tables.ts'
import { DAY_MS, HOUR_MS, type Step } from '../../src/billing/time-steps.ts'
import type { Grouping, UsageQuestion } from '../../src/billing/usage.ts'
import { filterFrom } from '../../src/billing/usage-filter.ts'
import type { UsageRecord } from '../../src/billing/usage-record.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { type Database, openDatabase } from '../../src/platform/database/database.ts'
import { newId } from '../../src/platform/ids.ts'
import { createLog } from '../../src/platform/log.ts'
import { median } from '../figures.ts'
import type { SectionOptions } from './bench.ts'
import { startPostgres } from './scratch-postgres.ts'

const BAR_MS = 1_000
const FILL_BATCH = 500
/** What a worker sends at a time. */
const LIVE_BATCH = 200
const LIVE_BATCHES = 10
const KEYS = 12
const MODELS = ['qwen3-0.6b', 'qwen3-4b', 'deepseek-v3', 'smollm2-135m-instruct', 'all-minilm-l6-v2', 'triage-v3']

const QUESTIONS: { name: string; lengthMs: number; step: Step; timeZone: string }[] = [
  { name: '24 h by 15 min', lengthMs: DAY_MS, step: '15m', timeZone: 'Europe/Berlin' },
  { name: '7 d by hour', lengthMs: 7 * DAY_MS, step: '1h', timeZone: 'Europe/Berlin' },
  { name: '30 d by hour', lengthMs: 30 * DAY_MS, step: '1h', timeZone: 'Europe/Berlin' },
  { name: 'a year by day', lengthMs: 365 * DAY_MS, step: '1d', timeZone: 'Europe/Berlin' },
  { name: 'a year by day, half an hour off', lengthMs: 365 * DAY_MS, step: '1d', timeZone: 'Asia/Kolkata' },
]
const GROUPINGS: Grouping[] = ['model', 'key', 'person']

export async function run({ on, ...options }: SectionOptions): Promise<void> {
  if (on !== 'postgresql') {
    const folder = mkdtempSync(join(tmpdir(), 'tw-bench-'))
    try {
      await measure('PGlite', { folder, url: null }, options)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  if (on !== 'pglite') {
    const postgres = startPostgres()
    try {
      if (postgres) await measure(`PostgreSQL ${postgres.version}`, { folder: null, url: postgres.url }, options)
      else console.log('PostgreSQL: none is installed here')
    } finally {
      postgres?.stop()
    }
  }
}

async function measure(
  name: string,
  where: { folder: string | null; url: string | null },
  { rounds, records }: Pick<SectionOptions, 'rounds' | 'records'>,
): Promise<void> {
  const database = await openDatabase({ ...where, log: createLog('bench', 'warn') })
  try {
    const billing = createBilling({ db: database.db, clock: systemClock, findKeys: async (ids) => ids.map(factsOf) })
    const fillS = await seconds(() => fill(billing, records))
    console.log(`\n${name}: ${records} records in ${fillS.toFixed(0)} s, ${(records / fillS).toFixed(0)}/s`)
    await askQuestions(database, billing, rounds)
    await recordLive(database, billing, rounds)
  } finally {
    await database.close()
  }
}

async function askQuestions({ db }: Database, billing: Billing, rounds: number): Promise<void> {
  const questions = QUESTIONS.flatMap((range) => GROUPINGS.map((groupBy) => ({ ...range, groupBy })))
  const took = new Map(questions.map((question) => [question, [] as number[]]))
  const list: number[] = []
  const bare: number[] = []
  const to = Date.now()
  for (let round = 0; round < rounds; round++) {
    for (const [question, ms] of took)
      ms.push(1_000 * (await seconds(() => billing.usage.figures({ kind: 'machine' }, questionOf(question, to)))))
    const filter = {
      ...filterFrom({ model: MODELS[0]! }),
      from: to - 30 * DAY_MS,
      to,
      tokensMin: null,
      requestedModel: null,
      id: null,
    }
    list.push(
      1_000 * (await seconds(() => billing.requests.list({ kind: 'machine' }, filter, { limit: 50, after: null }))),
    )
    bare.push(
      1_000 *
        (await seconds(() =>
          db.execute(
            sql`select model, date_trunc('day', started_at), count(*), sum(tokens_in), sum(tokens_out) from usage_record group by 1, 2`,
          ),
        )),
    )
  }
  console.log(`one question, with the period before; median of ${rounds} (slowest), ms; at most ${BAR_MS}`)
  const line = (what: string, ms: number[], isOurs = true) => {
    const slowest = Math.max(...ms)
    const verdict = isOurs
      ? `${(median(bare) / median(ms)).toFixed(1)} × as fast as bare${slowest > BAR_MS ? ' · TOO SLOW' : ''}`
      : ''
    console.log(
      `${what.padEnd(46)} ${median(ms).toFixed(0).padStart(6)} ${`(${slowest.toFixed(0)})`.padStart(8)}  ${verdict}`.trimEnd(),
    )
  }
  for (const [{ name, groupBy }, ms] of took) line(`${name}, by ${groupBy}`, ms)
  line('50 requests of a model', list)
  line('bare: all records by model and day', bare, false)
}

/** Batches as workers send them, in turn with the same rows inserted and not counted; those are taken out again. */
async function recordLive({ db }: Database, billing: Billing, rounds: number): Promise<void> {
  const counted: number[] = []
  const bare: number[] = []
  for (let round = 0; round < rounds; round++) {
    for (let batch = 0; batch < LIVE_BATCHES; batch++) {
      const ours = liveBatch()
      counted.push(LIVE_BATCH / (await seconds(() => billing.recordUsage(ours))))
      const rows = liveBatch().map(({ startedAtMs, ...record }) => ({ ...record, startedAt: new Date(startedAtMs) }))
      bare.push(
        LIVE_BATCH /
          (await seconds(() => db.transaction((tx) => tx.insert(usageRecord).values(rows).onConflictDoNothing()))),
      )
      await db.execute(sql`delete from usage_record where engine_id = 'bare'`)
    }
  }
  console.log(
    `recording in batches of ${LIVE_BATCH}: ${median(counted).toFixed(0)}/s with roll-ups, ${median(bare).toFixed(0)}/s without, ${(median(bare) / median(counted)).toFixed(1)} × the work`,
  )

  function liveBatch(): UsageRecord[] {
    const isBare = counted.length > bare.length
    return Array.from({ length: LIVE_BATCH }, (_, index) => ({
      ...recordOf(index * 7, Date.now() - index),
      ...(isBare ? { engineId: 'bare' } : {}),
    }))
  }
}

async function fill(billing: Billing, records: number): Promise<void> {
  const now = Date.now()
  const times = timesOverAYear(records, now)
  for (let start = 0; start < records; start += FILL_BATCH) {
    const batch = times.slice(start, start + FILL_BATCH)
    await billing.recordUsage(batch.map((at, index) => recordOf(start + index, at)))
  }
}

/** Ascending; three in four requests come in the twelve hours of the day. */
function timesOverAYear(records: number, now: number): number[] {
  const spaceMs = (365 * DAY_MS) / records
  return Array.from({ length: records }, (_, index) => {
    const at = now - 365 * DAY_MS + index * spaceMs
    const hour = Math.floor(at / HOUR_MS) % 24
    const isNight = hour < 7 || hour >= 19
    return Math.floor(isNight && index % 2 === 0 ? Math.min(now - 1, at + 12 * HOUR_MS) : at)
  }).sort((a, b) => a - b)
}

/** The numbers of a record follow from its place, so that each run has the same. */
function recordOf(index: number, at: number): UsageRecord {
  const random = mixed(index)
  const key = random % KEYS
  const isFailed = random % 50 === 0
  const tokensIn = 20 + (mixed(index + 1) % 3_000)
  const tokensOut = isFailed ? 0 : 5 + (mixed(index + 2) % 500)
  const firstTokenMs = 60 * 1.05 ** (mixed(index + 3) % 60)
  return {
    id: newId('req', at),
    startedAtMs: at,
    organizationId: 'org_bench',
    projectId: `proj_${key % 4}`,
    keyId: `key_${key}`,
    model: MODELS[(key + (mixed(index + 4) % 3)) % MODELS.length]!,
    adapter: null,
    deploymentId: 'dep_bench',
    engineId: 'eng_bench',
    route: '/v1/chat/completions',
    stream: true,
    status: isFailed ? 503 : 200,
    errorCode: isFailed ? 'engine_overloaded' : null,
    tokensIn,
    tokensCached: Math.floor(tokensIn / 5),
    tokensOut,
    tokensReasoning: 0,
    tokensInSource: 'engine',
    tokensOutSource: 'engine',
    finish: isFailed ? null : 'stop',
    cutBy: null,
    gatewayMs: 0.5,
    queueMs: 1,
    prefillMs: firstTokenMs - 2,
    decodeMs: tokensOut * 20,
    firstTokenMs: isFailed ? null : firstTokenMs,
    totalMs: firstTokenMs + tokensOut * 20,
    retries: 0,
  }
}

/** A number that looks like chance, from a place. */
function mixed(place: number): number {
  let value = Math.imul(place ^ 0x9e3779b9, 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

function factsOf(keyId: string) {
  const number = Number(keyId.slice(4))
  return {
    keyId,
    name: `key ${number}`,
    kind: 'api' as const,
    projectId: `proj_${number % 4}`,
    projectName: `project ${number % 4}`,
    ownerId: `usr_${number % 5}`,
    ownerName: `person ${number % 5}`,
  }
}

function questionOf(
  { lengthMs, step, timeZone, groupBy }: { lengthMs: number; step: Step; timeZone: string; groupBy: Grouping },
  to: number,
): UsageQuestion {
  const rest = { step, timeZone, groupBy, filter: filterFrom({}), top: 6, comparePrevious: true }
  return { from: to - lengthMs, to, ...rest }
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await work()
  return (performance.now() - from) / 1_000
}
