/**
 * Whether a model fits this machine: a sign and a word, a bar of the machine's memory, the amount; or what it needs
 * instead. Does not fit is a fact and no failure: grey, never red.
 */
import type { ReactElement } from 'react'
import type { FitReason, FitVerdict } from '../../../src/catalog/fit.ts'
import type { SignName } from './icon.tsx'
import { Meter, State, type Tone } from './state.tsx'
import { Tip } from './tip.tsx'
import { useFormat } from './use-format.ts'
import { usePartWords } from './words.ts'

const LOOKS: Record<
  FitVerdict,
  { tone: Tone; sign: SignName; word: 'fit.fits' | 'fit.tight' | 'fit.alone' | 'fit.no' }
> = {
  fits: { tone: 'good', sign: 'ok', word: 'fit.fits' },
  tight: { tone: 'warn', sign: 'warn', word: 'fit.tight' },
  'fits-alone': { tone: 'plain', sign: 'half', word: 'fit.alone' },
  'does-not-fit': { tone: 'plain', sign: 'no', word: 'fit.no' },
}

export type FitNumbers = {
  reason_code: FitReason
  precision: string | null
  needed_bytes: number | null
  free_bytes: number
  capacity_bytes: number
}

/** @returns the sentence that a verdict is, with the numbers that decide, in the language of the moment */
export function useFitReason(): (fit: FitNumbers) => string {
  const t = usePartWords()
  const format = useFormat()
  return ({ reason_code, precision, needed_bytes: needed, free_bytes: free, capacity_bytes: capacity }) =>
    t(`fit.why-${reason_code}`, {
      needed: needed === null ? '–' : `≈ ${format.amount(needed)}`,
      free: format.amount(Math.max(0, free)),
      capacity: format.amount(capacity),
      left: format.amount(Math.max(0, free - (needed ?? 0))),
      precision: precision === null ? '–' : precisionName(precision, t('fit.other-precision')),
    })
}

/** `Q4_K_M`, as files are named. `other` is what a form without a name of its own is called. */
export function precisionName(precision: string, other: string): string {
  return precision === 'other' ? other : precision.toUpperCase()
}

/** The verdict alone: in a table that has the amounts in columns of their own. */
export function FitState({ verdict }: { verdict: FitVerdict }) {
  const t = usePartWords()
  const { tone, sign, word } = LOOKS[verdict]
  return (
    <State tone={tone} sign={sign}>
      {t(word)}
    </State>
  )
}

export function Fit({
  verdict,
  neededBytes,
  capacityBytes,
  servedBy = [],
  reason,
  measured = false,
}: {
  verdict: FitVerdict
  /** null = the size is not known. */
  neededBytes: number | null
  /** What all models together may take here. */
  capacityBytes: number
  /** Hardware that serves it: `8 × H200`. The first is told. */
  servedBy?: readonly string[]
  /** The sentence with the numbers, under the pointer. `useFitReason` says it. */
  reason?: string
  /** The amount was measured here. Else it is an estimate and says so. */
  measured?: boolean
}) {
  const t = usePartWords()
  const format = useFormat()
  const amount = neededBytes === null ? null : `${measured ? '' : '≈ '}${format.amount(neededBytes)}`
  if (verdict === 'does-not-fit') {
    const hardware = servedBy[0] ?? amount
    return explained(
      reason,
      <span className="fit no">
        <FitState verdict={verdict} />
        <span className="need">{hardware === null ? t('fit.unknown') : t('fit.needs', { hardware })}</span>
      </span>,
    )
  }
  return explained(
    reason,
    <span className="fit">
      <FitState verdict={verdict} />
      <Meter
        share={(neededBytes ?? 0) / Math.max(1, capacityBytes)}
        {...(verdict === 'tight' ? { tone: 'warn' as const } : {})}
        label={t('fit.share', { needed: amount ?? '–', capacity: format.amount(capacityBytes) })}
      />
      <span className="need nowrap">{amount}</span>
    </span>,
  )
}

function explained(reason: string | undefined, fit: ReactElement<object>) {
  return reason === undefined ? fit : <Tip text={reason}>{fit}</Tip>
}
