import type { Precision } from '../../../../src/catalog/model-family.ts'
import type { FitOnWire, ModelOnWire, ModelQueryOnWire } from '../../../../src/deployments/schema.ts'

export const FITS = ['fits', 'tight', 'fits-alone', 'does-not-fit'] as const satisfies readonly FitOnWire['verdict'][]
export const STATES = [
  'loaded',
  'loading',
  'here',
  'failed',
  'pulling',
  'paused',
  'not-here',
] as const satisfies readonly ModelOnWire['state'][]
export const SORTS = ['fit', 'name', 'parameters', 'context', 'speed', 'state'] as const satisfies readonly NonNullable<
  ModelQueryOnWire['sort']
>[]
/** Parameters, in 10⁹: from, and below what. */
export const SIZES = {
  '0-1': [0, 1],
  '1-4': [1, 4],
  '4-10': [4, 10],
  '10-40': [10, 40],
  '40-200': [40, 200],
  '200-': [200, null],
} as const
export type Size = keyof typeof SIZES

export const MODELS_ACTS = ['pull', 'load', 'unload', 'add'] as const
export const MODEL_ACTS = ['pull', 'load', 'unload', 'delete', 'adapter'] as const

/** Several values of one filter stand between commas. */
export type ModelsSearch = {
  q?: string
  family?: string
  task?: string
  fit?: string
  licence?: string
  state?: string
  size?: Size
  sort?: (typeof SORTS)[number]
  order?: 'asc' | 'desc'
  /** The dialog that is open, and which model it is of. */
  act?: (typeof MODELS_ACTS)[number]
  of?: string
  /** Of the dialog that adds a model: from where, and the repository that is looked at. */
  from?: 'hub' | 'file'
  repo?: string
}

export type ModelSearch = {
  act?: (typeof MODEL_ACTS)[number]
  /** What the memory is computed for. */
  context?: number
  precision?: Precision
}

const PRECISION = /^[a-z0-9_]{1,12}$/

const oneOf = <Word extends string>(words: readonly Word[], value: unknown): Word | undefined =>
  words.find((word) => word === value)
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : undefined

/** What the address of the list may say. What it does not know is left out. */
export function parseModelsSearch(raw: Record<string, unknown>): ModelsSearch {
  return said({
    q: text(raw.q),
    family: text(raw.family),
    task: text(raw.task),
    fit: text(raw.fit),
    licence: text(raw.licence),
    state: text(raw.state),
    size: oneOf(Object.keys(SIZES) as Size[], raw.size),
    sort: oneOf(SORTS, raw.sort),
    order: oneOf(['asc', 'desc'] as const, raw.order),
    act: oneOf(MODELS_ACTS, raw.act),
    of: text(raw.of),
    from: oneOf(['hub', 'file'] as const, raw.from),
    repo: text(raw.repo),
  })
}

/** What the address of one model may say. */
export function parseModelSearch(raw: Record<string, unknown>): ModelSearch {
  const context = Number(raw.context)
  const precision = text(raw.precision)
  return said({
    act: oneOf(MODEL_ACTS, raw.act),
    context: Number.isInteger(context) && context >= 128 && context <= 10_000_000 ? context : undefined,
    precision: precision && PRECISION.test(precision) ? (precision as Precision) : undefined,
  })
}

/** The filters of the address as the server reads them. A value that the server does not know is left out. */
export function filterOf(search: ModelsSearch): ModelQueryOnWire {
  const [from, below] = search.size ? SIZES[search.size] : [null, null]
  const known = <Word extends string>(words: readonly Word[], value: string | undefined) =>
    valuesIn(value).filter((one): one is Word => (words as readonly string[]).includes(one))
  return said({
    q: search.q?.slice(0, 100),
    family: several(valuesIn(search.family)),
    task: several(valuesIn(search.task)),
    licence: several(valuesIn(search.licence)),
    fit: several(known(FITS, search.fit)),
    state: several(known(STATES, search.state)),
    parameters_min: from ? from * 1e9 : undefined,
    parameters_max: below ? below * 1e9 - 1 : undefined,
    sort: search.sort,
    order: search.order,
  })
}

export function valuesIn(value: string | undefined): string[] {
  return value ? value.split(',').filter(Boolean) : []
}

const several = <Item>(items: Item[]): Item[] | undefined => (items.length > 0 ? items : undefined)

/** Without what is undefined. */
function said<Fields extends object>(fields: Fields): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never
}
