import { and, eq, inArray, isNull, type SQL } from 'drizzle-orm'
import type { Tx } from '../platform/database/database.ts'
import { makerMayStill } from './invitation-right.ts'
import { invitation } from './tables.ts'

/**
 * Takes back the open invitations that somebody made and may not make any more, in the transaction that changed what he
 * may: what he handed out must not outlast it.
 * @param wanted.organizationId null = wherever he made them
 * @returns how many
 */
export async function revokeInvitationsOf(
  tx: Tx,
  wanted: { organizationId: string | null; userId: string; now: Date },
): Promise<number> {
  const open: SQL | undefined = and(isNull(invitation.acceptedAt), isNull(invitation.revokedAt))
  const made = await tx
    .select()
    .from(invitation)
    .where(
      and(
        eq(invitation.createdBy, wanted.userId),
        wanted.organizationId === null ? undefined : eq(invitation.organizationId, wanted.organizationId),
        open,
      ),
    )
  const beyond: string[] = []
  for (const one of made) if (!(await makerMayStill(tx, one))) beyond.push(one.id)
  if (beyond.length === 0) return 0
  const revoked = await tx
    .update(invitation)
    .set({ revokedAt: wanted.now })
    .where(and(inArray(invitation.id, beyond), open))
    .returning({ id: invitation.id })
  return revoked.length
}
