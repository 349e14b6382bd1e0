/** Buttons: plain, quiet, primary (one a page), danger. A busy one turns its icon and takes no second press. */
import type { ButtonHTMLAttributes, ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

export type ButtonProps = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className'> & {
  look?: 'plain' | 'quiet' | 'primary' | 'danger' | 'danger-full' | 'go'
  /** 28 px instead of 32: in rows and toolbars. */
  small?: boolean
  icon?: IconName
  busy?: boolean
  children?: ReactNode
}

const LOOKS = {
  plain: '',
  quiet: 'quiet',
  primary: 'primary',
  danger: 'danger',
  'danger-full': 'danger full',
  go: 'quiet small go',
} as const

export function Button({
  look = 'plain',
  small,
  icon,
  busy,
  children,
  disabled,
  type = 'button',
  ...rest
}: ButtonProps) {
  const bare = children === undefined
  const names = ['btn', LOOKS[look], small && 'small', bare && 'icon-only', busy && 'busy'].filter(Boolean).join(' ')
  return (
    <button
      {...rest}
      type={type}
      className={names}
      disabled={disabled}
      aria-busy={busy || undefined}
      onClick={busy ? undefined : rest.onClick}
    >
      {busy ? <Icon name="turn" /> : icon && <Icon name={icon} />}
      {children}
    </button>
  )
}
