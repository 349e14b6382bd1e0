/** Sessions of people: which there are, and how they end. Better Auth makes them and finds them again. */
import { and, desc, eq, gt, lt, ne, type SQL } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import type { SessionConfig } from '../platform/sign-in-config.ts'
import { type Audit, by } from './audit.ts'
import type { AuthRouter } from './auth-router.ts'
import { type Device, deviceOf } from './device.ts'
import type { KeyChanges } from './key-changes.ts'
import type { PersonReach } from './person-reach.ts'
import type { Caller, PersonCaller } from './rules.ts'
import { SessionUnknown } from './sign-in-errors.ts'
import { authSession } from './tables.ts'

export type Session = {
  id: string
  device: Device
  address: string | null
  createdAt: Date
  /** Up to five minutes behind. */
  lastSeenAt: Date
  /** Unless it is used before. */
  expiresAt: Date
  /** Whether it is the one that asks. */
  current: boolean
}

export type Sessions = ReturnType<typeof createSessions>

type SessionsDeps = {
  db: Db
  clock: Clock
  audit: Audit
  auth: AuthRouter
  /** Told when sessions end: the playground's keys end with them. */
  changes: KeyChanges
  reach: PersonReach
  config: SessionConfig
}

export function createSessions({ db, clock, audit, auth, changes, reach, config }: SessionsDeps) {
  return {
    /** One's own, newest first. */
    async list(person: PersonCaller, page: Page): Promise<PageOf<Session>> {
      // select … from auth_session where user_id = $1 and expires_at > $2 and created_at > $3 and id < $4 order by id desc
      const rows = await db
        .select()
        .from(authSession)
        .where(
          and(
            eq(authSession.userId, person.userId),
            isLive(),
            page.after === null ? undefined : lt(authSession.id, page.after),
          ),
        )
        .orderBy(desc(authSession.id))
        .limit(page.limit + 1)
      return pageOf(
        rows.map((row) => ({
          id: row.id,
          device: deviceOf(row.userAgent),
          address: row.ipAddress || null,
          createdAt: row.createdAt,
          lastSeenAt: row.updatedAt,
          expiresAt: new Date(Math.min(row.expiresAt.getTime(), row.createdAt.getTime() + config.longestMs)),
          current: row.id === person.sessionId,
        })),
        page,
      )
    },

    /** @throws SessionUnknown where he has no such session */
    async end(person: PersonCaller, sessionId: string): Promise<void> {
      const ended = await endWhere(person, person.userId, eq(authSession.id, sessionId))
      if (ended.length === 0) throw new SessionUnknown({ session: sessionId })
    },

    /** Ends all of one's own but the one that asks. @returns how many */
    async endOthers(person: PersonCaller): Promise<number> {
      return (await endWhere(person, person.userId, ne(authSession.id, person.sessionId ?? ''))).length
    },

    /**
     * Signs somebody out everywhere.
     * @returns how many sessions ended
     * @throws PersonUnknown where he is not there, or not for the caller
     * @throws Forbidden
     */
    async endAllOf(caller: Caller, userId: string): Promise<number> {
      await reach.require(caller, userId, 'people.end_sessions')
      return (await endWhere(caller, userId)).length
    },

    /**
     * Begins a session in the place of the one that the browser came with, which ends: a session never passes from one
     * person to another, and none that somebody else may know lives on.
     * @param begin answers null where nobody was signed in, and nothing ends
     */
    async replacing<Begun>(headers: Headers, begin: () => Promise<Begun | null>): Promise<Begun | null> {
      const before = await auth.session(headers)
      const begun = await begin()
      if (begun !== null && before) {
        await auth.endSession(before.session.token)
        await changes.tell()
      }
      return begun
    },

    /** Ends a session that has lasted as long as any may. @returns whether it did */
    async endIfTooOld(session: { token: string; createdAt: Date }): Promise<boolean> {
      if (session.createdAt.getTime() + config.longestMs > clock.nowMs()) return false
      await auth.endSession(session.token)
      await changes.tell()
      return true
    },

    /** Somebody has signed out. */
    async signedOut(userId: string, address: string | null): Promise<void> {
      await db.transaction((tx) =>
        audit.record(tx, {
          actor: { kind: 'person', id: userId },
          action: 'person.signed_out',
          target: userId,
          organizationId: null,
          address,
        }),
      )
      await changes.tell()
    },

    /** Sessions were ended by other hands than these. */
    told: () => changes.tell(),
  }

  function isLive(): SQL | undefined {
    const nowMs = clock.nowMs()
    return and(
      gt(authSession.expiresAt, new Date(nowMs)),
      gt(authSession.createdAt, new Date(nowMs - config.longestMs)),
    )
  }

  async function endWhere(caller: Caller, userId: string, which?: SQL) {
    const ended = await db.transaction(async (tx) => {
      // delete from auth_session where user_id = $1 and … returning id
      const gone = await tx
        .delete(authSession)
        .where(and(eq(authSession.userId, userId), which))
        .returning({ id: authSession.id })
      if (gone.length > 0)
        await audit.record(tx, {
          ...by(caller),
          action: 'person.sessions_ended',
          target: userId,
          organizationId: null,
          before: { sessions: gone.map(({ id }) => id) },
        })
      return gone
    })
    if (ended.length > 0) await changes.tell()
    return ended
  }
}

/** How a session can begin, by the route of Better Auth that begins it. A new one after a new password is no sign-in. */
const WAYS_IN: Record<string, string> = {
  '/sign-in/email': 'password',
  '/passkey/verify-authentication': 'passkey',
  '/callback/:id': 'single sign-on',
}

/** Writes each sign-in onto the trail, whichever way it came. */
export function createSignInNotes({ db, audit }: { db: Db; audit: Audit }) {
  return async ({ userId, address, path }: { userId: string; address: string | null; path: string }): Promise<void> => {
    const way = WAYS_IN[path]
    if (way === undefined) return
    await db.transaction((tx) =>
      audit.record(tx, {
        actor: { kind: 'person', id: userId },
        action: 'person.signed_in',
        target: userId,
        organizationId: null,
        address,
        after: { by: way },
      }),
    )
  }
}
