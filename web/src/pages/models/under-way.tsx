import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useLive } from '../../app/live.ts'
import { usePlace } from '../../app/session.ts'
import {
  ConfirmDialog,
  precisionName,
  Section,
  ShowCall,
  Trouble,
  toast,
  useBytesOf,
  useFormat,
  useNow,
  Work,
  type WorkState,
} from '../../ui/index.ts'
import { failedPullsQuery, movePull, type Pull } from './models-api.ts'
import { useModelsWords } from './models-words.ts'
import { PullTrouble } from './pull-trouble.tsx'
import { canGoOn, originOf, pullsShown, shareOf } from './pulls-shown.ts'
import { useCall } from './use-call.ts'

/** Pulls that run, wait, failed or have just arrived: of all models, or of one. Nothing is shown where there are none. */
export function UnderWay({ model }: { model?: string }) {
  const t = useModelsWords()
  const { pulls: live, starter } = useLive()
  const failed = useQuery(failedPullsQuery).data?.data ?? []
  const shown = pullsShown(live, failed, useNow()).filter((pull) => model === undefined || pull.model === model)
  const trouble = model === undefined && !shown.some((pull) => pull.state === 'failed') ? starter?.problem : null
  if (trouble) return <StarterTrouble error={trouble} />
  if (shown.length === 0) return null
  return (
    <Section title={t('under-way')} count={shown.length > 1 ? shown.length : undefined}>
      <div className="pulls">
        {shown.map((pull) => (
          <PullRow key={pull.id} of={pull} />
        ))}
      </div>
      {shown.some((pull) => pull.state === 'running' || pull.state === 'queued') && (
        <p className="small faint code-foot">{t('stays')}</p>
      )}
    </Section>
  )
}

/** The first model, which comes by itself, could not. */
function StarterTrouble({ error }: { error: { code: string; message: string } }) {
  const t = useModelsWords()
  return (
    <Section title={t('starter-failed')}>
      <PullTrouble error={error} />
    </Section>
  )
}

const STATES: Record<Pull['state'], WorkState> = {
  queued: 'waiting',
  running: 'running',
  paused: 'paused',
  done: 'done',
  failed: 'failed',
  cancelled: 'failed',
}

function PullRow({ of: pull }: { of: Pull }) {
  const t = useModelsWords()
  const format = useFormat()
  const bytesOf = useBytesOf()
  const { may } = usePlace()
  const [giving, setGiving] = useState(false)
  const move = useCall<Pull>(undefined, (error) => toast({ title: t('move-failed'), says: error.message }, 'bad'))
  const can = (to: Pull['state']) => may('models.pull') && pull.allowed.includes(to)
  const go = (to: 'pause' | 'resume') => () => move.mutate(movePull(pull.id, to))
  return (
    <>
      <Work
        wordy
        name={t('pull-of', { name: pull.model_name })}
        note={t('form-from', {
          precision: precisionName(pull.precision, t('other-precision')),
          from: originOf(pull),
        })}
        state={pull.state === 'running' && pull.phase === 'checking' ? 'checking' : STATES[pull.state]}
        share={pull.state === 'done' ? 1 : shareOf(pull)}
        amount={pull.bytes_total > 0 ? bytesOf(pull.bytes_done, pull.bytes_total) : null}
        speed={
          pull.state === 'running' && pull.bytes_per_second > 0
            ? t('per-second', { amount: format.bytes(pull.bytes_per_second) })
            : null
        }
        secondsLeft={pull.seconds_left}
        onPause={can('paused') ? go('pause') : undefined}
        onResume={may('models.pull') && canGoOn(pull) ? go('resume') : undefined}
        onCancel={can('cancelled') ? () => setGiving(true) : undefined}
        acts={
          can('paused') || (may('models.pull') && canGoOn(pull)) ? (
            <ShowCall call={movePull(pull.id, can('paused') ? 'pause' : 'resume')} />
          ) : (
            pull.state === 'done' &&
            may('models.load') && (
              <Link
                to="/models/$model"
                params={{ model: pull.model }}
                search={{ act: 'load' } as never}
                className="btn quiet small go"
              >
                {t('load')}
              </Link>
            )
          )
        }
      />
      {pull.state === 'failed' && pull.error && <PullTrouble error={pull.error} />}
      {giving && <GiveUp of={pull} onClose={() => setGiving(false)} />}
    </>
  )
}

function GiveUp({ of: pull, onClose }: { of: Pull; onClose: () => void }) {
  const t = useModelsWords()
  const format = useFormat()
  const call = movePull(pull.id, 'cancel')
  const cancel = useCall<Pull>(onClose)
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={t('give-up-title', { name: pull.model_name })}
      label={t('give-up')}
      busy={cancel.isPending}
      onConfirm={() => cancel.mutate(call)}
      error={cancel.error && <Trouble error={cancel.error} />}
      foot={<ShowCall call={call} />}
    >
      {pull.bytes_done > 0 ? t('give-up-says', { amount: format.bytes(pull.bytes_done) }) : t('give-up-nothing')}
    </ConfirmDialog>
  )
}
