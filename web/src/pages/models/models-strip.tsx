import { Link } from '@tanstack/react-router'
import { bytesIn, Figure, Sparkline, Strip, useFormat } from '../../ui/index.ts'
import { othersTake } from '../machine/others-take.ts'
import type { Strip as StripFacts } from './models-api.ts'
import { useModelsWords } from './models-words.ts'

/** What all models together take of this machine, and do. */
export function ModelsStrip({ of }: { of: StripFacts }) {
  const t = useModelsWords()
  const format = useFormat()
  const { memory, loaded, slots, peak_today: peak, last_hour: hour, disk } = of
  const others = othersTake(memory)
  const [onDisk, unit] = bytesIn(disk.models_bytes)
  return (
    <Strip>
      <Link to="/machine">
        <Figure
          label={t('memory')}
          unit={t('of-capacity', { capacity: format.bytes(memory.budget_bytes) })}
          line={
            <span title={t('free-others-help')}>
              {t(others > 0 ? 'free-others' : 'free-only', {
                free: format.bytes(memory.free_bytes),
                others: format.bytes(others),
              })}
            </span>
          }
        >
          {format.figure(memory.used_bytes / 1e9)}
        </Figure>
      </Link>
      <Link to="/models" hash="replicas">
        <Figure
          label={t('loaded')}
          unit={t('models-and-replicas', {
            models: t('models', { count: loaded.models }),
            replicas: t('count-replicas', { count: loaded.replicas }),
          })}
          line={t('slots-busy-of', { busy: slots.busy, total: slots.total })}
        >
          {format.number(loaded.models)}
        </Figure>
      </Link>
      <Link to="/usage">
        <Figure
          label={t('speed-now')}
          unit={t('tokens-s')}
          line={
            peak
              ? t('peak-today', {
                  speed: format.figure(peak.tokens_per_second),
                  time: format.clock(new Date(peak.at)).slice(0, 5),
                })
              : t('quiet-today')
          }
          extra={<Sparkline values={hour.tokens_per_second} />}
        >
          {format.figure(of.tokens_per_second)}
        </Figure>
      </Link>
      <Link to="/models" search={{ state: 'loaded,loading,here' } as never}>
        <Figure
          label={t('on-disk')}
          unit={unit}
          line={t('files-free', { files: t('files', { count: disk.files }), free: format.bytes(disk.free_bytes) })}
        >
          {format.figure(onDisk)}
        </Figure>
      </Link>
    </Strip>
  )
}
