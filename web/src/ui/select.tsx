/** One of several from a list that opens: alone, or as a field of a form. */
import { CSPProvider } from '@base-ui/react/csp-provider'
import { Select as BaseSelect } from '@base-ui/react/select'
import { useId } from 'react'
import { FieldFrame, type FieldWords } from './field.tsx'
import { Icon, Sign } from './icon.tsx'

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
}: FieldWords & {
  value: Value
  onChange: (value: Value) => void
  choices: readonly Choice<Value>[]
  disabled?: boolean
}) {
  const id = useId()
  return (
    <FieldFrame {...{ label, help, error, id }} optional={optional ?? false}>
      <Select
        id={id}
        value={value}
        onChange={onChange}
        choices={choices}
        disabled={disabled ?? false}
        invalid={Boolean(error)}
      />
    </FieldFrame>
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
    // Its own style element, which hides a scrollbar, is none that the content policy allows; `floating.css` hides it.
    <CSPProvider disableStyleElements>
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
    </CSPProvider>
  )
}
