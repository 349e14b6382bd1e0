/** What the overview asks. */
import { queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { OverviewUsageShape } from '../../../../src/billing/overview-schema.ts'
import type { RequestPage } from '../../../../src/billing/request-schema.ts'
import type { InstallationShape } from '../../../../src/control/installation-schema.ts'
import { get } from '../../api/client.ts'

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
export const loadedCountQuery = (enabled: boolean) => ({
  ...countOf('/api/models', { state: 'loaded' }, enabled),
  queryKey: ['models', 'loaded-count'], // asked again when an event says that the models are others
})
