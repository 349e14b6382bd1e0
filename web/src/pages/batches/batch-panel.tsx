import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useAct } from '../../api/use-act.ts'
import { useCrumb } from '../../app/crumb.ts'
import {
  Ago,
  Button,
  ConfirmDialog,
  Fact,
  Facts,
  Icon,
  Id,
  Loaded,
  Panel,
  ShowCall,
  Trouble,
  toast,
  useFormat,
} from '../../ui/index.ts'
import { BatchProgress, BatchState } from './batch-state.tsx'
import { type Batch, batchQuery, cancelBatch, resultsUrl } from './batches-api.ts'
import { useBatchWords } from './batches-words.ts'

/** One batch beside the list: how far it is, what went wrong, and its files. */
export function BatchPanel({ id, onClose }: { id: string; onClose: () => void }) {
  const t = useBatchWords()
  const query = useQuery(batchQuery(id))
  const [cancelling, setCancelling] = useState(false)
  const batch = query.data
  useCrumb(batch?.input_file.name ?? null)
  return (
    <Panel title={batch?.input_file.name ?? t('batch')} says={batch?.model ?? undefined} onClose={onClose}>
      <Loaded query={query}>
        {(one) => (
          <>
            <div className="row panel-acts">
              {one.allowed.includes('download') &&
                (['output', 'error'] as const).map(
                  (kind) =>
                    one[`${kind}_file`] && (
                      <a key={kind} className="btn small" href={resultsUrl(one.id, kind)} download>
                        <Icon name="save" />
                        {t(`download-${kind}`)}
                      </a>
                    ),
                )}
              {one.allowed.includes('cancel') && (
                <Button small look="danger" onClick={() => setCancelling(true)}>
                  {t('cancel')}
                </Button>
              )}
            </div>
            <BatchFacts of={one} />
            {one.errors.length > 0 && <Errors of={one} />}
            {cancelling && <CancelDialog of={one} onClose={() => setCancelling(false)} />}
          </>
        )}
      </Loaded>
    </Panel>
  )
}

function BatchFacts({ of: batch }: { of: Batch }) {
  const t = useBatchWords()
  const format = useFormat()
  const { name, size_bytes } = batch.input_file
  return (
    <Facts lined>
      <Fact name={t('status')}>
        <BatchState of={batch} />
      </Fact>
      <Fact name={t('progress')}>
        <BatchProgress of={batch} />
      </Fact>
      <Fact name={t('failed')}>{format.number(batch.request_counts.failed)}</Fact>
      <Fact name={t('id')}>
        <Id text={batch.id} />
      </Fact>
      <Fact name={t('endpoint')}>
        <span className="mono">{batch.endpoint}</span>
      </Fact>
      <Fact name={t('input')}>
        {size_bytes === null ? t('input-gone', { name }) : t('input-file', { name, size: format.bytes(size_bytes) })}
      </Fact>
      <Fact name={t('key')}>
        {batch.key.name === null ? (
          t('key-gone')
        ) : (
          <Link to="/keys/$key" params={{ key: batch.key.id } as never}>
            {batch.key.name}
          </Link>
        )}
      </Fact>
      <Fact name={t('made')}>
        <Ago at={batch.created_at} />
      </Fact>
      {batch.ended_at === null ? (
        <Fact name={t('expires')}>
          <Ago at={batch.expires_at} />
        </Fact>
      ) : (
        <>
          <Fact name={t('ended')}>
            <Ago at={batch.ended_at} />
          </Fact>
          <Fact name={t('tokens')}>
            {t('tokens-of', { in: format.number(batch.tokens.input), out: format.number(batch.tokens.output) })}
          </Fact>
        </>
      )}
      {Object.entries(batch.metadata ?? {}).map(([field, value]) => (
        <Fact key={field} name={<span className="mono">{field}</span>}>
          {value}
        </Fact>
      ))}
    </Facts>
  )
}

function Errors({ of: batch }: { of: Batch }) {
  const t = useBatchWords()
  return (
    <section className="section">
      <header>
        <h2>{t('why')}</h2>
      </header>
      <Facts lined>
        {batch.errors.map((one) => (
          <Fact
            key={`${one.line} ${one.code} ${one.param}`}
            name={one.line === null ? t('whole') : t('line', { line: one.line })}
          >
            {one.message} <span className="mono soft">{one.code}</span>
          </Fact>
        ))}
      </Facts>
    </section>
  )
}

function CancelDialog({ of: batch, onClose }: { of: Batch; onClose: () => void }) {
  const t = useBatchWords()
  const { name } = batch.input_file
  const call = cancelBatch(batch.id)
  const act = useAct<Batch>(['batches'], () => {
    toast({ title: t('cancelled', { name }) })
    onClose()
  })
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('cancel-title', { name })}
      label={t('cancel')}
      busy={act.isPending}
      onConfirm={() => act.mutate(call)}
      error={act.error && <Trouble error={act.error} />}
      foot={<ShowCall call={call} />}
    >
      {t('cancel-says')}
    </ConfirmDialog>
  )
}
