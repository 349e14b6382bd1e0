/** A new password for somebody who lost his: by mail, or by a link that an operator or owner hands over. */
import { and, eq } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { randomText } from '../platform/ids.ts'
import { type Mailer, MailNotConfigured } from '../platform/mail.ts'
import { type Audit, actorOf, by } from './audit.ts'
import type { AuthRouter } from './auth-router.ts'
import type { KeyChanges } from './key-changes.ts'
import type { LinkedPerson, LinkOrigin, PersonLinks } from './person-links.ts'
import { passwordChangedMail, passwordResetMail } from './person-mails.ts'
import type { PersonReach } from './person-reach.ts'
import type { Caller } from './rules.ts'
import { passwordProblem } from './setup-form.ts'
import { PasswordRefused, PersonLinkInvalid } from './sign-in-errors.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import { authAccount, authSession, authUser } from './tables.ts'

export type ResetLink = { url: string; expiresAt: Date; person: LinkedPerson }

export type PasswordReset = ReturnType<typeof createPasswordReset>

type PasswordResetDeps = {
  db: Db
  clock: Clock
  audit: Audit
  mailer: Mailer
  auth: AuthRouter
  limit: SignInLimit
  changes: KeyChanges
  links: PersonLinks
  reach: PersonReach
  publicUrl: string
}

export function createPasswordReset(deps: PasswordResetDeps) {
  const { db, clock, audit, mailer, auth, limit, changes, links, reach, publicUrl } = deps
  return {
    /**
     * Mails a link to whoever has this address, if anybody does.
     * @throws MailNotConfigured  whoever the address belongs to
     * @throws TooManySignIns
     */
    request(email: string, address: string | null): void {
      if (!mailer.configured) throw new MailNotConfigured({})
      limit.spend(address, `reset ${email.trim()}`)
      links.afterwards('a link to reset a password', async () => {
        const [person] = await db
          .select({ id: authUser.id, name: authUser.name, email: authUser.email })
          .from(authUser)
          .where(eq(authUser.email, email.trim().toLowerCase()))
        const link = person && (await links.makeForMail('password-reset', person.id, person.email))
        if (!link) return
        await mailer.send(passwordResetMail(person, link.url))
        await db.transaction((tx) =>
          audit.record(tx, {
            actor: { kind: 'person', id: person.id },
            action: 'person.password_reset_requested',
            target: person.id,
            organizationId: null,
            address,
            after: { by: 'whoever typed the address' },
          }),
        )
      })
    },

    /**
     * A link for somebody else, to be handed over. Earlier ones stop being valid. It is good for as long as its maker may
     * make it, which is asked again when it is looked at and when it is used.
     * @param who a person's id or e-mail address
     * @throws PersonUnknown
     * @throws Forbidden
     */
    async makeLink(caller: Caller, who: string): Promise<ResetLink> {
      const { id, name, email, places } = await reach.require(caller, who, 'people.reset_password')
      const link = await db.transaction(async (tx) => {
        const made = await links.makeToShow(tx, 'password-reset', id, actorOf(caller).id)
        // On the trail of every organisation too: its owners should see who could have let himself in.
        for (const organizationId of new Set([null, ...places.map((place) => place.organizationId)]))
          await audit.record(tx, {
            ...by(caller),
            action: 'person.password_reset_link_made',
            target: id,
            organizationId,
            after: { email, expiresAt: made.expiresAt.toISOString() },
          })
        return made
      })
      return { ...link, person: { id, name, email } }
    },

    /** Whose password a link may set. @throws PersonLinkInvalid @throws TooManySignIns */
    async personOf(token: string, address: string | null): Promise<LinkedPerson> {
      limit.spend(address, null)
      const { id, name, email, ...origin } = await links.personOf('password-reset', token)
      await requireGood(db, id, origin)
      return { id, name, email }
    },

    /**
     * Sets a new password and signs the person out everywhere. A link that was mailed also proves the address.
     * @throws PersonLinkInvalid
     * @throws PasswordRefused  the link stays valid
     * @throws TooManySignIns
     */
    async complete(token: string, password: string, address: string | null): Promise<LinkedPerson> {
      const { email } = await this.personOf(token, address)
      const problem = passwordProblem(password, email)
      if (problem !== null) throw new PasswordRefused({ problem })
      // Outside the transaction: it takes a tenth of a second, and the embedded database has one connection.
      const hash = await (await auth.passwords()).hash(password)
      const person = await db.transaction(async (tx) => {
        const { userId, mailedTo, madeBy } = await links.use(tx, 'password-reset', token)
        await requireGood(tx, userId, { mailedTo, madeBy })
        const now = new Date(clock.nowMs())
        const [user] = await tx
          .select({ id: authUser.id, name: authUser.name, email: authUser.email })
          .from(authUser)
          .where(eq(authUser.id, userId))
        if (!user) throw new PersonLinkInvalid({})
        if (mailedTo === user.email)
          await tx.update(authUser).set({ emailVerified: true, updatedAt: now }).where(eq(authUser.id, userId))
        await setPassword(tx, userId, hash, now)
        const ended = await tx
          .delete(authSession)
          .where(eq(authSession.userId, userId))
          .returning({ id: authSession.id })
        await audit.record(tx, {
          actor: { kind: 'person', id: userId },
          action: 'person.password_reset',
          target: userId,
          organizationId: null,
          address,
          after: { sessionsEnded: ended.length, by: mailedTo === null ? 'a link handed over' : 'a link by mail' },
        })
        return user
      })
      await changes.tell()
      links.tell(passwordChangedMail(person, publicUrl))
      return person
    },
  }

  /**
   * A link that was shown opens no more than its maker may open now: either of the two may hold another role since.
   * @throws PersonLinkInvalid
   */
  async function requireGood(reader: Db | Tx, personId: string, { mailedTo, madeBy }: LinkOrigin): Promise<void> {
    if (mailedTo !== null) return
    if (madeBy === null || !(await reach.makerMayStill(reader, madeBy, personId, 'people.reset_password')))
      throw new PersonLinkInvalid({})
  }
}

/** Sets the password, also of somebody who had none. */
async function setPassword(tx: Tx, userId: string, password: string, now: Date): Promise<void> {
  const changed = await tx
    .update(authAccount)
    .set({ password, updatedAt: now })
    .where(and(eq(authAccount.userId, userId), eq(authAccount.providerId, 'credential')))
    .returning({ id: authAccount.id })
  if (changed.length > 0) return
  await tx.insert(authAccount).values({
    id: randomText(32),
    accountId: userId,
    providerId: 'credential',
    userId,
    password,
    createdAt: now,
    updatedAt: now,
  })
}
