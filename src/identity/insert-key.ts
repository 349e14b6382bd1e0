import { eq } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Tx } from '../platform/database/database.ts'
import { newId, randomText } from '../platform/ids.ts'
import type { Audit } from './audit.ts'
import type { AuditEntry } from './audit-chain.ts'
import { ServiceAccountUnknown } from './errors.ts'
import { requireRoomForKey } from './key-caps.ts'
import { canonicalIps, requireFuture } from './key-change.ts'
import { makeKeySecret } from './key-secret.ts'
import { readKeys } from './key-view.ts'
import { KEY_SCOPES, type KeyScope } from './rules.ts'
import { apiKey, serviceAccount } from './tables.ts'

export type CreateKey = {
  /** What it is for; people recognise it by this. */
  name: string
  /** Null = the only project there is. */
  projectId: string | null
  /** Default: all. */
  scopes?: KeyScope[]
  /** Models it may name; null = all. Default null. */
  models?: string[] | null
  /** Addresses and ranges that it may come from; null = all. Default null. */
  ips?: string[] | null
  /** Null = never. Default null. */
  expiresAt?: Date | null
  /** Who owns it in the place of a person, so that the person can leave. Default null. */
  serviceAccountId?: string | null
}

type NewKey = CreateKey & { projectId: string; organizationId: string; createdBy: string } & Pick<
    AuditEntry,
    'actor' | 'address'
  >

/**
 * Writes a key and its event, in a transaction that may hold more (set-up makes the first key with the first project).
 * @throws ExpiryPast
 * @throws IpRangeInvalid
 * @throws ServiceAccountUnknown
 * @throws KeysTooMany
 */
export async function insertKey(tx: Tx, { clock, audit }: { clock: Clock; audit: Audit }, wanted: NewKey) {
  const atMs = clock.nowMs()
  const now = new Date(atMs)
  const expiresAt = wanted.expiresAt ?? null
  requireFuture(expiresAt, now)
  await requireRoomForKey(tx, wanted.projectId, now)
  if (wanted.serviceAccountId != null) await requireServiceAccount(tx, wanted.serviceAccountId, wanted)
  const { secret, ...seen } = makeKeySecret()
  const id = newId('key', atMs)
  await tx.insert(apiKey).values({
    ...seen,
    id,
    organizationId: wanted.organizationId,
    projectId: wanted.projectId,
    name: wanted.name,
    scopes: wanted.scopes ?? [...KEY_SCOPES],
    models: wanted.models ?? null,
    ips: canonicalIps(wanted.ips ?? null),
    share: randomText(25),
    createdAt: now,
    createdBy: wanted.createdBy,
    serviceAccountId: wanted.serviceAccountId ?? null,
    expiresAt,
  })
  const key = await readKeys(tx, eq(apiKey.id, id), now).one()
  if (!key) throw new Error('a key that was just made is not there')
  await audit.record(tx, {
    actor: wanted.actor,
    address: wanted.address,
    action: 'key.created',
    target: key.id,
    organizationId: key.organizationId,
    after: {
      name: key.name,
      projectId: key.projectId,
      owner: { kind: key.owner.kind, id: key.owner.id },
      prefix: key.prefix,
      last4: key.last4,
      scopes: key.scopes,
      models: key.models,
      ips: key.ips,
      expiresAt: key.expiresAt?.toISOString() ?? null,
    },
  })
  return { key, secret }
}

/** Locked until the key is there: an account that is deleted meanwhile must find the key to revoke. */
async function requireServiceAccount(
  tx: Tx,
  id: string,
  { organizationId, projectId }: { organizationId: string; projectId: string },
): Promise<void> {
  const [account] = await tx.select().from(serviceAccount).where(eq(serviceAccount.id, id)).for('update')
  const isHere = account?.organizationId === organizationId && (account.projectId ?? projectId) === projectId
  if (!account || !isHere || account.deletedAt !== null) throw new ServiceAccountUnknown({ serviceAccount: id })
}
