/** Work that takes its time: what it is, a bar, how much of how much, how fast, how long still, and what one may do. */
import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { bytesIn, type Format } from './format.ts'
import { Sign, type SignName } from './icon.tsx'
import { Meter } from './state.tsx'
import { useFormat } from './use-format.ts'
import { usePartWords } from './words.ts'

export type WorkState = 'waiting' | 'running' | 'checking' | 'paused' | 'done' | 'failed'

export type WorkProps = {
  /** "Pull Qwen3-4B". Buttons are named after it. */
  name: string
  /** Under it: precision, where from. */
  note?: ReactNode
  state: WorkState
  /** 0 to 1; null = nobody knows. */
  share: number | null
  /** "1.62 of 2.50 GB", "step 116 of 200". `bytesOf` writes the first. */
  amount?: ReactNode
  /** "11.4 MB/s"; who paused it; why it failed. */
  speed?: ReactNode
  secondsLeft?: number | null
  onPause?: (() => void) | undefined
  onResume?: (() => void) | undefined
  onCancel?: (() => void) | undefined
  /** Words on the buttons, where there is room. */
  wordy?: boolean
  /** After the buttons: the call, a link to the result. */
  acts?: ReactNode
}

const SIGNS: Partial<Record<WorkState, { sign: SignName; tone: 'good' | 'bad' }>> = {
  done: { sign: 'ok', tone: 'good' },
  failed: { sign: 'fail', tone: 'bad' },
}

export function Work({
  name,
  note,
  state,
  share,
  amount,
  speed,
  secondsLeft,
  onPause,
  onResume,
  onCancel,
  wordy,
  acts,
}: WorkProps) {
  const t = usePartWords()
  const format = useFormat()
  const percent = share === null ? null : format.percent(share, 0)
  const left =
    state === 'running'
      ? typeof secondsLeft === 'number'
        ? t('work.left', { time: format.duration(secondsLeft * 1_000) })
        : ''
      : t(`work.${state}`)
  const ended = SIGNS[state]
  const act = (verb: 'pause' | 'resume' | 'cancel', icon: 'pause' | 'go' | 'x', run: (() => void) | undefined) =>
    run && (
      <Button look="quiet" small icon={icon} onClick={run} aria-label={`${t(`work.${verb}`)}: ${name}`}>
        {wordy ? <span className="desk-only">{t(`work.${verb}`)}</span> : undefined}
      </Button>
    )
  return (
    <div className={wordy ? 'work wordy' : 'work'}>
      <div className="what">
        <b>{name}</b>
        {note && <span>{note}</span>}
      </div>
      <div>
        <div className="how">
          {amount && <span>{amount}</span>}
          {speed && <span className="cut">{speed}</span>}
          {percent && <span className="push">{percent}</span>}
        </div>
        <Meter
          share={share ?? 0}
          {...(state === 'running' || state === 'checking'
            ? { tone: 'trade' as const }
            : ended
              ? { tone: ended.tone }
              : {})}
          label={`${name}: ${percent ?? t('work.waiting')}`}
        />
      </div>
      <span className={`left nowrap soft ${ended ? `state ${ended.tone}` : ''}`}>
        {ended && <Sign name={ended.sign} />}
        {left}
      </span>
      <div className="acts">
        {act('pause', 'pause', onPause)}
        {act('resume', 'go', onResume)}
        {act('cancel', 'x', onCancel)}
        {acts}
      </div>
    </div>
  )
}

/** Both amounts in the unit of the whole: "1.62 of 2.50 GB". */
export function useBytesOf(): (done: number, total: number) => string {
  const t = usePartWords()
  const format = useFormat()
  return (done, total) => bytesOf(done, total, format, (values) => t('work.of', values))
}

function bytesOf(
  done: number,
  total: number,
  format: Format,
  say: (values: { done: string; total: string }) => string,
): string {
  const [amount, unit] = bytesIn(total)
  const digits = unit === 'B' || unit === 'kB' ? 0 : amount < 10 ? 2 : 1
  const size = total / amount || 1
  return say({ done: format.number(done / size, digits), total: `${format.number(amount, digits)} ${unit}` })
}
