/** `reachOf`, as the database sees it. */
import { and, inArray, notInArray, or, type SQL, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { reachOf } from './reach.ts'
import { type Action, type Caller, organizationsFor } from './rules.ts'

/** Limits a query to the organisations where `caller` may do `action`; for what belongs to organisations as a whole. */
export function within(column: AnyPgColumn, caller: Caller, action: Action): SQL | undefined {
  const ids = organizationsFor(caller, action)
  return ids === 'all' ? undefined : inArray(column, ids)
}

/** Limits a query to the projects where `caller` may do `action`; for what belongs to a project. */
export function withinProjects(
  columns: { organizationId: AnyPgColumn; projectId: AnyPgColumn },
  caller: Caller,
  action: Action,
): SQL | undefined {
  const reach = reachOf(caller, action)
  if (reach === 'all') return undefined
  const { organizationIds, exceptProjectIds, projectIds } = reach
  return or(
    organizationIds.length === 0
      ? sql`false`
      : and(
          inArray(columns.organizationId, organizationIds),
          exceptProjectIds.length === 0 ? undefined : notInArray(columns.projectId, exceptProjectIds),
        ),
    projectIds.length === 0 ? undefined : inArray(columns.projectId, projectIds),
  )
}
