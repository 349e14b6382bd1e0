/** Batches: files of requests, answered when there is time. */
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
  Split,
  Table,
  TableFoot,
  useFormat,
} from '../../ui/index.ts'
import { useModelNames } from '../keys/model-names.ts'
import { BatchPanel } from './batch-panel.tsx'
import { BatchProgress, BatchState } from './batch-state.tsx'
import { type Batch, batchesQuery } from './batches-api.ts'
import { useBatchWords } from './batches-words.ts'
import { firstBatch } from './first-batch.ts'
import { BATCH_STATUSES, type BatchesSearch } from './search.ts'

/** What the panel says itself gives room to the rest. */
const BESIDE_PANEL_NOT = ['key', 'failed', 'made']

export default function BatchesPage() {
  const t = useBatchWords()
  const format = useFormat()
  const { project } = usePlace()
  const navigate = useNavigate()
  const models = useModelNames()
  const search = useSearch({ strict: false }) as BatchesSearch
  const { batch: openId } = useParams({ strict: false }) as { batch?: string }
  const query = useInfiniteQuery(batchesQuery(project?.id ?? '', search))
  const batches = query.data?.pages.flatMap((page) => page.data)

  const set = (change: Partial<Record<keyof BatchesSearch, unknown>>) =>
    void navigate({ to: '.', search: (now: object) => ({ ...now, ...change }), replace: true } as never)
  const open = (id: string) =>
    void navigate({ to: '/batches/$batch', params: { batch: id }, search: (now: object) => now } as never)
  const close = () => void navigate({ to: '/batches', search: (now: object) => now } as never)

  return (
    <Split panel={openId && <BatchPanel key={openId} id={openId} onClose={close} />}>
      <PageTitle title={t('title')} says={t('says')} />
      <Loaded query={{ ...query, data: batches }}>
        {(rows) =>
          rows.length === 0 && search.status === undefined ? (
            <Empty title={t('empty')} beside={<Code samples={firstBatch(models[0] ?? '')} foot={t('empty-code')} />}>
              <p>{t('empty-says')}</p>
            </Empty>
          ) : (
            <>
              <div className="toolbar">
                <Filter
                  single
                  name={t('status')}
                  values={search.status ? [search.status] : []}
                  choices={BATCH_STATUSES.map((status) => ({ value: status, label: t(`status-${status}`) }))}
                  onChange={([status]) => set({ status })}
                />
              </div>
              <Table
                label={t('title')}
                rows={rows}
                columns={columns(t, format).filter(({ id }) => !openId || !BESIDE_PANEL_NOT.includes(id))}
                idOf={(one) => one.id}
                under={(one) => (
                  <>
                    {one.model !== null && `${one.model} · `}
                    <Ago at={one.created_at} />
                  </>
                )}
                onOpen={(one) => open(one.id)}
                openId={openId ?? null}
              />
              {rows.length === 0 && <p className="soft none-found">{t('none-found')}</p>}
              <TableFoot end={t('count', { count: rows.length })}>{t('turns')}</TableFoot>
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
    </Split>
  )
}

function columns(t: ReturnType<typeof useBatchWords>, format: Format): Column<Batch>[] {
  return [
    {
      id: 'name',
      head: t('file'),
      cell: (one) => (
        <Link
          to="/batches/$batch"
          params={{ batch: one.id } as never}
          search={(now: object) => now as never}
          className="plain name"
        >
          {one.input_file.name}
        </Link>
      ),
    },
    { id: 'model', head: t('model'), soft: true, cell: (one) => one.model ?? '' },
    { id: 'progress', head: t('progress'), cell: (one) => <BatchProgress of={one} /> },
    {
      id: 'failed',
      head: t('failed'),
      right: true,
      cell: (one) => (one.request_counts.failed === 0 ? '' : format.number(one.request_counts.failed)),
    },
    { id: 'key', head: t('key'), soft: true, cell: (one) => one.key.name ?? t('key-gone') },
    { id: 'made', head: t('made'), soft: true, cell: (one) => <Ago at={one.created_at} /> },
    { id: 'status', head: t('status'), phone: true, cell: (one) => <BatchState of={one} /> },
  ]
}
