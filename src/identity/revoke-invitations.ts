import { and, eq, isNull, type SQL } from 'drizzle-orm'
import type { Tx } from '../platform/database/database.ts'
import type { OrganizationRole } from './rules.ts'
import { invitation } from './tables.ts'

/**
 * Takes back the open invitations that somebody made and may not make any more, in the transaction that changed what he
 * may: what he handed out must not outlast it.
 * @param mayStillInvite his new role; null = he left
 * @returns how many
 */
export async function revokeInvitationsOf(
  tx: Tx,
  wanted: { organizationId: string; userId: string; now: Date; mayStillInvite: OrganizationRole | null },
): Promise<number> {
  const { organizationId, userId, now, mayStillInvite } = wanted
  if (mayStillInvite === 'owner') return 0
  const beyond: SQL | undefined = mayStillInvite === 'admin' ? eq(invitation.role, 'owner') : undefined
  const revoked = await tx
    .update(invitation)
    .set({ revokedAt: now })
    .where(
      and(
        eq(invitation.organizationId, organizationId),
        eq(invitation.createdBy, userId),
        isNull(invitation.acceptedAt),
        isNull(invitation.revokedAt),
        beyond,
      ),
    )
    .returning({ id: invitation.id })
  return revoked.length
}
