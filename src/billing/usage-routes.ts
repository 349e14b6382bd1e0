/** /api/usage: figures, for pages and for spreadsheets. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { knownCaller } from '../identity/access.ts'
import { csvLine } from '../platform/csv.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import type { Billing } from './billing.ts'
import { csvDocument, csvHeaders, csvShape } from './csv-answer.ts'
import { OverviewUsageShape, overviewOnWire } from './overview-schema.ts'
import { ALL_REQUESTS } from './requests.ts'
import type { UsageAnswer, UsageQuestion } from './usage.ts'
import { filterFrom } from './usage-filter.ts'
import * as wire from './usage-schema.ts'

const TOP_DEFAULT = 6
const TOP_MAX = 50
/** A file has room for all of them. */
const TOP_IN_FILE = 10_000
const KEYS_MAX = 200
const LAST_REQUESTS = 6

const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }

export async function usageRoutes(server: Server, { billing }: { billing: Billing }): Promise<void> {
  const { usage, requests } = billing
  const config = { access: 'usage.read' } as const

  server.get(
    '/api/usage',
    {
      config,
      schema: {
        tags: ['Usage'],
        summary: 'What was consumed, in all, by group and over time',
        description:
          'All figures are of the same records: groups add up to the totals, steps to their series. Counted when a request ends, in the step in which it began.',
        querystring: Type.Object(
          {
            ...wire.UsageQuery,
            top: Type.Optional(
              Type.Integer({
                minimum: 1,
                maximum: TOP_MAX,
                default: TOP_DEFAULT,
                description: `Groups told by name; the rest is one. Default: ${TOP_DEFAULT}.`,
              }),
            ),
            compare: Type.Optional(
              Type.Literal('previous', {
                description:
                  'Adds the totals of the period before: as many days where the range is whole days, else as long. What is not over is compared with as much of it.',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: wire.UsageShape, ...refusals },
      },
    },
    async (request) => {
      const { top, compare } = request.query
      const question = questionFrom(request.query, { top: top ?? TOP_DEFAULT, comparePrevious: compare !== undefined })
      return wire.usageOnWire(await usage.figures(knownCaller(request), question))
    },
  )

  server.get(
    '/api/usage/csv',
    {
      config,
      schema: {
        tags: ['Usage'],
        summary: 'What was consumed, as a file for spreadsheets',
        description: 'A line for each group and step in which there was a request.',
        querystring: Type.Object(wire.UsageQuery, { additionalProperties: false }),
        response: { 200: csvShape, ...refusals },
      },
    },
    async (request, reply) => {
      const question = questionFrom(request.query, { top: TOP_IN_FILE, comparePrevious: false })
      const answer = await usage.figures(knownCaller(request), question)
      return reply.headers(csvHeaders('usage')).send(Readable.from(csvDocument(USAGE_HEADS, [usageLines(answer)])))
    },
  )

  server.get(
    '/api/usage/overview',
    {
      config,
      schema: {
        tags: ['Usage'],
        summary: 'Today, the same weekday last week, and the last requests',
        querystring: Type.Object(
          {
            organization_id: wire.FilterQuery.organization_id,
            project_id: wire.FilterQuery.project_id,
            time_zone: wire.TimeZoneQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: OverviewUsageShape, ...refusals },
      },
    },
    async (request) => {
      const { time_zone, ...limits } = request.query
      const caller = knownCaller(request)
      const filter = filterFrom(limits)
      const [answer, newest] = await Promise.all([
        usage.overview(caller, filter, time_zone ?? 'UTC'),
        requests.list(caller, { ...filter, ...ALL_REQUESTS }, { limit: LAST_REQUESTS, after: null }),
      ])
      return overviewOnWire(answer, newest.data)
    },
  )

  server.get(
    '/api/usage/by-key',
    {
      config,
      schema: {
        tags: ['Usage'],
        summary: 'What each of some keys consumed in the last 30 days',
        querystring: Type.Object(
          {
            key_ids: Type.String({
              pattern: `^[0-9a-z_]{1,64}(,[0-9a-z_]{1,64}){0,${KEYS_MAX - 1}}$`,
              description: `Ids with commas between them, ${KEYS_MAX} at most.`,
            }),
          },
          { additionalProperties: false },
        ),
        response: { 200: wire.UsageByKeyShape, ...refusals },
      },
    },
    async (request) => {
      const answer = await usage.byKey(knownCaller(request), request.query.key_ids.split(','))
      return { ...wire.rangeOnWire(answer), data: answer.keys.map(wire.keyUsageOnWire) }
    },
  )
}

type Query = Parameters<typeof filterFrom>[0] & {
  from: string
  to: string
  step?: UsageQuestion['step']
  time_zone?: string
  group_by?: UsageQuestion['groupBy']
}

function questionFrom(query: Query, rest: Pick<UsageQuestion, 'top' | 'comparePrevious'>): UsageQuestion {
  return {
    from: Date.parse(query.from),
    to: Date.parse(query.to),
    step: query.step ?? '1h',
    timeZone: query.time_zone ?? 'UTC',
    groupBy: query.group_by ?? 'none',
    filter: filterFrom(query),
    ...rest,
  }
}

const USAGE_HEADS = [
  'from',
  'to',
  'id',
  'name',
  'requests',
  'failed',
  'cut',
  'tokens_in',
  'tokens_cached',
  'tokens_out',
  'tokens_reasoning',
]

function usageLines(answer: UsageAnswer): string {
  const { starts, to, series } = answer
  const groups = answer.groups.length > 0 ? answer.groups : [{ id: null, name: null, series }]
  const lines = starts.flatMap((start, step) =>
    groups.flatMap(({ id, name, series: its }) => {
      if (its.requests[step] === 0) return []
      const counts = [
        its.requests,
        its.failed,
        its.cut,
        its.tokensIn,
        its.tokensCached,
        its.tokensOut,
        its.tokensReasoning,
      ]
      const [from, end] = [start, starts[step + 1] ?? to].map((at) => new Date(at).toISOString())
      return csvLine([from!, end!, id, name, ...counts.map((values) => values[step] ?? 0)])
    }),
  )
  return lines.join('')
}
