/**
 * Rotation: a key gets a new secret at once, and the one before goes on working for as long as programs need to change
 * over. Owns table api_key_old_secret.
 *
 *   secret 1 ─────────────────────┬──── overlap ────┤ ends, in every worker by its own clock
 *   secret 2                      └──────────────────────────────►
 *                              rotate
 *
 * More than one old secret may work: whoever loses a new secret before it is written down rotates again, and what runs
 * with the first must not stop for that. No old one outlives the overlap that was asked for last.
 */
import { and, count, eq, gt, lte } from 'drizzle-orm'
import type { Tx } from '../platform/database/database.ts'
import { KeyEnded, OldSecretsTooMany } from './errors.ts'
import { makeKeySecret } from './key-secret.ts'
import { stateOf } from './key-view.ts'
import { apiKey, apiKeyOldSecret } from './tables.ts'

export const OVERLAP_S_DEFAULT = 24 * 60 * 60
export const OVERLAP_S_MAX = 7 * 24 * 60 * 60
/** Each is one more key in every worker's memory. */
const OLD_SECRETS_MAX = 10

export type Rotated = {
  secret: string
  before: { prefix: string; last4: string }
  prefix: string
  last4: string
  endsAt: Date
}

/**
 * Gives a live key a new secret.
 * @param overlapS how long old secrets go on working; 0 = not at all
 * @throws KeyEnded where it is expired or revoked
 * @throws OldSecretsTooMany
 */
export async function rotateSecret(tx: Tx, keyId: string, overlapS: number, now: Date): Promise<Rotated> {
  // select … for update: of two rotations at once, the second replaces what the first has made.
  const [row] = await tx.select().from(apiKey).where(eq(apiKey.id, keyId)).for('update')
  if (!row) throw new Error(`key ${keyId} went away while it was rotated`)
  const state = stateOf(row, now)
  if (state !== 'live') throw new KeyEnded({ key: keyId, state })

  const endsAt = new Date(now.getTime() + overlapS * 1000)
  // update api_key_old_secret set ends_at = $1 where key_id = $2 and ends_at > $1
  await tx
    .update(apiKeyOldSecret)
    .set({ endsAt })
    .where(and(eq(apiKeyOldSecret.keyId, keyId), gt(apiKeyOldSecret.endsAt, endsAt)))
  const [working] = await tx
    .select({ secrets: count() })
    .from(apiKeyOldSecret)
    .where(and(eq(apiKeyOldSecret.keyId, keyId), gt(apiKeyOldSecret.endsAt, now)))
  if (overlapS > 0 && (working?.secrets ?? 0) >= OLD_SECRETS_MAX)
    throw new OldSecretsTooMany({ key: keyId, secretsMax: OLD_SECRETS_MAX })

  const { sha256, prefix, last4 } = row
  await tx.insert(apiKeyOldSecret).values({ sha256, keyId, prefix, last4, replacedAt: now, endsAt })
  const { secret, ...seen } = makeKeySecret()
  await tx.update(apiKey).set(seen).where(eq(apiKey.id, keyId))
  return { secret, before: { prefix, last4 }, prefix: seen.prefix, last4: seen.last4, endsAt }
}

/** How long an ended secret is remembered, so that one that turns up in a log is still known for what it was. */
const ENDED_KEPT_MS = 90 * 24 * 60 * 60_000

export async function forgetEndedSecrets(tx: Tx, now: Date): Promise<void> {
  await tx.delete(apiKeyOldSecret).where(lte(apiKeyOldSecret.endsAt, new Date(now.getTime() - ENDED_KEPT_MS)))
}
