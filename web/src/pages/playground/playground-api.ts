/** What the playground asks the console's API, and the calls that its buttons make. */
import { infiniteQueryOptions, queryOptions, useQueries, useQuery } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { RequestWholeOnWire } from '../../../../src/billing/request-schema.ts'
import type { ModelDetailShape } from '../../../../src/deployments/detail-schema.ts'
import type { ModelOnWire, ModelPageOnWire } from '../../../../src/deployments/schema.ts'
import type {
  PlaygroundSession,
  PlaygroundSessionPage,
  PlaygroundSessionRow,
} from '../../../../src/playground/schema.ts'
import { type Call, get } from '../../api/client.ts'
import type { Answer, Doc } from './document-turns.ts'
import type { Mode } from './search.ts'

export type Session = Static<typeof PlaygroundSession>
export type SessionRow = Static<typeof PlaygroundSessionRow>
export type Visibility = SessionRow['visibility']
type Page = Static<typeof PlaygroundSessionPage>
export type ModelDetail = Static<typeof ModelDetailShape>
export type Model = ModelOnWire

const PAGE_ROWS = 30

export function sessionsQuery(projectId: string, search: string) {
  const filter = { project_id: projectId, search: search || undefined }
  return infiniteQueryOptions({
    queryKey: ['playground', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      get<Page>('/api/playground/sessions', { ...filter, limit: PAGE_ROWS, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    enabled: projectId !== '',
  })
}

export const sessionQuery = (id: string) =>
  queryOptions({
    queryKey: ['playground', 'one', id],
    queryFn: ({ signal }) => get<Session>(`/api/playground/sessions/${encodeURIComponent(id)}`, undefined, signal),
    staleTime: 10_000,
  })

export const saveNew = (body: {
  project_id: string
  title: string
  kind: Mode
  visibility?: Visibility
  document: Doc
}): Call => ({
  method: 'POST',
  path: '/api/playground/sessions',
  body,
})
export const saveOver = (
  id: string,
  body: { revision: number; title?: string; visibility?: Visibility; document?: Doc },
): Call => ({ method: 'PATCH', path: `/api/playground/sessions/${id}`, body })
export const duplicate = (id: string, title: string): Call => ({
  method: 'POST',
  path: `/api/playground/sessions/${id}/duplicate`,
  body: { title },
})
export const remove = (id: string): Call => ({ method: 'DELETE', path: `/api/playground/sessions/${id}` })

/** What an answer took that was cut before it could say so; null = the record is not there, or not to be seen. */
export async function countsOf(requestId: string): Promise<Answer['tokens']> {
  try {
    const record = await get<RequestWholeOnWire>(`/api/requests/${requestId}`)
    const { tokens_in, tokens_cached, tokens_out, tokens_reasoning } = record
    return { in: tokens_in, cached: tokens_cached, out: tokens_out, reasoning: tokens_reasoning }
  } catch {
    return null
  }
}

/** Models whose weights are here and that an engine here runs, of one task or any; loaded ones first. */
export function useModelsHere(task: 'chat' | 'embedding' | null): {
  models: Model[]
  isPending: boolean
  error: unknown
} {
  const { data, isPending, error } = useQuery({
    queryKey: ['models', 'playground'],
    queryFn: ({ signal }) => get<ModelPageOnWire>('/api/models', { limit: 200, here: true }, signal),
    staleTime: 5_000,
  })
  const models = (data?.data ?? []).filter(
    (model) => model.served && (task === null ? TEXT.has(model.task) : model.task === task),
  )
  return { models: models.sort((a, b) => rankOf(a) - rankOf(b)), isPending, error }
}

const TEXT = new Set<Model['task']>(['chat', 'embedding'])
const RANK: Record<Model['state'], number> = {
  loaded: 0,
  loading: 1,
  here: 2,
  failed: 3,
  pulling: 4,
  paused: 5,
  'not-here': 6,
}

/** What answers at once, then what chats, then what the catalogue knows. */
const rankOf = (model: Model): number =>
  RANK[model.state] * 4 + (model.task === 'chat' ? 0 : 2) + (model.in_catalogue ? 0 : 1)

/** Facts of the models that are compared; without those that the server does not tell of. */
export function useModelDetails(ids: readonly string[]): ModelDetail[] {
  return useQueries({
    queries: ids.map((id) => ({
      queryKey: ['models', 'one', id],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        get<ModelDetail>(`/api/models/${encodeURIComponent(id)}`, undefined, signal),
      staleTime: 60_000,
      retry: false,
    })),
    combine: (results) => results.flatMap(({ data }) => (data ? [data] : [])),
  })
}
