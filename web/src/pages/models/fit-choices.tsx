import { type ReactNode, useId } from 'react'
import { FitState, useFitReason, useFormat } from '../../ui/index.ts'
import type { FitFacts } from './models-api.ts'
import { useModelsWords } from './models-words.ts'

export type FitChoice = {
  value: string
  name: string
  /** Beside the name: recommended, here, why it cannot be taken. */
  note?: ReactNode
  bytes: number
  fit: FitFacts | null
  disabled?: boolean
}

/** One of several forms of the same weights, each with its size and whether it fits. */
export function FitChoices({
  label,
  value,
  onChange,
  choices,
}: {
  label: string
  value: string | null
  onChange: (value: string) => void
  choices: readonly FitChoice[]
}) {
  const t = useModelsWords()
  const format = useFormat()
  const reasonOf = useFitReason()
  const group = useId()
  return (
    <div className="fit-choices" role="radiogroup" aria-label={label}>
      <div className="fit-choice heads" aria-hidden="true">
        <span>{label}</span>
        <span className="r">{t('fetches')}</span>
        <span className="r">{t('in-memory')}</span>
        <span>{t('here')}</span>
      </div>
      {choices.map((choice) => (
        <label
          key={choice.value}
          className={`fit-choice tick round ${choice.value === value ? 'on' : ''} ${choice.disabled ? 'is-off' : ''}`}
          title={choice.fit ? reasonOf(choice.fit) : undefined}
        >
          <span className="row cut">
            <input
              type="radio"
              className="hide"
              name={group}
              checked={choice.value === value}
              disabled={choice.disabled}
              onChange={() => onChange(choice.value)}
            />
            <i />
            <b className="medium cut">{choice.name}</b>
            {choice.note && <span className="faint nowrap">{choice.note}</span>}
          </span>
          <span className="r">{format.amount(choice.bytes)}</span>
          <span className="r soft">
            {choice.fit?.needed_bytes ? `≈ ${format.amount(choice.fit.needed_bytes)}` : '–'}
          </span>
          <span>{choice.fit ? <FitState verdict={choice.fit.verdict} /> : <span className="faint">–</span>}</span>
        </label>
      ))}
    </div>
  )
}
