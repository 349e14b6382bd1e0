/**
 * One control is active per database. The lease row says which, until when; whoever takes it raises `term`, and a holder
 * that finds a higher term has been replaced and must stop at once. Times are the database's own, so clocks of two
 * machines need not agree.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { and, eq, lt, or, sql } from 'drizzle-orm'
import type { Db } from './database/database.ts'
import { controlLease } from './tables.ts'

const HELD_S = 15
const RENEW_MS = 5_000
const ROW = 1

export type LeaseOptions = {
  db: Db
  /** Names this control to another that waits: host and process. */
  holder: string
  /** Called once, the first time that another holds the lease. */
  onWait: (other: string) => void
  /** Called when another has taken the lease: end now. */
  onLost: () => void
}

/** Waits until the lease is ours, and renews it until `release`. */
export async function takeControlLease({
  db,
  holder,
  onWait,
  onLost,
}: LeaseOptions): Promise<{ term: number; release: () => Promise<void> }> {
  let waited = false
  for (;;) {
    const term = await tryTake(db, holder)
    if (term !== null) return keep(db, holder, term, onLost)
    if (!waited) {
      waited = true
      const [row] = await db.select({ holder: controlLease.holder }).from(controlLease).where(eq(controlLease.id, ROW))
      onWait(row?.holder ?? 'another')
    }
    await sleep(1_000)
  }
}

const until = sql`now() + make_interval(secs => ${HELD_S})`

async function tryTake(db: Db, holder: string): Promise<number | null> {
  const [row] = await db
    .insert(controlLease)
    .values({ id: ROW, holder, term: 1, heldUntil: until })
    .onConflictDoUpdate({
      target: controlLease.id,
      set: { holder, term: sql`${controlLease.term} + 1`, heldUntil: until },
      setWhere: or(lt(controlLease.heldUntil, sql`now()`), eq(controlLease.holder, holder)) ?? sql`false`,
    })
    .returning({ term: controlLease.term })
  return row?.term ?? null
}

function keep(db: Db, holder: string, term: number, onLost: () => void) {
  const mine = and(eq(controlLease.id, ROW), eq(controlLease.holder, holder), eq(controlLease.term, term))
  let lastRenewed = performance.now()
  const timer = setInterval(async () => {
    try {
      const rows = await db
        .update(controlLease)
        .set({ heldUntil: until })
        .where(mine)
        .returning({ term: controlLease.term })
      if (rows.length === 0) onLost()
      else lastRenewed = performance.now()
    } catch {
      // The database is away. Another control cannot see it either, unless only we are cut off: then our time is up.
      if (performance.now() - lastRenewed > HELD_S * 1_000) onLost()
    }
  }, RENEW_MS)
  timer.unref()
  return {
    term,
    release: async () => {
      clearInterval(timer)
      await db.update(controlLease).set({ heldUntil: sql`now()` }).where(mine)
    },
  }
}
