import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { useLive } from '../../app/live.ts'
import { usePlace } from '../../app/session.ts'
import {
  Button,
  Code,
  type Column,
  Empty,
  Fit,
  type FitNumbers,
  type Format,
  gapAfter,
  Loaded,
  precisionName,
  Section,
  ShowCall,
  samplesOf,
  sentences,
  Table,
  TableFoot,
  useFitReason,
  useFormat,
} from '../../ui/index.ts'
import { CatalogueAct } from './catalogue-act.tsx'
import { CatalogueFilters } from './catalogue-filters.tsx'
import { ModelState } from './model-state.tsx'
import { type Model, modelsQuery } from './models-api.ts'
import { type ModelsWords, useModelsWords } from './models-words.ts'
import { parametersInWords } from './parameters.ts'
import { filterOf, type ModelsSearch } from './search.ts'
import { SpeedShown } from './speed-shown.tsx'

export type SetSearch = (change: Partial<Record<keyof ModelsSearch, unknown>>) => void

/** Every model that is known here, with whether it fits. Filters, sort and the open dialog live in the address. */
export function Catalogue({ search, set }: { search: ModelsSearch; set: SetSearch }) {
  const t = useModelsWords()
  const format = useFormat()
  const reasonOf = useFitReason()
  const navigate = useNavigate()
  const { may } = usePlace()
  const query = useInfiniteQuery(modelsQuery(search))
  const pages = query.data?.pages
  const first = pages?.[0]
  const live = useLive().pulls
  const rows = (pages?.flatMap((page) => page.data) ?? []).map((model) => withPull(model, live))
  const filter = filterOf(search)
  return (
    <Section
      title={t('catalogue')}
      count={
        first &&
        (first.total === first.total_all
          ? format.number(first.total)
          : t('some-of-all', { some: format.number(first.total), all: format.number(first.total_all) }))
      }
      acts={<ShowCall call={{ method: 'GET', path: '/api/models', query: filter }} />}
      id="catalogue"
    >
      <CatalogueFilters search={search} set={set} facets={first?.facets ?? null} />
      <Loaded query={{ ...query, data: first }} rows={8}>
        {(page) =>
          page.total_all === 0 ? (
            <Empty
              title={t('empty')}
              acts={may('models.pull') && <Button onClick={() => set({ act: 'add' })}>{t('add')}</Button>}
              beside={<Code samples={samplesOf({ method: 'GET', path: '/api/models' })} />}
            >
              <p>{t('empty-says')}</p>
            </Empty>
          ) : (
            <>
              <Table
                label={t('catalogue')}
                columns={columnsOf(t, format, reasonOf, set)}
                rows={rows}
                idOf={(model) => model.id}
                under={(model) => <Under of={model} />}
                sort={{ by: search.sort ?? 'fit', down: search.order === 'desc' }}
                onSort={({ by, down }) =>
                  set({ sort: by === 'fit' ? undefined : by, order: down ? 'desc' : undefined })
                }
                onOpen={(model) => void navigate({ to: '/models/$model', params: { model: model.id } } as never)}
              />
              {rows.length === 0 && (
                <p className="soft none-found">
                  {t('none-found')}
                  {gapAfter(t('none-found'))}
                  <Link to="/models" className="t13">
                    {t('clear-all')}
                  </Link>
                </p>
              )}
              <TableFoot end={t('shown-of', { shown: rows.length, all: page.total })}>
                {sentences(t('estimates'), !may('models.pull') && t('operators-act'))}
              </TableFoot>
              {query.hasNextPage && (
                <div className="more-row">
                  <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    {t('show-more')}
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
    </Section>
  )
}

/** What the stream says of a pull is newer than the list. */
function withPull(model: Model, live: readonly { id: string }[]): Model {
  const newer = model.pull && live.find((pull) => pull.id === model.pull?.id)
  return newer ? { ...model, pull: newer as NonNullable<Model['pull']> } : model
}

function Under({ of: model }: { of: Model }) {
  const t = useModelsWords()
  const words = [
    parametersInWords(model.parameters_total),
    model.precision && precisionName(model.precision, t('other-precision')),
    model.state !== 'not-here' && t(`state-${model.state}`),
  ]
  return words.filter(Boolean).join(' · ')
}

function columnsOf(
  t: ModelsWords,
  format: Format,
  reasonOf: (fit: FitNumbers) => string,
  set: SetSearch,
): Column<Model>[] {
  return [
    {
      id: 'name',
      head: t('model'),
      sorts: true,
      cell: (model) => (
        <>
          <Link to="/models/$model" params={{ model: model.id }} className="plain name">
            {model.name}
          </Link>{' '}
          {model.precision && <span className="faint lg">{precisionName(model.precision, t('other-precision'))}</span>}
        </>
      ),
    },
    {
      id: 'parameters',
      head: t('size'),
      right: true,
      sorts: true,
      cell: (model) => parametersInWords(model.parameters_total),
    },
    {
      id: 'context',
      head: t('context'),
      right: true,
      sorts: true,
      cell: (model) => format.number(model.context_tokens),
    },
    {
      id: 'licence',
      head: t('licence'),
      soft: true,
      cell: (model) => (
        <span className="licence cut">
          {model.licence.id === 'unknown' ? t('licence-unnamed') : model.licence.id.replace(/^LicenseRef-/, '')}
        </span>
      ),
    },
    {
      id: 'fit',
      head: t('here'),
      sorts: true,
      phone: true,
      cell: (model) =>
        model.served ? (
          <Fit
            verdict={model.fit.verdict}
            neededBytes={model.fit.needed_bytes}
            capacityBytes={model.fit.capacity_bytes}
            servedBy={model.fit.served_by.map(({ hardware }) => hardware)}
            reason={reasonOf(model.fit)}
            measured={model.fit.needed_basis === 'loaded'}
          />
        ) : (
          <span className="faint">{t('not-served')}</span>
        ),
    },
    {
      id: 'speed',
      head: t('tokens-s-head'),
      right: true,
      sorts: true,
      cell: (model) => <SpeedShown of={model.speed} />,
    },
    { id: 'state', head: t('state'), sorts: true, cell: (model) => <ModelState of={model} /> },
    { id: 'act', head: null, act: true, cell: (model) => <CatalogueAct of={model} set={set} /> },
  ]
}
