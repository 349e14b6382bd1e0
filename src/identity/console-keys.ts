/**
 * Keys of the playground: a browser calls /v1 itself, with a key that is bound to one person and one session, lives an
 * hour at most, and is shown in no list. So what a person tries out goes the same way as what a program asks, is metered
 * the same way, and no cookie ever opens /v1.
 *
 * A session cookie for /v1 lost: any page of any site may call /v1, and would then do so as whoever is signed in.
 *
 * A key ends with its hour, its session, or its person's right to send prompts in that project, whichever comes first. The
 * last two are settled before anybody hears of a change (`createKeyChanges`). The row stays after that, emptied of all but
 * id, person, project and times, so that usage can still say whose it was.
 */
import { and, desc, eq, gt, inArray, isNull, lt, lte, ne, or, sql } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId, randomText } from '../platform/ids.ts'
import { type Audit, by } from './audit.ts'
import { callersNow } from './callers-now.ts'
import { Forbidden, Unauthenticated } from './errors.ts'
import type { KeyChangeLimit } from './key-caps.ts'
import type { KeyChanges } from './key-changes.ts'
import { forgetEndedSecrets } from './key-rotation.ts'
import { makeKeySecret } from './key-secret.ts'
import type { Organizations } from './organizations.ts'
import { type Caller, type KeyScope, may, type PersonCaller, RULES, requireMay, whoMay } from './rules.ts'
import { apiKey, authSession, consoleKeyDay } from './tables.ts'

export type ConsoleKey = {
  id: string
  secret: string
  organizationId: string
  projectId: string
  scopes: KeyScope[]
  expiresAt: Date
}

export type ConsoleKeys = ReturnType<typeof createConsoleKeys>

type ConsoleKeysDeps = {
  db: Db
  clock: Clock
  audit: Audit
  organizations: Organizations
  changes: KeyChanges
  limit: KeyChangeLimit
}

const NAME = 'Playground'
const SCOPES: readonly KeyScope[] = ['inference', 'models.read']
const LIFE_MS_MAX = 60 * 60_000
/** Tabs of one session. Beyond it the oldest key ends. */
const PER_SESSION_MAX = 10
/** How long an ended key can still be recognised by its secret. */
const KEPT_WHOLE_MS = 24 * 60 * 60_000

export function createConsoleKeys({ db, clock, audit, organizations, changes, limit }: ConsoleKeysDeps) {
  return {
    /**
     * Makes a key for the browser of whoever is signed in. It is in force everywhere when this resolves.
     * @throws ProjectUnknown
     * @throws Forbidden
     * @throws Unauthenticated where the session has ended meanwhile
     * @throws KeyChangesTooMany
     */
    async create(caller: Caller, projectId: string): Promise<ConsoleKey> {
      const project = await organizations.project(caller, projectId)
      const target = { organizationId: project.organizationId, projectId }
      requireMay(caller, 'inference', target)
      if (caller.kind !== 'person')
        throw new Forbidden({ action: 'inference', does: RULES.inference.says, who: whoMay('inference') })
      limit.spend(caller)
      const made = await db.transaction((tx) => insert(tx, caller, target))
      await changes.tell()
      return made
    },

    /** Revokes keys whose session has ended or whose person may no longer send prompts there. */
    endOrphans,

    /**
     * Ends what has lost its ground while nobody said so, and empties what ended long ago.
     * @returns resolves when gateways know
     */
    async sweep(): Promise<void> {
      await db.transaction((tx) => forget(tx, new Date(clock.nowMs())))
      await changes.tell()
    },
  }

  async function insert(
    tx: Tx,
    person: PersonCaller,
    { organizationId, projectId }: { organizationId: string; projectId: string },
  ): Promise<ConsoleKey> {
    const atMs = clock.nowMs()
    const now = new Date(atMs)
    // select … for update: a session that ends meanwhile waits, and then finds the key to end with it.
    const [session] = await tx
      .select({ id: authSession.id, expiresAt: authSession.expiresAt })
      .from(authSession)
      .where(eq(authSession.id, person.sessionId ?? ''))
      .for('update')
    if (!session) throw new Unauthenticated({})
    const expiresAt = new Date(Math.min(atMs + LIFE_MS_MAX, session.expiresAt.getTime()))
    const { secret, ...seen } = makeKeySecret()
    const id = newId('key', atMs)
    await tx.insert(apiKey).values({
      ...seen,
      id,
      kind: 'console',
      organizationId,
      projectId,
      sessionId: session.id,
      name: NAME,
      scopes: [...SCOPES],
      share: randomText(25),
      createdAt: now,
      createdBy: person.userId,
      expiresAt,
    })
    await endOldest(tx, session.id, now)
    // insert … on conflict do nothing returning: of two tabs at once, one makes the event.
    const first = await tx
      .insert(consoleKeyDay)
      .values({ userId: person.userId, organizationId, day: now.toISOString().slice(0, 10) })
      .onConflictDoNothing()
      .returning()
    if (first.length > 0)
      await audit.record(tx, {
        ...by(person),
        action: 'playground.opened',
        target: projectId,
        organizationId,
        after: { keyId: id, scopes: [...SCOPES] },
      })
    return { id, secret, organizationId, projectId, scopes: [...SCOPES], expiresAt }
  }

  async function endOldest(tx: Tx, sessionId: string, now: Date): Promise<void> {
    const beyond = await tx
      .select({ id: apiKey.id })
      .from(apiKey)
      .where(and(eq(apiKey.sessionId, sessionId), isNull(apiKey.revokedAt), gt(apiKey.expiresAt, now)))
      .orderBy(desc(apiKey.id))
      .offset(PER_SESSION_MAX)
    if (beyond.length === 0) return
    const ids = beyond.map(({ id }) => id)
    await tx.update(apiKey).set({ revokedAt: now }).where(inArray(apiKey.id, ids))
  }

  async function endOrphans(): Promise<void> {
    const now = new Date(clock.nowMs())
    const live = and(eq(apiKey.kind, 'console'), isNull(apiKey.revokedAt), gt(apiKey.expiresAt, now))
    const keys = await db
      .select({
        id: apiKey.id,
        createdBy: apiKey.createdBy,
        organizationId: apiKey.organizationId,
        projectId: apiKey.projectId,
        sessionId: apiKey.sessionId,
      })
      .from(apiKey)
      .where(live)
    if (keys.length === 0) return
    const people = await callersNow(db, [...new Set(keys.map(({ createdBy }) => createdBy))])
    const orphans = keys.filter((key) => {
      const person = people.get(key.createdBy)
      return key.sessionId === null || !person || !may(person, 'inference', key)
    })
    if (orphans.length === 0) return
    const ids = orphans.map(({ id }) => id)
    await db
      .update(apiKey)
      .set({ revokedAt: now })
      .where(and(inArray(apiKey.id, ids), live))
  }
}

/** Leaves of a key that ended a day ago only what usage needs to say whose it was. */
async function forget(tx: Tx, now: Date): Promise<void> {
  const before = new Date(now.getTime() - KEPT_WHOLE_MS)
  await tx
    .update(apiKey)
    // The hash is unique and must be something: of no secret, and another one for each key.
    .set({ sha256: sql`'forgotten ' || ${apiKey.id}`, prefix: '', last4: '', share: '', scopes: [], sessionId: null })
    .where(
      and(
        eq(apiKey.kind, 'console'),
        ne(apiKey.share, ''),
        or(lte(apiKey.expiresAt, before), lte(apiKey.revokedAt, before)),
      ),
    )
  await tx.delete(consoleKeyDay).where(lt(consoleKeyDay.day, before.toISOString().slice(0, 10)))
  await forgetEndedSecrets(tx, now)
}
