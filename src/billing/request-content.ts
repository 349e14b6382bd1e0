/**
 * What is kept of requests beside their usage: parameters always, and what they and their answers said where the
 * project's policy keeps it. Owns tables request_detail, request_content and request_content_reading.
 *
 * Content goes, whichever comes first: at its expiry, with its project, its key or its organisation, when the policy is
 * switched off, and oldest first when the installation keeps more than it may. A policy may change while content is on
 * its way here, so whoever stores it looks at the policy once more after the commit: either that look sees the change, or
 * the change's own sweep sees the content. Locking the project's row for each batch lost: it would have held up every
 * change of a project behind the traffic.
 */
import { and, count, eq, gt, inArray, isNotNull, lte, min, type SQL, sql, sum } from 'drizzle-orm'
import type { Identity } from '../identity/identity.ts'
import { type Caller, may, requireMay } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import { unpackedContent } from './packed-content.ts'
import type { ClosedRequest, ContentText, RequestDetail, SentContent } from './request-detail.ts'
import { requestContent, requestContentReading, requestDetail } from './tables.ts'

const DAY_MS = 24 * 60 * 60_000
const SWEEP_EVERY_MS = 10 * 60_000
const ROWS_PER_INSERT = 500
/** What is removed to make room, so that not every batch after it has to. */
const ROOM_SHARE = 0.05

export type RequestContentDeps = {
  db: Db
  clock: Clock
  log: Log
  identity: Pick<Identity, 'audit' | 'organizations' | 'contentPolicies'>
  /** Of all content together, compressed. */
  bytesMax: number
}

/** That something is kept, and not what. */
export type ContentState = {
  expiresAt: Date
  truncated: boolean
  textBytes: number
  storedBytes: number
}

export type KeptContent = ContentState & ContentText & { address: string | null }

export type ContentLogStatus = {
  projectId: string | null
  requests: number
  bytes: number
  oldestAt: Date | null
  bytesMax: number
  daysMax: number
  removedForSpace: number
}

export type RequestContent = ReturnType<typeof createRequestContent>

export function createRequestContent({ db, clock, log, identity, bytesMax }: RequestContentDeps) {
  const { audit, organizations, contentPolicies } = identity
  /** Compressed bytes as last summed up and added to; null = not summed up yet. What decides is summed up again. */
  let roughBytes: number | null = null
  let removedForSpace = 0
  /** Rows were deleted in a transaction of somebody else's, and their space is not free yet. */
  let hasDeleted = false

  return {
    /**
     * Writes parameters down; those that are already there are left as they are. Never throws: the usage that they came
     * with is safe by now, and must not be sent again for ever because of them.
     */
    async recordDetails(requests: readonly ClosedRequest[]): Promise<void> {
      const rows = requests.flatMap(({ id, detail }) => (detail === undefined ? [] : [{ id, ...detail }]))
      try {
        for (let start = 0; start < rows.length; start += ROWS_PER_INSERT)
          await db
            .insert(requestDetail)
            .values(rows.slice(start, start + ROWS_PER_INSERT))
            .onConflictDoNothing()
      } catch (error) {
        log.error({ err: error, requests: rows.length }, 'parameters of requests were not written down')
      }
    },

    /** Keeps what policies allow; the rest is passed over. A repeat changes nothing. */
    async store(contents: readonly SentContent[]): Promise<void> {
      const keyIds = [...new Set(contents.map(({ keyId }) => keyId))]
      const policies = await contentPolicies.ofKeys(keyIds)
      const rows = contents.flatMap(({ body, startedAtMs, address, ...content }) => {
        const policy = policies.get(content.keyId)
        if (policy?.projectId !== content.projectId) return []
        const packed = Buffer.from(body, 'base64')
        return {
          ...content,
          body: packed,
          storedBytes: packed.length,
          startedAt: new Date(startedAtMs),
          expiresAt: new Date(startedAtMs + policy.retentionDays * DAY_MS),
          address: policy.address ? address : null,
        }
      })
      if (rows.length === 0) return
      await db.insert(requestContent).values(rows).onConflictDoNothing()
      const after = await contentPolicies.ofKeys(keyIds)
      const unwanted = keyIds.filter((keyId) => !after.has(keyId))
      if (unwanted.length > 0) await forget(inArray(requestContent.keyId, unwanted))
      await keepWithinSpace(rows.reduce((bytes, row) => bytes + row.storedBytes, 0))
    },

    /** @returns null for requests of before parameters were kept, and for those that are not there */
    async parametersOf(requestId: string): Promise<RequestDetail | null> {
      const [row] = await db
        .select({
          parameters: requestDetail.parameters,
          client: requestDetail.client,
          attempts: requestDetail.attempts,
        })
        .from(requestDetail)
        .where(eq(requestDetail.id, requestId))
      return row ?? null
    },

    /** Whether something is kept of a request, without reading it. Null = nothing is. */
    async contentStateOf(requestId: string): Promise<ContentState | null> {
      const [row] = await db
        .select({
          expiresAt: requestContent.expiresAt,
          truncated: requestContent.truncated,
          textBytes: requestContent.textBytes,
          storedBytes: requestContent.storedBytes,
        })
        .from(requestContent)
        .where(and(eq(requestContent.id, requestId), gt(requestContent.expiresAt, new Date(clock.nowMs()))))
      return row ?? null
    },

    /**
     * What a request and its answer said. The trail says who has read it, once for each person, request and day (UTC).
     * @returns null where nothing is kept, or where the request is not there for `caller`
     * @throws Forbidden where he sees the request and may not read what it said
     */
    async contentOf(caller: Caller, requestId: string): Promise<KeptContent | null> {
      const now = new Date(clock.nowMs())
      const [row] = await db
        .select()
        .from(requestContent)
        .where(and(eq(requestContent.id, requestId), gt(requestContent.expiresAt, now)))
      if (!row || !may(caller, 'usage.read', row)) return null
      requireMay(caller, 'requests.content.read', row)
      const text = await unpackedContent(row.body)
      await noteReading(caller, row, now)
      const { expiresAt, truncated, textBytes, storedBytes, address } = row
      return { ...text, expiresAt, truncated, textBytes, storedBytes, address }
    },

    /**
     * How much is kept, of one project or of all together.
     * @throws ProjectUnknown · Forbidden
     */
    async status(caller: Caller, projectId: string | null): Promise<ContentLogStatus> {
      if (projectId === null) requireMay(caller, 'content_log.read')
      else {
        const { organizationId } = await organizations.project(caller, projectId)
        requireMay(caller, 'content_log.read', { organizationId, projectId })
      }
      const [kept] = await db
        .select({
          requests: count(),
          bytes: sum(requestContent.storedBytes).mapWith(Number),
          oldestAt: min(requestContent.startedAt),
        })
        .from(requestContent)
        .where(projectId === null ? undefined : eq(requestContent.projectId, projectId))
      return {
        projectId,
        requests: kept?.requests ?? 0,
        bytes: kept?.bytes ?? 0,
        oldestAt: kept?.oldestAt ?? null,
        bytesMax,
        daysMax: contentPolicies.daysMax,
        removedForSpace,
      }
    },

    /**
     * Deletes what is kept of a project; the policy stays as it is.
     * @throws ProjectUnknown · Forbidden
     */
    async purge(caller: Caller, projectId: string): Promise<{ requests: number; bytes: number }> {
      const { organizationId } = await organizations.project(caller, projectId)
      requireMay(caller, 'content_log.delete', { organizationId, projectId })
      const gone = await db.transaction(async (tx) => {
        const rows = await tx
          .delete(requestContent)
          .where(eq(requestContent.projectId, projectId))
          .returning({ storedBytes: requestContent.storedBytes })
        const gone = { requests: rows.length, bytes: rows.reduce((bytes, row) => bytes + row.storedBytes, 0) }
        await audit.record(tx, {
          ...audit.by(caller),
          action: 'content_log.deleted',
          target: projectId,
          organizationId,
          before: gone,
        })
        return gone
      })
      await giveBackSpace()
      return gone
    },

    /**
     * Lets go of what a project or an organisation has kept, in the transaction that deletes it or switches logging off.
     * To be handed to identity's listeners.
     */
    async forgetWithin(tx: Tx, gone: { organizationId: string; projectId: string | null }): Promise<void> {
      const { organizationId, projectId } = gone
      hasDeleted = true
      await tx
        .delete(requestContent)
        .where(
          projectId === null
            ? eq(requestContent.organizationId, organizationId)
            : eq(requestContent.projectId, projectId),
        )
    },

    sweep,

    /** Sweeps every ten minutes. @returns what ends it */
    keepSweeping(): () => void {
      const timer = setInterval(
        () => void sweep().catch((error) => log.error({ err: error }, 'contents of requests were not swept')),
        SWEEP_EVERY_MS,
      )
      timer.unref()
      return () => clearInterval(timer)
    },
  }

  /** Deletes what has expired and what no policy keeps any more, addresses too, and brings forward shortened expiries. */
  async function sweep(): Promise<void> {
    const now = new Date(clock.nowMs())
    const keys = await db.selectDistinct({ id: requestContent.keyId }).from(requestContent)
    const policies = await contentPolicies.ofKeys(keys.map(({ id }) => id))
    const unwanted = keys.filter(({ id }) => !policies.has(id)).map(({ id }) => id)
    let removed = unwanted.length > 0 ? await forget(inArray(requestContent.keyId, unwanted)) : 0
    const projects = new Map([...policies.values()].map((policy) => [policy.projectId, policy]))
    for (const { projectId, retentionDays, address } of projects.values()) {
      const latest = sql`${requestContent.startedAt} + make_interval(days => ${retentionDays})`
      await db
        .update(requestContent)
        .set({ expiresAt: latest })
        .where(and(eq(requestContent.projectId, projectId), gt(requestContent.expiresAt, latest)))
      if (!address)
        await db
          .update(requestContent)
          .set({ address: null })
          .where(and(eq(requestContent.projectId, projectId), isNotNull(requestContent.address)))
    }
    removed += await forget(lte(requestContent.expiresAt, now))
    roughBytes = null
    if (removed > 0)
      log.info({ requests: removed }, 'what requests said was deleted: it has expired, or nobody may keep it')
    if (removed > 0 || hasDeleted) await giveBackSpace()
    await keepWithinSpace(0)
  }

  async function forget(which: SQL): Promise<number> {
    return (await db.delete(requestContent).where(which).returning({ id: requestContent.id })).length
  }

  async function keepWithinSpace(addedBytes: number): Promise<void> {
    roughBytes = roughBytes === null ? await sumBytes() : roughBytes + addedBytes
    if (roughBytes <= bytesMax) return
    // delete from request_content where id in (those before which, counted from the newest, there are bytes enough):
    // ids begin with the time, so the primary key is the order.
    const newer = db
      .select({
        id: requestContent.id,
        bytes: sql<number>`sum(${requestContent.storedBytes}) over (order by ${requestContent.id} desc)`.as('bytes'),
      })
      .from(requestContent)
      .as('newer')
    const oldest = db
      .select({ id: newer.id })
      .from(newer)
      .where(gt(newer.bytes, Math.floor(bytesMax * (1 - ROOM_SHARE))))
    const removed = await forget(inArray(requestContent.id, oldest))
    removedForSpace += removed
    roughBytes = await sumBytes()
    log.warn({ requests: removed, bytesMax }, 'the oldest of what requests said was deleted to make room')
    await giveBackSpace()
  }

  async function sumBytes(): Promise<number> {
    const [row] = await db.select({ bytes: sum(requestContent.storedBytes).mapWith(Number) }).from(requestContent)
    return row?.bytes ?? 0
  }

  /** The embedded database has nobody who does this: deleted rows would keep their place for ever. */
  async function giveBackSpace(): Promise<void> {
    hasDeleted = false
    await db
      .execute(sql`vacuum ${requestContent}`)
      .catch((error) => log.warn({ err: error }, 'the space of deleted contents is not free yet'))
  }

  async function noteReading(caller: Caller, row: typeof requestContent.$inferSelect, now: Date): Promise<void> {
    const { actor, address } = audit.by(caller)
    await db.transaction(async (tx) => {
      const [first] = await tx
        .insert(requestContentReading)
        .values({ requestId: row.id, readerId: actor.id, day: now.toISOString().slice(0, 10) })
        .onConflictDoNothing()
        .returning()
      if (!first) return
      await audit.record(tx, {
        actor,
        address,
        action: 'request.content_read',
        target: row.id,
        organizationId: row.organizationId,
        after: { projectId: row.projectId, keyId: row.keyId },
      })
    })
  }
}
