/** A list of actions under a button. What opens comes with the first press, so that a list of rows stays light. */
import { cloneElement, type KeyboardEvent, type ReactElement, type ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'
import { ahead, useLate } from './late.ts'

export type MenuEntry =
  | {
      label: ReactNode
      icon?: IconName
      hint?: ReactNode
      onSelect: () => void
      danger?: boolean
      disabled?: boolean
      current?: boolean
    }
  | 'line'

export type MenuProps = {
  /** The button. */
  trigger: ReactElement<Record<string, unknown>>
  entries: readonly (MenuEntry | false)[]
  /** Above the entries. */
  children?: ReactNode
}

const load = async () => (await import('./menu-open.tsx')).OpenMenu

export function Menu(props: MenuProps) {
  const [OpenMenu, open] = useLate(load)
  if (OpenMenu) return <OpenMenu {...props} />
  return cloneElement(props.trigger, {
    'aria-haspopup': 'menu',
    'aria-expanded': false,
    onPointerEnter: ahead(load),
    onFocus: ahead(load),
    onClick: open,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return
      event.preventDefault()
      open()
    },
  })
}

/** The three dots at the end of a row. */
export function RowMenu({ label, entries }: { label: string; entries: readonly (MenuEntry | false)[] }) {
  return (
    <Menu
      entries={entries}
      trigger={
        <button type="button" className="btn icon-only quiet small" aria-label={label}>
          <Icon name="more" />
        </button>
      }
    />
  )
}
