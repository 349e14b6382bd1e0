/** What goes with a role that somebody got or lost, in the transaction that changed it. Tell `KeyChanges` after the commit. */
import { and, eq, isNull } from 'drizzle-orm'
import type { Tx } from '../platform/database/database.ts'
import type { Audit } from './audit.ts'
import type { AuditEntry } from './audit-chain.ts'
import { callersNow } from './callers-now.ts'
import { endResetLinks } from './end-reset-links.ts'
import { revokeInvitationsOf } from './revoke-invitations.ts'
import { type RevokedKey, revokeKeysOf } from './revoke-keys.ts'
import { may } from './rules.ts'
import { apiKey } from './tables.ts'

export type WentWithRole = { keysRevoked: RevokedKey[]; invitationsRevoked: number }

/**
 * Revokes the invitations that he may not make any more, and the keys that he owns in projects where he may not send
 * prompts any more: a key would go on doing for him what is refused to himself. Links to reset his password end too,
 * since they were made by the measure of what he had before.
 */
export async function settleRoleChange(
  tx: Tx,
  { organizationId, userId }: { organizationId: string; userId: string },
  { audit, now, ...who }: { audit: Audit; now: Date } & Pick<AuditEntry, 'actor' | 'address'>,
): Promise<WentWithRole> {
  await endResetLinks(tx, userId)
  const invitationsRevoked = await revokeInvitationsOf(tx, { organizationId, userId, now })
  const person = (await callersNow(tx, [userId])).get(userId)
  const held = await tx
    .selectDistinct({ projectId: apiKey.projectId })
    .from(apiKey)
    .where(
      and(
        eq(apiKey.createdBy, userId),
        eq(apiKey.organizationId, organizationId),
        isNull(apiKey.serviceAccountId),
        isNull(apiKey.revokedAt),
      ),
    )
  const projectIds = held
    .map(({ projectId }) => projectId)
    .filter((projectId) => !person || !may(person, 'inference', { organizationId, projectId }))
  if (projectIds.length === 0) return { keysRevoked: [], invitationsRevoked }
  const because = 'its owner may not send prompts there any more'
  const owner = { kind: 'person', userId, organizationId, projectIds } as const
  return { keysRevoked: await revokeKeysOf(tx, owner, { ...who, audit, now, because }), invitationsRevoked }
}

/** For the trail. */
export function keyNames(keys: RevokedKey[]): { id: string; name: string }[] {
  return keys.map(({ id, name }) => ({ id, name }))
}
