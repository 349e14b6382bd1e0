/**
 * The catalogue's table: filters, facets, order and pages, over rows that are all in memory (some dozens of the
 * catalogue, and whatever was pulled by hand). Pure.
 */
import { CursorMalformed } from '../platform/paging.ts'
import type { FacetsOnWire, ModelOnWire, ModelQueryOnWire } from './schema.ts'
import { MODEL_STATES, VERDICTS } from './schema.ts'

export type ModelList = {
  data: ModelOnWire[]
  next: string | null
  total: number
  total_all: number
  facets: FacetsOnWire
}

type Filter = { [Name in keyof ModelQueryOnWire]: (row: ModelOnWire, wanted: never) => boolean }

const LIMIT_DEFAULT = 200

/** What each filter of the query asks of a row. */
const FILTERS = {
  q: (row, wanted: string) => {
    const text = `${row.id} ${row.name} ${row.family} ${row.owned_by}`.toLowerCase()
    return wanted
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.includes(word))
  },
  family: (row, wanted: string[]) => wanted.includes(row.family),
  task: (row, wanted: string[]) => wanted.includes(row.task),
  licence: (row, wanted: string[]) => wanted.includes(row.licence.id),
  fit: (row, wanted: string[]) => row.served && wanted.includes(row.fit.verdict),
  state: (row, wanted: string[]) => wanted.includes(row.state),
  parameters_min: (row, wanted: number) => row.parameters_total >= wanted,
  parameters_max: (row, wanted: number) => row.parameters_total <= wanted,
  here: (row, wanted: boolean) => (row.weights !== null) === wanted,
  fits: (row, wanted: boolean) => (row.served && row.fit.verdict !== 'does-not-fit') === wanted,
} satisfies Filter

/** Values that a row counts for, by facet. */
const FACETS = {
  family: (row) => row.family,
  task: (row) => row.task,
  licence: (row) => row.licence.id,
  fit: (row) => (row.served ? row.fit.verdict : null),
  state: (row) => row.state,
} satisfies Record<string, (row: ModelOnWire) => string | null>

/** What comes first when sorted upwards; rows without a value come last either way. */
const ORDERS: Record<NonNullable<ModelQueryOnWire['sort']>, (row: ModelOnWire) => (string | number | null)[]> = {
  fit: (row) => [row.served ? VERDICTS.indexOf(row.fit.verdict) : null, row.fit.needed_bytes],
  name: (row) => [row.name.toLowerCase()],
  family: (row) => [row.family.toLowerCase(), row.parameters_total],
  parameters: (row) => [row.parameters_total],
  context: (row) => [row.context_tokens],
  needed: (row) => [row.fit.needed_bytes],
  speed: (row) => [row.speed?.tokens_per_second ?? null],
  state: (row) => [MODEL_STATES.indexOf(row.state)],
}

/**
 * One page of what the query leaves.
 * @throws CursorMalformed where `after` names no row of the list as it is now
 */
export function listModels(rows: ModelOnWire[], query: ModelQueryOnWire): ModelList {
  const found = rows.filter((row) => passes(row, query, null)).sort(orderOf(query))
  const start = query.after === undefined ? 0 : found.findIndex((row) => row.id === query.after) + 1
  if (query.after !== undefined && start === 0) throw new CursorMalformed({ cursor: query.after })
  const data = found.slice(start, start + (query.limit ?? LIMIT_DEFAULT))
  return {
    data,
    next: start + data.length < found.length ? (data.at(-1)?.id ?? null) : null,
    total: found.length,
    total_all: rows.length,
    facets: facetsOf(rows, query),
  }
}

function passes(row: ModelOnWire, query: ModelQueryOnWire, except: string | null): boolean {
  return Object.entries(FILTERS).every(([name, holds]) => {
    const wanted = query[name as keyof typeof FILTERS]
    return (
      wanted === undefined || name === except || (holds as (row: ModelOnWire, wanted: unknown) => boolean)(row, wanted)
    )
  })
}

function facetsOf(rows: ModelOnWire[], query: ModelQueryOnWire): FacetsOnWire {
  const facet = (name: keyof typeof FACETS) => {
    const counts = new Map<string, number>()
    for (const row of rows) {
      const value = passes(row, query, name) ? FACETS[name](row) : null
      if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    return [...counts]
      .map(([value, count]) => ({ value, count }))
      .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1))
  }
  const sizes = rows.map((row) => row.parameters_total)
  return {
    family: facet('family'),
    task: facet('task'),
    licence: facet('licence'),
    fit: facet('fit'),
    state: facet('state'),
    parameters: sizes.length === 0 ? null : { min: Math.min(...sizes), max: Math.max(...sizes) },
  }
}

function orderOf({ sort = 'fit', order = 'asc' }: ModelQueryOnWire): (a: ModelOnWire, b: ModelOnWire) => number {
  const keys = ORDERS[sort]
  const direction = order === 'asc' ? 1 : -1
  return (a, b) => {
    const [keysA, keysB] = [keys(a), keys(b)]
    for (const [index, one] of keysA.entries()) {
      const other = keysB[index] ?? null
      if (one === other) continue
      if (one === null) return 1
      if (other === null) return -1
      return one < other ? -direction : direction
    }
    // The name decides between equals, so that pages follow each other.
    return a.id < b.id ? -1 : 1
  }
}
