/**
 * Links to a person, sent or handed over: one lets him set a new password, one proves a new e-mail address to be his. Each
 * holds for an hour, is used once, and only its hash is kept. What they are for: password-reset.ts, email-change.ts.
 *
 * Who asks for a link by e-mail is answered at once and always the same; whether anybody is there is looked up
 * `afterwards`. So neither the words nor the time of the answer tell.
 */
import { createHash, randomBytes } from 'node:crypto'
import { and, eq, gt, isNull } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import type { Mail, Mailer } from '../platform/mail.ts'
import { PersonLinkInvalid } from './sign-in-errors.ts'
import { authUser, personLink } from './tables.ts'

const VALID_MS = 60 * 60_000
/** Mails of one kind to one person within an hour; what comes beyond is left out in silence. */
const MAILS_MAX = 3

export type LinkKind = (typeof personLink.$inferSelect)['kind']
export type LinkedPerson = { id: string; name: string; email: string }
/** `mailedTo`: where it was mailed; null = it was shown to `madeBy`, a person's id or `machine`. */
export type LinkOrigin = { mailedTo: string | null; madeBy: string | null }

const PAGES: Record<LinkKind, string> = { 'password-reset': 'reset-password', 'email-change': 'confirm-email' }

export type PersonLinks = ReturnType<typeof createPersonLinks>

type PersonLinksDeps = { db: Db; clock: Clock; log: Log; mailer: Mailer; publicUrl: string }

/** Owns table person_link. */
export function createPersonLinks({ db, clock, log, mailer, publicUrl }: PersonLinksDeps) {
  const running = new Set<Promise<void>>()

  return {
    /** A link beside those that were mailed in the last hour; null = there were enough of them. */
    async makeForMail(kind: LinkKind, userId: string, mailedTo: string): Promise<{ url: string } | null> {
      return db.transaction(async (tx) => {
        const since = new Date(clock.nowMs() - VALID_MS)
        // One after the other for each person, or several at once would each find room for one more.
        await tx.select({ id: authUser.id }).from(authUser).where(eq(authUser.id, userId)).for('update')
        const recent = await tx
          .select({ sha256: personLink.sha256 })
          .from(personLink)
          .where(and(eq(personLink.userId, userId), eq(personLink.kind, kind), gt(personLink.createdAt, since)))
        return recent.length >= MAILS_MAX ? null : insert(tx, kind, userId, { mailedTo, madeBy: null })
      })
    },

    /** A link to show to whoever makes it, in the place of all earlier ones of its kind. */
    async makeToShow(
      tx: Tx,
      kind: LinkKind,
      userId: string,
      madeBy: string,
    ): Promise<{ url: string; expiresAt: Date }> {
      await tx.delete(personLink).where(and(eq(personLink.userId, userId), eq(personLink.kind, kind)))
      return insert(tx, kind, userId, { mailedTo: null, madeBy })
    },

    /** Whose link it is. @throws PersonLinkInvalid */
    async personOf(kind: LinkKind, token: string): Promise<LinkedPerson & LinkOrigin> {
      const [found] = await db
        .select({
          id: authUser.id,
          name: authUser.name,
          email: authUser.email,
          mailedTo: personLink.mailedTo,
          madeBy: personLink.madeBy,
        })
        .from(personLink)
        .innerJoin(authUser, eq(authUser.id, personLink.userId))
        .where(isValid(kind, token))
      if (!found) throw new PersonLinkInvalid({})
      return found
    },

    /**
     * Uses a link and ends all others of the person. Of two who use it at once, one wins.
     * @returns whose it is, and where it was mailed, which is proved now
     * @throws PersonLinkInvalid
     */
    async use(tx: Tx, kind: LinkKind, token: string): Promise<{ userId: string } & LinkOrigin> {
      // update person_link set used_at = $1 where sha256 = $2 and kind = $3 and used_at is null and expires_at > $1
      const [used] = await tx
        .update(personLink)
        .set({ usedAt: new Date(clock.nowMs()) })
        .where(isValid(kind, token))
        .returning({ userId: personLink.userId, mailedTo: personLink.mailedTo, madeBy: personLink.madeBy })
      if (!used) throw new PersonLinkInvalid({})
      await tx.delete(personLink).where(and(eq(personLink.userId, used.userId), isNull(personLink.usedAt)))
      return used
    },

    /** Does what must not show in the time of an answer. A failure is logged, as `what` was not sent. */
    afterwards,

    /** News for a person's own safety; a mail server that does not take it undoes nothing. */
    tell(mail: Mail): void {
      if (mailer.configured) afterwards('word of a change', () => mailer.send(mail))
    },

    /** Resolves when what goes on after an answer has ended; for a clean end, and for tests. */
    async settled(): Promise<void> {
      while (running.size > 0) await Promise.all(running)
    },
  }

  function afterwards(what: string, run: () => Promise<void>): void {
    const job = Promise.resolve()
      .then(run)
      .catch((error) => log.error({ err: error }, `${what} was not sent`))
      .finally(() => running.delete(job))
    running.add(job)
  }

  async function insert(tx: Tx, kind: LinkKind, userId: string, origin: LinkOrigin) {
    const token = randomBytes(32).toString('base64url')
    const createdAt = new Date(clock.nowMs())
    const expiresAt = new Date(clock.nowMs() + VALID_MS)
    await tx.insert(personLink).values({ sha256: sha256(token), kind, userId, ...origin, createdAt, expiresAt })
    return { url: `${publicUrl}/${PAGES[kind]}?token=${token}`, expiresAt }
  }

  function isValid(kind: LinkKind, token: string) {
    return and(
      eq(personLink.sha256, sha256(token)),
      eq(personLink.kind, kind),
      isNull(personLink.usedAt),
      gt(personLink.expiresAt, new Date(clock.nowMs())),
    )
  }
}

function sha256(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
