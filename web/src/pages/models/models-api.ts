/** What the pages of models ask and do. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Precision } from '../../../../src/catalog/model-family.ts'
import type {
  HubSettingsOnWire,
  LoadEstimateOnWire,
  ModelDetailOnWire,
  PrecisionOnWire,
  RepositoryOnWire,
} from '../../../../src/deployments/detail-schema.ts'
import type {
  FacetsOnWire,
  FitOnWire,
  ModelOnWire,
  ModelPageOnWire,
  PullOnWire,
  ReplicaListOnWire,
  ReplicaOnWire,
  SpeedOnWire,
  StripOnWire,
} from '../../../../src/deployments/schema.ts'
import { ApiError, type Call, get } from '../../api/client.ts'
import { filterOf, type ModelsSearch } from './search.ts'

export type Model = ModelOnWire
export type ModelDetail = ModelDetailOnWire
export type Choice = PrecisionOnWire
export type Estimate = LoadEstimateOnWire
export type Repository = RepositoryOnWire
export type HubFile = RepositoryOnWire['files'][number]
export type Pull = PullOnWire
export type Replica = ReplicaOnWire
export type Strip = StripOnWire
export type Facets = FacetsOnWire
export type FitFacts = FitOnWire
export type Speed = SpeedOnWire
export type { HubSettingsOnWire, Precision }

const PAGE_ROWS = 30
/** The figures behind it are at most a second old. */
const REPLICAS_EVERY_MS = 2_000
/** Free memory moves also while nothing here changes. */
const MODELS_EVERY_MS = 15_000

const isNotFound = (error: Error | null) => error instanceof ApiError && error.status === 404

const pathOf = (id: string) => `/api/models/${encodeURIComponent(id)}`

export const modelsQuery = (search: ModelsSearch) => {
  const filter = filterOf(search)
  return infiniteQueryOptions({
    queryKey: ['models', 'list', filter],
    queryFn: ({ pageParam, signal }) =>
      get<ModelPageOnWire>('/api/models', { ...filter, limit: PAGE_ROWS, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    placeholderData: keepPreviousData,
    refetchInterval: MODELS_EVERY_MS,
  })
}

export const modelQuery = (id: string) =>
  queryOptions({
    queryKey: ['models', 'one', id],
    queryFn: ({ signal }) => get<ModelDetail>(pathOf(id), undefined, signal),
    // What is not there is not asked for on and on; an event that says that the models are others asks once more.
    refetchInterval: ({ state }) => (isNotFound(state.error) ? false : MODELS_EVERY_MS),
    refetchOnWindowFocus: ({ state }) => !isNotFound(state.error),
    refetchOnReconnect: ({ state }) => !isNotFound(state.error),
  })

/** @param enabled whether this person may see what runs (`status.read`) */
export const replicasQuery = (enabled: boolean) =>
  queryOptions({
    queryKey: ['replicas'],
    queryFn: ({ signal }) => get<ReplicaListOnWire>('/api/replicas', undefined, signal),
    enabled,
    refetchInterval: REPLICAS_EVERY_MS,
  })

export const failedPullsQuery = queryOptions({
  queryKey: ['models', 'pulls', 'failed'],
  queryFn: ({ signal }) => get<{ data: Pull[] }>('/api/pulls', { state: 'failed', limit: 20 }, signal),
})

export type Wish = { context_tokens?: number; sequences?: number; precision?: Precision }

export const fitQuery = (id: string, wish: Wish, enabled = true) =>
  queryOptions({
    queryKey: ['models', 'fit', id, wish],
    queryFn: ({ signal }) => get<Estimate>(`${pathOf(id)}/fit`, wish, signal),
    placeholderData: keepPreviousData,
    enabled,
    retry: false,
  })

export const repositoryQuery = (name: string) =>
  queryOptions({
    queryKey: ['models', 'repository', name],
    queryFn: ({ signal }) => get<Repository>('/api/hub/repository', { name }, signal),
    enabled: name !== '',
    staleTime: 60_000,
    retry: false,
  })

export type PullWish = {
  precision?: Precision
  accept_licence?: boolean
  even_if_it_does_not_fit?: boolean
  as?: string
}

const post = (path: string, body?: unknown): Call => ({ method: 'POST', path, ...(body ? { body } : {}) })

export const pullModel = (reference: string, wish: PullWish): Call => post(`${pathOf(reference)}/pull`, wish)
export const importFile = (id: string, path: string): Call => post(`${pathOf(id)}/import`, { path })
export const loadModel = (id: string, wish: { context_tokens?: number; sequences?: number }): Call =>
  post(`${pathOf(id)}/load`, wish)
export const unloadModel = (id: string): Call => post(`${pathOf(id)}/unload`)
export const deleteWeights = (id: string, unload: boolean): Call => ({
  method: 'DELETE',
  path: `${pathOf(id)}/weights`,
  ...(unload ? { query: { unload } } : {}),
})
export const addAdapter = (id: string, body: { name: string; path: string; scale?: number }): Call =>
  post(`${pathOf(id)}/adapters`, body)
export const removeAdapter = (name: string): Call => ({
  method: 'DELETE',
  path: `/api/adapters/${encodeURIComponent(name)}`,
})
export const movePull = (id: string, to: 'pause' | 'resume' | 'cancel'): Call => post(`/api/pulls/${id}/${to}`)
export const restartReplica = (id: string): Call => post(`/api/replicas/${id}/restart`)
