/** Fields of a form: label above, help under, the error at the field. The control inside takes the id that it is handed. */
import { type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes, useId } from 'react'
import { Icon, type IconName, Sign } from './icon.tsx'
import { usePartWords } from './words.ts'

export type FieldWords = {
  label: ReactNode
  /** Under the field. */
  help?: ReactNode
  error?: string | null | undefined
  optional?: boolean
}

/** What stands around a control. */
export function FieldFrame({
  label,
  help,
  error,
  optional,
  id,
  children,
}: FieldWords & { id: string; children: ReactNode }) {
  const t = usePartWords()
  return (
    <div className="field">
      <label className="label" htmlFor={id}>
        {label}
        {optional && <span className="opt">{t('optional')}</span>}
      </label>
      {children}
      {error ? (
        <span className="help bad" id={`${id}-error`}>
          <Sign name="fail" />
          {error}
        </span>
      ) : (
        help && (
          <span className="help" id={`${id}-help`}>
            {help}
          </span>
        )
      )}
    </div>
  )
}

const described = (id: string, { help, error }: FieldWords) =>
  error ? { 'aria-invalid': true, 'aria-describedby': `${id}-error` } : help ? { 'aria-describedby': `${id}-help` } : {}

export type TextFieldProps = FieldWords &
  Omit<InputHTMLAttributes<HTMLInputElement>, 'className' | 'onChange' | 'value'> & {
    value: string
    onChange: (value: string) => void
    unit?: ReactNode
    icon?: IconName
  }

export function TextField({ label, help, error, optional, unit, icon, value, onChange, ...input }: TextFieldProps) {
  const made = useId()
  const id = input.id ?? made
  return (
    <FieldFrame {...{ label, help, error, id }} optional={optional ?? false}>
      <span className={`input ${error ? 'bad' : ''} ${input.disabled ? 'is-off' : ''}`}>
        {icon && <Icon name={icon} />}
        <input
          {...input}
          id={id}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          {...described(id, { label, help, error })}
        />
        {unit && <span className="unit">{unit}</span>}
      </span>
    </FieldFrame>
  )
}

export type AreaFieldProps = FieldWords &
  Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'className' | 'onChange' | 'value'> & {
    value: string
    onChange: (value: string) => void
    mono?: boolean
  }

export function AreaField({ label, help, error, optional, value, onChange, mono, rows = 4, ...area }: AreaFieldProps) {
  const id = useId()
  return (
    <FieldFrame {...{ label, help, error, id }} optional={optional ?? false}>
      <span className={`input area ${error ? 'bad' : ''}`}>
        <textarea
          {...area}
          id={id}
          rows={rows}
          className={mono ? 'mono' : undefined}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          {...described(id, { label, help, error })}
        />
      </span>
    </FieldFrame>
  )
}

export function SearchInput({
  value,
  onChange,
  label,
}: {
  value: string
  onChange: (value: string) => void
  label: string
}) {
  return (
    <label className="input small">
      <Icon name="search" />
      <input
        type="search"
        placeholder={label}
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  )
}
