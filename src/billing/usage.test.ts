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
import { OUTCOMES, outcomeOf } from './roll-up.ts'
import { assertFigures, countsOf, FIRST, groupOf, KEY_IDS, KEYS, LAST, matches, records } from './scratch-usage.ts'
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
import { COUNTS } from './usage-figures.ts'
import type { UsageFilter } from './usage-filter.ts'
import type { UsageRecord } from './usage-record.ts'

const MACHINE: Caller = { kind: 'machine' }
const NOW = Date.UTC(2026, 10, 4, 12, 0, 20)

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

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/Havana',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'America/New_York',
  'Pacific/Auckland',
]
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
    timeZone: fc.constantFrom(...ZONES),
    groupBy: fc.constantFrom(...GROUPINGS),
    filter: someFilter,
    top: fc.integer({ min: 1, max: 4 }),
    comparePrevious: fc.boolean(),
  })
  .map(({ length, ...rest }) => ({ ...rest, to: rest.from + Math.min(length, 1_900 * STEP_MS[rest.step]) }))

async function requireTrueSums(question: UsageQuestion): Promise<void> {
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
    requestedModel: null,
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
}

test('strip, chart, table and list of requests are one sum, and it is the true one', async () => {
  await fc.assert(fc.asyncProperty(someQuestion, requireTrueSums), { numRuns: 40 })
})

test('so they are for the days of every zone', async () => {
  for (const timeZone of ZONES) await requireTrueSums(whole({ timeZone, groupBy: 'model' }))
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
