import type { UsageGroupOnWire } from '../../../../src/billing/usage-schema.ts'
import type { GROUP_SORTS } from './search.ts'

type Group = Pick<UsageGroupOnWire, 'id' | 'name' | 'count' | 'totals'>

/** Groups in the order that was asked for; all the rest, which is many things, stays last. Pure. */
export function sortedGroups<Row extends Group>(
  groups: readonly Row[],
  { by, down, nameOf }: { by: (typeof GROUP_SORTS)[number]; down: boolean; nameOf: (group: Row) => string },
): Row[] {
  const names = new Map(groups.map((group) => [group, nameOf(group)]))
  return [...groups].sort((a, b) => {
    if ((a.id === null) !== (b.id === null)) return a.id === null ? 1 : -1
    const order = by === 'name' ? names.get(a)!.localeCompare(names.get(b)!) : sizeOf(a, by) - sizeOf(b, by)
    return down ? -order : order
  })
}

function sizeOf({ totals }: Group, by: Exclude<(typeof GROUP_SORTS)[number], 'name'>): number {
  switch (by) {
    case 'requests':
      return totals.requests
    case 'in':
      return totals.tokens_in
    case 'out':
      return totals.tokens_out
    case 'tokens':
      return totals.tokens
    case 'cached':
      return totals.tokens_cached / Math.max(1, totals.tokens_in)
    case 'failed':
      return totals.failed / Math.max(1, totals.requests)
    default:
      return by satisfies never
  }
}
