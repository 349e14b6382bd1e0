import { useLive } from '../../app/live.ts'
import { Meter, Section, useFormat } from '../../ui/index.ts'
import { useOverviewWords } from './overview-words.ts'

/** Pulls that run, in short: the Models page has their buttons. */
export function UnderWay() {
  const t = useOverviewWords()
  const format = useFormat()
  const open = useLive().pulls.filter(
    (pull) => pull.state === 'running' || pull.state === 'queued' || pull.state === 'paused',
  )
  if (open.length === 0) return null
  return (
    <Section title={t('under-way')} count={open.length}>
      {open.map((pull) => {
        const share = pull.bytes_total === 0 ? 0 : pull.bytes_done / pull.bytes_total
        const amount = t('of', { done: format.bytes(pull.bytes_done), all: format.bytes(pull.bytes_total) })
        return (
          <div key={pull.id} className="mini t13">
            <div className="row wide">
              <span className="cut">{t('pull', { name: pull.model_name })}</span>
              <span className="soft nowrap">
                {pull.seconds_left === null
                  ? t(`pull-${pull.state === 'paused' ? 'paused' : 'waits'}`)
                  : t('left', { time: format.duration(pull.seconds_left * 1_000) })}
              </span>
            </div>
            <Meter share={share} tone="trade" label={amount} />
            <span className="small faint">
              {amount}
              {pull.bytes_per_second > 0 && `, ${format.bytes(pull.bytes_per_second)}/s`}
            </span>
          </div>
        )
      })}
    </Section>
  )
}
