/** Copying: an id in mono with its button, and the button alone. */
import { useEffect, useState } from 'react'
import { Icon } from './icon.tsx'
import { usePartWords } from './words.ts'

/** `copied` is true for two seconds after a copy. */
export function useCopy(): { copied: boolean; copy: (text: string) => void } {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2_000)
    return () => clearTimeout(timer)
  }, [copied])
  return {
    copied,
    copy: (text) => {
      void navigator.clipboard.writeText(text).then(() => setCopied(true))
    },
  }
}

export function CopyButton({
  text,
  label,
  look = 'quiet',
}: {
  text: string
  label?: string
  look?: 'quiet' | 'primary'
}) {
  const t = usePartWords()
  const { copied, copy } = useCopy()
  const bare = look === 'quiet' && !label
  return (
    <button
      type="button"
      className={`btn ${look === 'primary' ? 'primary' : 'quiet small'}${bare ? ' icon-only' : ''}`}
      aria-label={bare ? t(copied ? 'copied' : 'copy') : undefined}
      onClick={() => copy(text)}
    >
      <Icon name={copied ? 'clip' : 'copy'} />
      {!bare && (copied ? t('copied') : (label ?? t('copy')))}
    </button>
  )
}

/** An id, hash or address in mono; a press copies the whole of it. `short` is what is shown. */
export function Id({ text, short }: { text: string; short?: string }) {
  const t = usePartWords()
  const { copied, copy } = useCopy()
  return (
    <button
      type="button"
      className="id"
      title={text}
      aria-label={`${t(copied ? 'copied' : 'copy')}: ${short ?? text}`}
      onClick={() => copy(text)}
    >
      {short ?? text}
      <Icon name={copied ? 'clip' : 'copy'} />
    </button>
  )
}
