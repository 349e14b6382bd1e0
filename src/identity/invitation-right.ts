/** Who may make an invitation; asked when it is made, and again of its maker whenever it is looked at or accepted. */
import { and, eq } from 'drizzle-orm'
import type { Db, Tx } from '../platform/database/database.ts'
import { makerNow } from './callers-now.ts'
import { type Caller, may, type OrganizationRole } from './rules.ts'
import { member, organization } from './tables.ts'

export type InvitationPlace = { organizationId: string; projectId: string | null; role: OrganizationRole }

/** Whether the maker of an invitation may make it still: what he handed out must not outlast his right to. */
export async function makerMayStill(db: Db | Tx, made: InvitationPlace & { createdBy: string }): Promise<boolean> {
  const maker = await makerNow(db, made.createdBy)
  return maker !== null && mayInvite(db, maker, made)
}

export async function mayInvite(
  db: Db | Tx,
  caller: Caller,
  { organizationId, projectId, role }: InvitationPlace,
): Promise<boolean> {
  if (role === 'owner' && !may(caller, 'owners.change', { organizationId }))
    return projectId === null && mayInviteFirstOwner(db, caller, organizationId)
  return may(caller, 'invitations.create', { organizationId, ...(projectId === null ? {} : { projectId }) })
}

/** New, and made for somebody else: whoever may make organisations may invite its first owner too, and nobody after him. */
export async function mayInviteFirstOwner(db: Db | Tx, caller: Caller, organizationId: string): Promise<boolean> {
  if (!may(caller, 'organizations.create')) return false
  const [found] = await db
    .select({ owner: member.userId })
    .from(organization)
    .leftJoin(member, and(eq(member.organizationId, organization.id), eq(member.role, 'owner')))
    .where(eq(organization.id, organizationId))
    .limit(1)
  return found !== undefined && found.owner === null
}
