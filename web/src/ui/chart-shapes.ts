/**
 * From numbers to shapes. A plot is 10,000 wide and 1,000 high, whatever its size on the page; a value holds for all
 * of its step, from edge to edge. What is not counted yet (null) stays empty. Pure.
 *
 *     stacked   each series stands on those before it
 *     area      a line, filled down to the base
 *     lines     each for itself
 *     bars      stacked, one bar a step
 */
export type ChartKind = 'stacked' | 'area' | 'lines' | 'bars'
export type Values = readonly (number | null)[]

export type Layer = {
  /** Where the series begins and ends in each step, in the unit of the values; null where nothing is counted. */
  low: Float64Array
  high: Float64Array
  counted: Uint8Array
}

/** Fine enough that whole numbers will do, which are written ten times as fast as others. */
export const WIDTH = 10_000
export const HEIGHT = 1_000

/** In the order of `series`, from the base up. */
export function layersOf(series: readonly Values[], kind: ChartKind, count: number): Layer[] {
  const piles = kind === 'stacked' || kind === 'bars'
  const base = new Float64Array(count)
  // A series without a value is 0 in a pile, as long as another one was counted there.
  const anyCounted = new Uint8Array(count)
  if (piles)
    for (const values of series) for (let at = 0; at < count; at++) if (isNumber(values[at])) anyCounted[at] = 1
  return series.map((values) => {
    const layer = { low: new Float64Array(count), high: new Float64Array(count), counted: new Uint8Array(count) }
    for (let at = 0; at < count; at++) {
      const value = values[at]
      layer.counted[at] = piles ? anyCounted[at]! : isNumber(value) ? 1 : 0
      layer.low[at] = piles ? base[at]! : 0
      layer.high[at] = layer.low[at]! + (isNumber(value) ? value : 0)
      if (piles) base[at] = layer.high[at]!
    }
    return layer
  })
}

export function highest(layers: readonly Layer[]): number {
  let most = 0
  for (const { high, counted } of layers)
    for (let at = 0; at < high.length; at++) if (counted[at] && high[at]! > most) most = high[at]!
  return most
}

/** Where steps stand, from 0 to WIDTH. `edges` has one more than there are steps. */
export type Steps = { edges: Float64Array; middles: Float64Array }

export function stepsOf(starts: readonly number[], end: number): Steps {
  const from = starts[0] ?? 0
  const span = end - from || 1
  const edges = Float64Array.from([...starts, end], (at) => ((at - from) / span) * WIDTH)
  return { edges, middles: edges.subarray(0, -1).map((edge, at) => (edge + edges[at + 1]!) / 2) }
}

/** The line along the upper edge of a layer. */
export function linePath({ high, counted }: Layer, steps: Steps, top: number): string {
  let path = ''
  for (const [first, last] of runs(counted)) path += `M${along(high, first, last, steps, top)}`
  return path
}

/** The surface between the edges of a layer. */
export function areaPath({ low, high, counted }: Layer, steps: Steps, top: number): string {
  let path = ''
  for (const [first, last] of runs(counted)) {
    path += `M${along(high, first, last, steps, top)}L${along(low, first, last, steps, top, true)}Z`
  }
  return path
}

/** All bars of a layer in one path. */
export function barsPath({ low, high, counted }: Layer, steps: Steps, top: number): string {
  let path = ''
  for (let at = 0; at < counted.length; at++) {
    if (!counted[at] || high[at] === low[at]) continue
    const [left, right] = barEdges(steps, at)
    path += `M${round(left)} ${y(low[at]!, top)}V${y(high[at]!, top)}H${round(right)}V${y(low[at]!, top)}Z`
  }
  return path
}

/** A bar leaves a quarter of its step free, and nothing where steps are too thin to show it. */
export function barEdges({ edges }: Steps, at: number): [left: number, right: number] {
  const [left, right] = [edges[at]!, edges[at + 1]!]
  const gap = edges.length > 300 ? 0 : (right - left) * 0.125
  return [left + gap, right - gap]
}

/** The last step that was counted; -1 = none. */
export function lastCounted({ counted }: Layer): number {
  return counted.lastIndexOf(1)
}

export function sumOf(values: Values): number {
  let sum = 0
  for (const value of values) sum += value ?? 0
  return sum
}

function* runs(counted: Uint8Array): Generator<[first: number, last: number]> {
  for (let at = 0; at < counted.length; at++) {
    if (!counted[at]) continue
    const first = at
    while (counted[at + 1]) at++
    yield [first, at]
  }
}

/** Along the tops of steps, from the left edge of one to the right edge of another, or back: nothing slopes into a step before it was. */
function along(values: Float64Array, first: number, last: number, steps: Steps, top: number, back = false): string {
  const { edges } = steps
  const [from, to, by] = back ? [last, first, -1] : [first, last, 1]
  const begin = back ? 1 : 0
  let height = y(values[from]!, top)
  let path = `${round(edges[from + begin]!)} ${height}`
  for (let at = from + by; at !== to + by; at += by) {
    const next = y(values[at]!, top)
    if (next === height) continue
    path += `H${round(edges[at + begin]!)}V${next}`
    height = next
  }
  return `${path}H${round(edges[to + 1 - begin]!)}`
}

const isNumber = (value: number | null | undefined): value is number => typeof value === 'number'
const round = Math.round
const y = (value: number, top: number) => round(HEIGHT - (value / top) * HEIGHT)
