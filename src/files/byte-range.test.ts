import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { byteRangeOf } from './byte-range.ts'

describe('a range of a file of ten bytes', () => {
  for (const [header, range] of [
    ['bytes=0-3', { start: 0, end: 3 }],
    ['bytes=4-', { start: 4, end: 9 }],
    ['bytes=-3', { start: 7, end: 9 }],
    ['bytes=-30', { start: 0, end: 9 }],
    ['bytes=8-99', { start: 8, end: 9 }],
    ['bytes=5-3', null],
    ['bytes=0-1,4-5', null],
    ['lines=0-1', null],
    ['bytes=-', null],
    [undefined, null],
  ] as const)
    it(`asked for as ${header} is ${JSON.stringify(range)}`, () => {
      assert.deepEqual(byteRangeOf(header, 10), range)
    })
  it('that begins after its end is refused', () => {
    for (const header of ['bytes=10-', 'bytes=-0'])
      assert.throws(() => byteRangeOf(header, 10), { code: 'files.range_unsatisfiable' })
  })
})
