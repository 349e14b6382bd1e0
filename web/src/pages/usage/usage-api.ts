/** What the Usage page asks. The page before each call is kept while the next one is on its way, so nothing jumps. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { RequestOnWire } from '../../../../src/billing/request-schema.ts'
import type { UsageGroupOnWire, UsageOnWire } from '../../../../src/billing/usage-schema.ts'
import { api, type Call, get, type Query } from '../../api/client.ts'
import { iso, namedRange, type Range, type RangeName, type RangeSearch, rangeOf } from '../../ui/range.ts'
import type { Dimension } from './filter-search.ts'
import { stepFor } from './step-for.ts'

export type Usage = UsageOnWire
/** With what its groups are, so that they keep their names while others are on their way. */
export type SplitUsage = Usage & { by: Dimension }
export type UsageGroup = UsageGroupOnWire
export type RequestSeen = RequestOnWire

export const RANGE_OTHERWISE: RangeName = '7d'
const REFRESH_MS = 5_000
const CHOICES_MOST = 50

/** Where the viewer is; days and hours are theirs. */
export const ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone

export type UsageAsked = {
  filter: Query
  range: RangeSearch
  by: Dimension
  /** Groups told by name. */
  top: number
}

/** A name of a range moves on with the clock, so its moments are worked out for each call. */
export function usageCall({ filter, range, by, top }: UsageAsked, nowMs = Date.now()): Call {
  const moments = momentsOf(range, nowMs)
  return {
    method: 'GET',
    path: '/api/usage',
    query: { ...askedOf(filter, moments), step: stepFor(moments), group_by: by, top, compare: 'previous' },
  }
}

export function usageQuery(asked: UsageAsked) {
  return queryOptions({
    queryKey: ['usage', 'figures', asked],
    queryFn: async ({ signal }): Promise<SplitUsage> => ({
      ...(await api<Usage>(usageCall(asked), signal)),
      by: asked.by,
    }),
    placeholderData: keepPreviousData,
    // What is over does not change.
    refetchInterval: () => (momentsOf(asked.range, Date.now()).to > Date.now() - REFRESH_MS * 2 ? REFRESH_MS : false),
  })
}

/** The same figures as a file. */
export function csvCall({ filter, range, by }: UsageAsked, nowMs = Date.now()): Call {
  const moments = momentsOf(range, nowMs)
  return {
    method: 'GET',
    path: '/api/usage/csv',
    query: { ...askedOf(filter, moments), step: stepFor(moments), group_by: by },
  }
}

/** The whole period before, step for step; its figures compare only as much of it as there is of this one. */
export function beforeQuery(filter: Query, usage: Usage | undefined, wanted: boolean) {
  const range = usage?.previous && { from: Date.parse(usage.previous.from), to: Date.parse(usage.from) }
  return queryOptions({
    queryKey: ['usage', 'before', filter, range, usage?.step],
    queryFn: ({ signal }) =>
      get<Usage>('/api/usage', { ...askedOf(filter, range!), step: usage?.step ?? null, group_by: 'none' }, signal),
    enabled: wanted && Boolean(range),
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  })
}

/** One group, one step, or both: its figures, split by something else, and its last requests. */
export function detailQuery(filter: Query, range: Range, by: Dimension, isOver: boolean) {
  const asked = askedOf(filter, range)
  return queryOptions({
    queryKey: ['usage', 'detail', asked, by],
    queryFn: ({ signal }) => get<Usage>('/api/usage', { ...asked, step: stepFor(range), group_by: by, top: 5 }, signal),
    placeholderData: keepPreviousData,
    refetchInterval: isOver ? false : REFRESH_MS,
  })
}

export function lastRequestsQuery(filter: Query, range: Range, isOver: boolean) {
  const query = { ...filter, from: iso(range.from), to: iso(range.to), limit: 8 }
  return queryOptions({
    queryKey: ['requests', 'detail', query],
    queryFn: ({ signal }) => get<{ data: RequestSeen[]; next: string | null }>('/api/requests', query, signal),
    placeholderData: keepPreviousData,
    refetchInterval: isOver ? false : REFRESH_MS,
  })
}

/** What was used in a range, to choose from: the largest, by name. */
export function choicesQuery(where: Query, range: Range, by: Dimension, wanted: boolean) {
  const asked = { ...askedOf(where, range), step: '1d', group_by: by, top: CHOICES_MOST }
  return queryOptions({
    queryKey: ['usage', 'choices', where, by, Math.round(range.from / 3_600_000), Math.round(range.to / 3_600_000)],
    queryFn: ({ signal }) => get<Usage>('/api/usage', asked, signal),
    select: ({ groups }: Usage) => groups.filter(({ id }) => id !== null),
    enabled: wanted,
    staleTime: 30_000,
    placeholderData: keepPreviousData,
  })
}

export function momentsOf(range: RangeSearch, nowMs: number): Range {
  return rangeOf(range, nowMs, RANGE_OTHERWISE) ?? namedRange(RANGE_OTHERWISE, nowMs)
}

const askedOf = (filter: Query, { from, to }: Range): Query => ({
  ...filter,
  from: iso(from),
  to: iso(to),
  time_zone: ZONE,
})
