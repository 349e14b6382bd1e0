/** Small choices: tick, one of several, segments. A switch and a slider have files of their own. */
import { type ReactNode, useId } from 'react'

export function Tick({
  on,
  part = false,
  disabled = false,
  onChange,
  children,
  label,
}: {
  on: boolean
  part?: boolean
  disabled?: boolean
  onChange: (on: boolean) => void
  children?: ReactNode
  label?: string
}) {
  return (
    <label className={`tick ${part ? 'part' : on ? 'on' : ''} ${disabled ? 'is-off' : ''}`}>
      <input
        type="checkbox"
        className="hide"
        checked={on}
        disabled={disabled}
        aria-label={label}
        ref={(box) => {
          if (box) box.indeterminate = part
        }}
        onChange={(event) => onChange(event.target.checked)}
      />
      <i />
      {children}
    </label>
  )
}

export function OneOf<Value extends string>({
  name,
  value,
  onChange,
  choices,
}: {
  name: string
  value: Value
  onChange: (value: Value) => void
  choices: readonly { value: Value; label: ReactNode; disabled?: boolean }[]
}) {
  const group = useId()
  return (
    <div role="radiogroup" aria-label={name} className="row oneof">
      {choices.map((choice) => (
        <label
          key={choice.value}
          className={`tick round ${choice.value === value ? 'on' : ''} ${choice.disabled ? 'is-off' : ''}`}
        >
          <input
            type="radio"
            className="hide"
            name={group}
            checked={choice.value === value}
            disabled={choice.disabled}
            onChange={() => onChange(choice.value)}
          />
          <i />
          {choice.label}
        </label>
      ))}
    </div>
  )
}

export function Segments<Value extends string>({
  value,
  onChange,
  choices,
  label,
}: {
  value: Value | null
  onChange: (value: Value) => void
  choices: readonly { value: Value; label: ReactNode }[]
  label: string
}) {
  return (
    <fieldset className="seg" aria-label={label}>
      {choices.map((choice) => (
        <button
          key={choice.value}
          type="button"
          aria-pressed={choice.value === value}
          onClick={() => onChange(choice.value)}
        >
          {choice.label}
        </button>
      ))}
    </fieldset>
  )
}
