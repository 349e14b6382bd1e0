import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { UsageGroupOnWire } from '../../../../src/billing/usage-schema.ts'
import { sortedGroups } from './sort-groups.ts'

type Totals = UsageGroupOnWire['totals']

describe('groups in an order', () => {
  const group = (id: string | null, totals: Partial<Totals>) => ({
    id,
    name: id,
    count: 1,
    totals: { requests: 1, failed: 0, tokens: 0, tokens_in: 0, tokens_out: 0, tokens_cached: 0, ...totals } as Totals,
  })
  const groups = [
    group(null, { tokens: 900, failed: 9, requests: 10 }),
    group('b', { tokens: 50, failed: 1, requests: 2 }),
    group('a', { tokens: 70, failed: 1, requests: 100 }),
  ]
  const order = (by: Parameters<typeof sortedGroups>[1]['by'], down: boolean) =>
    sortedGroups(groups, { by, down, nameOf: ({ id }) => id ?? 'Other' }).map(({ id }) => id)

  it('are sorted by what a column shows, so failures by their share', () => {
    assert.deepEqual(order('tokens', true), ['a', 'b', null])
    assert.deepEqual(order('failed', true), ['b', 'a', null])
    assert.deepEqual(order('name', false), ['a', 'b', null])
  })

  it('leave all the rest last, whichever way', () => {
    assert.equal(order('tokens', false).at(-1), null)
    assert.equal(order('requests', true).at(-1), null)
  })
})
