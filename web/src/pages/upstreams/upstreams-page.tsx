/** Upstreams: models of other services, served under this roof. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import {
  Ago,
  Button,
  Code,
  type Column,
  Empty,
  Filter,
  type Format,
  Loaded,
  PageTitle,
  SearchInput,
  Split,
  samplesOf,
  Table,
  TableFoot,
  useFormat,
} from '../../ui/index.ts'
import { AddUpstreamDialog } from './add-upstream.tsx'
import { UPSTREAM_STATES, type UpstreamsSearch } from './search.ts'
import { UpstreamPanel } from './upstream-panel.tsx'
import { UpstreamState } from './upstream-state.tsx'
import { addUpstream, type UpstreamRow, upstreamsQuery } from './upstreams-api.ts'
import { useUpstreamWords } from './upstreams-words.ts'

/** What the panel says itself gives room to the rest. */
const BESIDE_PANEL_NOT = ['url', 'checked', 'probe']
const EXAMPLE = addUpstream({ name: 'lab', kind: 'vllm', base_url: 'http://10.0.0.7:8000', network: 'private' })

export default function UpstreamsPage() {
  const t = useUpstreamWords()
  const format = useFormat()
  const { may } = usePlace()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as UpstreamsSearch
  const { upstream: openId } = useParams({ strict: false }) as { upstream?: string }
  const query = useInfiniteQuery(upstreamsQuery(search))
  const upstreams = query.data?.pages.flatMap((page) => page.data)
  const filtered = search.q !== undefined || search.state !== undefined

  const set = (change: Partial<Record<keyof UpstreamsSearch, unknown>>) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const open = (id: string) =>
    void navigate({
      to: '/upstreams/$upstream',
      params: { upstream: id },
      search: (now: object) => ({ ...now, add: undefined }),
    } as never)
  const close = () => void navigate({ to: '/upstreams', search: (now: object) => now } as never)
  const add = may('upstreams.change') && (
    <Button look="primary" icon="plus" onClick={() => set({ add: true })}>
      {t('add')}
    </Button>
  )

  return (
    <Split panel={openId && <UpstreamPanel key={openId} id={openId} onClose={close} />}>
      <PageTitle title={t('title')} says={t('says')}>
        {add}
      </PageTitle>
      <Loaded query={{ ...query, data: upstreams }}>
        {(rows) =>
          rows.length === 0 && !filtered ? (
            <Empty title={t('empty')} acts={add} beside={<Code samples={samplesOf(EXAMPLE)} />}>
              <p>{t('empty-says')}</p>
              <p>{t('empty-safe')}</p>
            </Empty>
          ) : (
            <>
              <div className="toolbar">
                <SearchInput label={t('find')} value={search.q ?? ''} onChange={(q) => set({ q: q || undefined })} />
                <Filter
                  single
                  name={t('state')}
                  values={search.state ? [search.state] : []}
                  choices={UPSTREAM_STATES.map((state) => ({ value: state, label: t(`state-${state}`) }))}
                  onChange={([state]) => set({ state })}
                />
              </div>
              <Table
                label={t('title')}
                rows={rows}
                columns={columns(t, format).filter(({ id }) => !openId || !BESIDE_PANEL_NOT.includes(id))}
                idOf={(one) => one.id}
                under={(one) => `${t(`kind-${one.kind}`)} · ${t('models', { count: one.models_published })}`}
                onOpen={(one) => open(one.id)}
                openId={openId ?? null}
              />
              {rows.length === 0 && <p className="soft none-found">{t('none-found')}</p>}
              <TableFoot end={t('count', { count: rows.length })}>{t('probed')}</TableFoot>
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
      {search.add && may('upstreams.change') && (
        <AddUpstreamDialog onClose={() => set({ add: undefined })} onAdded={open} />
      )}
    </Split>
  )
}

function columns(t: ReturnType<typeof useUpstreamWords>, format: Format): Column<UpstreamRow>[] {
  return [
    {
      id: 'name',
      head: t('name'),
      cell: (one) => (
        <Link
          to="/upstreams/$upstream"
          params={{ upstream: one.id } as never}
          search={(now: object) => now as never}
          className="plain name"
        >
          {one.name}
        </Link>
      ),
    },
    { id: 'kind', head: t('kind'), soft: true, cell: (one) => t(`kind-${one.kind}`) },
    { id: 'url', head: t('url'), soft: true, cell: (one) => <span className="mono cut">{one.base_url}</span> },
    { id: 'models', head: t('models-head'), right: true, cell: (one) => format.number(one.models_published) },
    {
      id: 'probe',
      head: t('probe'),
      right: true,
      cell: (one) => (one.probe_ms === null || one.trouble !== null ? '' : format.duration(one.probe_ms)),
    },
    {
      id: 'checked',
      head: t('checked'),
      soft: true,
      cell: (one) => (one.checked_at ? <Ago at={one.checked_at} /> : t('never')),
    },
    { id: 'state', head: t('state'), phone: true, cell: (one) => <UpstreamState of={one} /> },
  ]
}
