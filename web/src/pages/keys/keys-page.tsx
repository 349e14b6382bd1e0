/** Keys: let programs call this project. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { usePlace } from '../../app/session.ts'
import {
  Ago,
  Button,
  Code,
  type Column,
  Empty,
  Filter,
  type FilterChoice,
  type Format,
  Id,
  Loaded,
  PageTitle,
  SearchInput,
  Split,
  State,
  Table,
  TableFoot,
  useFormat,
} from '../../ui/index.ts'
import { CreateKeyDialog } from './create-key.tsx'
import { firstCall } from './first-call.ts'
import { useServiceAccounts } from './key-owners.ts'
import { KeyPanel } from './key-panel.tsx'
import { KeyState } from './key-state.tsx'
import { type Key, type KeyUsage, keysQuery, keysUsageQuery } from './keys-api.ts'
import { useKeyWords } from './keys-words.ts'
import { LeakedKeyDialog } from './leaked-key.tsx'
import { useModelNames } from './model-names.ts'
import { KEY_STATES, type KeysSearch } from './search.ts'

/** What the panel says itself gives room to the rest. */
const BESIDE_PANEL_NOT = ['requests', 'models']

export default function KeysPage() {
  const t = useKeyWords()
  const format = useFormat()
  const { me, project, may } = usePlace()
  const navigate = useNavigate()
  const search = useSearch({ strict: false }) as KeysSearch
  const { key: openId } = useParams({ strict: false }) as { key?: string }
  const models = useModelNames()
  const accounts = useServiceAccounts()
  const query = useInfiniteQuery(keysQuery(project?.id ?? '', search))
  const keys = query.data?.pages.flatMap((page) => page.data)
  const { data: usage } = useQuery(keysUsageQuery(may('usage.read') ? (keys ?? []).map(({ id }) => id) : []))
  const filtered =
    search.q !== undefined || search.state !== undefined || search.model !== undefined || search.owner !== undefined

  const set = (change: Partial<Record<keyof KeysSearch, unknown>>) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const open = (id: string) =>
    void navigate({ to: '/keys/$key', params: { key: id }, search: (now: object) => now } as never)
  const close = () => void navigate({ to: '/keys', search: (now: object) => now } as never)

  return (
    <Split panel={openId && <KeyPanel key={openId} id={openId} onClose={close} />}>
      <PageTitle title={t('title')} says={t('says')}>
        <Button onClick={() => set({ leaked: true })}>{t('leaked')}</Button>
        {may('keys.create') && (
          <Button look="primary" icon="plus" onClick={() => set({ create: true })}>
            {t('create')}
          </Button>
        )}
      </PageTitle>
      <Loaded query={{ ...query, data: keys }}>
        {(rows) =>
          rows.length === 0 && !filtered ? (
            <Empty
              title={t('empty')}
              acts={
                may('keys.create') && (
                  <Button icon="plus" onClick={() => set({ create: true })}>
                    {t('create')}
                  </Button>
                )
              }
              beside={<Code samples={firstCall(models[0] ?? '', '$TRADEWIND_KEY')} foot={t('empty-code')} />}
            >
              <p>{t('empty-says')}</p>
            </Empty>
          ) : (
            <>
              <div className="toolbar">
                <SearchInput label={t('find')} value={search.q ?? ''} onChange={(q) => set({ q: q || undefined })} />
                <Filter
                  single
                  name={t('state')}
                  values={search.state ? [search.state] : []}
                  choices={KEY_STATES.map((state) => ({ value: state, label: t(`state-${state}`) }))}
                  onChange={([state]) => set({ state })}
                />
                <Filter
                  single
                  name={t('model')}
                  values={search.model ? [search.model] : []}
                  choices={models.map((model) => ({ value: model, label: model }))}
                  onChange={([model]) => set({ model })}
                />
                <Filter
                  single
                  name={t('owner')}
                  values={search.owner ? [search.owner] : []}
                  choices={ownersOf(rows, search.owner, [
                    ...(me.person ? [{ value: me.person.id, label: t('owner-you') }] : []),
                    ...accounts.map(({ id, name }) => ({ value: id, label: name })),
                  ])}
                  onChange={([owner]) => set({ owner })}
                />
              </div>
              <Table
                label={t('title')}
                rows={rows}
                columns={columns(t, format, usage).filter(({ id }) => !openId || !BESIDE_PANEL_NOT.includes(id))}
                idOf={(key) => key.id}
                under={(key) => (
                  <>
                    …{key.last4} · {key.last_used_at ? <Ago at={key.last_used_at} /> : t('never-used')}
                  </>
                )}
                sort={{ by: search.sort ?? 'created', down: (search.order ?? 'desc') === 'desc' }}
                onSort={({ by, down }) => set({ sort: by, order: down ? 'desc' : 'asc' })}
                onOpen={(key) => open(key.id)}
                openId={openId ?? null}
              />
              {rows.length === 0 && <p className="soft none-found">{t('none-found')}</p>}
              <TableFoot end={t('count', { count: rows.length })}>{t('hashed')}</TableFoot>
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
      {search.create && may('keys.create') && (
        <CreateKeyDialog owner={search.owner} onClose={() => set({ create: undefined })} onMade={(id) => open(id)} />
      )}
      {search.leaked && <LeakedKeyDialog onClose={() => set({ leaked: undefined })} />}
    </Split>
  )
}

/** Who can be picked, and who is picked already by a link from elsewhere. */
function ownersOf(rows: readonly Key[], chosen: string | undefined, known: FilterChoice[]): FilterChoice[] {
  if (chosen === undefined || known.some(({ value }) => value === chosen)) return known
  return [{ value: chosen, label: rows.find(({ owner }) => owner.id === chosen)?.owner.name ?? chosen }, ...known]
}

function columns(
  t: ReturnType<typeof useKeyWords>,
  format: Format,
  usage: ReadonlyMap<string, KeyUsage> | undefined,
): Column<Key>[] {
  const used = ({ id }: Key, what: 'tokens' | 'requests') => {
    const count = usage?.get(id)?.[what]
    if (count === undefined) return ''
    return (
      <Link
        to={what === 'tokens' ? '/usage' : '/requests'}
        search={{ key: id, range: '30d' } as never}
        className="plain"
      >
        {format.number(count)}
      </Link>
    )
  }
  return [
    {
      id: 'name',
      head: t('name'),
      sorts: true,
      cell: (key) => (
        <Link to="/keys/$key" params={{ key: key.id }} search={(now: object) => now as never} className="plain name">
          {key.name}
        </Link>
      ),
    },
    { id: 'key', head: t('key'), cell: (key) => <Id text={`${key.prefix}…${key.last4}`} short={`…${key.last4}`} /> },
    {
      id: 'models',
      head: t('may-use'),
      soft: true,
      cell: (key) =>
        key.models === null
          ? t('all-models')
          : key.models.length === 1
            ? key.models[0]
            : t('models', { count: key.models.length }),
    },
    { id: 'owner', head: t('owner'), soft: true, cell: (key) => key.owner.name ?? t(`owner-${key.owner.kind}`) },
    {
      id: 'last_used',
      head: t('last-used'),
      soft: true,
      sorts: true,
      cell: (key) => (key.last_used_at ? <Ago at={key.last_used_at} /> : t('never')),
    },
    { id: 'tokens', head: t('tokens-30d'), right: true, cell: (key) => used(key, 'tokens') },
    { id: 'requests', head: t('requests-30d'), right: true, cell: (key) => used(key, 'requests') },
    { id: 'created', head: t('made'), soft: true, sorts: true, cell: (key) => <Ago at={key.created_at} /> },
    {
      id: 'state',
      head: t('state'),
      phone: true,
      cell: (key) =>
        key.old_secrets.some((old) => old.works) && key.state === 'live' ? (
          <State tone="live">{t('state-rotating')}</State>
        ) : (
          <KeyState of={key} />
        ),
    },
  ]
}
