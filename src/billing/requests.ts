import { and, desc, eq, gte, lt, type SQL, sql } from 'drizzle-orm'
import { type Caller, may } from '../identity/rules.ts'
import type { Db } from '../platform/database/database.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { RequestUnknown } from './errors.ts'
import { usageRecord } from './tables.ts'
import { wholeMinutes } from './time-steps.ts'
import { type UsageFilter, usageWhere } from './usage-filter.ts'
import type { UsageKeys } from './usage-keys.ts'

/** A record as the database keeps it. */
export type UsageRow = typeof usageRecord.$inferSelect

/** A record, with what its key, project and person are called; null where nobody knows. */
export type RequestSeen = UsageRow & {
  keyName: string | null
  keyKind: 'api' | 'console' | null
  projectName: string | null
  personId: string | null
  personName: string | null
}

/** Null = all. */
export type RequestFilter = UsageFilter & {
  /** Milliseconds since the epoch; in whole minutes, as figures of usage are told. */
  from: number | null
  to: number | null
  /** In and out together. */
  tokensMin: number | null
  /** A route that leads to several models. */
  requestedModel: string | null
  /** A request's id, or its beginning. */
  id: string | null
}

/** Whatever they began with and however large they were. */
export const ALL_REQUESTS = { from: null, to: null, tokensMin: null, requestedModel: null, id: null } as const

/** Rows that a whole export reads at a time. */
const EXPORT_ROWS = 1_000
const ID_LENGTH = 26

export type Requests = ReturnType<typeof createRequests>

/** The requests behind the figures, one by one. */
export function createRequests({ db, keys }: { db: Db; keys: UsageKeys }) {
  return {
    /**
     * Requests that exist for `caller`, newest first.
     * @throws OrganizationUnknown where a named organisation is not there, or not for him
     */
    async list(caller: Caller, filter: RequestFilter, page: Page): Promise<PageOf<RequestSeen>> {
      const { data, next } = pageOf(await rowsFor(caller, filter, page), page)
      return { data: await named(data), next }
    },

    /** All of them, read as the reader goes: as many as there are, in little memory. */
    async *all(caller: Caller, filter: RequestFilter): AsyncGenerator<RequestSeen[]> {
      for (let after: string | null = null; ; ) {
        const page: Page = { limit: EXPORT_ROWS, after }
        const { data, next } = pageOf(await rowsFor(caller, filter, page), page)
        yield await named(data)
        if (next === null) return
        after = next
      }
    },

    /** @throws RequestUnknown where it is not there, or not for him */
    async one(caller: Caller, id: string): Promise<RequestSeen> {
      const [row] = await db.select().from(usageRecord).where(eq(usageRecord.id, id))
      if (!row || !may(caller, 'usage.read', row)) throw new RequestUnknown({ request: id })
      return (await named([row]))[0]!
    },
  }

  /** One more than the page has, if there are more. */
  function rowsFor(caller: Caller, filter: RequestFilter, page: Page): Promise<UsageRow[]> {
    const range = wholeMinutes({ from: filter.from ?? 0, to: filter.to ?? 0 })
    // select * from usage_record where organization_id in (…) and … and (started_at, id) < (select started_at, id …)
    // order by started_at desc, id desc limit 51
    return db
      .select()
      .from(usageRecord)
      .where(
        and(
          usageWhere(db, usageRecord, caller, filter),
          filter.from === null ? undefined : gte(usageRecord.startedAt, new Date(range.from)),
          filter.to === null ? undefined : lt(usageRecord.startedAt, new Date(range.to)),
          filter.tokensMin === null
            ? undefined
            : gte(sql`${usageRecord.tokensIn} + ${usageRecord.tokensOut}`, filter.tokensMin),
          filter.requestedModel === null ? undefined : eq(usageRecord.requestedModel, filter.requestedModel),
          filter.id === null ? undefined : idBegins(filter.id),
          page.after === null
            ? undefined
            : sql`(${usageRecord.startedAt}, ${usageRecord.id}) < (select started_at, id from ${usageRecord} as last where last.id = ${page.after})`,
        ),
      )
      .orderBy(desc(usageRecord.startedAt), desc(usageRecord.id))
      .limit(page.limit + 1)
  }

  async function named(rows: UsageRow[]): Promise<RequestSeen[]> {
    const facts = await keys.factsOf(rows.map(({ keyId }) => keyId))
    return rows.map((row) => {
      const key = facts.get(row.keyId)
      return {
        ...row,
        keyName: key?.name ?? null,
        keyKind: key?.kind ?? null,
        projectName: key?.projectName ?? null,
        personId: key?.ownerId ?? null,
        personName: key?.ownerName ?? null,
      }
    })
  }
}

/** The two bounds let the primary key be used, in whichever order the database sorts; the test between them is exact. */
function idBegins(start: string): SQL | undefined {
  if (start.length >= ID_LENGTH) return eq(usageRecord.id, start)
  return and(
    gte(usageRecord.id, start),
    sql`${usageRecord.id} <= ${start.padEnd(ID_LENGTH, 'z')}`,
    sql`starts_with(${usageRecord.id}, ${start})`,
  )
}
