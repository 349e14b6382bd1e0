import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { MINUTE_MS, SECOND_MS, SlidingWindow } from './sliding-window.ts'

const spendings = fc.array(fc.tuple(fc.integer({ min: 0, max: 3_000 }), fc.integer({ min: 1, max: 50 })), {
  maxLength: 60,
})

it('counts every spending of the last minute, and none for longer than a quarter of a second more', () => {
  fc.assert(
    fc.property(spendings, fc.integer({ min: 0, max: 90_000 }), (steps, laterMs) => {
      const window = new SlidingWindow()
      let nowMs = 0
      const all = steps.map(([afterMs, units]) => {
        nowMs += afterMs
        window.add(units, nowMs)
        return { atMs: nowMs, units }
      })
      nowMs += laterMs
      const within = (ms: number) =>
        all.filter(({ atMs }) => atMs > nowMs - ms).reduce((sum, { units }) => sum + units, 0)
      assert(window.usedInSecond(nowMs) >= within(SECOND_MS) && window.usedInSecond(nowMs) <= within(SECOND_MS + 250))
      assert(window.used(nowMs) >= within(MINUTE_MS) && window.used(nowMs) <= within(MINUTE_MS + 250))
    }),
  )
})

it('says when room comes, and there is that room then and not before', () => {
  fc.assert(
    fc.property(spendings, fc.integer({ min: 1, max: 200 }), (steps, wanted) => {
      const window = new SlidingWindow()
      let nowMs = 0
      for (const [afterMs, units] of steps) {
        nowMs += afterMs
        window.add(units, nowMs)
      }
      const used = window.used(nowMs)
      const freeInMs = window.freeInMs(wanted, MINUTE_MS, nowMs)
      if (freeInMs === null) return assert(used < wanted)
      assert(window.used(nowMs + freeInMs - 1) > used - wanted)
      assert(window.used(nowMs + freeInMs) <= used - wanted)
    }),
  )
})

it('takes back what was too much, but nothing from what has left already', () => {
  const window = new SlidingWindow()
  window.add(100, 1_000)
  window.add(10, 50_000)
  window.takeBack(80, 1_000, 50_000)
  assert.equal(window.used(50_000), 30)
  window.takeBack(80, 1_000, 61_500)
  assert.equal(window.used(61_500), 10, 'the later one is another request')
  assert.equal(window.emptyInMs(61_500), 48_500)
  assert.equal(window.used(110_000), 0)
})

it('puts what is told late where it belongs', () => {
  const window = new SlidingWindow()
  window.add(1, 30_000)
  window.add(2, 10_000)
  assert.deepEqual(window.spendings(30_000), [
    { atMs: 10_000, units: 2 },
    { atMs: 30_000, units: 1 },
  ])
  assert.equal(window.used(70_000), 1)
})
