/** A state: a sign with a shape of its own, then a word. A tag: a fact, never a state. */
import type { ReactNode } from 'react'
import { Sign, type SignName } from './icon.tsx'

export type Tone = 'on' | 'good' | 'live' | 'warn' | 'bad' | 'off' | 'plain'

const SIGNS: Record<Tone, SignName> = {
  on: 'on',
  good: 'ok',
  live: 'half',
  warn: 'warn',
  bad: 'fail',
  off: 'off',
  plain: 'off',
}

export function State({ tone, sign, children }: { tone: Tone; sign?: SignName; children: ReactNode }) {
  return (
    <span className={`state ${tone === 'plain' ? '' : tone}`}>
      <Sign name={sign ?? SIGNS[tone]} />
      {children}
    </span>
  )
}

export function Tag({ tone, children }: { tone?: 'trade' | 'good' | 'warn' | 'bad'; children: ReactNode }) {
  return <span className={`tag ${tone ?? ''}`}>{children}</span>
}

/** How much of something: `share` 0 to 1. `label` says it to a screen reader. */
export function Meter({
  share,
  tone,
  label,
}: {
  share: number
  tone?: 'trade' | 'good' | 'warn' | 'bad'
  label: string
}) {
  const at = Math.max(0, Math.min(1, share))
  return (
    <span className={`meter ${tone ?? ''}`} role="img" aria-label={label}>
      <i style={{ '--at': `${at * 100}%` } as React.CSSProperties} />
    </span>
  )
}
