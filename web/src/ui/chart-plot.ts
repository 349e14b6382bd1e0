/** Everything of a chart that does not move with the pointer: worked out once for its data. Pure. */
import { type Axis, axisTo, spread, widthOf } from './chart-scale.ts'
import {
  areaPath,
  barsPath,
  type ChartKind,
  highest,
  type Layer,
  lastCounted,
  layersOf,
  linePath,
  type Steps,
  stepsOf,
  sumOf,
  type Values,
  WIDTH,
} from './chart-shapes.ts'

export type SeriesColour = 's1' | 's2' | 's3' | 's4' | 's5' | 's6'

export type ChartSeries = {
  id: string
  name: string
  /** Stays with the thing: the caller gives s1 to s5 out in order; s6 is "other". */
  colour: SeriesColour
  /** One a step; null = not counted yet. */
  values: Values
}

export type Comparison = { name: string; values: Values }

export type Plot = {
  steps: Steps
  axis: Axis
  layers: Layer[]
  /** In the order of the series. */
  shapes: { id: string; colour: SeriesColour; area: string | null; line: string | null }[]
  before: { layer: Layer; line: string } | null
  /** Words at the right edge; px from the top. */
  ends: { id: string; name: string; colour: SeriesColour; at: number }[]
  /** Room for those words, and for the figures at the left; px. */
  endsWidth: number
  isEmpty: boolean
  /** The last step that was counted for any series; the very last where none was. */
  newest: number
}

export type PlotWish = {
  series: readonly ChartSeries[]
  starts: readonly number[]
  end: number
  kind: ChartKind
  compare: Comparison | null
  /** Height in px. */
  tall: number
}

const LABEL_ROOM = 16
const ENDS_WIDTH_MOST = 160

export function plotOf({ series, starts, end, kind, compare, tall }: PlotWish): Plot {
  const steps = stepsOf(starts, end)
  const layers = layersOf(
    series.map(({ values }) => values),
    kind,
    starts.length,
  )
  const [before] = compare ? layersOf([compare.values], 'lines', starts.length) : []
  const most = highest(before ? [...layers, before] : layers)
  const axis = axisTo(most, tall < 100 ? 2 : 3, everyWhole(series))
  const ends = endsOf(series, layers, kind, axis.top, tall)
  return {
    steps,
    axis,
    layers,
    shapes: series.map(({ id, colour }, index) => {
      const layer = layers[index]!
      return {
        id,
        colour,
        area:
          kind === 'lines'
            ? null
            : kind === 'bars'
              ? barsPath(layer, steps, axis.top)
              : areaPath(layer, steps, axis.top),
        line: kind === 'lines' || kind === 'area' ? linePath(layer, steps, axis.top) : null,
      }
    }),
    before: before ? { layer: before, line: linePath(before, steps, axis.top) } : null,
    ends,
    endsWidth:
      ends.length === 0 ? 0 : Math.min(ENDS_WIDTH_MOST, Math.max(...ends.map(({ name }) => widthOf(name))) + 24),
    isEmpty: most === 0 && layers.every(({ high }) => high.every((value) => value === 0)),
    newest: newestOf(layers, starts.length),
  }
}

function newestOf(layers: readonly Layer[], count: number): number {
  const newest = Math.max(-1, ...layers.map(lastCounted))
  return newest < 0 ? count - 1 : newest
}

/** Several series are named at their ends, where there is room for all names; from the top down, as they are stacked. */
function endsOf(
  series: readonly ChartSeries[],
  layers: readonly Layer[],
  kind: ChartKind,
  top: number,
  tall: number,
): Plot['ends'] {
  if (series.length < 2 || tall < series.length * LABEL_ROOM) return []
  const seen = series
    .map((_, index) => index)
    .filter((index) => lastCounted(layers[index]!) >= 0)
    .reverse()
  const wanted = seen.map((index) => {
    const layer = layers[index]!
    const at = lastCounted(layer)
    const value = kind === 'lines' ? layer.high[at]! : (layer.low[at]! + layer.high[at]!) / 2
    return tall - (value / top) * tall
  })
  const places = spread(wanted, LABEL_ROOM, tall)
  return seen.map((index, at) => ({
    id: series[index]!.id,
    name: series[index]!.name,
    colour: series[index]!.colour,
    at: places[at]!,
  }))
}

const everyWhole = (series: readonly ChartSeries[]) =>
  series.every(({ values }) => values.every((value) => value === null || Number.isInteger(value)))

export type Figures = {
  /** Sum over the steps, or where sums mean nothing the last value. */
  total: number | null
  highest: number | null
}

export function figuresOf(values: Values, sums: boolean): Figures {
  const counted = values.filter((value): value is number => value !== null)
  if (counted.length === 0) return { total: null, highest: null }
  return {
    total: sums ? sumOf(values) : counted.at(-1)!,
    highest: counted.reduce((most, value) => Math.max(most, value)),
  }
}

/** Where a moment stands, as a share of the width. */
export function shareOf(at: number, starts: readonly number[], end: number): number {
  const from = starts[0] ?? 0
  return (at - from) / (end - from || 1)
}

/** The middle of a step, as a share of the width. */
export function middleOf({ middles }: Steps, step: number): number {
  return (middles[step] ?? 0) / WIDTH
}
