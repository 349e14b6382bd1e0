import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMinuteSeries } from './minute-series.ts'

const MINUTE = 60_000
const NOON = Date.UTC(2026, 10, 24, 12)

test('an hour is sixty whole minutes, oldest first; what nobody watched is empty and not zero', () => {
  const series = createMinuteSeries(NOON)
  series.add(60, NOON + 1_000)
  series.add(60, NOON + 59_999)
  series.add(600, NOON + 2 * MINUTE)
  const { endsAtMs, tokensPerSecond } = series.lastHour(NOON + 3 * MINUTE + 5)
  assert.equal(endsAtMs, NOON + 3 * MINUTE)
  assert.equal(tokensPerSecond.length, 60)
  assert.deepEqual(tokensPerSecond.slice(-4), [null, 2, 0, 10])
})

test('the minute that still runs is not shown as if it were whole', () => {
  const series = createMinuteSeries(NOON)
  series.add(600, NOON + 10)
  assert.equal(series.lastHour(NOON + 30_000).tokensPerSecond.at(-1), null)
  assert.equal(series.lastHour(NOON + MINUTE).tokensPerSecond.at(-1), 10)
})

test('minutes older than an hour are forgotten', () => {
  const series = createMinuteSeries(NOON)
  series.add(60, NOON)
  series.add(0, NOON + 61 * MINUTE)
  assert.deepEqual(new Set(series.lastHour(NOON + 61 * MINUTE).tokensPerSecond), new Set([0]))
})

test('the peak is the busiest minute of the day, and a new day begins without one', () => {
  const series = createMinuteSeries(NOON)
  assert.equal(series.peakToday(NOON), null)
  series.add(0, NOON)
  assert.equal(series.peakToday(NOON), null)
  series.add(120, NOON + MINUTE)
  series.add(60, NOON + 5 * MINUTE)
  assert.deepEqual(series.peakToday(NOON + 6 * MINUTE), { tokensPerSecond: 2, atMs: NOON + MINUTE })
  const tomorrow = NOON + 24 * 60 * MINUTE
  assert.equal(series.peakToday(tomorrow), null)
  series.add(6, tomorrow)
  assert.deepEqual(series.peakToday(tomorrow), { tokensPerSecond: 0.1, atMs: tomorrow })
})
