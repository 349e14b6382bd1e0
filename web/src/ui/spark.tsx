/** Small pictures of numbers that stand inside other things: a line in a row, bars beside names, one bar of several parts. */
import type { CSSProperties, ReactNode } from 'react'
import { sparkPath } from './spark-path.ts'

/** A line without axes. `label` says what it shows; without one it is decoration beside the figure it belongs to. */
export function Sparkline({ values, label }: { values: readonly (number | null)[]; label?: string }) {
  return (
    <svg
      className="spark"
      viewBox="0 0 72 24"
      preserveAspectRatio="none"
      role={label === undefined ? undefined : 'img'}
      aria-label={label}
      aria-hidden={label === undefined || undefined}
    >
      <path d={sparkPath(values)} />
    </svg>
  )
}

export type Share = {
  id: string
  name: ReactNode
  /** 0 to 1. */
  share: number
  /** The share in words; with its unit. */
  says: string
}

/** Who has how much of the whole. */
export function ShareBars({ shares }: { shares: readonly Share[] }) {
  return (
    <dl className="bykey">
      {shares.map(({ id, name, share, says }) => (
        <div key={id}>
          <dt className="cut">{name}</dt>
          <dd>
            <span className="meter trade" aria-hidden="true">
              <i style={{ '--at': percent(share) } as CSSProperties} />
            </span>
            <span className="r">{says}</span>
          </dd>
        </div>
      ))}
    </dl>
  )
}

export type StackPart = {
  name: string
  /** Of the whole bar, 0 to 1. */
  share: number
  /** How much, with its unit. */
  says: string
  /** What others take. */
  other?: boolean
}

/** One whole and what takes it, with names under it: memory of a machine. At most three parts and what others take. */
export function StackBar({ label, parts, rest }: { label: string; parts: readonly StackPart[]; rest?: ReactNode }) {
  const said = parts.map(({ name, says }) => `${name} ${says}`).join(', ')
  return (
    <>
      <div className="stackbar" role="img" aria-label={`${label}: ${said}`}>
        {parts.map(({ name, share, other }) => (
          <i key={name} className={other ? 'other' : undefined} style={{ '--at': percent(share) } as CSSProperties} />
        ))}
      </div>
      <div className="stack-names">
        <div className="legend">
          {parts.map(({ name, says, other }, index) => (
            <span key={name}>
              <i className={other ? 'swatch' : `swatch shade${index + 1}`} />
              {name} {says}
            </span>
          ))}
        </div>
        {rest && <span className="push nowrap faint">{rest}</span>}
      </div>
    </>
  )
}

const percent = (share: number) => `${Math.round(Math.max(0, Math.min(1, share)) * 1_000) / 10}%`
