import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stepFor } from './step-for.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

test('the step of a range keeps a chart between some dozens and some hundreds of steps', () => {
  const sizes = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': HOUR, '1d': DAY }
  for (const hours of [1, 3, 4, 12, 13, 24, 48, 49, 168, 336]) {
    const to = hours * HOUR
    const steps = to / sizes[stepFor({ from: 0, to })]
    assert.ok(steps >= 45 && steps <= 350, `${hours} h: ${steps}`)
  }
  assert.equal(stepFor({ from: 0, to: 30 * DAY }), '1d')
})
