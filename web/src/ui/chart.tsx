/**
 * Numbers over time. SVG carries shapes only; words, dots and the crosshair are HTML, so nothing stretches.
 *
 *     const cross = useCrosshair()                                        // one for charts over the same time
 *     <TimeChart title="Tokens" says="by model, every hour" label="Tokens by model" kind="stacked" cross={cross}
 *       series={[{ id: 'a', name: 'Qwen3-0.6B', colour: 's1', values: [12, 40, null] }]}
 *       starts={[…]} end={…} format={format.compact} exact={format.number} onZoom={(from, to) => …} />
 *
 * Import it from its own path (`ui/chart.tsx`), not from `ui/index.ts`: only pages that draw should load it.
 */
import { type CSSProperties, type ReactNode, useId, useMemo, useState } from 'react'
import { Button } from './button.tsx'
import { Cross } from './chart-cross.tsx'
import { Legend, NowDot, Shapes, TimeAxis } from './chart-face.tsx'
import { type ChartSeries, type Comparison, figuresOf, plotOf } from './chart-plot.ts'
import { Reach } from './chart-reach.tsx'
import { tickNumber, widthOf } from './chart-scale.ts'
import type { ChartKind } from './chart-shapes.ts'
import { ChartTable } from './chart-table.tsx'
import { rangeWords, stepWords } from './chart-time.ts'
import { type Crosshair, useCrosshair, useRoom } from './crosshair.ts'
import { useFormat } from './use-format.ts'
import { usePartWords } from './words.ts'

export type { ChartSeries, Comparison, SeriesColour } from './chart-plot.ts'
export type { ChartKind } from './chart-shapes.ts'
export { evenStarts } from './chart-time.ts'
export { type Crosshair, useCrosshair } from './crosshair.ts'

export type TimeChartProps = {
  title: ReactNode
  /** After the title, softly: "by model, every 2 hours". */
  says?: ReactNode
  /** What is counted and by what, for a screen reader: "Tokens by model". */
  label: string
  /** From the base up. */
  series: readonly ChartSeries[]
  /** Where each step begins, ms; days may have 23 or 25 hours. */
  starts: readonly number[]
  /** Where the last step ends. */
  end: number
  /** IANA name; left out: the viewer's own. */
  zone?: string
  kind?: ChartKind
  /** The period before, step for step: a thin grey line. */
  compare?: Comparison | null
  /** Short, for the crosshair and the legend, with its unit. Default 1.28 M. */
  format?: (value: number) => string
  /** For the table, with nothing left out. Default 1,283,401. */
  exact?: (value: number) => string
  /** For the axis. Default 200 k. */
  tick?: (value: number) => string
  /** Whether values may be added up; not so for speeds and shares. Default: not for lines. */
  sums?: boolean
  cross?: Crosshair
  /** More lines under the figures of a step, from a chart that shares the crosshair. */
  also?: (step: number) => { name: string; value: ReactNode }[]
  /** Drag, or Shift with arrows and Enter. */
  onZoom?: (from: number, to: number) => void
  /** A press on a step, or Enter: opens what it is made of. */
  onStep?: (from: number, to: number) => void
  /** Height of the plot, px. */
  tall?: number
  /** Without an axis of time: the chart under this one has it. */
  bare?: boolean
  /** Beside the switch to the table. */
  acts?: ReactNode
  /** Whether it can become a table. Default true. */
  table?: boolean
  loading?: boolean
  /** Said where nothing was counted. */
  empty?: ReactNode
}

export function TimeChart(props: TimeChartProps) {
  const { title, says, label, series, starts, end, zone, kind = 'stacked', compare = null, tall = 200 } = props
  const t = usePartWords()
  const number = useFormat()
  const id = useId()
  const own = useCrosshair()
  const cross = props.cross ?? own
  const [asTable, setAsTable] = useState(false)
  const { format = number.compact, exact = (value: number) => number.number(value, Number.isInteger(value) ? 0 : 2) } =
    props
  const tick = props.tick ?? ((value: number) => tickNumber(value, number.figure))
  const sums = props.sums ?? kind !== 'lines'
  const plot = useMemo(
    () => plotOf({ series, starts, end, kind, compare, tall }),
    [series, starts, end, kind, compare, tall],
  )
  const when = (step: number) => stepWords(starts[step]!, starts[step + 1] ?? end, number.locale, zone)
  const said = useMemo(
    () => (starts.length === 0 ? label : `${label}, ${rangeWords(starts[0]!, end, number.locale, zone)}`),
    [label, starts, end, number, zone],
  )
  const totals = useMemo(() => series.map(({ values }) => figuresOf(values, sums)), [series, sums])
  const summary = series
    .map(({ name }, index) => {
      const { total, highest } = totals[index]!
      if (total === null) return `${name}: ${t('chart.not-counted')}`
      return sums
        ? `${name} ${format(total)}`
        : t('chart.last', { name, last: format(total), highest: format(highest ?? 0) })
    })
    .join(', ')
  const axisWidth = plot.axis.ticks.reduce((most, value) => Math.max(most, widthOf(tick(value))), 14) + 10
  const room = useRoom(cross, axisWidth, plot.endsWidth)
  const style = { '--tall': `${tall}px`, '--axis': `${room.axis}px`, '--label': `${room.ends}px` } as CSSProperties
  const isNamed = series.length > 1 || compare !== null
  const legend = isNamed && (
    <Legend
      series={series}
      totals={totals.map(({ total }) => (total === null ? '–' : format(total)))}
      compare={compare}
      always={plot.ends.length === 0 && series.length > 1}
    />
  )
  return (
    <figure
      className="chart"
      style={style}
      aria-label={`${said}. ${props.loading ? t('loading') : summary}`}
      aria-busy={props.loading || undefined}
    >
      <figcaption>
        <b>{title}</b>
        {says && <span>{says}</span>}
        {series.length === 1 && legend}
        <span className="push row chart-acts">
          {props.acts}
          {props.table !== false && !props.loading && !plot.isEmpty && (
            <Button
              look="quiet"
              small
              icon={asTable ? 'usage' : 'table'}
              aria-label={t(asTable ? 'as-chart' : 'as-table')}
              onClick={() => setAsTable(!asTable)}
            >
              <span className={series.length === 1 && legend ? 'when-wide' : undefined}>
                {t(asTable ? 'as-chart' : 'as-table')}
              </span>
            </Button>
          )}
        </span>
      </figcaption>
      {asTable ? (
        <ChartTable label={said} {...{ series, compare, sums, exact, when }} count={starts.length} />
      ) : (
        <div className="chart-body">
          {series.length > 1 && !props.loading && legend}
          <div className={props.loading ? 'plot waits' : 'plot'}>
            <Shapes plot={plot} tick={tick} kind={kind} />
            {props.loading ? (
              <i className="bone" />
            ) : plot.isEmpty ? (
              <p className="chart-empty">{props.empty ?? t('chart.empty')}</p>
            ) : (
              <>
                {kind === 'area' && series.length === 1 && <NowDot plot={plot} colour={series[0]!.colour} />}
                <Cross
                  {...{ id, cross, plot, kind, series, compare, starts, end, sums, format, when }}
                  also={props.also}
                />
                <Reach
                  {...{ id, cross, starts, end }}
                  edges={plot.steps.edges}
                  newest={plot.newest}
                  label={t('chart.move', { label })}
                  valueWords={(step) =>
                    `${when(step)}. ${wordsAt(series, compare, step, format, t('chart.not-counted'))}`
                  }
                  onZoom={props.onZoom}
                  onStep={props.onStep}
                />
              </>
            )}
          </div>
          {!props.bare && <TimeAxis starts={starts} end={end} zone={zone} locale={number.locale} />}
        </div>
      )}
    </figure>
  )
}

function wordsAt(
  series: readonly ChartSeries[],
  compare: Comparison | null,
  step: number,
  format: (value: number) => string,
  none: string,
): string {
  return [...series, ...(compare ? [compare] : [])]
    .map(({ name, values }) => `${name} ${typeof values[step] === 'number' ? format(values[step]) : none}`)
    .join(', ')
}
