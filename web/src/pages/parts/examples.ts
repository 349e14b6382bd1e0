/** Example data of the parts page: the same figures on every visit, none of them anybody's. */
import type { ChartSeries } from '../../ui/chart.tsx'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** A moment to stand at, so that pictures of the page can be compared. */
export const NOW = Date.UTC(2026, 10, 24, 14, 30)
export const WEEK = Date.UTC(2026, 10, 18)

const noise = (seed: number) => {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

/** A day's shape: little at night, most before lunch. */
function busy(at: number): number {
  const hour = (at % DAY) / HOUR
  const weekend = [0, 6].includes(new Date(at).getUTCDay()) ? 0.25 : 1
  return Math.max(0.03, Math.sin(((hour - 6) / 14) * Math.PI)) * weekend
}

const MODELS = [
  ['DeepSeek-V3', 's2', 60_000],
  ['Qwen3-0.6B', 's1', 210_000],
  ['SmolLM2-135M', 's3', 74_000],
  ['Qwen3-Embedding', 's4', 31_000],
  ['', 's6', 12_000],
] as const

/** Tokens of a week by model. What lies after NOW is not counted yet. */
export function tokensByModel(starts: readonly number[], stepMs: number, other: string): ChartSeries[] {
  return MODELS.map(([name, colour, size], index) => {
    const random = noise(index + 7)
    return {
      id: colour,
      name: name || other,
      colour,
      values: starts.map((at) =>
        at + stepMs > NOW ? null : Math.round(size * busy(at) * (0.7 + random() * 0.6) * (stepMs / (2 * HOUR))),
      ),
    }
  })
}

export function spent(tokens: readonly ChartSeries[]): (number | null)[] {
  const prices = [0.27, 0.04, 0.02, 0.01, 0.1]
  return tokens[0]!.values.map((value, step) =>
    value === null
      ? null
      : tokens.reduce((sum, one, index) => sum + ((one.values[step] ?? 0) / 1e6) * prices[index]!, 0),
  )
}

/** Tokens of a day in quarters of an hour, up to NOW or to its end. */
export function tokensOfDay(starts: readonly number[], seed: number, until: number): (number | null)[] {
  const random = noise(seed)
  return starts.map((at) => (at >= until ? null : Math.round(1_500 + 48_000 * busy(at) * (0.75 + random() * 0.4))))
}

/** A speed that wanders between two bounds. */
export function wander(count: number, seed: number, low: number, high: number): number[] {
  const random = noise(seed)
  let now = (low + high) / 2
  return Array.from({ length: count }, () => {
    now = Math.min(high, Math.max(low, now + (random() - 0.5) * (high - low) * 0.28))
    return Math.round(now * 10) / 10
  })
}

export type Row = { id: string; model: string; state: 'on' | 'off' | 'bad' | 'live'; out: number; spent: number }

export const ROWS: readonly Row[] = [
  { id: '1', model: 'SmolLM2-135M-Instruct', state: 'on', out: 229_310, spent: 0.25 },
  { id: '2', model: 'Qwen3-0.6B', state: 'on', out: 2_401_880, spent: 1.13 },
  { id: '3', model: 'Qwen3-Embedding-0.6B', state: 'off', out: 0, spent: 0 },
  { id: '4', model: 'DeepSeek-R1-Distill-Qwen-7B', state: 'bad', out: 806_540, spent: 7.79 },
  { id: '5', model: 'Qwen3-4B', state: 'live', out: 12_480, spent: 0.02 },
]

const TOPICS = [0.9, 0.84, 0.2, 0.12, 0.31]

/** Cosines of texts, of which the first few are about one thing. */
export function similarities(count: number): number[][] {
  const random = noise(count)
  const kinds = Array.from({ length: count }, (_, index) => TOPICS[index % TOPICS.length]!)
  const values = kinds.map(() => kinds.map(() => 1))
  for (let row = 0; row < count; row++)
    for (let column = 0; column < row; column++) {
      const near = 1 - Math.abs(kinds[row]! - kinds[column]!)
      const value = Math.round((near * 0.8 + random() * 0.12) * 100) / 100
      values[row]![column] = value
      values[column]![row] = value
    }
  return values
}
