/**
 * The pulls as the database has them: read, and moved from state to state. Owns the table catalog_pull.
 *
 * The row decides and not what this process remembers: every move is one conditional UPDATE.
 */
import { and, desc, eq, inArray, isNotNull, lt } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId } from '../platform/ids.ts'
import { IllegalPullMove, PullUnknown } from './errors.ts'
import type { PullPlan } from './plan-pull.ts'
import { OPEN_STATES, type PullState, statesBefore } from './pull-state.ts'
import { catalogPull, type PullRow } from './tables.ts'

export type PullPage = {
  /** 50 unless asked, 200 at most. */
  limit?: number
  /** Id that an earlier page ended with. */
  before?: string
  states?: PullState[]
  model?: string
}

export function createPullRows({ db, clock }: { db: Db; clock: Clock }) {
  const now = () => new Date(clock.nowMs())

  async function one(id: string): Promise<PullRow> {
    const [row] = await db.select().from(catalogPull).where(eq(catalogPull.id, id))
    if (!row) throw new PullUnknown({ pull: id })
    return row
  }

  return {
    /** @throws PullUnknown */
    one,

    /**
     * Moves a pull if its state in the database allows it; the condition decides, not what we last read.
     * @throws IllegalPullMove, PullUnknown
     */
    async move(id: string, to: PullState, also: Partial<PullRow> = {}): Promise<PullRow> {
      const [row] = await db
        .update(catalogPull)
        .set({ ...also, state: to, updatedAt: now() })
        .where(and(eq(catalogPull.id, id), inArray(catalogPull.state, statesBefore(to))))
        .returning()
      if (!row) throw new IllegalPullMove({ pull: id, from: (await one(id)).state, to })
      return row
    },

    /** Null where it was cancelled meanwhile. */
    async markDone(tx: Tx, id: string, bytes: number, at: Date): Promise<PullRow | null> {
      const [row] = await tx
        .update(catalogPull)
        .set({ state: 'done', bytesDone: bytes, bytesTotal: bytes, updatedAt: at })
        .where(and(eq(catalogPull.id, id), inArray(catalogPull.state, ['running', 'paused'])))
        .returning()
      return row ?? null
    },

    async saveProgress(id: string, bytesDone: number, bytesTotal: number): Promise<void> {
      await db.update(catalogPull).set({ bytesDone, bytesTotal, updatedAt: now() }).where(eq(catalogPull.id, id))
    },

    /** Writes a new pull; null while one of the same model is open. */
    async insert(plan: PullPlan): Promise<PullRow | null> {
      const at = now()
      const [row] = await db
        .insert(catalogPull)
        .values({ ...plan, id: newId('pull', at.getTime()), state: 'queued', createdAt: at, updatedAt: at })
        .onConflictDoNothing()
        .returning()
      return row ?? null
    },

    /** Queues a failed pull again, with a new plan; null where it is not failed any more. */
    async queueAgain(id: string, plan: PullPlan): Promise<PullRow | null> {
      const [row] = await db
        .update(catalogPull)
        .set({ ...plan, state: 'queued', errorCode: null, errorMessage: null, updatedAt: now() })
        .where(and(eq(catalogPull.id, id), eq(catalogPull.state, 'failed')))
        .returning()
      return row ?? null
    },

    /** After a start: what the last process left running. */
    async queueRunning(): Promise<void> {
      await db.update(catalogPull).set({ state: 'queued', updatedAt: now() }).where(eq(catalogPull.state, 'running'))
    },

    async openOf(model: string): Promise<PullRow | null> {
      const [row] = await db
        .select()
        .from(catalogPull)
        .where(and(eq(catalogPull.model, model), inArray(catalogPull.state, [...OPEN_STATES])))
      return row ?? null
    },

    /** The latest first. */
    failedOf: (model: string): Promise<PullRow[]> =>
      db
        .select()
        .from(catalogPull)
        .where(and(eq(catalogPull.model, model), eq(catalogPull.state, 'failed')))
        .orderBy(desc(catalogPull.id)),

    /** The oldest first. */
    queued: (): Promise<PullRow[]> =>
      db.select().from(catalogPull).where(eq(catalogPull.state, 'queued')).orderBy(catalogPull.createdAt),

    /** Open ones and failed ones, the oldest first. */
    unfinished: (): Promise<PullRow[]> =>
      db
        .select()
        .from(catalogPull)
        .where(inArray(catalogPull.state, [...OPEN_STATES, 'failed']))
        .orderBy(catalogPull.createdAt),

    page: ({ limit = 50, before, states, model }: PullPage): Promise<PullRow[]> =>
      db
        .select()
        .from(catalogPull)
        .where(
          and(
            before === undefined ? undefined : lt(catalogPull.id, before),
            states === undefined ? undefined : inArray(catalogPull.state, states),
            model === undefined ? undefined : eq(catalogPull.model, model),
          ),
        )
        .orderBy(desc(catalogPull.id))
        .limit(Math.min(200, limit)),

    async licenceAcceptance(model: string): Promise<{ by: string; atMs: number } | null> {
      const [row] = await db
        .select({ by: catalogPull.licenceAcceptedBy, at: catalogPull.licenceAcceptedAt })
        .from(catalogPull)
        .where(and(eq(catalogPull.model, model), isNotNull(catalogPull.licenceAcceptedAt)))
        .orderBy(desc(catalogPull.id))
        .limit(1)
      return row?.by && row.at ? { by: row.by, atMs: row.at.getTime() } : null
    },
  }
}
