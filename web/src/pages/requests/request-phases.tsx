import type { CSSProperties } from 'react'
import { type Column, Section, Table, useFormat } from '../../ui/index.ts'
import { firstTokenShare, type Phase, phasesOf } from './phases.ts'
import type { RequestSeen } from './requests-api.ts'
import { useRequestWords } from './requests-words.ts'

const COLOURS = { gateway: 's4', queue: 's3', prefill: 's2', decode: 's1', rest: 's6' } as const

/** Where the time went: one bar, and the same as a table. */
export function RequestPhases({ of: request }: { of: RequestSeen }) {
  const t = useRequestWords()
  const format = useFormat()
  const phases = phasesOf(request)
  const first = firstTokenShare(request)
  const colour = ({ name }: Phase) => ({ '--c': `var(--${COLOURS[name]})` }) as CSSProperties
  const took = (ms: number) => (ms < 0.05 ? t('less-than', { time: format.duration(0.1) }) : format.duration(ms))
  const columns: Column<Phase>[] = [
    {
      id: 'phase',
      head: t('phase'),
      cell: (phase) => (
        <span className="row phase-name">
          <i className="swatch" style={colour(phase)} />
          <span className="name">{t(`phase-${phase.name}`)}</span>
          <span className="soft desk-only">{t(`phase-${phase.name}-is`)}</span>
        </span>
      ),
    },
    {
      id: 'share',
      head: t('phase-share'),
      right: true,
      soft: true,
      cell: ({ share }) =>
        share < 0.0005
          ? t('less-than', { time: format.percent(0.001, 1) })
          : format.percent(share, share < 0.1 ? 1 : 0),
    },
    { id: 'took', head: t('phase-took'), right: true, phone: true, cell: ({ ms }) => took(ms) },
  ]
  const said = phases.map(({ name, ms }) => `${t(`phase-${name}`)} ${took(ms)}`).join(', ')
  return (
    <Section title={t('time')} count={t('time-total', { total: format.duration(request.total_ms) })}>
      <div className="phases" role="img" aria-label={said}>
        {phases.map((phase) => (
          <i key={phase.name} style={{ ...colour(phase), '--at': phase.share } as CSSProperties} />
        ))}
        {first !== null && request.stream && (
          <b style={{ '--at': `${first * 100}%` } as CSSProperties} className={first > 0.7 ? 'late' : undefined} />
        )}
      </div>
      {first !== null && request.stream && (
        <p
          className={`phases-first small faint ${first > 0.5 ? 'late' : ''}`}
          style={{ '--at': `${first * 100}%` } as CSSProperties}
        >
          <i />
          {t('first-token-at', { time: format.duration(request.first_token_ms ?? 0) })}
        </p>
      )}
      <Table
        label={t('time')}
        rows={phases}
        columns={columns}
        idOf={({ name }) => name}
        under={({ name }) => t(`phase-${name}-is`)}
        foot={{ phase: t('time-all'), took: format.duration(request.total_ms) }}
      />
      {request.engine_id === null && <p className="small faint phases-none">{t('no-phases')}</p>}
    </Section>
  )
}
