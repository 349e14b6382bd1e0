/** What the Requests page and a request's own page ask. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { RequestContentShape } from '../../../../src/billing/request-content-schema.ts'
import type { RequestOnWire, RequestWholeOnWire } from '../../../../src/billing/request-schema.ts'
import type { ProjectShape } from '../../../../src/identity/organization-schema.ts'
import { api, type Call, get, type Query } from '../../api/client.ts'
import { iso, type RangeSearch, rangeOf } from '../../ui/range.ts'

export type RequestSeen = RequestOnWire
export type RequestWhole = RequestWholeOnWire
export type RequestContent = Static<typeof RequestContentShape>
export type Page = { data: RequestSeen[]; next: string | null }

const PAGE_ROWS = 50
const LOOK_MS = 5_000

export type RequestsAsked = {
  filter: Query
  range: RangeSearch
  tokens: number | undefined
  id: string | undefined
}

/** The name of a range moves on with the clock, so its moments are worked out for each call. */
export function requestsCall({ filter, range, tokens, id }: RequestsAsked, path = '/api/requests'): Call {
  const moments = rangeOf(range, Date.now(), null)
  const from = moments ? iso(moments.from) : undefined
  const to = moments ? iso(moments.to) : undefined
  return { method: 'GET', path, query: { ...filter, from, to, tokens_min: tokens, id } }
}

/** The same requests as a file. */
export const csvCall = (asked: RequestsAsked): Call => requestsCall(asked, '/api/requests/csv')

const listKey = (asked: RequestsAsked) => ['requests', 'list', asked]

/** As it was when it was asked for: what comes after is told of by `newestQuery`, so no row moves under the pointer. */
export function requestsQuery(asked: RequestsAsked) {
  return infiniteQueryOptions({
    queryKey: listKey(asked),
    queryFn: ({ pageParam, signal }) => pageOf(asked, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnMount: 'always',
    placeholderData: keepPreviousData,
  })
}

export function newestQuery(asked: RequestsAsked) {
  return queryOptions({
    queryKey: ['requests', 'newest', asked],
    queryFn: ({ signal }) => pageOf(asked, null, signal),
    refetchInterval: LOOK_MS,
  })
}

function pageOf(asked: RequestsAsked, after: string | null, signal: AbortSignal): Promise<Page> {
  const { path, query } = requestsCall(asked)
  return get<Page>(path, { ...query, limit: PAGE_ROWS, after }, signal)
}

export const oneCall = (id: string): Call => ({ method: 'GET', path: `/api/requests/${id}` })
export const contentCall = (id: string): Call => ({ method: 'GET', path: `/api/requests/${id}/content` })

export function requestQuery(id: string) {
  return queryOptions({
    queryKey: ['requests', 'one', id],
    queryFn: ({ signal }) => api<RequestWhole>(oneCall(id), signal),
  })
}

/** Asked for only on a press: reading leaves an event in the trail. Nothing of it stays when the page is left. */
export function contentQuery(id: string, wanted: boolean) {
  return queryOptions({
    queryKey: ['requests', 'content', id],
    queryFn: ({ signal }) => api<RequestContent>(contentCall(id), signal),
    enabled: wanted,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  })
}

/** Whether a project keeps what is said. */
export function projectQuery(id: string) {
  return queryOptions({
    queryKey: ['projects', 'one', id],
    queryFn: ({ signal }) => get<Static<typeof ProjectShape>>(`/api/projects/${id}`, undefined, signal),
    staleTime: 10_000,
  })
}
