import assert from 'node:assert/strict'
import { test } from 'node:test'
import { axisTo, shownFrom, spread, tickNumber } from './chart-scale.ts'

test('an axis has round figures, and its top is not far above the highest value', () => {
  assert.deepEqual(axisTo(560_000, 3, true), { top: 600_000, ticks: [0, 200_000, 400_000, 600_000] })
  assert.deepEqual(axisTo(50.2, 3, false).ticks, [0, 20, 40, 60])
  assert.deepEqual(axisTo(58, 3, false), { top: 60, ticks: [0, 20, 40, 60] })
  assert.deepEqual(axisTo(0.0999, 2, false).ticks, [0, 0.05, 0.1])
  for (const max of [1, 3, 7, 9.9, 12, 99, 101, 4_321, 1e7]) {
    const { top, ticks } = axisTo(max, 3, false)
    assert.ok(top >= max && top <= max * 1.35, `${max} under ${top}`)
    assert.ok(ticks.length >= 2 && ticks.length <= 6, `${max}: ${ticks}`)
    assert.equal(ticks.at(-1), top, 'the highest line is never below the highest value')
  }
})

test('what is counted has no halves on its axis', () => {
  assert.deepEqual(axisTo(1, 3, true).ticks, [0, 1])
  assert.deepEqual(axisTo(2, 3, true).ticks, [0, 1, 2])
})

test('an axis of nothing has its base', () => {
  assert.deepEqual(axisTo(0, 3, true), { top: 1, ticks: [0] })
  assert.deepEqual(axisTo(Number.NaN, 3, true), { top: 1, ticks: [0] })
})

test('labels keep clear of each other, in their order, and within the plot', () => {
  const wanted = [50, 51, 52, 198, 199, 3]
  const places = spread(wanted, 16, 200)
  const sorted = [...places].sort((a, b) => a - b)
  for (const [index, place] of sorted.entries()) {
    assert.ok(place >= 0 && place <= 200)
    if (index > 0) assert.ok(place - sorted[index - 1]! >= 15.999)
  }
  const order = (places: number[]) => places.map((_, index) => index).sort((a, b) => places[a]! - places[b]!)
  assert.deepEqual(order(places), order(wanted))
})

test('labels with room stay where they belong', () => {
  assert.deepEqual(spread([10, 100], 16, 200), [10, 100])
  assert.deepEqual(spread([], 16, 200), [])
  assert.deepEqual(spread([400], 16, 200), [200])
})

test('more labels than fit share the room', () => {
  assert.deepEqual(spread([5, 5, 5], 16, 20), [0, 10, 20])
})

test('figures of an axis are short', () => {
  const figure = (value: number, digits = 1) =>
    new Intl.NumberFormat('en-GB', { maximumFractionDigits: digits }).format(value)
  assert.deepEqual(
    [0, 0.05, 40, 2_000, 20_000, 200_000, 2_500_000, 3e9].map((value) => tickNumber(value, figure)),
    ['0', '0.05', '40', '2,000', '20 k', '200 k', '2.5 M', '3 B'],
  )
})

test('words of an axis give way where they would touch: the longer they are, the sooner', () => {
  const week = (label: string) => Array.from({ length: 8 }, (_, day) => ({ share: day / 7, label }))
  const [english, chinese] = [shownFrom(week('Wed 18')), shownFrom(week('18日周三'))]
  for (const from of [english, chinese]) {
    assert.deepEqual([from[0], from[4]], [0, 0])
    assert.equal(new Set([from[1], from[3], from[5], from[7]]).size, 1)
    assert.ok(from[1]! > from[2]! && from[2] === from[6]!)
  }
  assert.ok(chinese[1]! > 450 && chinese[2]! < 330, `${chinese}`)
  assert.ok(english[1]! < chinese[1]!)
  assert.deepEqual(shownFrom([{ share: 0.5, label: '2027' }]), [0])
})
