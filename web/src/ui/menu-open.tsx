import { Menu as BaseMenu } from '@base-ui/react/menu'
import { Icon, Sign } from './icon.tsx'
import type { MenuProps } from './menu.tsx'

/** The menu itself, open from the start: it comes with the first press on its button. */
export function OpenMenu({ trigger, entries, children }: MenuProps) {
  return (
    <BaseMenu.Root defaultOpen>
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
                      <Sign name="ok" />
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
