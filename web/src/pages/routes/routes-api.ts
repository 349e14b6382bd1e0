/** What the page of routes asks, and the calls that it makes. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { RouteModelOnWire, RouteOnWire, RoutePage, RouteWantedOnWire } from '../../../../src/routing/schema.ts'
import { type Call, get } from '../../api/client.ts'

export type {
  RouteModelOnWire as RouteModel,
  RouteOnWire as Route,
  RouteTargetOnWire as RouteTarget,
  RouteWantedOnWire as RouteWanted,
} from '../../../../src/routing/schema.ts'

type Page = Static<typeof RoutePage>

const PAGE_ROWS = 50
/** Health changes by itself. */
const EVERY_MS = 4_000

export function routesQuery(q: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ['routes', { q }],
    queryFn: ({ pageParam, signal }) =>
      get<Page>('/api/routes', { search: q, limit: PAGE_ROWS, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: EVERY_MS,
  })
}

const pathOf = (name: string) => `/api/routes/${encodeURIComponent(name)}`

export function routeQuery(name: string) {
  return queryOptions({
    queryKey: ['routes', 'one', name],
    queryFn: ({ signal }) => get<RouteOnWire>(pathOf(name), undefined, signal),
  })
}

export const routeModelsQuery = queryOptions({
  queryKey: ['routes', 'models'],
  queryFn: ({ signal }) => get<{ data: RouteModelOnWire[] }>('/api/route-models', undefined, signal),
  refetchInterval: EVERY_MS,
})

export const setRoute = (name: string, body: RouteWantedOnWire): Call => ({ method: 'PUT', path: pathOf(name), body })
export const removeRoute = (name: string): Call => ({ method: 'DELETE', path: pathOf(name) })
export const drainModel = (name: string, draining: boolean): Call => ({
  method: 'PATCH',
  path: `/api/route-models/${encodeURIComponent(name)}`,
  body: { draining },
})
