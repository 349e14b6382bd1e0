/** Things that float: dialog, menu, tooltip, the toast stack, and the panel that stands beside a page. */
import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { Menu as BaseMenu } from '@base-ui/react/menu'
import { Tooltip as BaseTooltip } from '@base-ui/react/tooltip'
import { type ReactElement, type ReactNode, useState } from 'react'
import { Button } from './button.tsx'
import { TextField } from './field.tsx'
import { Icon, type IconName } from './icon.tsx'
import { usePartWords } from './words.ts'

export type DialogProps = {
  open: boolean
  onClose: () => void
  title: ReactNode
  says?: ReactNode
  children?: ReactNode
  /** At the right of the foot, the primary last. */
  acts?: ReactNode
  /** At the left of the foot. */
  foot?: ReactNode
}

/** For a secret that is shown once, a short form, or a dangerous act. Esc and a press outside close it. */
export function Dialog({ open, onClose, title, says, children, acts, foot }: DialogProps) {
  const t = usePartWords()
  return (
    <BaseDialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="backdrop" />
        <BaseDialog.Viewport className="scrim clear">
          <BaseDialog.Popup className="dialog">
            <header>
              <div>
                <BaseDialog.Title render={<h2 />}>{title}</BaseDialog.Title>
                {says && <BaseDialog.Description>{says}</BaseDialog.Description>}
              </div>
              <span className="push">
                <BaseDialog.Close
                  render={<button type="button" className="btn icon-only quiet small" aria-label={t('close')} />}
                >
                  <Icon name="x" />
                </BaseDialog.Close>
              </span>
            </header>
            {children && <div className="body">{children}</div>}
            {(acts || foot) && (
              <footer>
                {foot}
                <div className="push">{acts}</div>
              </footer>
            )}
          </BaseDialog.Popup>
        </BaseDialog.Viewport>
      </BaseDialog.Portal>
    </BaseDialog.Root>
  )
}

/** A dangerous act: says what will happen, and asks for the name where it cannot be undone. */
export function ConfirmDialog({
  open,
  onClose,
  title,
  children,
  type,
  label,
  busy,
  onConfirm,
  error,
  foot,
}: {
  open: boolean
  onClose: () => void
  title: ReactNode
  children: ReactNode
  /** The name to be typed first. */
  type?: string
  /** What the button says: a verb. */
  label: string
  busy: boolean
  onConfirm: () => void
  error?: ReactNode
  foot?: ReactNode
}) {
  const t = usePartWords()
  const [typed, setTyped] = useState('')
  const close = () => {
    setTyped('')
    onClose()
  }
  return (
    <Dialog
      open={open}
      onClose={close}
      title={title}
      foot={foot}
      acts={
        <>
          <Button onClick={close}>{t('cancel')}</Button>
          <Button look="danger-full" busy={busy} disabled={type !== undefined && typed !== type} onClick={onConfirm}>
            {label}
          </Button>
        </>
      }
    >
      <div className="t13 soft">{children}</div>
      {type !== undefined && (
        <div className="ask-name">
          <TextField
            label={t('confirm-type', { name: type })}
            value={typed}
            onChange={setTyped}
            autoComplete="off"
            spellCheck={false}
          />
        </div>
      )}
      {error}
    </Dialog>
  )
}

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

/** Exact words for what is shown in short. `children` must take a ref and focus: a button, a link, a span with tabIndex. */
export function Tip({ text, children }: { text: ReactNode; children: ReactElement }) {
  return (
    <BaseTooltip.Root>
      <BaseTooltip.Trigger render={children} delay={300} />
      <BaseTooltip.Portal>
        <BaseTooltip.Positioner className="floats-over" sideOffset={6}>
          <BaseTooltip.Popup className="tip">{text}</BaseTooltip.Popup>
        </BaseTooltip.Positioner>
      </BaseTooltip.Portal>
    </BaseTooltip.Root>
  )
}

/** Details beside the thing they belong to. It has an address of its own; `onClose` leaves that address. */
export function Panel({
  title,
  says,
  acts,
  onClose,
  foot,
  children,
}: {
  title: ReactNode
  says?: ReactNode
  acts?: ReactNode
  onClose: () => void
  foot?: ReactNode
  children: ReactNode
}) {
  const t = usePartWords()
  return (
    <aside
      className="panel"
      aria-label={typeof title === 'string' ? title : undefined}
      onKeyDown={(event) => event.key === 'Escape' && onClose()}
    >
      <header>
        <div className="cut">
          <h2 className="cut">{title}</h2>
          {says && <p className="cut">{says}</p>}
        </div>
        <div className="acts">
          {acts}
          <Button look="quiet" small icon="x" aria-label={t('close')} onClick={onClose} />
        </div>
      </header>
      <div className="body">{children}</div>
      {foot && <footer>{foot}</footer>}
    </aside>
  )
}
