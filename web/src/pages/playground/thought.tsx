import { useId, useState } from 'react'
import { Icon, useFormat } from '../../ui/index.ts'
import { usePlaygroundWords } from './playground-words.ts'
import { Said } from './said.tsx'

/** What a model thought, folded to one line: how long, and how many tokens. */
export function Thought({
  text,
  ms,
  tokens,
  thinking,
}: {
  text: string
  ms: number | null
  tokens: number | null
  thinking: boolean
}) {
  const t = usePlaygroundWords()
  const format = useFormat()
  const id = useId()
  const [open, setOpen] = useState(false)
  const time = ms === null ? null : format.duration(Math.max(ms, 1))
  return (
    <>
      <button type="button" className="think" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Icon name={open ? 'down' : 'right'} />
        {thinking ? t('thinking') : time === null ? t('thought') : t('thought-for', { time })}
        {!thinking && tokens !== null && tokens > 0 && (
          <span className="faint">{t('tokens', { count: tokens, amount: format.number(tokens) })}</span>
        )}
      </button>
      <div id={id} className="thoughts" hidden={!open}>
        {open && <Said text={text} />}
      </div>
    </>
  )
}
