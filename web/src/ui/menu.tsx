import { Menu as BaseMenu } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'
import { Icon, type IconName } from './icon.tsx'

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

/** A list of actions under a button. `trigger` is that button. */
export function Menu({
  trigger,
  entries,
  children,
}: {
  trigger: ReactElement
  entries: readonly (MenuEntry | false)[]
  children?: ReactNode
}) {
  return (
    <BaseMenu.Root>
      <BaseMenu.Trigger render={trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner className="floats-over" sideOffset={4} align="end">
          <BaseMenu.Popup className="menu">
            {children}
            {entries.map((entry, index) =>
              entry === false ? null : entry === 'line' ? (
                <BaseMenu.Separator key={index} className="menu-line" />
              ) : (
                <BaseMenu.Item
                  key={index}
                  className={`menu-item ${entry.danger ? 'danger' : ''}`}
                  disabled={entry.disabled ?? false}
                  aria-current={entry.current || undefined}
                  onClick={entry.onSelect}
                >
                  {entry.icon && <Icon name={entry.icon} />}
                  <span className="cut">{entry.label}</span>
                  {entry.hint && <span className="push faint">{entry.hint}</span>}
                  {entry.current && (
                    <span className="push">
                      <Icon name="clip" />
                    </span>
                  )}
                </BaseMenu.Item>
              ),
            )}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  )
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
