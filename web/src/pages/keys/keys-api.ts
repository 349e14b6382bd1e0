/** What the Keys page asks and does. */
import { infiniteQueryOptions, keepPreviousData, queryOptions } from '@tanstack/react-query'
import type { Static } from 'typebox'
import type { UsageByKeyShape } from '../../../../src/billing/usage-schema.ts'
import type { FoundKeysShape, KeyPage, KeyShape, NewKeyShape } from '../../../../src/identity/key-schema.ts'
import { type Call, get } from '../../api/client.ts'
import type { KeysSearch } from './search.ts'

export type Key = Static<typeof KeyShape>
export type NewKey = Static<typeof NewKeyShape>
export type FoundKeys = Static<typeof FoundKeysShape>
type Page = Static<typeof KeyPage>

type UsageByKey = Static<typeof UsageByKeyShape>
export type KeyUsage = UsageByKey['data'][number]['totals']

const PAGE_ROWS = 50
/** The server answers no more in one call. */
const KEYS_AT_ONCE = 200
/** What was done elsewhere, in another tab say, is seen before one wonders. */
const KEYS_EVERY_MS = 4_000
/** A fresh key's first use is seen within two seconds. */
const WAIT_FOR_FIRST_CALL_MS = 1_000

export function keysQuery(projectId: string, { q, state, model, owner, sort, order }: KeysSearch) {
  const filter = { project_id: projectId, search: q, state, model, owner_id: owner, sort, order }
  return infiniteQueryOptions({
    queryKey: ['keys', filter],
    queryFn: ({ pageParam, signal }) =>
      get<Page>('/api/keys', { ...filter, limit: PAGE_ROWS, after: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    // While one types, the list stays, and the field with it.
    placeholderData: keepPreviousData,
    enabled: projectId !== '',
    refetchInterval: KEYS_EVERY_MS,
  })
}

export function keyQuery(id: string, { untilUsed = false } = {}) {
  return queryOptions({
    queryKey: ['keys', 'one', id],
    queryFn: ({ signal }) => get<Key>(`/api/keys/${id}`, undefined, signal),
    refetchInterval: untilUsed
      ? (query) => (query.state.data?.last_used_at ? false : WAIT_FOR_FIRST_CALL_MS)
      : KEYS_EVERY_MS,
  })
}

/** What each of these keys used in the last 30 days, by its id. */
export function keysUsageQuery(ids: readonly string[]) {
  return queryOptions({
    queryKey: ['usage', 'by-key', ids],
    queryFn: ({ signal }) => usageOf(ids, signal),
    enabled: ids.length > 0,
    placeholderData: keepPreviousData,
    refetchInterval: KEYS_EVERY_MS,
  })
}

async function usageOf(ids: readonly string[], signal: AbortSignal): Promise<Map<string, KeyUsage>> {
  const parts = Array.from({ length: Math.ceil(ids.length / KEYS_AT_ONCE) }, (_, part) =>
    ids.slice(part * KEYS_AT_ONCE, (part + 1) * KEYS_AT_ONCE),
  )
  const answers = await Promise.all(
    parts.map((part) => get<UsageByKey>('/api/usage/by-key', { key_ids: part.join(',') }, signal)),
  )
  return new Map(answers.flatMap(({ data }) => data.map(({ key_id, totals }) => [key_id, totals] as const)))
}

export type KeyWish = {
  name: string
  project_id: string
  models: string[] | null
  ips: string[] | null
  expires_at: string | null
  scopes: Key['scopes']
  service_account_id?: string | null
}

export const createKey = (body: KeyWish): Call => ({ method: 'POST', path: '/api/keys', body })
export const changeKey = (
  id: string,
  body: Partial<Pick<KeyWish, 'name' | 'models' | 'ips' | 'expires_at'>>,
): Call => ({
  method: 'PATCH',
  path: `/api/keys/${id}`,
  body,
})
export const rotateKey = (id: string, overlapS: number): Call => ({
  method: 'POST',
  path: `/api/keys/${id}/rotate`,
  body: { overlap_s: overlapS },
})
export const revokeKey = (id: string): Call => ({ method: 'DELETE', path: `/api/keys/${id}` })
export const findKeys = (text: string): Call => ({ method: 'POST', path: '/api/keys/find', body: { text } })

/** One address or range a line, or between commas. null = anywhere. */
export function ipsIn(text: string): string[] | null {
  const ips = text
    .split(/[\s,;]+/)
    .map((ip) => ip.trim())
    .filter(Boolean)
  return ips.length === 0 ? null : ips
}

export const LIFETIMES = ['never', '7', '30', '90', '365'] as const
export type Lifetime = (typeof LIFETIMES)[number]

export function expiryIn(lifetime: Lifetime, nowMs = Date.now()): string | null {
  return lifetime === 'never' ? null : new Date(nowMs + Number(lifetime) * 86_400_000).toISOString()
}
