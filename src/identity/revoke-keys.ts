import { and, eq, inArray, isNull, type SQL } from 'drizzle-orm'
import type { Tx } from '../platform/database/database.ts'
import type { Audit } from './audit.ts'
import type { AuditEntry } from './audit-chain.ts'
import { apiKey } from './tables.ts'

/** A key that went with its owner, as the answer and the trail name it. */
export type RevokedKey = { id: string; name: string; projectId: string }

/** Whose keys go. A person's are those that he made and no service account owns. */
export type KeyOwner =
  | { kind: 'person'; userId: string; organizationId: string; projectIds: string[] | 'all' }
  | { kind: 'service-account'; id: string }

/**
 * Revokes every key of an owner who goes, in the transaction that lets him go, with an event for each. Expired keys too:
 * nobody should be able to prolong them afterwards. Tell `KeyChanges` after the commit.
 * @returns the revoked ones, without those of the playground, which no list shows
 */
export async function revokeKeysOf(
  tx: Tx,
  owner: KeyOwner,
  {
    audit,
    now,
    because = 'its owner was taken out',
    ...who
  }: { audit: Audit; now: Date; because?: string } & Pick<AuditEntry, 'actor' | 'address'>,
): Promise<RevokedKey[]> {
  // update api_key set revoked_at = $1 where created_by = $2 and organization_id = $3 and service_account_id is null
  //   and revoked_at is null returning id, name, project_id
  const revoked = await tx
    .update(apiKey)
    .set({ revokedAt: now })
    .where(and(ownedBy(owner), isNull(apiKey.revokedAt)))
    .returning({
      id: apiKey.id,
      name: apiKey.name,
      projectId: apiKey.projectId,
      organizationId: apiKey.organizationId,
      kind: apiKey.kind,
    })
  const named = revoked.filter(({ kind }) => kind !== 'console')
  for (const key of named)
    await audit.record(tx, {
      ...who,
      action: 'key.revoked',
      target: key.id,
      organizationId: key.organizationId,
      before: { revokedAt: null },
      after: { revokedAt: now.toISOString(), because },
    })
  return named.map(({ id, name, projectId }) => ({ id, name, projectId }))
}

/** The keys that go with a person when he goes; for counting them too. */
export function ownedBy(owner: KeyOwner): SQL | undefined {
  if (owner.kind === 'service-account') return eq(apiKey.serviceAccountId, owner.id)
  return and(
    eq(apiKey.createdBy, owner.userId),
    eq(apiKey.organizationId, owner.organizationId),
    isNull(apiKey.serviceAccountId),
    owner.projectIds === 'all' ? undefined : inArray(apiKey.projectId, owner.projectIds),
  )
}
