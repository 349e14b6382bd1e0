import type { CSSProperties, ReactNode } from 'react'
import { usePlace } from '../../app/session.ts'
import { Button, Note } from '../../ui/index.ts'
import { usePlaygroundWords } from './playground-words.ts'

const MESSAGE_BOX = 'message-box'

/** Where the keyboard goes once a button that it stood on is gone. */
export const focusMessageBox = (): void => document.getElementById(MESSAGE_BOX)?.focus()

/** The box at the foot: what is asked, and the one primary button of the page. Ctrl or ⌘ with Enter sends. */
export function Compose({
  text,
  onText,
  label,
  placeholder,
  send,
  hint,
  before,
  blocked = null,
  running,
  onSend,
  onStop,
  rows = 2,
}: {
  text: string
  onText: (text: string) => void
  label: string
  placeholder: string
  /** What the button says: a verb. */
  send: string
  hint?: ReactNode
  /** Buttons at the left. */
  before?: ReactNode
  /** Why it cannot be sent now; null = it can. */
  blocked?: string | null
  running: boolean
  onSend: () => void
  onStop: () => void
  rows?: number
}) {
  const t = usePlaygroundWords()
  const mayAsk = usePlace().may('inference')
  const may = text.trim() !== '' && blocked === null && !running
  const go = () => {
    if (!may) return
    onSend()
    focusMessageBox()
  }
  if (!mayAsk)
    return (
      <div className="compose">
        <Note>{t('read-only')}</Note>
      </div>
    )
  return (
    <form
      className="compose"
      onSubmit={(event) => {
        event.preventDefault()
        go()
      }}
    >
      <div className="input">
        <textarea
          id={MESSAGE_BOX}
          rows={rows}
          style={{ '--rows': rows } as CSSProperties}
          aria-label={label}
          placeholder={placeholder}
          value={text}
          onChange={(event) => onText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
            event.preventDefault()
            go()
          }}
        />
        <div className="row">
          {before}
          {blocked !== null ? (
            <span className="bad">{blocked}</span>
          ) : (
            hint && <span className="desk-only">{hint}</span>
          )}
          <span className="push row">
            {running ? (
              <Button
                small
                icon="stop"
                onClick={() => {
                  onStop()
                  focusMessageBox()
                }}
              >
                {t('stop-all')}
              </Button>
            ) : (
              <>
                <span className="row desk-only" aria-hidden="true">
                  <kbd>{navigator.platform.startsWith('Mac') ? '⌘' : 'Ctrl'}</kbd>
                  <kbd>↵</kbd>
                </span>
                <Button look="primary" small icon="up" type="submit" disabled={!may}>
                  {send}
                </Button>
              </>
            )}
          </span>
        </div>
      </div>
    </form>
  )
}
