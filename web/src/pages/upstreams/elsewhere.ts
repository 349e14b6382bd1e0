/** Models that upstreams serve, for pages that name models. */
import { queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { UpstreamModelPage } from '../../../../src/upstreams/schema.ts'
import { get } from '../../api/client.ts'

export const elsewhereQuery = queryOptions({
  queryKey: ['upstreams', 'models'],
  queryFn: ({ signal }) => get<Static<typeof UpstreamModelPage>>('/api/upstream-models', { limit: 200 }, signal),
  staleTime: 30_000,
})
