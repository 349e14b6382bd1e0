/** Which keys a list holds, and in which order: a filter and a sort as the database sees them. */
import { and, asc, desc, eq, ilike, isNull, or, type SQL, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { inState, type KeyState } from './key-view.ts'
import { apiKey } from './tables.ts'

export const KEY_SORTS = ['created', 'name', 'last_used', 'expires'] as const
export type KeySort = (typeof KEY_SORTS)[number]
export type SortOrder = 'asc' | 'desc'

export type KeyFilter = {
  organizationId: string | null
  projectId: string | null
  state: KeyState | null
  /** A person's or a service account's id, or `machine`: whose key it is. */
  ownerId?: string | null
  /** Keys that may name this model. */
  model?: string | null
  /** Part of the name, the first or last characters of the secret, or the whole id. */
  search?: string | null
}

/** Keys made by the playground are never in a list: they come and go by the hour. */
export function matching(filter: KeyFilter, now: Date): SQL | undefined {
  const { organizationId, projectId, state, ownerId = null, model = null, search = null } = filter
  return and(
    eq(apiKey.kind, 'api'),
    organizationId === null ? undefined : eq(apiKey.organizationId, organizationId),
    projectId === null ? undefined : eq(apiKey.projectId, projectId),
    state === null ? undefined : inState(state, now),
    ownerId === null
      ? undefined
      : or(eq(apiKey.serviceAccountId, ownerId), and(isNull(apiKey.serviceAccountId), eq(apiKey.createdBy, ownerId))),
    model === null ? undefined : or(isNull(apiKey.models), sql`${apiKey.models} @> ${JSON.stringify([model])}::jsonb`),
    search === null || search === '' ? undefined : found(search),
  )
}

function found(search: string): SQL | undefined {
  const plain = search.replaceAll(/[\\%_]/g, '\\$&')
  return or(
    ilike(apiKey.name, `%${plain}%`),
    ilike(apiKey.last4, `%${plain}`),
    ilike(apiKey.prefix, `${plain}%`),
    eq(apiKey.id, search),
  )
}

/** What never was comes last, newest or oldest first alike: never used is before all uses, no expiry after all. */
const SORTED_BY: Record<KeySort, (of: typeof apiKey) => SQL> = {
  created: (of) => sql`${of.id}`,
  name: (of) => sql`lower(${of.name})`,
  last_used: (of) => sql`coalesce(${of.lastUsedAt}, '-infinity'::timestamptz)`,
  expires: (of) => sql`coalesce(${of.expiresAt}, 'infinity'::timestamptz)`,
}

/** The id decides between equals, and begins with the time. */
export function sorted(sort: KeySort, order: SortOrder): SQL[] {
  const towards = order === 'asc' ? asc : desc
  return [towards(SORTED_BY[sort](apiKey)), towards(apiKey.id)]
}

/**
 * Rows beyond the one where the page before ended. A key that is used meanwhile may move to another page of a list that is
 * sorted by use.
 */
export function beyond(after: string | null, sort: KeySort, order: SortOrder): SQL | undefined {
  if (after === null) return undefined
  const last = alias(apiKey, 'last_seen')
  const compares = order === 'asc' ? sql`>` : sql`<`
  // (lower(name), id) > (select lower(name), id from api_key as last_seen where id = $1)
  return sql`(${SORTED_BY[sort](apiKey)}, ${apiKey.id}) ${compares} (select ${SORTED_BY[sort](
    last as unknown as typeof apiKey,
  )}, ${last.id} from ${apiKey} as ${sql.identifier('last_seen')} where ${last.id} = ${after})`
}
