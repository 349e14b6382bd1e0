import { Link } from '@tanstack/react-router'
import { Figure, type Format, Strip, useFormat } from '../../ui/index.ts'
import { daysIn, type Range } from '../../ui/range.ts'
import { requestsOf } from './requests-of.ts'
import type { UsageSearch } from './search.ts'
import type { Usage } from './usage-api.ts'
import { useUsageWords } from './usage-words.ts'

const HOUR = 3_600_000

/** Four figures of the whole, each a link to its requests. */
export function UsageStrip({ usage: { totals }, usage, search }: { usage: Usage; search: UsageSearch }) {
  const t = useUsageWords()
  const format = useFormat()
  const change = useChange(usage)
  const first = totals.first_token_ms
  const to = (more = {}) => ({ to: '/requests', search: requestsOf(search, more) as never }) as const
  const failed = inTwo(format.percent(totals.failed / Math.max(1, totals.requests)))
  const median = inTwo(first ? format.duration(first.p50) : '–')
  const about = first ? <span title={t('about-help')}>≈ </span> : null
  return (
    <Strip>
      <Link {...to()}>
        <Figure label={t('tokens')} line={<span title={change}>{change}</span>}>
          {format.compact(totals.tokens)}
        </Figure>
      </Link>
      <Link {...to()}>
        <Figure label={t('requests')} line={t('cached-of', { share: cachedShare(totals, format) })}>
          {format.number(totals.requests)}
        </Figure>
      </Link>
      <Link {...to({ outcome: 'failed' })}>
        <Figure
          label={t('failed')}
          unit={failed.unit}
          line={
            totals.cut === 0
              ? t('failed-of', { count: format.number(totals.failed), all: format.number(totals.requests) })
              : t('cut-too', { failed: format.number(totals.failed), cut: format.number(totals.cut) })
          }
        >
          {failed.amount}
        </Figure>
      </Link>
      <Link {...to()}>
        <Figure
          label={t('first-token')}
          unit={median.unit}
          line={
            first ? (
              <span title={t('about-help')}>{t('p95', { time: format.duration(first.p95) })}</span>
            ) : (
              t('no-streams')
            )
          }
        >
          {about}
          {median.amount}
        </Figure>
      </Link>
    </Strip>
  )
}

/** "9 % above the 7 days before"; what is not over is compared with as much of the time before. */
function useChange({ totals, previous, from }: Usage): string {
  const t = useUsageWords()
  const format = useFormat()
  const before = useBefore(periodBefore({ from, previous }))
  if (!previous) return ''
  if (previous.totals.tokens === 0) return t('nothing-before', { before })
  const change = totals.tokens / previous.totals.tokens - 1
  const share = format.percent(Math.abs(change), 0)
  return Math.abs(change) < 0.005 ? t('same', { before }) : t(change > 0 ? 'above' : 'below', { share, before })
}

/** "the 7 days before": what a period is compared with, in words. */
export function useBefore(range: Range | null): string {
  const t = useUsageWords()
  if (range === null) return ''
  const hours = (range.to - range.from) / HOUR
  if (hours <= 24 && Number.isInteger(hours)) return t('before-hours', { count: hours })
  const days = daysIn(range)
  // A day of the change of the clock has an hour more or less.
  return Math.abs(hours - days * 24) <= 1 ? t('before-days', { count: days }) : t('before-period')
}

/** The whole of it: as long as the range that is shown. */
export function periodBefore({ from, previous }: Pick<Usage, 'from' | 'previous'>): Range | null {
  return previous && { from: Date.parse(previous.from), to: Date.parse(from) }
}

export function cachedShare({ tokens_in, tokens_cached }: Usage['totals'], format: Format): string {
  return tokens_in === 0 ? '–' : format.percent(tokens_cached / tokens_in, 0)
}

/** "188 ms" as a figure and its unit; figures alone have none. */
function inTwo(words: string): { amount: string; unit?: string } {
  const [amount = '', ...unit] = words.split(' ')
  return unit.length === 0 ? { amount } : { amount, unit: unit.join(' ') }
}
