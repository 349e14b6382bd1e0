import { Switch } from '@base-ui/react/switch'

/** On or off, at once. */
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
