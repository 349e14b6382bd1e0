/** Wire shape of what the overview tells of usage, and the function that makes it. Times are UTC. */
import { type Static, Type } from 'typebox'
import { Time } from '../platform/wire-shapes.ts'
import { RequestShape, requestOnWire } from './request-schema.ts'
import type { RequestSeen } from './requests.ts'
import type { OverviewAnswer } from './usage.ts'
import { FiguresShape, figuresOnWire, rangeOnWire } from './usage-schema.ts'

const Day = Type.Object({
  from: Time,
  to: Type.String({ format: 'date-time', description: 'The totals are until then.' }),
  totals: FiguresShape,
  starts: Type.Array(Time, { description: 'When each 15 minutes begin.' }),
  tokens: Type.Array(Type.Integer({ minimum: 0 }), { description: 'In and out, for each of `starts`.' }),
})

export const OverviewUsageShape = Type.Object({
  counted_to: Time,
  today: Day,
  last_week: Type.Object(Day.properties, {
    description: 'The same weekday: `totals` until the same time of day, `tokens` of the whole day.',
  }),
  last_requests: Type.Array(RequestShape, { description: 'The newest six.' }),
})

export type OverviewUsageOnWire = Static<typeof OverviewUsageShape>

export function overviewOnWire(
  { countedTo, today, lastWeek }: OverviewAnswer,
  lastRequests: readonly RequestSeen[],
): OverviewUsageOnWire {
  const day = (one: OverviewAnswer['today']) => ({
    ...rangeOnWire(one),
    totals: figuresOnWire(one.figures),
    starts: one.starts.map((at) => new Date(at).toISOString()),
    tokens: one.tokens,
  })
  return {
    counted_to: new Date(countedTo).toISOString(),
    today: day(today),
    last_week: day(lastWeek),
    last_requests: lastRequests.map(requestOnWire),
  }
}
