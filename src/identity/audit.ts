import { asc, eq, gt, sql } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId } from '../platform/ids.ts'
import { type AuditActor, type AuditEntry, type AuditEvent, appendTo, CHAIN_START, checkChain } from './audit-chain.ts'
import { createAuditReader, eventOf } from './read-audit.ts'
import { type Caller, requireMay } from './rules.ts'
import { auditEvent, auditHead } from './tables.ts'

export type Audit = ReturnType<typeof createAudit>

const VERIFY_EVENTS_AT_ONCE = 1000

/** The trail of changes. Owns tables audit_event and audit_head; reading it is in `read-audit.ts`. */
export function createAudit({ db, clock }: { db: Db; clock: Clock }) {
  return {
    ...createAuditReader(db),

    /**
     * Appends what happened, in the transaction of the change itself: no change without its event, no event without its
     * change. Call it last in the transaction, since it holds the chain's end until the commit.
     */
    async record(tx: Tx, entry: AuditEntry): Promise<AuditEvent> {
      const atMs = clock.nowMs()
      const end = await lockEnd(tx)
      const event = appendTo(end, entry, newId('evt', atMs), new Date(atMs))
      await tx.insert(auditEvent).values(rowOf(event))
      await tx
        .update(auditHead)
        .set({ sequence: event.sequence, hash: event.hash })
        .where(eq(auditHead.sequence, end.sequence))
      return event
    },

    /**
     * Appends what `caller` did to the installation and no transaction of ours holds, such as a model loaded or a pull
     * begun. Call it once it is done.
     */
    note(caller: Caller, entry: Pick<AuditEntry, 'action' | 'target' | 'before' | 'after'>): Promise<AuditEvent> {
      return db.transaction((tx) => this.record(tx, { ...by(caller), organizationId: null, ...entry }))
    },

    /** Actor and address of a caller, as `record` wants them of houses above this one. */
    by,

    /**
     * Reads the whole chain again.
     * @returns `intact` with the number of events and the head's hash, which is worth noting elsewhere; or the first break
     */
    async verify(caller: Caller): Promise<AuditVerdict> {
      requireMay(caller, 'audit.verify')
      const [head = CHAIN_START] = await db.select().from(auditHead)
      let end = CHAIN_START
      for (let rows = null as Row[] | null; rows === null || rows.length === VERIFY_EVENTS_AT_ONCE; ) {
        // select * from audit_event where sequence > $1 order by sequence limit 1000
        rows = await db
          .select()
          .from(auditEvent)
          .where(gt(auditEvent.sequence, end.sequence))
          .orderBy(asc(auditEvent.sequence))
          .limit(VERIFY_EVENTS_AT_ONCE)
        const verdict = checkChain(end, rows.map(eventOf))
        if (!verdict.intact) return { ...verdict, events: end.sequence }
        // The head was read first and events may be appended since: the chain must pass through it, and may go on.
        const atHead = rows.find((row) => row.sequence === head.sequence)
        if (atHead && atHead.hash !== head.hash)
          return {
            intact: false,
            events: atHead.sequence,
            event: atHead.id,
            why: 'It is not the event that was noted as the last.',
          }
        end = verdict.end
      }
      if (end.sequence < head.sequence)
        return {
          intact: false,
          events: end.sequence,
          event: null,
          why: `The chain ends at event ${end.sequence}, but ${head.sequence} were written: the last ones were taken out.`,
        }
      return { intact: true, events: end.sequence, head: end.hash }
    },
  }
}

export type AuditVerdict =
  | { intact: true; events: number; head: string }
  | { intact: false; events: number; event: string | null; why: string }

/** Who a caller is in the trail. */
export function actorOf(caller: Caller): AuditActor {
  switch (caller.kind) {
    case 'person':
      return { kind: 'person', id: caller.userId }
    case 'key':
      return { kind: 'key', id: caller.keyId }
    case 'machine':
      return { kind: 'machine', id: 'machine' }
    default:
      return caller satisfies never
  }
}

/** Actor and address of a caller, as an entry wants them. */
export function by(caller: Caller): Pick<AuditEntry, 'actor' | 'address'> {
  return { actor: actorOf(caller), address: caller.kind === 'person' ? caller.address : null }
}

/**
 * The end of the chain, locked until this transaction ends: the upsert takes the row's lock and then reads what the last
 * holder committed, in one statement. (`select … order by sequence desc for update` would wait for the old last event and
 * then append after it, too: a fork, which the unique previous_hash would refuse.)
 */
async function lockEnd(tx: Tx) {
  const [end] = await tx
    .insert(auditHead)
    .values({ id: 1, ...CHAIN_START })
    .onConflictDoUpdate({ target: auditHead.id, set: { id: sql`excluded.id` } })
    .returning({ sequence: auditHead.sequence, hash: auditHead.hash })
  if (!end) throw new Error('an upsert returned no row')
  return end
}

type Row = typeof auditEvent.$inferSelect

function rowOf({ actor, ...event }: AuditEvent): typeof auditEvent.$inferInsert {
  return { ...event, actorKind: actor.kind, actorId: actor.id }
}
