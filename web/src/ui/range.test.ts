import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { daysIn, fromLocalInput, namedRange, parseRange, rangeOf, toLocalInput } from './range.ts'

const NOW = new Date(2026, 10, 24, 14, 32, 8).getTime()
const DAY = 86_400_000
const local = (month: number, day: number) => new Date(2026, month, day).getTime()

describe('a range in an address', () => {
  it('is a name, or two moments, which go before it', () => {
    assert.deepEqual(parseRange({ range: '30d' }), { range: '30d' })
    assert.deepEqual(parseRange({ range: '31d' }), {})
    const moments = { from: '2026-11-18T00:00:00Z', to: '2026-11-19T00:00:00Z' }
    assert.deepEqual(parseRange({ range: '30d', ...moments }), moments)
  })

  it('is left out where it has one end, no length or no sense', () => {
    assert.deepEqual(parseRange({ from: '2026-11-18T00:00:00Z' }), {})
    assert.deepEqual(parseRange({ from: '2026-11-18T00:00:00Z', to: '2026-11-18T00:00:00Z' }), {})
    assert.deepEqual(parseRange({ from: 'then', to: 'now' }), {})
  })
})

describe('a named range', () => {
  it('counts days as the viewer has them, today among them', () => {
    assert.deepEqual(namedRange('7d', NOW), { from: local(10, 18), to: local(10, 25) })
    assert.deepEqual(namedRange('30d', NOW), { from: local(9, 26), to: local(10, 25) })
    assert.deepEqual(namedRange('month', NOW), { from: local(10, 1), to: local(11, 1) })
  })

  it('of 24 hours moves on by the quarter of an hour', () => {
    const { from, to } = namedRange('24h', NOW)
    assert.equal(to, new Date(2026, 10, 24, 14, 45).getTime())
    assert.equal(to - from, DAY)
    assert.deepEqual(namedRange('24h', NOW + 60_000), { from, to })
  })

  it('is all time where neither the address nor the page names one', () => {
    assert.equal(rangeOf({}, NOW, null), null)
    assert.deepEqual(rangeOf({}, NOW, '7d'), namedRange('7d', NOW))
  })

  it('has at most as many days as are answered', () => {
    const range = rangeOf({ from: '1990-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }, NOW, null)
    assert.ok(range && daysIn(range) < 2_000)
  })
})

describe('moments in a field', () => {
  it('come back as they went in', () => {
    const at = new Date(2026, 2, 4, 5, 6).getTime()
    assert.equal(toLocalInput(at), '2026-03-04T05:06')
    assert.equal(fromLocalInput(toLocalInput(at)), at)
    assert.equal(fromLocalInput(''), null)
  })
})
