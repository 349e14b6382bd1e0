import { TextField } from '../../ui/index.ts'
import { useAloneWords } from './alone-words.ts'

/** A new password, seen as it is typed: a second field for it only makes people paste. */
export function NewPassword({
  value,
  onChange,
  error,
  label,
  autoFocus = false,
}: {
  label?: string
  autoFocus?: boolean
  value: string
  onChange: (value: string) => void
  error?: string | null | undefined
}) {
  const t = useAloneWords()
  return (
    <TextField
      label={label ?? t('password')}
      help={t('password-help')}
      error={error}
      value={value}
      onChange={onChange}
      type="password"
      autoComplete="new-password"
      autoFocus={autoFocus}
      required
    />
  )
}
