/** What a person sees and changes of his own: name, e-mail address, ways in. */
import { and, eq, isNotNull } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { type Mailer, MailNotConfigured } from '../platform/mail.ts'
import { type Audit, by } from './audit.ts'
import type { AuthRouter } from './auth-router.ts'
import type { Passkey, Passkeys } from './passkeys.ts'
import type { PersonLinks } from './person-links.ts'
import { emailChangedMail, emailChangeMail } from './person-mails.ts'
import type { PersonCaller } from './rules.ts'
import { checkSetupForm } from './setup-form.ts'
import { CurrentPasswordWrong, EmailMalformed, NameRefused, PersonLinkInvalid } from './sign-in-errors.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import type { SsoSignIn } from './sso-sign-in.ts'
import { authAccount, authUser } from './tables.ts'

export type AccountView = {
  id: string
  name: string
  email: string
  /** A mail to it was answered, or the provider of single sign-on says so. */
  emailVerified: boolean
  createdAt: Date
  hasPassword: boolean
  passkeys: Passkey[]
  /** When single sign-on was joined; null = it was not. */
  singleSignOnAt: Date | null
}

export type Account = ReturnType<typeof createAccount>

type AccountDeps = {
  db: Db
  clock: Clock
  audit: Audit
  mailer: Mailer
  auth: AuthRouter
  limit: SignInLimit
  links: PersonLinks
  passkeys: Passkeys
  sso: SsoSignIn
  publicUrl: string
}

export function createAccount(deps: AccountDeps) {
  const { db, clock, audit, mailer, auth, limit, links, passkeys, sso, publicUrl } = deps
  return {
    async view(person: PersonCaller): Promise<AccountView> {
      const [[user], [password], own, singleSignOnAt] = await Promise.all([
        db.select().from(authUser).where(eq(authUser.id, person.userId)),
        db
          .select({ id: authAccount.id })
          .from(authAccount)
          .where(and(eq(authAccount.userId, person.userId), isNotNull(authAccount.password))),
        passkeys.list(person),
        sso.linkedAt(person.userId),
      ])
      if (!user) throw new Error('a person is signed in and not there')
      const { id, name, email, emailVerified, createdAt } = user
      const hasPassword = password !== undefined
      return { id, name, email, emailVerified, createdAt, hasPassword, passkeys: own, singleSignOnAt }
    },

    /** @throws NameRefused */
    async rename(person: PersonCaller, wanted: string): Promise<void> {
      const { form, problems } = checkSetupForm({ name: wanted })
      if (problems.name !== undefined) throw new NameRefused({ problem: problems.name })
      if (form.name === person.name) return
      await db.transaction(async (tx) => {
        await tx
          .update(authUser)
          .set({ name: form.name, updatedAt: new Date(clock.nowMs()) })
          .where(eq(authUser.id, person.userId))
        await audit.record(tx, {
          ...by(person),
          action: 'person.renamed',
          target: person.userId,
          organizationId: null,
          before: { name: person.name },
          after: { name: form.name },
        })
      })
    },

    /**
     * Mails a link to a new address; until it is opened, nothing changes. An address that somebody else has gets none, and
     * the answer does not tell.
     * @throws MailNotConfigured
     * @throws EmailMalformed
     * @throws TooManySignIns
     * @throws CurrentPasswordWrong
     */
    async requestEmailChange(person: PersonCaller, wanted: { email: string; password: string }): Promise<void> {
      if (!mailer.configured) throw new MailNotConfigured({})
      const { form, problems } = checkSetupForm({ email: wanted.email })
      if (problems.email !== undefined) throw new EmailMalformed({ email: wanted.email })
      await requirePassword(person, wanted.password)
      links.afterwards('a link to change an address', async () => {
        if (await isTaken(db, form.email)) return
        const link = await links.makeForMail('email-change', person.userId, form.email)
        if (link === null) return
        await mailer.send(emailChangeMail({ name: person.name, email: form.email }, link.url))
        await db.transaction((tx) =>
          audit.record(tx, {
            ...by(person),
            action: 'person.email_change_requested',
            target: person.userId,
            organizationId: null,
            after: { email: form.email },
          }),
        )
      })
    },

    /**
     * Makes the address of the link the person's own; the old one is told.
     * @throws PersonLinkInvalid  also where somebody else has got the address since
     * @throws TooManySignIns
     */
    async confirmEmail(token: string, address: string | null): Promise<{ email: string }> {
      limit.spend(address, null)
      const { email, before } = await db.transaction(async (tx) => {
        const { userId, mailedTo } = await links.use(tx, 'email-change', token)
        if (mailedTo === null || (await isTaken(tx, mailedTo))) throw new PersonLinkInvalid({})
        const [old] = await tx
          .select({ name: authUser.name, email: authUser.email, verified: authUser.emailVerified })
          .from(authUser)
          .where(eq(authUser.id, userId))
        if (!old) throw new PersonLinkInvalid({})
        await tx
          .update(authUser)
          .set({ email: mailedTo, emailVerified: true, updatedAt: new Date(clock.nowMs()) })
          .where(eq(authUser.id, userId))
        await audit.record(tx, {
          actor: { kind: 'person', id: userId },
          action: 'person.email_changed',
          target: userId,
          organizationId: null,
          address,
          before: { email: old.email, verified: old.verified },
          after: { email: mailedTo, verified: true },
        })
        return { email: mailedTo, before: old }
      })
      links.tell(emailChangedMail(before, email, publicUrl))
      return { email }
    },
  }

  async function requirePassword(person: PersonCaller, password: string): Promise<void> {
    limit.spend(person.address, person.email)
    const [account] = await db
      .select({ hash: authAccount.password })
      .from(authAccount)
      .where(and(eq(authAccount.userId, person.userId), eq(authAccount.providerId, 'credential')))
    const isRight = account?.hash ? await (await auth.passwords()).verify({ hash: account.hash, password }) : false
    if (!isRight) throw new CurrentPasswordWrong({})
    limit.succeeded(person.address, person.email)
  }
}

async function isTaken(db: Db | Tx, email: string): Promise<boolean> {
  const found = await db.select({ id: authUser.id }).from(authUser).where(eq(authUser.email, email))
  return found.length > 0
}
