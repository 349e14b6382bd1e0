/** Dialogs: for a secret that is shown once, a short form, or a dangerous act. */
import { Dialog as BaseDialog } from '@base-ui/react/dialog'
import { type ReactNode, useRef, useState } from 'react'
import { Button } from './button.tsx'
import { TextField } from './field.tsx'
import { Icon } from './icon.tsx'
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
  /** It holds what is never shown again: only its buttons close it. Default false: Esc and a press outside do too. */
  shownOnce?: boolean
}

/** For a secret that is shown once, a short form, or a dangerous act. */
export function Dialog({ open, onClose, title, says, children, acts, foot, shownOnce = false }: DialogProps) {
  const t = usePartWords()
  const popup = useRef<HTMLDivElement>(null)
  const opener = useOpener(open)
  return (
    <BaseDialog.Root
      open={open}
      onOpenChange={(next, { reason }) => {
        if (next || (shownOnce && (reason === 'escape-key' || reason === 'outside-press'))) return
        onClose()
      }}
    >
      <BaseDialog.Portal>
        <BaseDialog.Backdrop className="backdrop" />
        <BaseDialog.Viewport className="scrim clear">
          <BaseDialog.Popup
            ref={(element) => {
              popup.current = element
              if (element) openers.set(element, opener())
            }}
            className="dialog"
            initialFocus={(how) => how === 'touch' || (firstToUse(popup.current) ?? true)}
            finalFocus={() => (opener()?.isConnected ? opener() : true)}
          >
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

/** What opened each dialog that is there. */
const openers = new WeakMap<Element, HTMLElement | null>()

/** What had the focus before a dialog took it: read while it is drawn, since a field of it may take the focus at once. */
function useOpener(open: boolean): () => HTMLElement | null {
  const known = useRef<{ open: boolean; element: HTMLElement | null }>({ open: false, element: null })
  if (open && !known.current.open) {
    const active = document.activeElement instanceof HTMLElement ? document.activeElement : null
    // One dialog that takes the place of another goes back to where the first came from.
    const other = active?.closest('.dialog')
    known.current.element = other ? (openers.get(other) ?? active) : active
  }
  known.current.open = open
  return () => known.current.element
}

/** The first field; without one the first button of the foot, which harms nothing. */
function firstToUse(popup: HTMLElement | null): HTMLElement | null {
  const field = '.body :is(input, textarea, select, [role="combobox"]):not(:disabled, [type="hidden"], [aria-hidden])'
  return popup?.querySelector<HTMLElement>(`${field}, footer .push button:not(:disabled)`) ?? null
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
  const isUnconfirmed = type !== undefined && typed !== type
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
          <Button look="danger-full" busy={busy} disabled={isUnconfirmed} onClick={onConfirm}>
            {label}
          </Button>
        </>
      }
    >
      <div className="t13 soft">{children}</div>
      {type !== undefined && (
        <form
          className="ask-name"
          onSubmit={(event) => {
            event.preventDefault()
            if (!isUnconfirmed && !busy) onConfirm()
          }}
        >
          <TextField
            label={t('confirm-type', { name: type })}
            value={typed}
            onChange={setTyped}
            autoComplete="off"
            spellCheck={false}
          />
        </form>
      )}
      {error}
    </Dialog>
  )
}
