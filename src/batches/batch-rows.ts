/** The rows of batches, as the runner moves them on. A state changes here only, and only along `NEXT`. */
import { and, eq, inArray } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { type BatchStatus, before, OPEN } from './batch-state.ts'
import { batch } from './tables.ts'

export type BatchRow = typeof batch.$inferSelect
type Changes = Partial<typeof batch.$inferInsert>

/** When it came to a state, by the state. */
const SINCE = {
  in_progress: 'inProgressAt',
  finalizing: 'finalizingAt',
  completed: 'completedAt',
  failed: 'failedAt',
  expired: 'expiredAt',
  cancelling: 'cancellingAt',
  cancelled: 'cancelledAt',
} as const satisfies Record<Exclude<BatchStatus, 'validating'>, keyof BatchRow>

export type BatchRows = ReturnType<typeof createBatchRows>

export function createBatchRows({ db, clock }: { db: Db; clock: Clock }) {
  return {
    /** Those that go on by themselves, oldest first. */
    open: (): Promise<BatchRow[]> => db.select().from(batch).where(inArray(batch.status, OPEN)).orderBy(batch.id),

    /** @returns null = it is gone */
    async find(id: string): Promise<BatchRow | null> {
      const [row] = await db.select().from(batch).where(eq(batch.id, id))
      return row ?? null
    },

    /**
     * Moves a batch on, if it is still where it may come from.
     * @returns the row as it is then; null = it has gone another way meanwhile, or is gone
     */
    async move(
      id: string,
      to: Exclude<BatchStatus, 'validating'>,
      changes: Changes = {},
      on: Db | Tx = db,
    ): Promise<BatchRow | null> {
      // update batch set status = $1, …_at = $2 where id = $3 and status in (…): of two who move it, one does.
      const [row] = await on
        .update(batch)
        .set({ ...changes, status: to, [SINCE[to]]: new Date(clock.nowMs()) })
        .where(and(eq(batch.id, id), inArray(batch.status, before(to))))
        .returning()
      return row ?? null
    },

    /** Changes what is known of it beside its state. */
    async note(id: string, changes: Omit<Changes, 'status'>): Promise<void> {
      await db.update(batch).set(changes).where(eq(batch.id, id))
    },
  }
}
