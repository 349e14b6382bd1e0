import assert from 'node:assert/strict'
import { test } from 'node:test'
import { evenStarts, rangeWords, stepAfterKey, stepAt, stepWords, timeTicks } from './chart-time.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const utc = Date.UTC(2026, 10, 18)
const labels = (from: number, to: number, most: number, locale = 'en-GB', zone = 'UTC') =>
  timeTicks(from, to, most, locale, zone).map(({ label }) => label)

test('a day ends at 24:00', () => {
  assert.deepEqual(labels(utc, utc + DAY, 5), ['00:00', '06:00', '12:00', '18:00', '24:00'])
})

test('a week names its days, in both languages', () => {
  assert.deepEqual(
    labels(utc, utc + 3 * DAY, 8).filter((_, index) => index % 2 === 0),
    ['Wed 18', 'Thu 19', 'Fri 20', 'Sat 21'],
  )
  assert.equal(labels(utc, utc + 7 * DAY, 8, 'zh-CN')[0], '18日周三')
})

test('months are named, and January is its year', () => {
  assert.deepEqual(labels(Date.UTC(2026, 9, 1), Date.UTC(2027, 1, 1), 6), ['Oct', 'Nov', 'Dec', '2027', 'Feb'])
})

test('the clock is put back in Berlin: midnights stay midnights, 25 hours apart', () => {
  const from = Date.UTC(2026, 9, 23, 22)
  const ticks = timeTicks(from, from + 3 * DAY + HOUR, 4, 'en-GB', 'Europe/Berlin')
  assert.deepEqual(
    ticks.map(({ label }) => label),
    ['Sat 24', 'Sun 25', 'Mon 26', 'Tue 27'],
  )
  assert.deepEqual(
    ticks.slice(1).map(({ at }, index) => (at - ticks[index]!.at) / HOUR),
    [24, 25, 24],
  )
})

test('a clock that skips midnight begins the day with its first moment', () => {
  // Beirut, 29 March 2026: 00:00 becomes 01:00.
  const from = Date.UTC(2026, 2, 27, 22)
  const ticks = timeTicks(from, from + 3 * DAY, 4, 'en-GB', 'Asia/Beirut')
  assert.deepEqual(ticks.map(({ label }) => label).slice(0, 3), ['Sat 28', 'Sun 29', 'Mon 30'])
  assert.equal(ticks[1]!.at, Date.UTC(2026, 2, 28, 22))
})

test('there are never many more lines than there is room for', () => {
  for (const span of [5 * 60_000, HOUR, 7 * HOUR, DAY, 9 * DAY, 40 * DAY, 400 * DAY, 4_000 * DAY]) {
    const ticks = timeTicks(utc, utc + span, 7, 'en-GB', 'Asia/Kolkata')
    assert.ok(ticks.length >= 1 && ticks.length <= 8, `${span / HOUR} h: ${ticks.length}`)
    for (const [index, { at }] of ticks.entries()) if (index > 0) assert.ok(at > ticks[index - 1]!.at)
  }
})

test('a step is named by its day and its hours', () => {
  const noon = Date.UTC(2026, 10, 19, 12)
  assert.equal(stepWords(noon, noon + 2 * HOUR, 'en-GB', 'UTC'), 'Thu 19 Nov, 12:00–14:00')
  assert.equal(stepWords(utc, utc + DAY, 'en-GB', 'UTC'), 'Wed 18 Nov')
  assert.equal(stepWords(utc, utc + DAY, 'zh-CN', 'UTC'), '11月18日周三')
  assert.match(rangeWords(utc, utc + 7 * DAY, 'en-GB', 'UTC'), /18\s?[–-]\s?24 Nov 2026/)
})

test('the hour that comes twice says which one it is', () => {
  const first = Date.UTC(2026, 9, 25, 0)
  assert.match(stepWords(first, first + HOUR, 'en-GB', 'Europe/Berlin'), /02:00.*UTC\+2$/)
  assert.match(stepWords(first + HOUR, first + 2 * HOUR, 'en-GB', 'Europe/Berlin'), /02:00.*UTC\+1$/)
  assert.doesNotMatch(stepWords(first + 12 * HOUR, first + 13 * HOUR, 'en-GB', 'Europe/Berlin'), /UTC/)
})

test('a moment finds its step, also where steps are uneven', () => {
  const starts = [0, 10, 35, 40]
  assert.deepEqual(
    [-1, 0, 9, 10, 34, 39, 40, 49, 50].map((at) => stepAt(at, starts, 50)),
    [-1, 0, 0, 1, 1, 2, 3, 3, -1],
  )
  assert.deepEqual(evenStarts(5, 10, 3), [5, 15, 25])
})

test('the first arrow shows the newest step that was counted, and the next ones go on from there', () => {
  assert.equal(stepAfterKey('ArrowLeft', -1, 5, 24), 5)
  assert.equal(stepAfterKey('ArrowRight', -1, 5, 24), 5)
  assert.equal(stepAfterKey('ArrowLeft', 5, 5, 24), 4)
  assert.equal(stepAfterKey('ArrowUp', 23, 5, 24), 23)
  assert.equal(stepAfterKey('PageDown', -1, 5, 24), 3)
  assert.equal(stepAfterKey('Home', -1, 5, 24), 0)
  assert.equal(stepAfterKey('End', 3, 5, 24), 23)
  assert.equal(stepAfterKey('x', 3, 5, 24), null)
})
