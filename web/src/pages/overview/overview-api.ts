/** What the overview asks. */
import { queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { OverviewUsageShape } from '../../../../src/billing/overview-schema.ts'
import type { RequestPage } from '../../../../src/billing/request-schema.ts'
import type { InstallationShape } from '../../../../src/control/installation-schema.ts'
import type { ModelPageOnWire, PullOnWire } from '../../../../src/deployments/schema.ts'
import { get } from '../../api/client.ts'
import { pullsShown } from '../models/pulls-shown.ts'

export type Overview = Static<typeof OverviewUsageShape>
export type Requests = Static<typeof RequestPage>
export type Installation = Static<typeof InstallationShape>

export const overviewQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['usage', 'overview', projectId],
    queryFn: ({ signal }) =>
      get<Overview>(
        '/api/usage/overview',
        { project_id: projectId, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone },
        signal,
      ),
    enabled: projectId !== '',
    refetchInterval: 5_000,
  })

export const lastRequestsQuery = (projectId: string) =>
  queryOptions({
    queryKey: ['requests', 'last', projectId],
    queryFn: ({ signal }) => get<Requests>('/api/requests', { project_id: projectId, limit: 6 }, signal),
    enabled: projectId !== '',
    refetchInterval: 5_000,
  })

/** For operators: the database's honesty, backups. */
export const installationQuery = (enabled: boolean) =>
  queryOptions({
    queryKey: ['installation'],
    queryFn: ({ signal }) => get<Installation>('/api/installation', undefined, signal),
    enabled,
    staleTime: 60_000,
  })

const DAY_MS = 86_400_000

/** Pulls that failed within a day and were not begun again since; the stream tells only of those that fail meanwhile. */
export const failedPullsQuery = (enabled: boolean) =>
  queryOptions({
    queryKey: ['models', 'pulls', 'lately'],
    queryFn: ({ signal }) => get<{ data: PullOnWire[] }>('/api/pulls', { limit: 50 }, signal),
    select: ({ data }: { data: PullOnWire[] }) =>
      pullsShown([], data, Date.now()).filter(
        (pull) => pull.state === 'failed' && Date.now() - Date.parse(pull.updated_at) < DAY_MS,
      ),
    enabled,
    staleTime: 10_000,
  })

const countOf = (path: string, query: Record<string, string>, enabled: boolean) =>
  queryOptions({
    queryKey: ['count', path, query],
    queryFn: ({ signal }) => get<{ data: unknown[] }>(path, { ...query, limit: 2 }, signal),
    select: ({ data }: { data: unknown[] }) => data.length,
    enabled,
    staleTime: 10_000,
  })

export const keyCountQuery = (projectId: string, enabled: boolean) =>
  countOf('/api/keys', { project_id: projectId }, enabled)
export const memberCountQuery = (organizationId: string, enabled: boolean) =>
  countOf(`/api/organizations/${organizationId}/members`, {}, enabled)
/** Asked again when an event says that the models are others. */
export const loadedModelsQuery = (enabled: boolean) =>
  queryOptions({
    queryKey: ['models', 'loaded'],
    queryFn: ({ signal }) => get<ModelPageOnWire>('/api/models', { state: 'loaded', limit: 5 }, signal),
    enabled,
    staleTime: 10_000,
  })
export const loadedCountQuery = (enabled: boolean) => ({
  ...countOf('/api/models', { state: 'loaded' }, enabled),
  queryKey: ['models', 'loaded-count'], // asked again when an event says that the models are others
})
