/** What of the usage is meant: the same for figures, lists and exports, so that they add up. */
import { and, eq, inArray, type SQL } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { requireInReach } from '../identity/reach.ts'
import type { Caller } from '../identity/rules.ts'
import { withinProjects } from '../identity/within.ts'
import type { Db } from '../platform/database/database.ts'
import type { Outcome } from './roll-up.ts'
import { keysOf, PLAYGROUND } from './usage-keys.ts'

/** Null = all. */
export type UsageFilter = {
  organizationId: string | null
  projectId: string | null
  /** A key's id, or `playground` for all keys of the playground. */
  keyId: string | null
  /** Whose keys: a person's id, a service account's, or `machine`. */
  personId: string | null
  model: string | null
  route: string | null
  outcome: Outcome | null
}

/** The filter of a query string. */
export function filterFrom(query: {
  organization_id?: string
  project_id?: string
  key_id?: string
  person_id?: string
  model?: string
  route?: string
  outcome?: Outcome
}): UsageFilter {
  return {
    organizationId: query.organization_id ?? null,
    projectId: query.project_id ?? null,
    keyId: query.key_id ?? null,
    personId: query.person_id ?? null,
    model: query.model ?? null,
    route: query.route ?? null,
    outcome: query.outcome ?? null,
  }
}

export const EVERYTHING: UsageFilter = filterFrom({})

type FilteredColumns = Record<'organizationId' | 'projectId' | 'keyId' | 'model' | 'route' | 'outcome', AnyPgColumn>

/**
 * Limits a query to what the filter names and `caller` may see. A foreign project or key finds what a missing one does:
 * nothing.
 * @throws OrganizationUnknown where a named organisation is not there, or not for him
 */
export function usageWhere(db: Db, columns: FilteredColumns, caller: Caller, filter: UsageFilter): SQL | undefined {
  if (filter.organizationId !== null) requireInReach(caller, filter.organizationId, 'usage.read')
  const same = (column: AnyPgColumn, value: string | null) => (value === null ? undefined : eq(column, value))
  return and(
    withinProjects(columns, caller, 'usage.read'),
    same(columns.organizationId, filter.organizationId),
    same(columns.projectId, filter.projectId),
    filter.keyId === PLAYGROUND
      ? inArray(columns.keyId, keysOf(db, { kind: 'console' }))
      : same(columns.keyId, filter.keyId),
    filter.personId === null ? undefined : inArray(columns.keyId, keysOf(db, { ownerId: filter.personId })),
    same(columns.model, filter.model),
    same(columns.route, filter.route),
    same(columns.outcome, filter.outcome),
  )
}
