import { TimeChart } from '../../ui/chart.tsx'
import { useFormat } from '../../ui/index.ts'
import type { Overview } from './overview-api.ts'
import { useOverviewWords } from './overview-words.ts'

/** Tokens of today, every 15 minutes, with the same weekday last week behind. What is still to come stays empty. */
export function DayChart({ of: { today, last_week } }: { of: Overview }) {
  const t = useOverviewWords()
  const format = useFormat()
  const starts = today.starts.map((at) => Date.parse(at))
  const now = Date.parse(today.to)
  const step = (starts[1] ?? 0) - (starts[0] ?? 0)
  const values = today.tokens.map((tokens, index) => ((starts[index] ?? 0) > now ? null : tokens))
  const comparable = last_week.tokens.length === starts.length && last_week.tokens.some((tokens) => tokens > 0)
  return (
    <TimeChart
      title={t('chart')}
      label={t('chart')}
      kind="area"
      series={[{ id: 'today', name: t('today'), colour: 's1', values }]}
      starts={starts}
      end={(starts.at(-1) ?? 0) + step}
      compare={comparable ? { name: t('last-week'), values: last_week.tokens } : null}
      format={format.compact}
      tall={166}
      empty={t('chart-empty')}
    />
  )
}
