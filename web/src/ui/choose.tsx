/** Small choices: tick, one of several, switch, slider, segments. */
import { Slider as BaseSlider } from '@base-ui/react/slider'
import { Switch } from '@base-ui/react/switch'
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

export function Toggle({
  on,
  onChange,
  label,
  disabled = false,
}: {
  on: boolean
  onChange: (on: boolean) => void
  label: string
  disabled?: boolean
}) {
  return (
    <Switch.Root className="toggle" checked={on} onCheckedChange={onChange} aria-label={label} disabled={disabled} />
  )
}

/** A value between two ends; arrows move it by `step`. */
export function Slider({
  value,
  onChange,
  min,
  max,
  step,
  label,
}: {
  value: number
  onChange: (value: number) => void
  min: number
  max: number
  step: number
  label: string
}) {
  return (
    <BaseSlider.Root
      value={value}
      onValueChange={(next) => onChange(next as number)}
      min={min}
      max={max}
      step={step}
      className="slider"
    >
      <BaseSlider.Control className="slider-control">
        <BaseSlider.Track className="slider-track">
          <BaseSlider.Indicator className="slider-filled" />
          <BaseSlider.Thumb className="slider-thumb" aria-label={label} />
        </BaseSlider.Track>
      </BaseSlider.Control>
    </BaseSlider.Root>
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
  choices: readonly { value: Value; label: string }[]
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
