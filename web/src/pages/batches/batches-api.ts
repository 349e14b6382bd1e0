/** What the Batches page asks and does. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { BatchInConsole, BatchPage } from '../../../../src/batches/console-schema.ts'
import { type Call, get, urlOf } from '../../api/client.ts'
import type { BatchesSearch } from './search.ts'

export type { BatchInConsole as Batch } from '../../../../src/batches/console-schema.ts'

const PAGE_ROWS = 50
/** A batch that runs moves by itself. */
const EVERY_MS = 2_000

export function batchesQuery(projectId: string, { status }: BatchesSearch) {
  const filter = { project_id: projectId, status }
  return infiniteQueryOptions({
    queryKey: ['batches', filter],
    queryFn: ({ pageParam, signal }) =>
      get<BatchPage>('/api/batches', { ...filter, limit: PAGE_ROWS, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    enabled: projectId !== '',
    refetchInterval: EVERY_MS,
  })
}

export function batchQuery(id: string) {
  return queryOptions({
    queryKey: ['batches', 'one', id],
    queryFn: ({ signal }) => get<BatchInConsole>(`/api/batches/${id}`, undefined, signal),
    refetchInterval: (query) => (query.state.data?.ended_at ? false : EVERY_MS),
  })
}

export const cancelBatch = (id: string): Call => ({ method: 'POST', path: `/api/batches/${id}/cancel` })

/** Where a browser downloads a file of a batch. */
export const resultsUrl = (id: string, kind: 'output' | 'error') => urlOf({ path: `/api/batches/${id}/${kind}` })

/** Lines that have an answer, of all. */
export function shareDone({ request_counts: { total, completed, failed } }: BatchInConsole): number {
  return total === 0 ? 0 : (completed + failed) / total
}
