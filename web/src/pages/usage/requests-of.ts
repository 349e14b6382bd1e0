import type { RangeSearch } from '../../ui/range.ts'
import type { RequestsSearch } from '../requests/search.ts'
import { type FilterSearch, filterOf } from './filter-search.ts'
import { RANGE_OTHERWISE } from './usage-api.ts'

/** The address of the requests that a figure of this page is made of. */
export function requestsOf(search: RangeSearch & FilterSearch, narrowed: FilterSearch = {}): RequestsSearch {
  const { from, to } = search
  const range = from !== undefined && to !== undefined ? { from, to } : { range: search.range ?? RANGE_OTHERWISE }
  return { ...range, ...filterOf(search), ...narrowed }
}
