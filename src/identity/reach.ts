/**
 * How far somebody's lists go: the rules say yes or no to one thing, and a list is many things at once.
 * Pure module.
 */
import { type Action, type Caller, may, organizationsFor, requireVisible, type Target } from './rules.ts'

/** What a list may hold: whole organisations without some of their projects, and single projects beside them. */
export type Reach = 'all' | { organizationIds: string[]; exceptProjectIds: string[]; projectIds: string[] }

/** Where `caller` may do `action`, for lists of what belongs to projects. */
export function reachOf(caller: Caller, action: Action): Reach {
  const organizationIds = organizationsFor(caller, action)
  if (organizationIds === 'all') return 'all'
  if (caller.kind === 'key') {
    const projectIds = organizationIds.length > 0 ? [caller.projectId] : []
    return { organizationIds: [], exceptProjectIds: [], projectIds }
  }
  const roles = caller.kind === 'person' ? (caller.projectRoles ?? []) : []
  const ids = (wanted: (role: Target, isInside: boolean) => boolean) =>
    roles
      .filter((role) => wanted(role, organizationIds.includes(role.organizationId)))
      .map(({ projectId }) => projectId)
  return {
    organizationIds,
    exceptProjectIds: ids((role, isInside) => isInside && !may(caller, action, role)),
    projectIds: ids((role, isInside) => !isInside && may(caller, action, role)),
  }
}

/** Whether `caller` may do `action` in an organisation, or at least in a project of it. */
export function reaches(caller: Caller, organizationId: string, action: Action): boolean {
  if (may(caller, action, { organizationId })) return true
  const roles = caller.kind === 'person' ? (caller.projectRoles ?? []) : []
  return roles.some((role) => role.organizationId === organizationId && may(caller, action, role))
}

/**
 * For lists that `reachOf` limits: also whoever may do `action` in a single project may ask for the organisation's.
 * @throws OrganizationUnknown unless some of it is in reach
 */
export function requireInReach(caller: Caller, organizationId: string, action: Action): void {
  if (!reaches(caller, organizationId, action)) requireVisible(caller, organizationId, action)
}
