/** Wire shapes of the figures of usage, and the functions that make them. Times are UTC, durations milliseconds. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, Time } from '../platform/wire-shapes.ts'
import { OUTCOMES } from './roll-up.ts'
import { STEPS } from './time-steps.ts'
import { GROUPINGS, type KeyUsage, type UsageAnswer, type UsageGroup } from './usage.ts'
import type { CountSeries, Figures } from './usage-figures.ts'

const Count = (description?: string) => Type.Integer({ minimum: 0, ...(description ? { description } : {}) })
const Counts = (description?: string) => Type.Array(Count(), description ? { description } : {})

export const OutcomeShape = oneOf(OUTCOMES, {
  description: '`cut`: the client left before the answer was whole. `failed`: anything else that went wrong.',
})

export const PercentilesShape = Type.Object(
  { p50: Type.Number({ minimum: 0 }), p95: Type.Number({ minimum: 0 }) },
  { description: 'Median and 95th percentile, ms; at most 9.1 % away from the true ones.' },
)

export const FiguresShape = Type.Object({
  requests: Count('All, however they ended.'),
  failed: Count(),
  cut: Count('Those that the client left.'),
  tokens: Count('In and out.'),
  tokens_in: Count(),
  tokens_cached: Count('Of tokens_in, those that a shared prefix saved.'),
  tokens_out: Count(),
  tokens_reasoning: Count('Of tokens_out, those of the thoughts.'),
  first_token_ms: orNull(PercentilesShape),
  total_ms: orNull(PercentilesShape),
})

export const CountSeriesShape = Type.Object(
  {
    requests: Counts(),
    failed: Counts(),
    cut: Counts(),
    tokens_in: Counts(),
    tokens_cached: Counts(),
    tokens_out: Counts(),
    tokens_reasoning: Counts(),
  },
  { description: 'One number for each of `starts`.' },
)

export const UsageGroupShape = Type.Object({
  id: orNull(Type.String({ description: '`playground` = all keys of the playground; null = all the rest.' })),
  name: orNull(Type.String({ description: 'Null = nobody knows one.' })),
  count: Count('How many models, keys … this is: 1, or what the rest is made of.'),
  deleted: Type.Boolean({ description: 'Whether the key, or all keys of the project or person, are gone.' }),
  totals: FiguresShape,
  series: CountSeriesShape,
})

export const UsageShape = Type.Object({
  from: Time,
  to: Time,
  step: oneOf(STEPS),
  time_zone: Type.String(),
  counted_to: Type.String({ format: 'date-time', description: 'Requests that ended before this are in.' }),
  starts: Type.Array(Time, {
    description: 'When each step begins. The first begins with `from`, the last ends with `to`.',
  }),
  totals: FiguresShape,
  series: CountSeriesShape,
  groups: Type.Array(UsageGroupShape, {
    description: 'Most tokens first, the rest last; together they are the totals. Empty without group_by.',
  }),
  previous: orNull(Type.Object({ from: Time, to: Time, totals: FiguresShape })),
})

export const KeyUsageShape = Type.Object({ key_id: Type.String(), totals: FiguresShape })
export const UsageByKeyShape = Type.Object({ from: Time, to: Time, data: Type.Array(KeyUsageShape) })

const text = (maxLength: number, description?: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength, ...(description ? { description } : {}) }))

export const TimeZoneQuery = Type.Optional(
  Type.String({ maxLength: 64, default: 'UTC', description: 'IANA name of where the viewer is. Default: UTC.' }),
)

/** What figures, lists and exports can be limited to, alike. */
export const FilterQuery = {
  organization_id: text(64),
  project_id: text(64),
  key_id: text(64, '`playground` = all keys of the playground.'),
  person_id: text(64, 'Whose keys: a person, a service account, or `machine`.'),
  model: text(200),
  route: text(64, 'Such as /v1/chat/completions.'),
  outcome: Type.Optional(OutcomeShape),
}

export const UsageQuery = {
  ...FilterQuery,
  from: Type.String({ format: 'date-time', description: 'Put back to a whole minute.' }),
  to: Type.String({ format: 'date-time', description: 'Not in the range. Put off to a whole minute.' }),
  step: Type.Optional(oneOf(STEPS, { default: '1h', description: 'Steps of the series, 2,000 at most. Default: 1h.' })),
  time_zone: TimeZoneQuery,
  group_by: Type.Optional(oneOf(GROUPINGS, { default: 'none', description: 'Default: none.' })),
}

export type UsageOnWire = Static<typeof UsageShape>
export type UsageGroupOnWire = Static<typeof UsageGroupShape>
export type FiguresOnWire = Static<typeof FiguresShape>
export type KeyUsageOnWire = Static<typeof KeyUsageShape>

export function usageOnWire(answer: UsageAnswer): UsageOnWire {
  const { previous } = answer
  return {
    ...rangeOnWire(answer),
    step: answer.step,
    time_zone: answer.timeZone,
    counted_to: iso(answer.countedTo),
    starts: answer.starts.map(iso),
    totals: figuresOnWire(answer.figures),
    series: seriesOnWire(answer.series),
    groups: answer.groups.map(groupOnWire),
    previous: previous === null ? null : { ...rangeOnWire(previous), totals: figuresOnWire(previous.figures) },
  }
}

export function keyUsageOnWire({ keyId, figures }: KeyUsage): KeyUsageOnWire {
  return { key_id: keyId, totals: figuresOnWire(figures) }
}

export function rangeOnWire({ from, to }: { from: number; to: number }) {
  return { from: iso(from), to: iso(to) }
}

function groupOnWire({ id, name, count, isGone, figures, series }: UsageGroup): UsageGroupOnWire {
  return { id, name, count, deleted: isGone, totals: figuresOnWire(figures), series: seriesOnWire(series) }
}

export function figuresOnWire(figures: Figures): FiguresOnWire {
  return {
    requests: figures.requests,
    failed: figures.failed,
    cut: figures.cut,
    tokens: figures.tokensIn + figures.tokensOut,
    tokens_in: figures.tokensIn,
    tokens_cached: figures.tokensCached,
    tokens_out: figures.tokensOut,
    tokens_reasoning: figures.tokensReasoning,
    first_token_ms: figures.firstTokenMs,
    total_ms: figures.totalMs,
  }
}

function seriesOnWire(series: CountSeries): Static<typeof CountSeriesShape> {
  return {
    requests: series.requests,
    failed: series.failed,
    cut: series.cut,
    tokens_in: series.tokensIn,
    tokens_cached: series.tokensCached,
    tokens_out: series.tokensOut,
    tokens_reasoning: series.tokensReasoning,
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
