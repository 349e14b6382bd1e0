import { Meter, State, type Tone, useFormat } from '../../ui/index.ts'
import { type Batch, shareDone } from './batches-api.ts'
import './batches.css'
import { useBatchWords } from './batches-words.ts'

const TONES: Record<Batch['status'], Tone> = {
  validating: 'live',
  in_progress: 'live',
  finalizing: 'live',
  completed: 'good',
  failed: 'bad',
  expired: 'warn',
  cancelling: 'live',
  cancelled: 'off',
}

export function BatchState({ of: { status } }: { of: Batch }) {
  const t = useBatchWords()
  return <State tone={TONES[status]}>{t(`status-${status}`)}</State>
}

/** How many of its lines have an answer. */
export function BatchProgress({ of: batch }: { of: Batch }) {
  const t = useBatchWords()
  const format = useFormat()
  const { total, completed, failed } = batch.request_counts
  if (total === 0) return <span className="soft">{batch.status === 'validating' ? t('unchecked') : '–'}</span>
  const counts = { done: format.number(completed + failed), total: format.number(total) }
  return (
    <span className="row batch-progress">
      <Meter share={shareDone(batch)} label={t('progress-label', counts)} />
      <span className="num">{t('progress-of', counts)}</span>
    </span>
  )
}
