/** What of a chart stands still: its shapes, the names of its series, the axis of time. */
import { type CSSProperties, memo, useMemo } from 'react'
import { type ChartSeries, type Comparison, type Plot, shareOf } from './chart-plot.ts'
import { shownFrom, sideOf } from './chart-scale.ts'
import { type ChartKind, HEIGHT, lastCounted, WIDTH } from './chart-shapes.ts'
import { timeTicks } from './chart-time.ts'

/** Redrawn only when the data changes, never for the pointer. */
export const Shapes = memo(function Shapes({
  plot,
  tick,
  kind,
}: {
  plot: Plot
  tick: (value: number) => string
  kind: ChartKind
}) {
  const { axis, shapes, before, ends } = plot
  const y = (value: number) => Math.round(HEIGHT - (value / axis.top) * HEIGHT)
  return (
    <>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <path
          className="grid"
          d={axis.ticks
            .slice(1)
            .map((value) => `M0 ${y(value)}H${WIDTH}`)
            .join('')}
        />
        {shapes.map(
          ({ id, colour, area }) => area && <path key={id} className={AREAS[kind]} style={colourOf(colour)} d={area} />,
        )}
        {before && <path className="ln thin" style={colourOf('s6')} d={before.line} />}
        {shapes.map(
          ({ id, colour, line }) => line && <path key={id} className="ln" style={colourOf(colour)} d={line} />,
        )}
        <path className="base" d={`M0 ${HEIGHT}H${WIDTH}`} />
      </svg>
      {axis.ticks.map((value) => (
        <span key={value} className="y" style={{ top: `${(y(value) / HEIGHT) * 100}%` }}>
          {tick(value)}
        </span>
      ))}
      {ends.map(({ id, name, colour, at }) => (
        <span key={id} className="lab" style={{ ...colourOf(colour), top: `${at}px` }} title={name}>
          {name}
        </span>
      ))}
    </>
  )
})

const AREAS: Record<ChartKind, string> = { stacked: 'band', area: 'ar', lines: 'ar', bars: 'bar1' }

export function NowDot({ plot, colour }: { plot: Plot; colour: ChartSeries['colour'] }) {
  const layer = plot.layers[0]!
  const last = lastCounted(layer)
  if (last < 0 || last === layer.counted.length - 1) return null
  const at = {
    '--at': `${(plot.steps.edges[last + 1]! / WIDTH) * 100}%`,
    top: `${100 - (layer.high[last]! / plot.axis.top) * 100}%`,
  }
  return <i className="dot" style={{ ...colourOf(colour), ...at } as CSSProperties} />
}

export function Legend({
  series,
  totals,
  compare,
  always,
}: {
  series: readonly ChartSeries[]
  totals: readonly string[]
  compare: Comparison | null
  always: boolean
}) {
  return (
    <div className={always || series.length === 1 ? 'legend' : 'legend when-narrow'}>
      {series.map(({ id, name, colour }, index) => (
        <span key={id}>
          <i className="swatch" style={colourOf(colour)} />
          <span className="cut" title={name}>
            {name}
          </span>
          {series.length > 1 && <b>{totals[index]}</b>}
        </span>
      ))}
      {compare && (
        <span>
          <i className="swatch" style={colourOf('s6')} />
          {compare.name}
        </span>
      )}
    </div>
  )
}

const TICKS_MOST = 8

export function TimeAxis({
  starts,
  end,
  zone,
  locale,
}: {
  starts: readonly number[]
  end: number
  zone: string | undefined
  locale: string
}) {
  const ticks = useMemo(() => {
    if (starts.length === 0) return []
    const placed = timeTicks(starts[0]!, end, TICKS_MOST, locale, zone).map((tick) => ({
      ...tick,
      share: shareOf(tick.at, starts, end),
    }))
    const from = shownFrom(placed)
    return placed.map((tick, index) => ({ ...tick, from: from[index]! }))
  }, [starts, end, zone, locale])
  return (
    <div className="xaxis" aria-hidden="true">
      {ticks.map(({ at, label, share, from }) => (
        <span
          key={at}
          className={sideOf(share)}
          style={{ left: `${share * 100}%`, '--from': `${from}px` } as CSSProperties}
        >
          {label}
        </span>
      ))}
    </div>
  )
}

const colourOf = (colour: ChartSeries['colour']) => ({ '--c': `var(--${colour})` }) as CSSProperties
