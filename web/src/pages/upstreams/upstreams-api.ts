/** What the Upstreams page asks and does. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type {
  UpstreamChangeOnWire,
  UpstreamDraftOnWire,
  UpstreamOnWire,
  UpstreamPage,
  UpstreamWantedOnWire,
} from '../../../../src/upstreams/schema.ts'
import { type Call, get } from '../../api/client.ts'
import type { UpstreamsSearch } from './search.ts'

export type {
  UpstreamOnWire as Upstream,
  UpstreamRowOnWire as UpstreamRow,
  UpstreamTestOnWire as UpstreamTest,
} from '../../../../src/upstreams/schema.ts'

type Page = Static<typeof UpstreamPage>

const PAGE_ROWS = 50
/** Health changes by itself. */
const EVERY_MS = 4_000

export function upstreamsQuery({ q, state }: UpstreamsSearch) {
  const filter = { search: q, state }
  return infiniteQueryOptions({
    queryKey: ['upstreams', filter],
    queryFn: ({ pageParam, signal }) =>
      get<Page>('/api/upstreams', { ...filter, limit: PAGE_ROWS, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
  })
}

export function upstreamQuery(id: string) {
  return queryOptions({
    queryKey: ['upstreams', 'one', id],
    queryFn: ({ signal }) => get<UpstreamOnWire>(`/api/upstreams/${id}`, undefined, signal),
    refetchInterval: EVERY_MS,
  })
}

export const addUpstream = (body: UpstreamWantedOnWire): Call => ({ method: 'POST', path: '/api/upstreams', body })
export const testUpstream = (body: UpstreamDraftOnWire): Call => ({ method: 'POST', path: '/api/upstreams/test', body })
export const checkUpstream = (id: string): Call => ({ method: 'POST', path: `/api/upstreams/${id}/check` })
export const changeUpstream = (id: string, body: UpstreamChangeOnWire): Call => ({
  method: 'PATCH',
  path: `/api/upstreams/${id}`,
  body,
})
export const deleteUpstream = (id: string): Call => ({ method: 'DELETE', path: `/api/upstreams/${id}` })
