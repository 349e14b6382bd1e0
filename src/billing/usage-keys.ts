/**
 * What keys, projects and people are called beside their usage. Each key that uses something leaves its names here, so
 * that figures keep them when the key, the project or the person is gone; while they are there, their names of now count.
 */
import { eq, inArray, sql } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { usageKey } from './tables.ts'

export type KeyFacts = typeof usageKey.$inferSelect
/** Asks whoever knows keys; those that are gone are left out. */
export type FindKeys = (keyIds: readonly string[]) => Promise<KeyFacts[]>

/** All keys of the playground are one to a person who looks at usage. */
export const PLAYGROUND = 'playground'

/** Names are looked up again when a key is used after this time. */
const REMEMBER_AGAIN_MS = 60_000

export type UsageKeys = ReturnType<typeof createUsageKeys>

export function createUsageKeys({ db, clock, findKeys }: { db: Db; clock: Clock; findKeys: FindKeys }) {
  const rememberedAtMs = new Map<string, number>()

  return {
    /** Keeps the names of keys that are being used. */
    async remember(keyIds: readonly string[]): Promise<void> {
      const nowMs = clock.nowMs()
      const due = [...new Set(keyIds)].filter(
        (id) => (rememberedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) + REMEMBER_AGAIN_MS <= nowMs,
      )
      if (due.length === 0) return
      const facts = (await findKeys(due)).sort((a, b) => (a.keyId < b.keyId ? -1 : 1))
      // insert into usage_key … on conflict (key_id) do update set name = excluded.name, …
      if (facts.length > 0)
        await db
          .insert(usageKey)
          .values(facts)
          .onConflictDoUpdate({
            target: usageKey.keyId,
            set: {
              name: sql`excluded.name`,
              kind: sql`excluded.kind`,
              projectId: sql`excluded.project_id`,
              projectName: sql`excluded.project_name`,
              ownerId: sql`excluded.owner_id`,
              ownerName: sql`excluded.owner_name`,
            },
          })
      for (const id of due) rememberedAtMs.set(id, nowMs)
    },

    /** What these keys are called now, or were when they were last used. Keys that nobody ever named are left out. */
    async factsOf(keyIds: readonly string[]): Promise<Map<string, KeyFacts & { isGone: boolean }>> {
      const ids = [...new Set(keyIds)]
      if (ids.length === 0) return new Map()
      const remembered = await db.select().from(usageKey).where(inArray(usageKey.keyId, ids))
      const facts = new Map(remembered.map((key) => [key.keyId, { ...key, isGone: true }]))
      for (const key of await findKeys(ids)) facts.set(key.keyId, { ...key, isGone: false })
      return facts
    },
  }
}

/** The keys of a person or service account, or those of the playground: a subquery of their ids. */
export function keysOf(db: Db, wanted: { ownerId: string } | { kind: 'console' }) {
  const where = 'ownerId' in wanted ? eq(usageKey.ownerId, wanted.ownerId) : eq(usageKey.kind, wanted.kind)
  return db.select({ id: usageKey.keyId }).from(usageKey).where(where)
}
