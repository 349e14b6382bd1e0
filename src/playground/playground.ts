/**
 * The door: saved sessions of a project. Owns table playground_session.
 *
 * Content is stored only because a person saves it here; that is a decision of that person about this text, whatever the
 * project says about content on disk, which is about what happens without anybody's doing.
 */
import { and, count, desc, eq, ilike, or, type SQL, sql } from 'drizzle-orm'
import type { Identity } from '../identity/identity.ts'
import { type Caller, may, requireMay } from '../identity/rules.ts'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId } from '../platform/ids.ts'
import {
  bytesOf,
  DOCUMENT_BYTES_MAX,
  documentProblem,
  type PlaygroundDocument,
  type SessionKind,
  storable,
} from './document.ts'
import { DocumentRefused, DocumentTooLarge, SessionChanged, SessionUnknown, TooManySessions } from './errors.ts'
import { cursorFrom, cursorText } from './session-cursor.ts'
import { playgroundSession } from './tables.ts'

export type Visibility = 'private' | 'project'

export type SessionRow = {
  id: string
  projectId: string
  organizationId: string
  title: string
  kind: SessionKind
  visibility: Visibility
  models: string[]
  turnCount: number
  documentBytes: number
  revision: number
  createdAt: Date
  /** A person's id, or `machine`. */
  createdBy: string
  /** Null for `machine`, and for who is gone. */
  createdByName: string | null
  updatedAt: Date
  updatedBy: string
  updatedByName: string | null
  mine: boolean
  allowed: ('update' | 'share' | 'delete')[]
}
export type Session = SessionRow & { document: PlaygroundDocument }

export type CreateSession = {
  projectId: string
  title: string
  kind: SessionKind
  visibility: Visibility
  document: PlaygroundDocument
}
export type ChangeSession = {
  /** The one that the change began from. */
  revision: number
  title?: string
  visibility?: Visibility
  document?: PlaygroundDocument
}
export type SessionFilter = {
  projectId: string
  whose: 'mine' | 'all'
  kind: SessionKind | null
  /** Part of the title; empty = any. */
  search: string
}

export type PlaygroundDeps = {
  db: Db
  clock: Clock
  audit: Identity['audit']
  organizations: Identity['organizations']
  /** Names of people by id; whoever is not there any more is left out. */
  personNames: (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>
  /** Of one project. About a gigabyte at most, and a few more than this where many are made at the same moment. */
  sessionsMax?: number
}

export type Playground = ReturnType<typeof createPlayground>

/** What a list shows of a row; documents stay where they are. */
const ROW = {
  id: playgroundSession.id,
  projectId: playgroundSession.projectId,
  organizationId: playgroundSession.organizationId,
  title: playgroundSession.title,
  kind: playgroundSession.kind,
  visibility: playgroundSession.visibility,
  models: sql<string[]>`${playgroundSession.document} -> 'models'`,
  turnCount: sql<number>`jsonb_array_length(${playgroundSession.document} -> 'turns')`,
  documentBytes: playgroundSession.documentBytes,
  revision: playgroundSession.revision,
  createdAt: playgroundSession.createdAt,
  createdBy: playgroundSession.createdBy,
  updatedAt: playgroundSession.updatedAt,
  updatedBy: playgroundSession.updatedBy,
}
const WHOLE = { ...ROW, document: playgroundSession.document }

type Found = Omit<SessionRow, 'createdByName' | 'updatedByName' | 'mine' | 'allowed'>

export function createPlayground(deps: PlaygroundDeps) {
  const { db, clock, audit, organizations, personNames, sessionsMax = 1_000 } = deps

  return {
    /**
     * Keeps a session.
     * @throws ProjectUnknown, Forbidden
     * @throws DocumentTooLarge, DocumentRefused
     * @throws TooManySessions
     */
    async create(caller: Caller, wanted: CreateSession): Promise<Session> {
      const { id: projectId, organizationId } = await organizations.project(caller, wanted.projectId)
      requireMay(caller, 'playground.write', { organizationId, projectId })
      const document = checked(wanted.document)
      return insert(caller, { ...wanted, projectId, organizationId, document })
    },

    /**
     * Sessions of a project that exist for the caller, last saved first.
     * @param page.after `next` of the page before
     * @throws ProjectUnknown, Forbidden, CursorMalformed
     */
    async list(caller: Caller, filter: SessionFilter, page: { limit: number; after: string | null }) {
      const { id: projectId, organizationId } = await organizations.project(caller, filter.projectId)
      requireMay(caller, 'playground.read', { organizationId, projectId })
      const me = idOf(caller)
      const after = page.after === null ? null : cursorFrom(page.after)
      // select … from playground_session where project_id = $1 and (created_by = $2 or visibility = 'project')
      //   and title ilike $3 and (updated_at, id) < ($4, $5) order by updated_at desc, id desc limit $6
      const rows = await db
        .select(ROW)
        .from(playgroundSession)
        .where(
          and(
            eq(playgroundSession.projectId, projectId),
            filter.whose === 'mine' ? eq(playgroundSession.createdBy, me) : visibleTo(me),
            filter.kind === null ? undefined : eq(playgroundSession.kind, filter.kind),
            filter.search === '' ? undefined : ilike(playgroundSession.title, `%${literally(filter.search)}%`),
            after === null
              ? undefined
              : sql`(${playgroundSession.updatedAt}, ${playgroundSession.id}) < (${after.updatedAt.toISOString()}::timestamptz, ${after.id})`,
          ),
        )
        .orderBy(desc(playgroundSession.updatedAt), desc(playgroundSession.id))
        .limit(page.limit + 1)
      const data = await shown(caller, rows.slice(0, page.limit))
      const last = data.at(-1)
      return { data, next: rows.length > page.limit && last ? cursorText(last) : null }
    },

    /** @throws SessionUnknown where it is not there, or not for the caller */
    get: (caller: Caller, id: string): Promise<Session> => find(caller, id),

    /**
     * Saves over a session. What the change does not name stays.
     * @throws SessionUnknown, Forbidden
     * @throws SessionChanged where somebody saved since `change.revision`
     * @throws DocumentTooLarge, DocumentRefused
     */
    async update(caller: Caller, id: string, change: ChangeSession): Promise<Session> {
      const before = await find(caller, id)
      requireMay(caller, 'playground.write', before)
      const visibility = change.visibility ?? before.visibility
      if (visibility !== before.visibility) requireMay(caller, 'playground.delete', before)
      const document = change.document === undefined ? before.document : checked(change.document)
      const title = change.title === undefined ? before.title : storable(change.title.trim())
      const at = new Date(clock.nowMs())
      const isSaved = await db.transaction(async (tx) => {
        // update playground_session set … where id = $1 and revision = $2: of two that began from one revision, one wins.
        const [row] = await tx
          .update(playgroundSession)
          .set({
            title,
            visibility,
            document,
            documentBytes: bytesOf(document),
            revision: change.revision + 1,
            updatedAt: at,
            updatedBy: idOf(caller),
          })
          .where(and(eq(playgroundSession.id, id), eq(playgroundSession.revision, change.revision)))
          .returning({ id: playgroundSession.id })
        if (!row) return false
        const after = { ...before, visibility, documentBytes: bytesOf(document), revision: change.revision + 1 }
        await note(tx, caller, 'playground_session.updated', before, inTrail(before), {
          ...inTrail(after),
          titleChanged: title !== before.title,
        })
        return true
      })
      const now = await find(caller, id)
      if (!isSaved) throw new SessionChanged({ session: id, revision: change.revision, newer: now.revision })
      return now
    },

    /**
     * Copies a session; the copy is the caller's and private.
     * @throws SessionUnknown, Forbidden, TooManySessions
     */
    async duplicate(caller: Caller, id: string, title: string | null): Promise<Session> {
      const original = await find(caller, id)
      requireMay(caller, 'playground.write', original)
      return insert(caller, { ...original, title: title ?? original.title, visibility: 'private' })
    },

    /** @throws SessionUnknown, Forbidden */
    async delete(caller: Caller, id: string): Promise<void> {
      const found = await find(caller, id)
      requireMay(caller, 'playground.delete', found)
      await db.transaction(async (tx) => {
        const [row] = await tx
          .delete(playgroundSession)
          .where(eq(playgroundSession.id, id))
          .returning({ id: playgroundSession.id })
        if (!row) throw new SessionUnknown({ session: id })
        await note(tx, caller, 'playground_session.deleted', found, inTrail(found), null)
      })
    },

    /** Deletes what is kept of a project, or with `projectId` null of a whole organisation, in the transaction that ends it. */
    async forget(tx: Tx, gone: { organizationId: string; projectId: string | null }): Promise<void> {
      await tx
        .delete(playgroundSession)
        .where(
          gone.projectId === null
            ? eq(playgroundSession.organizationId, gone.organizationId)
            : eq(playgroundSession.projectId, gone.projectId),
        )
    },
  }

  async function insert(caller: Caller, wanted: CreateSession & { organizationId: string }): Promise<Session> {
    const atMs = clock.nowMs()
    const at = new Date(atMs)
    const me = idOf(caller)
    const id = newId('play', atMs)
    await db.transaction(async (tx) => {
      const [kept] = await tx
        .select({ sessions: count() })
        .from(playgroundSession)
        .where(eq(playgroundSession.projectId, wanted.projectId))
      if (kept !== undefined && kept.sessions >= sessionsMax) throw new TooManySessions({ sessions: kept.sessions })
      const row = {
        id,
        organizationId: wanted.organizationId,
        projectId: wanted.projectId,
        title: storable(wanted.title.trim()),
        kind: wanted.kind,
        visibility: wanted.visibility,
        document: wanted.document,
        documentBytes: bytesOf(wanted.document),
        revision: 1,
        createdAt: at,
        createdBy: me,
        updatedAt: at,
        updatedBy: me,
      }
      await tx.insert(playgroundSession).values(row)
      await note(tx, caller, 'playground_session.created', row, null, inTrail(row))
    })
    return find(caller, id)
  }

  async function find(caller: Caller, id: string): Promise<Session> {
    const [found] = await db.select(WHOLE).from(playgroundSession).where(eq(playgroundSession.id, id))
    const isTheirs = found?.visibility === 'project' || found?.createdBy === idOf(caller)
    if (!found || !isTheirs || !may(caller, 'playground.read', found)) throw new SessionUnknown({ session: id })
    const [session] = await shown(caller, [found])
    return { ...session!, document: found.document }
  }

  /** Rows with the names of people, and what the caller may do with them. */
  async function shown<Row extends Found>(caller: Caller, rows: Row[]): Promise<SessionRow[]> {
    const names = await personNames([...new Set(rows.flatMap((row) => [row.createdBy, row.updatedBy]))])
    return rows.map((row) => ({
      ...row,
      createdByName: names.get(row.createdBy) ?? null,
      updatedByName: names.get(row.updatedBy) ?? null,
      mine: row.createdBy === idOf(caller),
      allowed: [
        ...(may(caller, 'playground.write', row) ? (['update'] as const) : []),
        ...(may(caller, 'playground.delete', row) ? (['share', 'delete'] as const) : []),
      ],
    }))
  }

  /** A person's id, or `machine`. */
  function idOf(caller: Caller): string {
    return audit.by(caller).actor.id
  }

  function note(
    tx: Tx,
    caller: Caller,
    action: string,
    session: { id: string; organizationId: string },
    before: Record<string, unknown> | null,
    after: Record<string, unknown> | null,
  ) {
    return audit.record(tx, {
      ...audit.by(caller),
      action,
      target: session.id,
      organizationId: session.organizationId,
      before,
      after,
    })
  }
}

/** @throws DocumentTooLarge, DocumentRefused */
function checked(sent: PlaygroundDocument): PlaygroundDocument {
  const document = storable(sent)
  const bytes = bytesOf(document)
  if (bytes > DOCUMENT_BYTES_MAX) throw new DocumentTooLarge({ bytes, bytesMax: DOCUMENT_BYTES_MAX })
  const problem = documentProblem(document)
  if (problem !== null) throw new DocumentRefused(problem)
  return document
}

/** What may be told for ever: the trail outlives the project, so neither title nor text is in it. */
function inTrail(session: Pick<SessionRow, 'projectId' | 'kind' | 'visibility' | 'documentBytes' | 'revision'>) {
  const { projectId, kind, visibility, documentBytes, revision } = session
  return { projectId, kind, visibility, documentBytes, revision }
}

function visibleTo(personId: string): SQL | undefined {
  return or(eq(playgroundSession.createdBy, personId), eq(playgroundSession.visibility, 'project'))
}

/** A text as a pattern of `like` that means just itself. */
function literally(text: string): string {
  return text.replaceAll(/[\\%_]/g, (character) => `\\${character}`)
}
