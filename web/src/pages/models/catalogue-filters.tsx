import { useEffect, useState } from 'react'
import { Filter, SearchInput } from '../../ui/index.ts'
import type { SetSearch } from './catalogue.tsx'
import type { Facets } from './models-api.ts'
import { type ModelsWords, useModelsWords } from './models-words.ts'
import { FITS, type ModelsSearch, SIZES, type Size, STATES, valuesIn } from './search.ts'

const TYPING_MS = 200

/** Search and filters above the catalogue; each value says how many models it would leave. */
export function CatalogueFilters({
  search,
  set,
  facets,
}: {
  search: ModelsSearch
  set: SetSearch
  facets: Facets | null
}) {
  const t = useModelsWords()
  const [typed, setTyped] = useState(search.q ?? '')
  useEffect(() => {
    if (typed === (search.q ?? '')) return
    const timer = setTimeout(() => set({ q: typed || undefined }), TYPING_MS)
    return () => clearTimeout(timer)
  }, [typed, search.q, set])
  const several = (
    name: 'family' | 'task' | 'fit' | 'licence' | 'state',
    label: (value: string) => string,
    order: readonly string[] = [],
  ) => {
    const values = valuesIn(search[name])
    const counted = facets?.[name] ?? []
    const unknown = values.filter((value) => !counted.some((one) => one.value === value))
    return {
      values,
      choices: [...counted, ...unknown.map((value) => ({ value, count: 0 }))]
        .sort((a, b) => order.indexOf(a.value) - order.indexOf(b.value))
        .map(({ value, count }) => ({ value, count, label: label(value) })),
      onChange: (chosen: string[]) => set({ [name]: chosen.join(',') || undefined }),
    }
  }
  return (
    <div className="toolbar" role="toolbar" aria-label={t('filters')}>
      <SearchInput label={t('find')} value={typed} onChange={setTyped} />
      <Filter name={t('family')} {...several('family', (value) => value)} />
      <Filter
        single
        name={t('size')}
        values={search.size ? [search.size] : []}
        choices={sizesIn(facets, search.size).map((size) => ({ value: size, label: sizeLabel(t, size) }))}
        onChange={([size]) => set({ size })}
      />
      <Filter name={t('fit')} {...several('fit', (value) => wordOf(t, 'fit', FITS, value), FITS)} />
      <Filter name={t('task')} {...several('task', (value) => wordOf(t, 'task', TASKS, value))} />
      <Filter
        name={t('licence')}
        {...several('licence', (value) =>
          value === 'unknown' ? t('licence-unnamed') : value.replace(/^LicenseRef-/, ''),
        )}
      />
      <Filter name={t('state')} {...several('state', (value) => wordOf(t, 'state', STATES, value), STATES)} />
    </div>
  )
}

const TASKS = ['chat', 'embedding', 'rerank', 'moderation'] as const

function wordOf<Group extends 'fit' | 'task' | 'state', Value extends string>(
  t: ModelsWords,
  group: Group,
  known: readonly Value[],
  value: string,
): string {
  const found = known.find((one) => one === value)
  return found ? t(`${group}-${found}` as Parameters<ModelsWords>[0]) : value
}

/** Sizes that some model has. */
function sizesIn(facets: Facets | null, chosen: Size | undefined): Size[] {
  const range = facets?.parameters
  return (Object.keys(SIZES) as Size[]).filter((size) => {
    const [from, below] = SIZES[size]
    return size === chosen || !range || (range.max >= from * 1e9 && (below === null || range.min < below * 1e9))
  })
}

function sizeLabel(t: ModelsWords, size: Size): string {
  const [from, below] = SIZES[size]
  if (from === 0) return t('size-below', { below: below ?? 0 })
  return below === null ? t('size-from', { from }) : t('size-between', { from, below })
}
