/** Fields of a form: label above, help under, the error at the field. The control inside takes the id that it is handed. */
import { Select as BaseSelect } from '@base-ui/react/select'
import { type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes, useId } from 'react'
import { Icon, type IconName, Sign } from './icon.tsx'
import { usePartWords } from './words.ts'

type FieldFrame = {
  label: ReactNode
  /** Under the field. */
  help?: ReactNode
  error?: string | null | undefined
  optional?: boolean
}

function Frame({ label, help, error, optional, id, children }: FieldFrame & { id: string; children: ReactNode }) {
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

const described = (id: string, { help, error }: FieldFrame) =>
  error ? { 'aria-invalid': true, 'aria-describedby': `${id}-error` } : help ? { 'aria-describedby': `${id}-help` } : {}

export type TextFieldProps = FieldFrame &
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
    <Frame {...{ label, help, error, id }} optional={optional ?? false}>
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
    </Frame>
  )
}

export type AreaFieldProps = FieldFrame &
  Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, 'className' | 'onChange' | 'value'> & {
    value: string
    onChange: (value: string) => void
    mono?: boolean
  }

export function AreaField({ label, help, error, optional, value, onChange, mono, rows = 4, ...area }: AreaFieldProps) {
  const id = useId()
  return (
    <Frame {...{ label, help, error, id }} optional={optional ?? false}>
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
    </Frame>
  )
}

export type Choice<Value extends string> = { value: Value; label: string; note?: string }

/** One of a few. Keyboard, type-ahead and a list that floats. */
export function SelectField<Value extends string>({
  label,
  help,
  error,
  optional,
  value,
  onChange,
  choices,
  disabled,
}: FieldFrame & {
  value: Value
  onChange: (value: Value) => void
  choices: readonly Choice<Value>[]
  disabled?: boolean
}) {
  const id = useId()
  return (
    <Frame {...{ label, help, error, id }} optional={optional ?? false}>
      <Select
        id={id}
        value={value}
        onChange={onChange}
        choices={choices}
        disabled={disabled ?? false}
        invalid={Boolean(error)}
      />
    </Frame>
  )
}

/** The control of a `SelectField`, alone. Give `label` where no label stands beside it. */
export function Select<Value extends string>({
  id,
  label,
  value,
  onChange,
  choices,
  disabled = false,
  invalid = false,
  small = false,
  before,
}: {
  id?: string
  label?: string
  value: Value
  onChange: (value: Value) => void
  choices: readonly Choice<Value>[]
  disabled?: boolean
  invalid?: boolean
  small?: boolean
  /** Word before the chosen one: "By". */
  before?: string
}) {
  const chosen = choices.find((choice) => choice.value === value)
  return (
    <BaseSelect.Root
      items={choices.map(({ value: of, label: says }) => ({ value: of, label: says }))}
      value={value}
      onValueChange={(next) => next !== null && onChange(next as Value)}
      disabled={disabled}
    >
      <BaseSelect.Trigger
        id={id}
        aria-label={label}
        className={`input select ${small ? 'small' : ''} ${disabled ? 'is-off' : ''} ${invalid ? 'bad' : ''}`}
      >
        {before && <span className="faint">{before}</span>}
        <span className="cut">{chosen?.label ?? value}</span>
        <Icon name="down" />
      </BaseSelect.Trigger>
      <BaseSelect.Portal>
        <BaseSelect.Positioner className="floats-over" sideOffset={4} alignItemWithTrigger={false}>
          <BaseSelect.Popup className="menu picks">
            {choices.map((choice) => (
              <BaseSelect.Item key={choice.value} value={choice.value} className="menu-item">
                <BaseSelect.ItemText>{choice.label}</BaseSelect.ItemText>
                {choice.note && <span className="push faint">{choice.note}</span>}
                <BaseSelect.ItemIndicator className={choice.note ? '' : 'push'}>
                  <Sign name="ok" />
                </BaseSelect.ItemIndicator>
              </BaseSelect.Item>
            ))}
          </BaseSelect.Popup>
        </BaseSelect.Positioner>
      </BaseSelect.Portal>
    </BaseSelect.Root>
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
