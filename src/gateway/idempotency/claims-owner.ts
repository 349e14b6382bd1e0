/**
 * Who may run a request that carries an `Idempotency-Key`, and what became of it: control's side of `claim-wire.ts`.
 * Owns table idempotency_claim.
 *
 *   no row, or one past its day ──► running ──► answered   its answer is here, sealed, and is replayed
 *                                      │   └──► spent      it ran, and there is no answer to replay
 *                                      └──► (row deleted)  nothing was begun; or the lease lapsed and another takes it over
 *
 * In the database and not in memory as limits are: a limit that is forgotten lets a minute's requests through, a claim that
 * is forgotten is paid twice.
 */
import { and, eq, gt, inArray, lte, or, sql, sum } from 'drizzle-orm'
import type { Clock } from '../../platform/clock.ts'
import type { Db, Tx } from '../../platform/database/database.ts'
import type { Log } from '../../platform/log.ts'
import type { Sealer } from '../../platform/sealed-text.ts'
import { idempotencyClaim as claimRow } from '../tables.ts'
import { CLAIM_LEASE_MS, CLAIM_LIFE_MS, type Claim, type ClaimEnd, type ClaimVerdict } from './claim-wire.ts'

const SWEEP_EVERY_MS = 10 * 60_000
/** What is removed to make room, so that not every answer after it has to. */
const ROOM_SHARE = 0.05

export type ClaimsOwnerDeps = {
  db: Db
  clock: Clock
  log: Log
  sealer: Sealer
  /** Of all answers together, as they are stored. */
  bytesMax: number
  /** Keys that work, and whether their projects let content reach a disk. */
  keys(): Promise<readonly { id: string; contentOnDisk: boolean }[]>
}

export type ClaimsOwner = ReturnType<typeof createClaimsOwner>

export function createClaimsOwner({ db, clock, log, sealer, bytesMax, keys }: ClaimsOwnerDeps) {
  const startedAtMs = clock.nowMs()
  /** As last summed up and added to; null = not summed up yet. */
  let roughBytes: number | null = null

  /** While control was away nobody could renew, so that nothing has lapsed before everybody had the time to. */
  const lapsedBefore = (nowMs: number): Date => new Date(nowMs < startedAtMs + CLAIM_LEASE_MS ? 0 : nowMs)

  return {
    /** Gives the claim to this request, or says who has it. Asking again for the same request changes nothing. */
    async claim(wanted: Claim): Promise<ClaimVerdict> {
      const nowMs = clock.nowMs()
      const row = {
        ...wanted,
        state: 'running' as const,
        leaseUntil: new Date(nowMs + CLAIM_LEASE_MS),
        expiresAt: new Date(nowMs + CLAIM_LIFE_MS),
        why: null,
        status: null,
        contentType: null,
        answer: null,
        storedBytes: 0,
      }
      // insert … on conflict (key_id, name_sha256) do update set … where expires_at <= now
      //   or (state = 'running' and lease_until <= lapsed and body_sha256 = excluded.body_sha256) returning request_id
      // One statement, so that of two workers one gets it.
      const [taken] = await db
        .insert(claimRow)
        .values(row)
        .onConflictDoUpdate({
          target: [claimRow.keyId, claimRow.nameSha256],
          set: row,
          setWhere: sql`${or(
            lte(claimRow.expiresAt, new Date(nowMs)),
            and(
              eq(claimRow.state, 'running'),
              lte(claimRow.leaseUntil, lapsedBefore(nowMs)),
              eq(claimRow.bodySha256, wanted.bodySha256),
            ),
          )}`,
        })
        .returning({ requestId: claimRow.requestId })
      if (taken !== undefined) return { kind: 'begin' }
      const [held] = await db
        .select()
        .from(claimRow)
        .where(and(eq(claimRow.keyId, wanted.keyId), eq(claimRow.nameSha256, wanted.nameSha256)))
      // Between the two statements it was released: it is asked for again in a moment.
      if (held === undefined) return { kind: 'running', requestId: wanted.requestId }
      return verdictOf(held, wanted)
    },

    async renew(requestIds: readonly string[]): Promise<void> {
      await db
        .update(claimRow)
        .set({ leaseUntil: new Date(clock.nowMs() + CLAIM_LEASE_MS) })
        .where(and(inArray(claimRow.requestId, [...requestIds]), eq(claimRow.state, 'running')))
    },

    /** Only the request that has a claim can end it, and only once. */
    async end(end: ClaimEnd): Promise<void> {
      const isIts = and(eq(claimRow.requestId, end.requestId), eq(claimRow.state, 'running'))
      if (end.kind === 'released') {
        await db.delete(claimRow).where(isIts)
        return
      }
      if (end.kind === 'spent') {
        await db.update(claimRow).set({ state: 'spent', why: end.why }).where(isIts)
        return
      }
      const { status, contentType, packed } = end.answer
      const answer = sealer.seal(packed)
      const kept = { state: 'answered' as const, status, contentType, answer, storedBytes: answer.length }
      await db.update(claimRow).set(kept).where(isIts)
      await keepWithinSpace(answer.length)
    },

    /**
     * Lets go of what a project or an organisation has, in the transaction that deletes it. To be handed to identity's
     * listeners.
     */
    async forgetWithin(tx: Tx, gone: { organizationId: string; projectId: string | null }): Promise<void> {
      const { organizationId, projectId } = gone
      await tx
        .delete(claimRow)
        .where(projectId === null ? eq(claimRow.organizationId, organizationId) : eq(claimRow.projectId, projectId))
    },

    sweep,

    /** Sweeps every ten minutes. @returns what ends it */
    keepSweeping(): () => void {
      const timer = setInterval(
        () => void sweep().catch((error) => log.error({ err: error }, 'idempotency keys were not swept')),
        SWEEP_EVERY_MS,
      )
      timer.unref()
      return () => clearInterval(timer)
    },
  }

  function verdictOf(held: typeof claimRow.$inferSelect, wanted: Claim): ClaimVerdict {
    const { requestId } = held
    if (requestId === wanted.requestId && held.state === 'running') return { kind: 'begin' }
    if (held.bodySha256 !== wanted.bodySha256) return { kind: 'reused', requestId }
    if (held.state === 'running') return { kind: 'running', requestId }
    if (held.state === 'spent') return { kind: 'spent', requestId, why: held.why ?? 'failed' }
    // Sealed under another secret, it opens no more than one that was removed.
    const packed = held.answer === null ? null : sealer.open(held.answer)
    if (packed === null) return { kind: 'spent', requestId, why: 'removed' }
    const answer = { status: held.status ?? 200, contentType: held.contentType ?? 'application/json', packed }
    return { kind: 'answered', requestId, answer }
  }

  /** Deletes what is past its day, and answers whose key is gone or whose project lets nothing reach a disk any more. */
  async function sweep(): Promise<void> {
    await db.delete(claimRow).where(lte(claimRow.expiresAt, new Date(clock.nowMs())))
    const holders = await db.selectDistinct({ id: claimRow.keyId }).from(claimRow).where(gt(claimRow.storedBytes, 0))
    if (holders.length > 0) {
      const willing = new Set((await keys()).flatMap(({ id, contentOnDisk }) => (contentOnDisk ? [id] : [])))
      const unwilling = holders.flatMap(({ id }) => (willing.has(id) ? [] : [id]))
      if (unwilling.length > 0) await db.update(claimRow).set(REMOVED).where(inArray(claimRow.keyId, unwilling))
    }
    roughBytes = null
    await keepWithinSpace(0)
  }

  async function keepWithinSpace(addedBytes: number): Promise<void> {
    roughBytes = roughBytes === null ? await sumBytes() : roughBytes + addedBytes
    if (roughBytes <= bytesMax) return
    // update … where request_id in (those before which, counted from the newest, there are bytes enough): ids begin with
    // the time, so they are the order.
    const newer = db
      .select({
        requestId: claimRow.requestId,
        bytes: sql<number>`sum(${claimRow.storedBytes}) over (order by ${claimRow.requestId} desc)`.as('bytes'),
      })
      .from(claimRow)
      .as('newer')
    const oldest = db
      .select({ requestId: newer.requestId })
      .from(newer)
      .where(gt(newer.bytes, Math.floor(bytesMax * (1 - ROOM_SHARE))))
    await db
      .update(claimRow)
      .set(REMOVED)
      .where(and(gt(claimRow.storedBytes, 0), inArray(claimRow.requestId, oldest)))
    roughBytes = await sumBytes()
    log.warn({ bytesMax }, 'the oldest answers of idempotency keys were removed to make room; their keys stay taken')
  }

  async function sumBytes(): Promise<number> {
    const [row] = await db.select({ bytes: sum(claimRow.storedBytes).mapWith(Number) }).from(claimRow)
    return row?.bytes ?? 0
  }
}

const REMOVED = { state: 'spent' as const, why: 'removed' as const, answer: null, storedBytes: 0 }
