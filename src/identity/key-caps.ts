/**
 * How many keys a project may have, and how often one person may change keys.
 *
 * Every change of a key makes all keys be read anew and told to every gateway worker, so whoever makes thousands, or makes
 * changes without a pause, slows the changes of everybody, a revocation after a leak among them.
 */
import { and, count, eq, gt, isNull, or } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Tx } from '../platform/database/database.ts'
import { KeyChangesTooMany, KeysTooMany } from './errors.ts'
import type { Caller } from './rules.ts'
import { apiKey, project } from './tables.ts'

export const KEYS_OF_PROJECT_MAX = 1_000
export const KEY_CHANGES_MAX = 60
const WITHIN_MS = 60_000
/** People remembered; beyond it those who changed something longest ago are forgotten. */
const PEOPLE_MAX = 10_000

/**
 * Keys of the playground do not count: a session has few, and they end by themselves.
 * @throws KeysTooMany
 */
export async function requireRoomForKey(tx: Tx, projectId: string, now: Date): Promise<void> {
  // select … for update: of two at once that want the last place, the second finds it taken.
  await tx.select({ id: project.id }).from(project).where(eq(project.id, projectId)).for('update')
  const [usable] = await tx
    .select({ keys: count() })
    .from(apiKey)
    .where(
      and(
        eq(apiKey.projectId, projectId),
        eq(apiKey.kind, 'api'),
        isNull(apiKey.revokedAt),
        or(isNull(apiKey.expiresAt), gt(apiKey.expiresAt, now)),
      ),
    )
  if ((usable?.keys ?? 0) >= KEYS_OF_PROJECT_MAX)
    throw new KeysTooMany({ project: projectId, keysMax: KEYS_OF_PROJECT_MAX })
}

export type KeyChangeLimit = ReturnType<typeof createKeyChangeLimit>

/** In memory, since one control is active per installation. The command line on this machine is not limited. */
export function createKeyChangeLimit(clock: Clock) {
  const changes = new Map<string, { since: number; count: number }>()
  return {
    /**
     * Counts one change, before it is made.
     * @throws KeyChangesTooMany
     */
    spend(caller: Caller): void {
      if (caller.kind !== 'person') return
      const now = clock.nowMs()
      const found = changes.get(caller.userId)
      const current = found && now - found.since < WITHIN_MS ? found : { since: now, count: 0 }
      if (current.count >= KEY_CHANGES_MAX)
        throw new KeyChangesTooMany({
          changesMax: KEY_CHANGES_MAX,
          retryAfterS: Math.ceil((current.since + WITHIN_MS - now) / 1000),
        })
      changes.delete(caller.userId)
      changes.set(caller.userId, { since: current.since, count: current.count + 1 })
      const [oldest] = changes.keys()
      if (changes.size > PEOPLE_MAX && oldest !== undefined) changes.delete(oldest)
    },
  }
}
