/** Reading the trail: pages of it, and all of it for a file. Writing and checking: `audit.ts`. */
import { and, desc, eq, gte, isNull, like, lt, type SQL } from 'drizzle-orm'
import type { Db } from '../platform/database/database.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import type { AuditEvent } from './audit-chain.ts'
import { organizationFor } from './organization-for.ts'
import { type Caller, requireMay } from './rules.ts'
import { auditEvent } from './tables.ts'
import { type ThingName, thingNames } from './thing-names.ts'

/** What is absent is not asked for. */
export type AuditFilter = {
  /** The trail of one organisation; null = of the installation itself. */
  organizationId: string | null
  /** `key.created`, or `key` for all that happened to keys. */
  action?: string | null
  /** Id of a person or a key, or `machine`. */
  actor?: string | null
  target?: string | null
  /** Id of the one that is wanted. */
  event?: string | null
  /** From this time on, and before that one. */
  from?: Date | null
  to?: Date | null
}

/** With what people call its actor and target; null = it is gone, or has no name. */
export type NamedAuditEvent = AuditEvent & { actorName: ThingName | null; targetName: ThingName | null }

const EXPORT_EVENTS_AT_ONCE = 500

export function createAuditReader(db: Db) {
  return {
    /**
     * Events, newest first.
     * @throws OrganizationUnknown where it is not there, or not for him
     * @throws Forbidden
     */
    async list(caller: Caller, filter: AuditFilter, page: Page): Promise<PageOf<NamedAuditEvent>> {
      await requireMayRead(caller, filter.organizationId)
      // select * from audit_event where organization_id = $1
      //   and sequence < (select sequence from audit_event where id = $2) order by sequence desc limit $3
      const after =
        page.after === null
          ? undefined
          : lt(
              auditEvent.sequence,
              db.select({ sequence: auditEvent.sequence }).from(auditEvent).where(eq(auditEvent.id, page.after)),
            )
      const rows = await newestFirst(and(conditionOf(filter), after), page.limit + 1)
      const { data, next } = pageOf(rows.map(eventOf), page)
      return { data: await named(data), next }
    },

    /**
     * All events that a filter lets through, newest first, some hundred at a time as they are asked for: what is not asked
     * for is not read.
     * @throws OrganizationUnknown at once, not while reading
     * @throws Forbidden at once, not while reading
     */
    async export(caller: Caller, filter: AuditFilter): Promise<AsyncGenerator<NamedAuditEvent[]>> {
      await requireMayRead(caller, filter.organizationId)
      return batches(conditionOf(filter))
    },
  }

  async function requireMayRead(caller: Caller, organizationId: string | null): Promise<void> {
    if (organizationId === null) requireMay(caller, 'audit.read_installation')
    else await organizationFor(db, caller, organizationId, 'audit.read')
  }

  async function* batches(condition: SQL | undefined): AsyncGenerator<NamedAuditEvent[]> {
    let before: SQL | undefined
    for (;;) {
      const rows = await newestFirst(and(condition, before), EXPORT_EVENTS_AT_ONCE)
      if (rows.length > 0) yield await named(rows.map(eventOf))
      const last = rows.at(-1)
      if (!last || rows.length < EXPORT_EVENTS_AT_ONCE) return
      before = lt(auditEvent.sequence, last.sequence)
    }
  }

  function newestFirst(condition: SQL | undefined, limit: number) {
    return db.select().from(auditEvent).where(condition).orderBy(desc(auditEvent.sequence)).limit(limit)
  }

  async function named(events: AuditEvent[]): Promise<NamedAuditEvent[]> {
    const names = await thingNames(
      db,
      events.flatMap(({ actor, target }) => [actor.id, target]),
    )
    return events.map((event) => ({
      ...event,
      actorName: names.get(event.actor.id) ?? null,
      targetName: names.get(event.target) ?? null,
    }))
  }
}

function conditionOf({ organizationId, action, actor, target, event, from, to }: AuditFilter): SQL | undefined {
  return and(
    organizationId === null ? isNull(auditEvent.organizationId) : eq(auditEvent.organizationId, organizationId),
    action ? actionIs(action) : undefined,
    actor ? eq(auditEvent.actorId, actor) : undefined,
    target ? eq(auditEvent.target, target) : undefined,
    event ? eq(auditEvent.id, event) : undefined,
    from ? gte(auditEvent.at, from) : undefined,
    to ? lt(auditEvent.at, to) : undefined,
  )
}

function actionIs(action: string): SQL {
  return action.includes('.')
    ? eq(auditEvent.action, action)
    : like(auditEvent.action, `${action.replaceAll(/[\\%_]/g, '\\$&')}.%`)
}

/** A row as the chain sees it. */
export function eventOf({ actorKind, actorId, ...row }: typeof auditEvent.$inferSelect): AuditEvent {
  return { ...row, actor: { kind: actorKind, id: actorId } }
}
