import { type ReactNode, useId } from 'react'
import type { Call } from '../api/client.ts'
import { Button } from './button.tsx'
import { ShowCall } from './code.tsx'
import { Dialog } from './dialog.tsx'
import { Trouble } from './trouble.tsx'
import { usePartWords } from './words.ts'

/** A short form that makes one call. Enter in a field sends it too, and what is under way is not sent again. */
export function FormDialog({
  title,
  says,
  call,
  label,
  instead,
  ready = true,
  busy,
  error,
  onSend,
  onClose,
  children,
}: {
  title: ReactNode
  says?: ReactNode
  call: Call
  /** What the primary says: a verb. */
  label: string
  /** In the place of the primary. */
  instead?: ReactNode
  /** Whether everything needed is filled in. */
  ready?: boolean
  busy: boolean
  /** What went wrong and no field says. */
  error: unknown
  onSend: () => void
  onClose: () => void
  children: ReactNode
}) {
  const t = usePartWords()
  const form = useId()
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      says={says}
      foot={<ShowCall call={call} />}
      acts={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          {instead || (
            <Button type="submit" form={form} look="primary" busy={busy} disabled={!ready}>
              {label}
            </Button>
          )}
        </>
      }
    >
      {/* The server says what is wrong, in its place; the browser would say it in a language of its own. */}
      <form
        id={form}
        className="form"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (ready && !busy) onSend()
        }}
      >
        {error != null && <Trouble error={error} />}
        {children}
      </form>
    </Dialog>
  )
}
