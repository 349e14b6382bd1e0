/** Routes: names that lead to several models, how each of those is, and what takes nothing new. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { usePlace } from '../../app/session.ts'
import {
  Button,
  Code,
  type Column,
  ConfirmDialog,
  Empty,
  type Format,
  Loaded,
  Page,
  PageTitle,
  RowMenu,
  SearchInput,
  ShowCall,
  State,
  samplesOf,
  Table,
  TableFoot,
  Trouble,
  toast,
  useFormat,
} from '../../ui/index.ts'
import { ModelStanding } from './model-standing.tsx'
import { RouteDialog } from './route-dialog.tsx'
import { RouteModels } from './route-models.tsx'
import { type Route, removeRoute, routeModelsQuery, routeQuery, routesQuery, setRoute } from './routes-api.ts'
import './routes.css'
import { useRouteWords } from './routes-words.ts'
import type { RoutesSearch } from './search.ts'

const EXAMPLE = setRoute('chat', {
  tiers: [
    {
      targets: [
        { model: 'qwen3-8b', weight: 95 },
        { model: 'qwen3-14b', weight: 5 },
      ],
    },
    { targets: [{ model: 'vendor/model-1', weight: 100 }] },
  ],
})

export default function RoutesPage() {
  const t = useRouteWords()
  const format = useFormat()
  const { may } = usePlace()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as RoutesSearch
  const query = useInfiniteQuery(routesQuery(search.q))
  const models = useQuery(routeModelsQuery)
  const [removing, setRemoving] = useState<Route | null>(null)
  const rows = query.data?.pages.flatMap((page) => page.data)
  const set = (change: Partial<Record<keyof RoutesSearch, unknown>>) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const mayChange = may('routes.change')
  const add = mayChange && (
    <Button look="primary" icon="plus" onClick={() => set({ add: true })}>
      {t('add')}
    </Button>
  )
  return (
    <Page>
      <PageTitle title={t('title')} says={t('says')}>
        {add}
      </PageTitle>
      <Loaded query={{ ...query, data: rows }}>
        {(routes) =>
          routes.length === 0 && search.q === undefined ? (
            <Empty title={t('empty')} acts={add} beside={<Code samples={samplesOf(EXAMPLE)} />}>
              <p>{t('empty-says')}</p>
              <p>{t('empty-more')}</p>
            </Empty>
          ) : (
            <>
              <div className="toolbar">
                <SearchInput label={t('find')} value={search.q ?? ''} onChange={(q) => set({ q: q || undefined })} />
              </div>
              <Table
                label={t('title')}
                rows={routes}
                columns={columns(t, format, mayChange ? { change: (name) => set({ route: name }), setRemoving } : null)}
                idOf={({ name }) => name}
                under={(route) => <Tiers of={route} format={format} />}
                {...(mayChange ? { onOpen: ({ name }: Route) => set({ route: name }) } : {})}
              />
              {routes.length === 0 && <p className="soft none-found">{t('none-found')}</p>}
              <TableFoot end={t('count', { count: routes.length })}>{t('live')}</TableFoot>
              {query.hasNextPage && (
                <div className="more-row">
                  <Button busy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                    {t('more')}
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
      <RouteModels />
      {mayChange && search.add && models.data && <RouteDialog of={null} onClose={() => set({ add: undefined })} />}
      {mayChange && search.route !== undefined && (
        <ChangeDialog name={search.route} onClose={() => set({ route: undefined })} />
      )}
      {removing !== null && <RemoveDialog of={removing} onClose={() => setRemoving(null)} />}
    </Page>
  )
}

/** Opens once it is known what the route says now. */
function ChangeDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const { data } = useQuery(routeQuery(name))
  return data && <RouteDialog key={data.updated_at} of={data} onClose={onClose} />
}

function RemoveDialog({ of: { name }, onClose }: { of: Route; onClose: () => void }) {
  const t = useRouteWords()
  const call = removeRoute(name)
  const act = useAct(['routes', 'models'], () => {
    toast({ title: t('removed', { name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('remove-title', { name })}
      label={t('remove')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('remove-says')}
    </ConfirmDialog>
  )
}

type Acts = { change: (name: string) => void; setRemoving: (route: Route) => void }

function columns(t: ReturnType<typeof useRouteWords>, format: Format, acts: Acts | null): Column<Route>[] {
  return [
    { id: 'name', head: t('name'), cell: ({ name }) => <span className="name">{name}</span> },
    { id: 'models', head: t('leads-to'), cell: (route) => <Tiers of={route} format={format} /> },
    {
      id: 'state',
      head: t('state'),
      phone: true,
      cell: ({ enabled, warnings: [warning] }) =>
        !enabled ? (
          <State tone="off">{t('off')}</State>
        ) : warning === undefined ? (
          <State tone="on">{t('on')}</State>
        ) : (
          <State tone="warn">{t(`warning-${warning.code}`)}</State>
        ),
    },
    {
      id: 'act',
      head: null,
      act: true,
      phone: true,
      cell: (route) =>
        acts && (
          <RowMenu
            label={t('acts-of', { name: route.name })}
            entries={[
              { label: t('change'), onSelect: () => acts.change(route.name) },
              'line',
              { label: t('remove'), danger: true, onSelect: () => acts.setRemoving(route) },
            ]}
          />
        ),
    },
  ]
}

/** `5 %`, and `2.50 %` where it is no whole number. */
function partIn(format: Format, part: number): string {
  return format.percent(part, Number.isInteger(Math.round(part * 10_000) / 100) ? 0 : 2)
}

/** One line a tier, in the order in which they are asked. */
function Tiers({ of: { tiers, shadow }, format }: { of: Route; format: Format }) {
  const t = useRouteWords()
  return (
    <div className="route-tiers">
      {tiers.map(({ targets }, at) => {
        const sum = targets.reduce((total, { weight }) => total + weight, 0)
        return (
          <div key={targets.map(({ model }) => model).join(' ')} className="route-line">
            {at > 0 && <span className="faint">{t('then')}</span>}
            {targets.map((target) => (
              <span key={target.model} className="route-leaf">
                {target.model}
                {targets.length > 1 && sum > 0 && (
                  <span className="soft small"> {partIn(format, target.weight / sum)}</span>
                )}{' '}
                <ModelStanding of={target} />
              </span>
            ))}
          </div>
        )
      })}
      {shadow && (
        <div className="route-line small">
          <span className="faint">{t('copies', { share: partIn(format, shadow.share) })}</span> {shadow.model}
        </div>
      )}
    </div>
  )
}
