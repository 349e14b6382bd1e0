import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { UsageGroupOnWire } from '../../../../src/billing/usage-schema.ts'
import { coloursFor, countedSteps, tokenSeries } from './group-colours.ts'

const groupsOf = (...ids: (string | null)[]) => ids.map((id) => ({ id }))

describe('colours of groups', () => {
  it('are given out in order to the largest five', () => {
    const colours = coloursFor(groupsOf('a', 'b', 'c', 'd', 'e', 'f', null), new Map())
    assert.deepEqual(
      [...colours],
      [
        ['a', 's1'],
        ['b', 's2'],
        ['c', 's3'],
        ['d', 's4'],
        ['e', 's5'],
      ],
    )
  })

  it('stay with the group when the order changes, and a newcomer takes the free one', () => {
    const before = coloursFor(groupsOf('a', 'b', 'c', 'd', 'e', 'f'), new Map())
    const after = coloursFor(groupsOf('f', 'e', 'a', 'c', 'd', 'b'), before)
    assert.deepEqual(Object.fromEntries(after), { f: 's2', e: 's5', a: 's1', c: 's3', d: 's4' })
  })
})

describe('series of a chart', () => {
  const group = (id: string | null, tokensIn: number[], tokensOut: number[]) =>
    ({ id, name: id, series: { tokens_in: tokensIn, tokens_out: tokensOut } }) as UsageGroupOnWire
  const starts = ['2026-11-24T00:00:00Z', '2026-11-24T01:00:00Z', '2026-11-24T02:00:00Z']

  it('add up to all groups, and leave empty what has not begun', () => {
    const groups = [
      group('a', [1, 2, 0], [10, 20, 0]),
      group('b', [5, 0, 0], [0, 0, 0]),
      group(null, [1, 1, 0], [1, 1, 0]),
    ]
    const colours = new Map([['a', 's1'] as const])
    const series = tokenSeries(
      { groups, starts, counted_to: '2026-11-24T01:20:00Z' },
      colours,
      ({ name }) => name ?? '',
      'Other',
    )
    assert.deepEqual(
      series.map(({ id, colour, values }) => [id, colour, values]),
      [
        ['a', 's1', [11, 22, null]],
        ['other', 's6', [7, 2, null]],
      ],
    )
  })

  it('of a past range are counted to their end', () => {
    assert.equal(countedSteps(starts, '2026-12-01T00:00:00Z'), 3)
    assert.equal(countedSteps(starts, '2026-11-24T00:00:00Z'), 1)
  })
})
