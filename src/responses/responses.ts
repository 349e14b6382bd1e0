/**
 * The door: responses of the Responses API, which conversations go on from. Owns table stored_response.
 *
 * They are kept only for projects that let prompts reach a disk, and go, whichever comes first: when a key of their project
 * deletes them, after 30 days, with the project or the organisation, when the project lets nothing reach a disk any more,
 * and oldest first when the installation keeps more than it may. Who may read one is decided by its project alone: all
 * its keys speak for the same application, and a rotated or replaced key must go on with what another began.
 *
 * A project may change its mind while a response is on its way here, so whoever keeps it looks once more after the commit:
 * either that look sees the change, or the change's own deletion sees the response.
 */
import { and, eq, gt, inArray, lte, type SQL, sql, sum } from 'drizzle-orm'
import type { Identity } from '../identity/identity.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import { packedResponse, type ResponseBody, unpackedResponse } from './packed-response.ts'
import {
  CONVERSATION_BYTES_MAX,
  CONVERSATION_RESPONSES_MAX,
  type InputItemsAsked,
  type InputItemsFound,
  type ItemsAsked,
  type ItemsFound,
  RESPONSE_DAYS,
  type ResponseAsked,
  responseOfItem,
  type StoredItem,
  type StoredResponse,
} from './stored-response.ts'
import { storedResponse } from './tables.ts'

const DAY_MS = 24 * 60 * 60_000
const SWEEP_EVERY_MS = 10 * 60_000
/** What is removed to make room, so that not every response after it has to. */
const ROOM_SHARE = 0.05

export type ResponsesDeps = {
  db: Db
  clock: Clock
  log: Log
  identity: Pick<Identity, 'contentPolicies'>
  /** Of all responses together, compressed. */
  bytesMax: number
}

export type Responses = ReturnType<typeof createResponses>

export function createResponses({ db, clock, log, identity, bytesMax }: ResponsesDeps) {
  const { contentPolicies } = identity
  /** Compressed bytes as last summed up and added to; null = not summed up yet. What decides is summed up again. */
  let roughBytes: number | null = null

  return {
    /** @returns whether it is committed; false where its project is gone or lets nothing reach a disk. A repeat changes nothing. */
    async keep(stored: StoredResponse): Promise<boolean> {
      const { input, response, createdAtMs, ...row } = stored
      if (!(await contentPolicies.onDisk([row.projectId])).has(row.projectId)) return false
      const { body, textBytes } = await packedResponse({ input, response })
      const createdAt = new Date(createdAtMs)
      const expiresAt = new Date(createdAtMs + RESPONSE_DAYS * DAY_MS)
      await db
        .insert(storedResponse)
        .values({ ...row, createdAt, expiresAt, textBytes, storedBytes: body.length, body })
        .onConflictDoNothing()
      if (!(await contentPolicies.onDisk([row.projectId])).has(row.projectId)) {
        await forget(eq(storedResponse.id, row.id))
        return false
      }
      await keepWithinSpace(body.length)
      return true
    },

    /** The response as its client had it; null = there is none for this project. */
    async response(asked: ResponseAsked): Promise<Record<string, unknown> | null> {
      return (await bodyOf(asked))?.response ?? null
    },

    /** Pages through what a response's request brought. */
    async inputItems({ limit, order, after, ...asked }: InputItemsAsked): Promise<InputItemsFound> {
      const body = await bodyOf(asked)
      if (body === null) return null
      const ordered = order === 'asc' ? [...body.input] : body.input.toReversed()
      const start = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
      if (after !== null && start === 0) return null
      return { data: ordered.slice(start, start + limit), hasMore: start + limit < ordered.length }
    },

    /** @returns whether there was one */
    async remove({ projectId, id }: ResponseAsked): Promise<boolean> {
      return (await forget(and(eq(storedResponse.projectId, projectId), eq(storedResponse.id, id)) as SQL)) > 0
    },

    /**
     * Everything that was said up to a response, and single items by their ids. A conversation with a gap is none: a
     * model that has lost its beginning would answer as if nothing were missing.
     */
    async itemsBefore({ projectId, previousId, itemIds }: ItemsAsked): Promise<ItemsFound> {
      const chain = previousId === null ? [] : await chainTo(projectId, previousId)
      const gap = previousId === null ? null : gapIn(chain, previousId)
      if (gap !== null) return { kind: 'response-missing', id: gap }
      const textBytes = chain.reduce((bytes, link) => bytes + link.textBytes, 0)
      const [oldest] = chain
      const isCut = oldest !== undefined && oldest.previousId !== null
      if (isCut || textBytes > CONVERSATION_BYTES_MAX)
        return {
          kind: 'too-long',
          responsesMax: CONVERSATION_RESPONSES_MAX,
          bytesMax: CONVERSATION_BYTES_MAX,
        }
      const holders = itemIds.map(responseOfItem)
      const wanted = [...chain.map(({ id }) => id), ...holders.filter((id) => id !== null)]
      const bodies = await bodiesOf(projectId, [...new Set(wanted)])
      const named: StoredItem[] = []
      for (const [index, itemId] of itemIds.entries()) {
        const item = itemsOf(bodies.get(holders[index] ?? '')).find(({ id }) => id === itemId)
        if (item === undefined) return { kind: 'item-missing', id: itemId }
        named.push(item)
      }
      return { kind: 'found', previous: chain.flatMap(({ id }) => itemsOf(bodies.get(id))), named }
    },

    /**
     * Lets go of what a project or an organisation has kept, in the transaction that deletes it or forbids content on
     * disk. To be handed to identity's listeners.
     */
    async forgetWithin(tx: Tx, { organizationId, projectId }: { organizationId: string; projectId: string | null }) {
      await tx
        .delete(storedResponse)
        .where(
          projectId === null
            ? eq(storedResponse.organizationId, organizationId)
            : eq(storedResponse.projectId, projectId),
        )
    },

    sweep,

    /** Sweeps every ten minutes. @returns what ends it */
    keepSweeping(): () => void {
      const timer = setInterval(
        () => void sweep().catch((error) => log.error({ err: error }, 'stored responses were not swept')),
        SWEEP_EVERY_MS,
      )
      timer.unref()
      return () => clearInterval(timer)
    },
  }

  function mine(projectId: string): SQL {
    return and(eq(storedResponse.projectId, projectId), gt(storedResponse.expiresAt, new Date(clock.nowMs()))) as SQL
  }

  async function bodyOf({ projectId, id }: ResponseAsked): Promise<ResponseBody | null> {
    return (await bodiesOf(projectId, [id])).get(id) ?? null
  }

  async function bodiesOf(projectId: string, ids: readonly string[]): Promise<Map<string, ResponseBody>> {
    if (ids.length === 0) return new Map()
    const rows = await db
      .select({ id: storedResponse.id, body: storedResponse.body })
      .from(storedResponse)
      .where(and(mine(projectId), inArray(storedResponse.id, [...ids])))
    const bodies = new Map<string, ResponseBody>()
    for (const { id, body } of rows) bodies.set(id, await unpackedResponse(body))
    return bodies
  }

  /** The responses that lead to one, the oldest first, with nothing of what they say. */
  async function chainTo(projectId: string, id: string): Promise<Link[]> {
    const now = new Date(clock.nowMs()).toISOString()
    const isMine = sql`s.project_id = ${projectId} and s.expires_at > ${now}::timestamptz`
    return db
      .select({
        id: sql<string>`link.id`,
        previousId: sql<string | null>`link.previous_id`,
        textBytes: sql<number>`link.text_bytes`,
      })
      .from(sql`(
        with recursive chain (id, previous_id, text_bytes, depth) as (
          select s.id, s.previous_id, s.text_bytes, 1 from ${storedResponse} s where s.id = ${id} and ${isMine}
          union all
          select s.id, s.previous_id, s.text_bytes, chain.depth + 1
          from chain join ${storedResponse} s on s.id = chain.previous_id
          where chain.depth < ${CONVERSATION_RESPONSES_MAX} and ${isMine}
        )
        select * from chain) as link`)
      .orderBy(sql`link.depth desc`)
  }

  /** Deletes what has expired, and what belongs to a project that lets nothing reach a disk. */
  async function sweep(): Promise<void> {
    const projects = await db.selectDistinct({ id: storedResponse.projectId }).from(storedResponse)
    const willing = await contentPolicies.onDisk(projects.map(({ id }) => id))
    const unwilling = projects.filter(({ id }) => !willing.has(id)).map(({ id }) => id)
    let removed = unwilling.length > 0 ? await forget(inArray(storedResponse.projectId, unwilling)) : 0
    removed += await forget(lte(storedResponse.expiresAt, new Date(clock.nowMs())))
    roughBytes = null
    if (removed > 0) log.info({ responses: removed }, 'stored responses were deleted: expired, or not to be kept')
    await keepWithinSpace(0)
    await giveBackSpace()
  }

  async function forget(which: SQL): Promise<number> {
    return (await db.delete(storedResponse).where(which).returning({ id: storedResponse.id })).length
  }

  async function keepWithinSpace(addedBytes: number): Promise<void> {
    roughBytes = roughBytes === null ? await sumBytes() : roughBytes + addedBytes
    if (roughBytes <= bytesMax) return
    // delete … where id in (those before which, counted from the newest, there are bytes enough): ids begin with the time.
    const newer = db
      .select({
        id: storedResponse.id,
        bytes: sql<number>`sum(${storedResponse.storedBytes}) over (order by ${storedResponse.id} desc)`.as('bytes'),
      })
      .from(storedResponse)
      .as('newer')
    const oldest = db
      .select({ id: newer.id })
      .from(newer)
      .where(gt(newer.bytes, Math.floor(bytesMax * (1 - ROOM_SHARE))))
    const removed = await forget(inArray(storedResponse.id, oldest))
    roughBytes = await sumBytes()
    log.warn({ responses: removed, bytesMax }, 'the oldest stored responses were deleted to make room')
  }

  async function sumBytes(): Promise<number> {
    const [row] = await db.select({ bytes: sum(storedResponse.storedBytes).mapWith(Number) }).from(storedResponse)
    return row?.bytes ?? 0
  }

  /** The embedded database has nobody who does this: deleted rows would keep their place for ever. */
  async function giveBackSpace(): Promise<void> {
    await db
      .execute(sql`vacuum ${storedResponse}`)
      .catch((error) => log.warn({ err: error }, 'the space of deleted responses is not free yet'))
  }
}

type Link = { id: string; previousId: string | null; textBytes: number }

/** @returns the id of the first one that is not there, counted from the newest; null = none is missing, or it is longer than was looked at */
function gapIn(chain: readonly Link[], newestId: string): string | null {
  const [oldest] = chain
  if (oldest === undefined) return newestId
  return chain.length < CONVERSATION_RESPONSES_MAX ? oldest.previousId : null
}

/** What a response brought, then what it said. */
function itemsOf(body: ResponseBody | undefined): StoredItem[] {
  if (body === undefined) return []
  return [...body.input, ...(body.response.output as StoredItem[])]
}
