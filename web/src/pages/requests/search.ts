import { parseRange, type RangeSearch } from '../../ui/range.ts'
import { type FilterSearch, parseFilter } from '../usage/filter-search.ts'

export type RequestsSearch = RangeSearch &
  FilterSearch & {
    /** Tokens in and out together, at least. */
    tokens?: number
    /** A request's id, or its beginning. */
    id?: string
  }

/** What the address of this page may say. What it does not know is left out. */
export function parseRequestsSearch(raw: Record<string, unknown>): RequestsSearch {
  const id = idIn(raw.id)
  return {
    ...parseRange(raw),
    ...parseFilter(raw),
    ...(typeof raw.tokens === 'number' && Number.isInteger(raw.tokens) && raw.tokens > 0 ? { tokens: raw.tokens } : {}),
    ...(id ? { id } : {}),
  }
}

/** The letters of what was typed or pasted that an id can have; '' = none. */
export function idIn(text: unknown): string {
  if (typeof text !== 'string') return ''
  return text
    .trim()
    .toLowerCase()
    .replace(/[^0-9a-z_]/g, '')
    .slice(0, 64)
}
