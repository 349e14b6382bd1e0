import { parseRange, type RangeSearch } from '../../ui/range.ts'
import { DIMENSIONS, type Dimension, type FilterSearch, parseFilter } from './filter-search.ts'

export const GROUP_SORTS = ['name', 'requests', 'in', 'cached', 'out', 'tokens', 'failed'] as const

export type UsageSearch = RangeSearch &
  FilterSearch & {
    by?: Dimension
    /** The period before stands behind the chart. */
    compare?: true
    /** What the low chart shows; requests otherwise. */
    low?: 'failed'
    sort?: (typeof GROUP_SORTS)[number]
    order?: 'asc' | 'desc'
    /** More groups than the largest. */
    all?: true
    /** The panel: one group, one step, or one group in one step. */
    pick?: string
    at?: string
    until?: string
  }

/** What the address of this page may say. What it does not know is left out. */
export function parseUsageSearch(raw: Record<string, unknown>): UsageSearch {
  const by = DIMENSIONS.find((one) => one === raw.by)
  const sort = GROUP_SORTS.find((one) => one === raw.sort)
  const order = (['asc', 'desc'] as const).find((one) => one === raw.order)
  const step = parseRange({ from: raw.at, to: raw.until })
  return {
    ...parseRange(raw),
    ...parseFilter(raw),
    ...(by ? { by } : {}),
    ...(raw.compare === true ? { compare: true } : {}),
    ...(raw.low === 'failed' ? { low: 'failed' } : {}),
    ...(sort ? { sort } : {}),
    ...(order ? { order } : {}),
    ...(raw.all === true ? { all: true } : {}),
    ...(typeof raw.pick === 'string' && raw.pick !== '' ? { pick: raw.pick } : {}),
    ...(step.from && step.to ? { at: step.from, until: step.to } : {}),
  }
}
