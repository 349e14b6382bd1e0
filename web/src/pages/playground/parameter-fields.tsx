import { type ReactNode, useId, useState } from 'react'
import { Button, Slider, useFormat } from '../../ui/index.ts'
import { usePlaygroundWords } from './playground-words.ts'

/** A whole number, or nothing. What is typed and cannot be stays in the field and says so. */
export function NumberParam({
  name,
  note,
  help,
  unit,
  value,
  placeholder,
  min,
  max,
  onChange,
}: {
  name: string
  note?: string
  /** Under the field, while what is typed is right. */
  help?: string
  unit?: string
  value: number | undefined
  placeholder: string
  min: number
  max: number
  onChange: (value: number | undefined) => void
}) {
  const t = usePlaygroundWords()
  const format = useFormat()
  const id = useId()
  const [typed, setTyped] = useState<string | null>(null)
  const text = typed ?? (value === undefined ? '' : format.number(value))
  const bad = typed !== null && numberIn(typed, min, max) === null
  return (
    <div className="param">
      <label className="label" htmlFor={id}>
        {name}
        {note && <span className="opt">{note}</span>}
      </label>
      <span className={`input ${bad ? 'bad' : ''}`}>
        <input
          id={id}
          inputMode="numeric"
          autoComplete="off"
          value={text}
          placeholder={placeholder}
          aria-invalid={bad || undefined}
          aria-describedby={bad ? `${id}-bad` : help ? `${id}-help` : undefined}
          onChange={(event) => {
            setTyped(event.target.value)
            const number = numberIn(event.target.value, min, max)
            if (number !== null) onChange(number)
          }}
          onBlur={() => !bad && setTyped(null)}
        />
        {unit && <span className="unit">{unit}</span>}
      </span>
      {bad && (
        <p className="help bad" id={`${id}-bad`}>
          {t('whole-number')}
        </p>
      )}
      {!bad && help && (
        <p className="help" id={`${id}-help`}>
          {help}
        </p>
      )}
    </div>
  )
}

/** undefined = empty; null = no such number. Separators of thousands are left out. */
function numberIn(text: string, min: number, max: number): number | undefined | null {
  const digits = text.replaceAll(/[\s,.\u00A0]/g, '')
  if (digits === '') return undefined
  if (!/^-?\d+$/.test(digits)) return null
  const number = Number(digits)
  return number >= min && number <= max ? number : null
}

const STOPS_MAX = 4

/** Up to four texts, between commas; `\n` is a line's end. */
export function StopParam({
  value,
  onChange,
}: {
  value: readonly string[]
  onChange: (stop: string[] | undefined) => void
}) {
  const t = usePlaygroundWords()
  const id = useId()
  const [typed, setTyped] = useState<string | null>(null)
  const many = typed !== null && stopsIn(typed).length > STOPS_MAX
  return (
    <div className="param">
      <label className="label" htmlFor={id}>
        {t('stop-at')}
      </label>
      <span className={`input ${many ? 'bad' : ''}`}>
        <input
          id={id}
          autoComplete="off"
          spellCheck={false}
          placeholder={t('stop-hint')}
          value={typed ?? value.map((stop) => stop.replaceAll('\n', '\\n')).join(', ')}
          aria-invalid={many || undefined}
          aria-describedby={`${id}-help`}
          onChange={(event) => {
            setTyped(event.target.value)
            const stops = stopsIn(event.target.value)
            if (stops.length <= STOPS_MAX) onChange(stops.length === 0 ? undefined : stops)
          }}
          onBlur={() => !many && setTyped(null)}
        />
      </span>
      <p className={many ? 'help bad' : 'help'} id={`${id}-help`}>
        {t('stop-help')}
      </p>
    </div>
  )
}

const stopsIn = (text: string): string[] =>
  text
    .split(',')
    .map((stop) => stop.trim().replaceAll('\\n', '\n'))
    .filter((stop) => stop !== '')

/** A value between 0 and `max`; unset is the model's own. */
export function SlideParam({
  name,
  value,
  own,
  max,
  step,
  disabled,
  onChange,
}: {
  name: string
  value: number | undefined
  /** What the model's maker wants; undefined while that is not known: then nothing stands on the line. */
  own: number | undefined
  max: number
  step: number
  disabled: boolean
  onChange: (value: number | undefined) => void
}) {
  const t = usePlaygroundWords()
  const format = useFormat()
  return (
    <div className="param" data-place={value === undefined && own === undefined ? 'unknown' : undefined}>
      <div className="label">
        {name}
        {value === undefined ? (
          <span className="opt">
            {own === undefined ? t('own-unknown') : t('own-value', { value: format.number(own, 2) })}
          </span>
        ) : disabled ? (
          <span className="val">{format.number(value, 2)}</span>
        ) : (
          <span className="row unsets">
            <span className="val">{format.number(value, 2)}</span>
            <Button look="quiet" small icon="x" aria-label={t('unset', { name })} onClick={() => onChange(undefined)} />
          </span>
        )}
      </div>
      <Slider
        label={name}
        value={value ?? own ?? max / 2}
        min={0}
        max={max}
        step={step}
        disabled={disabled}
        onChange={onChange}
      />
    </div>
  )
}

/** A name, and beside it what is chosen. */
export function Line({ name, children }: { name: ReactNode; children: ReactNode }) {
  return (
    <div className="param line">
      <div className="label">{name}</div>
      {children}
    </div>
  )
}
