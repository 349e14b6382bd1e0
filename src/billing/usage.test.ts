/**
 * Figures against arithmetic over the records themselves: whatever the filter, range, zone and grouping, the strip, the
 * chart, the table and the list of requests are one sum.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { Caller } from '../identity/rules.ts'
import type { Database } from '../platform/database/database.ts'
import { scratchDatabase } from '../platform/database/scratch.ts'
import { type Billing, createBilling } from './billing.ts'
import { LATENCY_ERROR_MAX } from './latency-bins.ts'
import { OUTCOMES, outcomeOf } from './roll-up.ts'
import { scratchRecord } from './scratch-records.ts'
import {
  DAY_MS,
  HOUR_MS,
  MINUTE_MS,
  STEP_MS,
  STEPS,
  startOfDay,
  stepStarts,
  wholeMinutes,
  zoneOf,
} from './time-steps.ts'
import { GROUPINGS, type UsageQuestion } from './usage.ts'
import { COUNTS, type Figures } from './usage-figures.ts'
import type { UsageFilter } from './usage-filter.ts'
import type { UsageRecord } from './usage-record.ts'

const MACHINE: Caller = { kind: 'machine' }
/** Clocks are changed in New York and Havana on 1 November; Berlin was a week before. */
const FIRST = Date.UTC(2026, 9, 23, 5, 7)
const LAST = Date.UTC(2026, 10, 4, 19, 40)
const NOW = Date.UTC(2026, 10, 4, 12, 0, 20)

const KEYS = {
  key_a: { projectId: 'proj_1', ownerId: 'usr_1', kind: 'api' },
  key_b: { projectId: 'proj_1', ownerId: 'sa_1', kind: 'api' },
  key_c: { projectId: 'proj_2', ownerId: 'usr_1', kind: 'api' },
  key_d: { projectId: 'proj_2', ownerId: 'usr_2', kind: 'console' },
  key_e: { projectId: 'proj_1', ownerId: 'usr_1', kind: 'console' },
} as const
const KEY_IDS = Object.keys(KEYS) as (keyof typeof KEYS)[]

const oneRecord = fc.record({
  startedAtMs: fc.integer({ min: FIRST, max: LAST }),
  keyId: fc.constantFrom(...KEY_IDS),
  model: fc.constantFrom('tiny', 'small', 'large', 'embedder'),
  route: fc.constantFrom('/v1/chat/completions', '/v1/embeddings'),
  adapter: fc.constantFrom(null, 'triage-v3'),
  status: fc.constantFrom(200, 200, 200, 200, 400, 499, 502),
  cutBy: fc.constantFrom(null, null, null, 'client' as const, 'engine' as const),
  errorCode: fc.constantFrom(null, null, null, 'engine_lost'),
  tokensIn: fc.nat(5_000),
  tokensOut: fc.nat(900),
  firstTokenMs: fc.option(fc.double({ min: 0.1, max: 90_000, noNaN: true })),
  totalMs: fc.double({ min: 0.1, max: 900_000, noNaN: true }),
})
const records: UsageRecord[] = fc.sample(oneRecord, { numRuns: 700, seed: 20261124 }).map((some, index) =>
  scratchRecord(`req_${String(index).padStart(22, '0')}`, {
    ...some,
    projectId: KEYS[some.keyId].projectId,
    tokensCached: Math.floor(some.tokensIn / 3),
    tokensReasoning: Math.floor(some.tokensOut / 4),
  }),
)

let database: Database
let billing: Billing
before(async () => {
  database = await scratchDatabase()
  const findKeys = async (ids: readonly string[]) =>
    KEY_IDS.filter((id) => ids.includes(id)).map((keyId) => ({
      keyId,
      name: `name of ${keyId}`,
      projectName: `name of ${KEYS[keyId].projectId}`,
      ownerName: `name of ${KEYS[keyId].ownerId}`,
      ...KEYS[keyId],
    }))
  billing = createBilling({ db: database.db, clock: { nowMs: () => NOW }, findKeys })
  for (let start = 0; start < records.length; start += 100) await billing.recordUsage(records.slice(start, start + 100))
})
after(() => database.close())

function ownerOf(keyId: string) {
  return KEYS[keyId as keyof typeof KEYS]
}

function matches(record: UsageRecord, filter: UsageFilter): boolean {
  const same = (wanted: string | null, has: string) => wanted === null || wanted === has
  const isKey =
    filter.keyId === 'playground' ? ownerOf(record.keyId).kind === 'console' : same(filter.keyId, record.keyId)
  return (
    isKey &&
    same(filter.organizationId, record.organizationId) &&
    same(filter.projectId, record.projectId) &&
    same(filter.personId, ownerOf(record.keyId).ownerId) &&
    same(filter.model, record.model) &&
    same(filter.route, record.route) &&
    same(filter.outcome, outcomeOf(record))
  )
}

function groupOf(record: UsageRecord, groupBy: UsageQuestion['groupBy']): string {
  const key = ownerOf(record.keyId)
  switch (groupBy) {
    case 'model':
      return record.model
    case 'key':
      return key.kind === 'console' ? 'playground' : record.keyId
    case 'person':
      return key.ownerId
    case 'project':
      return record.projectId
    case 'route':
      return record.route
    case 'none':
      return ''
    default:
      return groupBy satisfies never
  }
}

function countsOf(some: readonly UsageRecord[]) {
  const sum = (of: (record: UsageRecord) => number) => some.reduce((total, record) => total + of(record), 0)
  return {
    requests: some.length,
    failed: some.filter((record) => outcomeOf(record) === 'failed').length,
    cut: some.filter((record) => outcomeOf(record) === 'cut').length,
    tokensIn: sum((record) => record.tokensIn),
    tokensCached: sum((record) => record.tokensCached),
    tokensOut: sum((record) => record.tokensOut),
    tokensReasoning: sum((record) => record.tokensReasoning),
  }
}

function assertFigures(figures: Figures, some: readonly UsageRecord[]): void {
  const { firstTokenMs, totalMs, ...counts } = figures
  assert.deepEqual(counts, countsOf(some))
  for (const [told, values] of [
    [firstTokenMs, some.flatMap(({ firstTokenMs }) => firstTokenMs ?? [])],
    [totalMs, some.map(({ totalMs }) => totalMs)],
  ] as const) {
    assert.equal(told === null, values.length === 0)
    const sorted = values.toSorted((a, b) => a - b)
    for (const [share, ms] of [
      [0.5, told?.p50],
      [0.95, told?.p95],
    ] as const) {
      const true_ = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]
      // Below a millisecond there is one bin; the rounding to three digits may add half a percent.
      if (true_ !== undefined && ms !== undefined && true_ > 1)
        assert.ok(Math.abs(ms / true_ - 1) <= LATENCY_ERROR_MAX + 0.006, `${ms} for ${true_}`)
    }
  }
}

const orAll = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { freq: 2 })
const someFilter: fc.Arbitrary<UsageFilter> = fc.record({
  organizationId: fc.constantFrom(null, 'org_1'),
  projectId: fc.constantFrom(null, null, 'proj_1', 'proj_missing'),
  keyId: fc.constantFrom(null, null, null, 'key_a', 'playground'),
  personId: fc.constantFrom(null, null, null, 'usr_1', 'sa_1'),
  model: fc.constantFrom(null, null, 'tiny'),
  route: fc.constantFrom(null, null, '/v1/embeddings'),
  outcome: orAll(fc.constantFrom(...OUTCOMES)),
})
const someQuestion: fc.Arbitrary<UsageQuestion> = fc
  .record({
    from: fc.integer({ min: FIRST - HOUR_MS, max: LAST }),
    length: fc.integer({ min: 1, max: 13 * DAY_MS }),
    step: fc.constantFrom(...STEPS),
    timeZone: fc.constantFrom(
      'UTC',
      'Europe/Berlin',
      'America/Havana',
      'Asia/Kolkata',
      'Asia/Kathmandu',
      'America/New_York',
    ),
    groupBy: fc.constantFrom(...GROUPINGS),
    filter: someFilter,
    top: fc.integer({ min: 1, max: 4 }),
    comparePrevious: fc.boolean(),
  })
  .map(({ length, ...rest }) => ({ ...rest, to: rest.from + Math.min(length, 1_900 * STEP_MS[rest.step]) }))

test('strip, chart, table and list of requests are one sum, and it is the true one', async () => {
  await fc.assert(
    fc.asyncProperty(someQuestion, async (question) => {
      const { filter, groupBy } = question
      const answer = await billing.usage.figures(MACHINE, question)
      const range = wholeMinutes(question)
      assert.deepEqual({ from: answer.from, to: answer.to }, range)
      const inRange = (record: UsageRecord, { from, to }: { from: number; to: number }) =>
        record.startedAtMs >= from && record.startedAtMs < to
      const meant = records.filter((record) => matches(record, filter) && inRange(record, range))

      assertFigures(answer.figures, meant)
      assert.deepEqual(answer.starts, stepStarts(range.from, range.to, question.step, zoneOf(question.timeZone)))
      for (const [step, from] of answer.starts.entries()) {
        const counts = countsOf(
          meant.filter((record) => inRange(record, { from, to: answer.starts[step + 1] ?? range.to })),
        )
        for (const count of COUNTS) assert.equal(answer.series[count][step], counts[count])
      }

      const ids = new Set(meant.map((record) => groupOf(record, groupBy)))
      const named = answer.groups.filter(({ id }) => id !== null)
      if (groupBy === 'none') assert.deepEqual(answer.groups, [])
      else {
        assert.equal(
          answer.groups.reduce((sum, { count }) => sum + count, 0),
          ids.size,
        )
        for (const count of COUNTS) {
          const all = answer.groups.reduce((sum, { figures }) => sum + figures[count], 0)
          assert.equal(all, answer.figures[count])
        }
      }
      for (const group of answer.groups) {
        const isMine = (record: UsageRecord) => {
          const id = groupOf(record, groupBy)
          return group.id === null ? !named.some((one) => one.id === id) : group.id === id
        }
        assertFigures(group.figures, meant.filter(isMine))
        for (const count of COUNTS)
          assert.equal(
            group.series[count].reduce((sum, value) => sum + value, 0),
            group.figures[count],
          )
      }

      const listed: string[] = []
      for await (const page of billing.requests.all(MACHINE, {
        ...filter,
        from: question.from,
        to: question.to,
        tokensMin: null,
        id: null,
      })) {
        listed.push(...page.map(({ id }) => id))
        for (const { id, outcome } of page) assert.equal(outcome, outcomeOf(records[Number(id.slice(4))]!))
      }
      const newestFirst = (a: UsageRecord, b: UsageRecord) => b.startedAtMs - a.startedAtMs || (a.id < b.id ? 1 : -1)
      assert.deepEqual(
        listed,
        meant.toSorted(newestFirst).map(({ id }) => id),
      )

      assert.equal(answer.previous !== null, question.comparePrevious)
      if (answer.previous)
        assertFigures(
          answer.previous.figures,
          records.filter((record) => matches(record, filter) && inRange(record, answer.previous!)),
        )
    }),
    { numRuns: 40 },
  )
})

const whole = (changed: Partial<UsageQuestion>): UsageQuestion => ({
  from: FIRST,
  to: LAST,
  step: '1d',
  timeZone: 'Europe/Berlin',
  groupBy: 'none',
  filter: {
    organizationId: null,
    projectId: null,
    keyId: null,
    personId: null,
    model: null,
    route: null,
    outcome: null,
  },
  top: 5,
  comparePrevious: true,
  ...changed,
})

test('whole days are compared with as many days before, also where one of them has 25 hours', async () => {
  const berlin = zoneOf('Europe/Berlin')
  const from = startOfDay(Date.UTC(2026, 9, 26, 12), berlin)
  const to = startOfDay(Date.UTC(2026, 9, 29, 12), berlin)
  const { previous } = await billing.usage.figures(MACHINE, whole({ from, to }))
  assert.equal(previous?.to, from)
  assert.equal(previous?.from, startOfDay(Date.UTC(2026, 9, 23, 12), berlin))
  assert.equal(from - (previous?.from ?? 0), to - from + HOUR_MS)
})

test('a day that is not over is compared with as much of the day before', async () => {
  const from = Date.UTC(2026, 10, 4)
  const { previous } = await billing.usage.figures(MACHINE, whole({ from, to: from + DAY_MS, timeZone: 'UTC' }))
  assert.deepEqual([previous?.from, previous?.to], [from - DAY_MS, Math.ceil(NOW / MINUTE_MS) * MINUTE_MS - DAY_MS])
})

test('the overview tells today and the same time of the same weekday last week', async () => {
  const zone = zoneOf('America/New_York')
  const { today, lastWeek } = await billing.usage.overview(
    MACHINE,
    { organizationId: 'org_1', projectId: null },
    'America/New_York',
  )
  const between = (from: number, to: number) =>
    records.filter(({ startedAtMs }) => startedAtMs >= from && startedAtMs < to)
  const now = Math.floor(NOW / MINUTE_MS) * MINUTE_MS + MINUTE_MS
  const midnight = startOfDay(NOW, zone)
  assertFigures(today.figures, between(midnight, now))
  // Clocks were put back in between, so it is not 168 hours ago.
  assert.equal(lastWeek.from, midnight - 7 * DAY_MS - HOUR_MS)
  assertFigures(lastWeek.figures, between(lastWeek.from, now - 7 * DAY_MS - HOUR_MS))
  assert.equal(lastWeek.starts.length, 96)
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0)
  assert.equal(sum(today.tokens), today.figures.tokensIn + today.figures.tokensOut)
  const { tokensIn, tokensOut } = countsOf(between(lastWeek.from, lastWeek.from + DAY_MS))
  assert.equal(sum(lastWeek.tokens), tokensIn + tokensOut)
})

test('the usage of keys is that of their last 30 days', async () => {
  const { keys } = await billing.usage.byKey(MACHINE, ['key_a', 'key_nowhere', 'key_d'])
  assert.deepEqual(
    keys.map(({ keyId }) => keyId),
    ['key_a', 'key_nowhere', 'key_d'],
  )
  const before_ = Math.floor(NOW / MINUTE_MS) * MINUTE_MS + MINUTE_MS
  for (const { keyId, figures } of keys)
    assertFigures(
      figures,
      records.filter((record) => record.keyId === keyId && record.startedAtMs < before_),
    )
})
