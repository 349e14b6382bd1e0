import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimeZoneUnknown } from './errors.ts'
import { LEVEL_MS, LEVELS, type Range, slicesOf, slotCount, slotsIn } from './slices.ts'
import { MINUTE_MS, STEP_MS, STEPS, type Step, shiftDays, startOfDay, stepStarts, zoneOf } from './time-steps.ts'

/** Whole hours, half hours and three quarters off; clocks changed by an hour, by half of one, at midnight, in either half of the year. */
const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'Asia/Shanghai',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'America/St_Johns',
  'America/Santiago',
  'America/Havana',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Pacific/Chatham',
]

/** What a clock on the wall shows, minutes since the epoch; by `Intl` alone, a minute at a time. */
function wallClock(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' })
  return (at) => Date.parse(`${format.format(at).replace(' ', 'T')}Z`) / MINUTE_MS
}

/** The same question, answered by looking at every fifth minute. */
function startsByLooking(from: number, to: number, step: Step, timeZone: string): number[] {
  const wall = wallClock(timeZone)
  const minutes = STEP_MS[step] / MINUTE_MS
  const lookEvery = Math.min(5, minutes) * MINUTE_MS
  const starts = [from]
  let before = wall(from)
  let latestDay = Math.floor(before / minutes)
  for (let at = (Math.floor(from / lookEvery) + 1) * lookEvery; at < to; at += lookEvery) {
    const now = wall(at)
    const isOther = Math.floor(now / minutes) > Math.floor(before / minutes) || now % minutes === 0
    if (step === '1d' ? Math.floor(now / minutes) > latestDay : isOther) starts.push(at)
    latestDay = Math.max(latestDay, Math.floor(now / minutes))
    before = now
  }
  return starts
}

const DAY = STEP_MS['1d']
const range = (daysMax: number) =>
  fc
    .record({
      from: fc.integer({ min: Date.UTC(2024, 0) / MINUTE_MS, max: Date.UTC(2028, 0) / MINUTE_MS }),
      minutes: fc.integer({ min: 1, max: daysMax * 1_440 }),
    })
    .map(({ from, minutes }): Range => ({ from: from * MINUTE_MS, to: (from + minutes) * MINUTE_MS }))

test('steps begin where a clock on the wall says so, in every zone and over every change of clocks', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...ZONES),
      fc.constantFrom<Step>('15m', '1h', '1d'),
      range(5),
      (name, step, { from, to }) => {
        assert.deepEqual(stepStarts(from, to, step, zoneOf(name)), startsByLooking(from, to, step, name))
      },
    ),
    { numRuns: 60 },
  )
})

test('the days on which clocks change have 23, 25 or another number of hours, and begin when they begin', () => {
  const hoursOf = (name: string, noon: number) => {
    const zone = zoneOf(name)
    const from = startOfDay(noon, zone)
    const to = startOfDay(from + 1.5 * DAY, zone)
    assert.deepEqual(stepStarts(from, to, '1d', zone), [from])
    for (const step of ['15m', '1h', '1d'] as const)
      assert.deepEqual(stepStarts(from, to, step, zone), startsByLooking(from, to, step, name))
    return { hours: (to - from) / STEP_MS['1h'], wallHour: (wallClock(name)(from) / 60) % 24 }
  }
  assert.deepEqual(hoursOf('Europe/Berlin', Date.UTC(2026, 2, 29, 12)), { hours: 23, wallHour: 0 })
  assert.deepEqual(hoursOf('Europe/Berlin', Date.UTC(2026, 9, 25, 12)), { hours: 25, wallHour: 0 })
  assert.deepEqual(hoursOf('Australia/Lord_Howe', Date.UTC(2026, 3, 5, 1)), { hours: 24.5, wallHour: 0 })
  assert.deepEqual(hoursOf('Africa/Cairo', Date.UTC(2026, 3, 24, 12)), { hours: 23, wallHour: 1 })
  assert.deepEqual(hoursOf('America/Santiago', Date.UTC(2026, 3, 4, 16)), { hours: 25, wallHour: 0 })
  assert.deepEqual(hoursOf('America/Havana', Date.UTC(2026, 10, 1, 16)), { hours: 25, wallHour: 0 })
})

test('a week later it is the same time on the wall, and a skipped one is the first after it', () => {
  const berlin = zoneOf('Europe/Berlin')
  assert.equal(shiftDays(Date.UTC(2026, 2, 25, 11), 7, berlin), Date.UTC(2026, 3, 1, 10))
  assert.equal(shiftDays(Date.UTC(2026, 2, 22, 1, 30), 7, berlin), Date.UTC(2026, 2, 29, 1, 30))
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), range(1), fc.integer({ min: -40, max: 40 }), (name, { from }, days) => {
      const wall = wallClock(name)
      const shifted = shiftDays(from, days, zoneOf(name))
      const lateMinutes = wall(shifted) - wall(from) - days * 1_440
      assert.ok(lateMinutes >= 0 && lateMinutes <= 60, `${lateMinutes}`)
    }),
  )
})

test('slices count every minute once, in its own step, whatever the zone and the steps', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), fc.constantFrom(...STEPS), range(70), (name, step, { from, to: end }) => {
      const to = Math.min(end, from + 500 * STEP_MS[step])
      const starts = stepStarts(from, to, step, zoneOf(name))
      const stepAt = (at: number) => starts.findLastIndex((start) => start <= at)
      const { counted, moved } = slicesOf(starts, to)
      const minutes = starts.map(() => 0)
      for (const level of LEVELS) {
        for (const slice of [...counted[level], ...moved[level]]) {
          assert.equal(slice.from % LEVEL_MS[level], 0)
          assert.equal(slice.to % LEVEL_MS[level], 0)
        }
        for (const at of slotsIn(level, counted[level]))
          minutes[stepAt(level === 'day' ? at + DAY / 2 : at)]! += LEVEL_MS[level] / MINUTE_MS
        for (const at of slotsIn(level, moved[level])) {
          assert.equal(stepAt(at), stepAt(at + LEVEL_MS[level] - MINUTE_MS), 'what is moved lies in one step')
          minutes[stepAt(at)]! += LEVEL_MS[level] / MINUTE_MS
          minutes[stepAt(Math.floor(at / DAY) * DAY + DAY / 2)]! -= LEVEL_MS[level] / MINUTE_MS
        }
      }
      assert.deepEqual(
        minutes,
        starts.map((start, index) => ((starts[index + 1] ?? to) - start) / MINUTE_MS),
      )
    }),
  )
})

test('a year of days somewhere is read by days of UTC, and by hours only where the two differ', () => {
  const to = Date.UTC(2026, 10, 1)
  const from = to - 365 * DAY
  const hoursRead = (name: string) => {
    const { counted, moved } = slicesOf(stepStarts(from, to, '1d', zoneOf(name)), to)
    assert.ok(slotCount('day', counted.day) >= 363)
    return slotCount('hour', [...counted.hour, ...moved.hour]) / 365
  }
  assert.equal(hoursRead('UTC'), 0)
  assert.ok(hoursRead('Europe/Berlin') < 2)
  assert.ok(hoursRead('Asia/Shanghai') <= 8)
  assert.ok(hoursRead('Asia/Kolkata') <= 5)
})

test('a zone that nobody knows is refused', () => {
  assert.throws(() => zoneOf('Mars/Olympus'), TimeZoneUnknown)
})
