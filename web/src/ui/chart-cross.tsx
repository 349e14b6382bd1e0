/** What moves with the pointer: the crosshair, a dot on each line, the figures of the step. Drawn over the plot in HTML. */
import { type CSSProperties, type ReactNode, useSyncExternalStore } from 'react'
import type { ChartSeries, Comparison, Plot } from './chart-plot.ts'
import { middleOf } from './chart-plot.ts'
import { barEdges, type ChartKind, WIDTH } from './chart-shapes.ts'
import { stepAt } from './chart-time.ts'
import type { Crosshair } from './crosshair.ts'
import { usePartWords } from './words.ts'

export type CrossProps = {
  id: string
  cross: Crosshair
  plot: Plot
  kind: ChartKind
  series: readonly ChartSeries[]
  compare: Comparison | null
  starts: readonly number[]
  end: number
  sums: boolean
  format: (value: number) => string
  when: (step: number) => string
  also: ((step: number) => { name: string; value: ReactNode }[]) | undefined
}

/** The step under the crosshair; -1 = none. */
export function useStep(cross: Crosshair, starts: readonly number[], end: number): number {
  const now = useSyncExternalStore(cross.subscribe, cross.get)
  return now === null ? -1 : stepAt(now.at, starts, end)
}

export function Cross({ id, cross, plot, kind, series, compare, starts, end, sums, format, when, also }: CrossProps) {
  const t = usePartWords()
  const step = useStep(cross, starts, end)
  if (step < 0) return null
  const left = middleOf(plot.steps, step)
  const place = { '--at': `${left * 100}%` } as CSSProperties
  const top = plot.axis.top
  const value = (of: { values: ChartSeries['values'] }) => of.values[step] ?? null
  const counted = series.filter((one) => value(one) !== null)
  const isOwn = cross.get()?.from === id
  return (
    <>
      <i className="cross" style={place} />
      {kind === 'bars' && <HotBars plot={plot} series={series} step={step} />}
      {kind !== 'bars' &&
        series.map(
          (one, index) =>
            value(one) !== null && (
              <i
                key={one.id}
                className="dot"
                style={
                  {
                    ...place,
                    '--c': `var(--${one.colour})`,
                    top: `${100 - (plot.layers[index]!.high[step]! / top) * 100}%`,
                  } as CSSProperties
                }
              />
            ),
        )}
      {isOwn && (
        <div className={left > 0.5 ? 'readout before' : 'readout after'} style={place}>
          <b>{when(step)}</b>
          {[...series].reverse().map((one) => (
            <div key={one.id}>
              <i className="swatch" style={{ '--c': `var(--${one.colour})` } as CSSProperties} />
              <span className="cut">{one.name}</span>
              <span>{value(one) === null ? '–' : format(value(one)!)}</span>
            </div>
          ))}
          {counted.length === 0 && <div className="faint">{t('chart.not-counted')}</div>}
          {sums && counted.length > 1 && (
            <div className="sum">
              {t('chart.sum')}
              <span>{format(counted.reduce((sum, one) => sum + value(one)!, 0))}</span>
            </div>
          )}
          {compare && (
            <div>
              <i className="swatch" style={{ '--c': 'var(--s6)' } as CSSProperties} />
              <span className="cut">{compare.name}</span>
              <span>{value(compare) === null ? '–' : format(value(compare)!)}</span>
            </div>
          )}
          {also?.(step).map((row) => (
            <div key={row.name}>
              {row.name}
              <span>{row.value}</span>
            </div>
          ))}
        </div>
      )}
    </>
  )
}

function HotBars({ plot, series, step }: { plot: Plot; series: readonly ChartSeries[]; step: number }) {
  const [left, right] = barEdges(plot.steps, step)
  return series.map(({ id, colour }, index) => {
    const { low, high } = plot.layers[index]!
    return (
      <i
        key={id}
        className="hotbar"
        style={
          {
            '--c': `var(--${colour})`,
            left: `${(left / WIDTH) * 100}%`,
            width: `${((right - left) / WIDTH) * 100}%`,
            bottom: `${(low[step]! / plot.axis.top) * 100}%`,
            height: `${((high[step]! - low[step]!) / plot.axis.top) * 100}%`,
          } as CSSProperties
        }
      />
    )
  })
}
