import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimeZoneUnknown } from './errors.ts'
import { LEVEL_MS, LEVELS, type Range, slicesOf } from './slices.ts'
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

test('slices cover a range once, each as coarse as its step allows, whatever the zone', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ZONES), fc.constantFrom(...STEPS), range(6), (name, step, { from, to }) => {
      const starts = stepStarts(from, to, step, zoneOf(name))
      const slices = slicesOf(starts, to)
      const pieces = LEVELS.flatMap((level) => slices[level].map((slice) => ({ ...slice, level }))).sort(
        (a, b) => a.from - b.from,
      )
      assert.equal(pieces[0]?.from, from)
      assert.equal(pieces.at(-1)?.to, to)
      for (const [index, piece] of pieces.entries()) {
        assert.ok(piece.to > piece.from && (index === 0 || piece.from === pieces[index - 1]?.to))
        assert.equal(piece.from % LEVEL_MS[piece.level], 0)
        assert.equal(piece.to % LEVEL_MS[piece.level], 0)
        // No slot of it reaches over the beginning of a step.
        for (const start of starts)
          if (start > piece.from && start < piece.to) assert.equal(start % LEVEL_MS[piece.level], 0)
      }
    }),
  )
})

test('a zone that nobody knows is refused', () => {
  assert.throws(() => zoneOf('Mars/Olympus'), TimeZoneUnknown)
})
