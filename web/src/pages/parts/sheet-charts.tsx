import { useMemo, useState } from 'react'
import { evenStarts, TimeChart, useCrosshair } from '../../ui/chart.tsx'
import { Button, useFormat } from '../../ui/index.ts'
import { NOW, spent, tokensByModel, tokensOfDay, WEEK, wander } from './examples.ts'
import { usePartsWords } from './parts-words.ts'
import { Sheet } from './sheet.tsx'

const HOUR = 3_600_000
const DAY = 24 * HOUR
const QUARTER = HOUR / 4
const TODAY = WEEK + 6 * DAY

export function ChartSheet() {
  const t = usePartsWords()
  return (
    <Sheet
      id="charts"
      title={t('charts')}
      says={t('charts-says')}
      parts="ui/chart.tsx: TimeChart, useCrosshair, evenStarts"
    >
      <TwoCharts />
      <div className="parts-gap">
        <Day />
      </div>
      <div className="parts-gap">
        <Lines />
      </div>
      <div className="parts-gap">
        <Waiting />
      </div>
    </Sheet>
  )
}

/** Tokens and money share the axis of time and the crosshair, never an axis of values. */
function TwoCharts() {
  const t = usePartsWords()
  const format = useFormat()
  const cross = useCrosshair()
  // On a page the range lives in the address.
  const [range, setRange] = useState<{ from: number; to: number } | null>(null)
  const from = range?.from ?? WEEK
  const end = range?.to ?? WEEK + 7 * DAY
  const step = end - from > 2 * DAY ? 2 * HOUR : HOUR / 2
  const { starts, tokens, money } = useMemo(() => {
    const starts = evenStarts(from, step, Math.round((end - from) / step))
    const tokens = tokensByModel(starts, step, t('other'))
    return { starts, tokens, money: [{ id: 'spent', name: t('spent'), colour: 's1' as const, values: spent(tokens) }] }
  }, [from, end, step, t])
  const price = (amount: number) => `$${format.number(amount, 4)}`
  const same = { starts, end, zone: 'UTC', cross, onZoom: (from: number, to: number) => setRange({ from, to }) }
  return (
    <>
      <TimeChart
        {...same}
        title={t('tokens-title')}
        says={t(step === 2 * HOUR ? 'by-model-2h' : 'by-model-30min')}
        label={t('tokens-by-model')}
        series={tokens}
        tall={216}
        bare
        also={(at) => [
          { name: t('spent'), value: typeof money[0]!.values[at] === 'number' ? price(money[0]!.values[at]) : '–' },
        ]}
        acts={
          range && (
            <Button look="quiet" small icon="redo" onClick={() => setRange(null)}>
              {t('whole-week')}
            </Button>
          )
        }
      />
      <TimeChart
        {...same}
        title={t('spent')}
        says={t('us-dollars')}
        label={t('spent')}
        kind="bars"
        series={money}
        format={price}
        exact={price}
        tick={(amount) => `$${format.figure(amount, 3)}`}
        tall={64}
        table={false}
      />
    </>
  )
}

function Day() {
  const t = usePartsWords()
  const starts = useMemo(() => evenStarts(TODAY, QUARTER, 96), [])
  const series = useMemo(
    () => [{ id: 'today', name: t('today'), colour: 's1' as const, values: tokensOfDay(starts, 5, NOW) }],
    [starts, t],
  )
  const compare = useMemo(
    () => ({ name: t('last-week'), values: tokensOfDay(starts, 11, Number.POSITIVE_INFINITY) }),
    [starts, t],
  )
  return (
    <TimeChart
      title={t('tokens-per-15-min')}
      label={t('tokens-per-15-min')}
      kind="area"
      series={series}
      compare={compare}
      starts={starts}
      end={TODAY + DAY}
      zone="UTC"
      tall={164}
    />
  )
}

function Lines() {
  const t = usePartsWords()
  const format = useFormat()
  const starts = useMemo(() => evenStarts(NOW - HOUR, 60_000, 60), [])
  const series = useMemo(
    () => [
      { id: 'a', name: 'Qwen3-0.6B', colour: 's1' as const, values: wander(60, 4, 22, 78) },
      { id: 'b', name: 'SmolLM2-135M', colour: 's2' as const, values: wander(60, 9, 18, 52) },
    ],
    [],
  )
  return (
    <TimeChart
      title={t('speed')}
      says={t('tokens-per-second')}
      label={t('speed')}
      kind="lines"
      series={series}
      starts={starts}
      end={NOW}
      zone="UTC"
      format={(value) => `${format.figure(value)} ${t('per-second')}`}
      exact={(value) => format.figure(value)}
      tall={140}
    />
  )
}

const NOTHING: never[] = []

function Waiting() {
  const t = usePartsWords()
  const starts = useMemo(() => evenStarts(TODAY, HOUR, 24), [])
  const none = useMemo(
    () => [{ id: 'none', name: t('tokens-title'), colour: 's1' as const, values: starts.map(() => 0) }],
    [starts, t],
  )
  const same = { starts, end: TODAY + DAY, zone: 'UTC', tall: 100, title: t('tokens-title') }
  return (
    <>
      <TimeChart {...same} says={t('chart-loading')} label={t('chart-loading')} series={NOTHING} loading />
      <div className="parts-gap">
        <TimeChart
          {...same}
          says={t('chart-empty')}
          label={t('chart-empty')}
          series={none}
          empty={t('chart-empty-says')}
        />
      </div>
    </>
  )
}
