import { useMemo } from 'react'
import { TimeChart, useCrosshair } from '../../ui/chart.tsx'
import { Button, Segments, useFormat } from '../../ui/index.ts'
import { iso } from '../../ui/range.ts'
import { type Colours, countedSteps, tokenSeries } from './group-colours.ts'
import { useGroupName } from './group-name.ts'
import type { UsageSearch } from './search.ts'
import type { SplitUsage, Usage } from './usage-api.ts'
import { periodBefore, useBefore } from './usage-strip.tsx'
import { useUsageWords } from './usage-words.ts'
import type { SetAddress } from './use-address.ts'

/** Tokens by group, and under them requests or failures, over the same time with one crosshair. */
export function UsageCharts({
  usage,
  before,
  colours,
  search,
  set,
}: {
  usage: SplitUsage
  /** The period before; null = not asked for, or not here yet. */
  before: Usage | null
  colours: Colours
  search: UsageSearch
  set: SetAddress<UsageSearch>
}) {
  const t = useUsageWords()
  const format = useFormat()
  const nameOf = useGroupName()
  const cross = useCrosshair()
  const beforeWords = useBefore(periodBefore(usage))
  const { by, series: all } = usage
  const starts = useMemo(() => usage.starts.map((start) => Date.parse(start)), [usage.starts])
  const tokens = useMemo(
    () => tokenSeries(usage, colours, (group) => nameOf(group, by), t(`other-${by}`)),
    [usage, colours, by, format],
  )
  const counted = countedSteps(usage.starts, usage.counted_to)
  const low = search.low ?? 'requests'
  const lowValues = useMemo(() => all[low].map((value, step) => (step < counted ? value : null)), [all, low, counted])
  const compare = useMemo(
    () =>
      before && search.compare
        ? {
            name: beforeWords,
            values: starts.map(
              (_, step) => (before.series.tokens_in[step] ?? 0) + (before.series.tokens_out[step] ?? 0),
            ),
          }
        : null,
    [before, search.compare, starts, beforeWords],
  )
  const shared = {
    starts,
    end: Date.parse(usage.to),
    cross,
    onZoom: (from: number, to: number) =>
      set({ from: iso(from), to: iso(to), range: undefined, at: undefined, until: undefined }),
    onStep: (from: number, to: number) => set({ at: iso(from), until: iso(to) }),
  }
  const every = t(`step-${usage.step}`)
  return (
    <div className="usage-charts">
      <TimeChart
        {...shared}
        title={t('tokens')}
        says={t(compare ? 'chart-says-compared' : 'chart-says', {
          by: t(`split-${by}`),
          step: every,
          before: beforeWords,
        })}
        label={`${t('tokens')}, ${t(`split-${by}`)}`}
        series={tokens}
        compare={compare}
        tall={216}
        bare
        also={(step) => [
          { name: t('requests'), value: format.number(all.requests[step] ?? 0) },
          { name: t('failed'), value: format.number(all.failed[step] ?? 0) },
        ]}
        acts={
          <Button
            look="quiet"
            small
            aria-pressed={search.compare === true}
            onClick={() => set({ compare: search.compare ? undefined : true }, { replace: true })}
          >
            {t('compare')}
          </Button>
        }
      />
      <TimeChart
        {...shared}
        title={t(low)}
        says={t('low-says', { step: every })}
        label={t(low)}
        kind="bars"
        series={[{ id: low, name: t(low), colour: low === 'failed' ? 's3' : 's1', values: lowValues }]}
        tall={56}
        format={format.number}
        acts={
          <Segments
            label={t('low')}
            value={low}
            choices={[
              { value: 'requests', label: t('requests') },
              { value: 'failed', label: t('failed') },
            ]}
            onChange={(next) => set({ low: next === 'failed' ? next : undefined }, { replace: true })}
          />
        }
        table={false}
      />
    </div>
  )
}
