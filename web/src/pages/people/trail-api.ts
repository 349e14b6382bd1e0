/** What the trail's page asks. */
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { AuditEventShape, AuditPage, AuditVerdictShape } from '../../../../src/identity/audit-schema.ts'
import { type Call, get, type Query } from '../../api/client.ts'
import { iso, rangeOf } from '../../ui/range.ts'
import type { TrailSearch } from './search.ts'

export type TrailEvent = Static<typeof AuditEventShape>
type Page = Static<typeof AuditPage>
type Verdict = Static<typeof AuditVerdictShape>

const PAGE_ROWS = 50

/** What the server is asked for; `organizationId` null = the installation's own trail. */
export function trailFilter(organizationId: string | null, search: TrailSearch, nowMs: number): Query {
  const range = rangeOf(search, nowMs, null)
  return {
    organization_id: organizationId,
    actor: search.actor,
    action: search.action,
    target: search.target,
    ...(range ? { from: iso(range.from), to: iso(range.to) } : {}),
  }
}

export const trailQuery = (filter: Query, enabled: boolean) =>
  infiniteQueryOptions({
    queryKey: ['trail', filter],
    queryFn: ({ pageParam, signal }) =>
      get<Page>('/api/audit', { ...filter, limit: PAGE_ROWS, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled,
  })

/** One event, wherever in the trail it stands. */
export const eventQuery = (organizationId: string | null, id: string) =>
  queryOptions({
    queryKey: ['trail', 'one', organizationId, id],
    queryFn: async ({ signal }) => {
      const { data } = await get<Page>('/api/audit', { organization_id: organizationId, event: id }, signal)
      return data[0] ?? null
    },
    staleTime: Number.POSITIVE_INFINITY,
  })

export const trailFile = (filter: Query, format: 'csv' | 'jsonl'): Call => ({
  method: 'GET',
  path: '/api/audit/export',
  query: { ...filter, format },
})

export const VERIFY: Call = { method: 'GET', path: '/api/audit/verification' }

/** Reads the whole chain again, so it is asked for by hand. */
export const verdictQuery = queryOptions({
  queryKey: ['trail-verdict'],
  queryFn: ({ signal }) => get<Verdict>(VERIFY.path, undefined, signal),
  enabled: false,
  staleTime: Number.POSITIVE_INFINITY,
  gcTime: Number.POSITIVE_INFINITY,
})
