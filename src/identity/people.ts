/** Who is signed in, and how one gets in and out by e-mail and password. Other ways in: passkeys.ts, sso-sign-in.ts. */
import { eq } from 'drizzle-orm'
import type { Db } from '../platform/database/database.ts'
import type { Audit } from './audit.ts'
import type { AuthRouter } from './auth-router.ts'
import { endResetLinks } from './end-reset-links.ts'
import type { PersonCaller } from './rules.ts'
import type { Sessions } from './sessions.ts'
import { passwordProblem } from './setup-form.ts'
import { CurrentPasswordWrong, PasswordRefused } from './sign-in-errors.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import { installationRole, member, projectMember } from './tables.ts'

export type People = ReturnType<typeof createPeople>

/** Where a request came from, with what it carries. */
export type Visit = { headers: Headers; address: string | null }

export type PeopleDeps = { db: Db; audit: Audit; auth: AuthRouter; sessions: Sessions; limit: SignInLimit }

export function createPeople({ db, audit, auth, sessions, limit }: PeopleDeps) {
  return {
    /** As Better Auth will check it. Takes a tenth of a second. */
    async hashPassword(password: string): Promise<string> {
      return (await auth.passwords()).hash(password)
    },

    /**
     * Who is signed in, with what they hold now.
     * @param options.prolong false where the answer has no place for cookies: then the session is only looked at
     * @returns null where nobody is; `setCookies` prolong a session and belong on the answer
     */
    async personOf(
      headers: Headers,
      address: string | null,
      options: { prolong?: boolean } = {},
    ): Promise<{ person: PersonCaller; setCookies: string[] } | null> {
      const found = await auth.session(headers, options)
      if (!found || (await sessions.endIfTooOld(found.session))) return null
      const { user } = found
      const [roles, memberships, projectRoles] = await Promise.all([
        db.select({ role: installationRole.role }).from(installationRole).where(eq(installationRole.userId, user.id)),
        db
          .select({ organizationId: member.organizationId, role: member.role })
          .from(member)
          .where(eq(member.userId, user.id)),
        db
          .select({
            organizationId: projectMember.organizationId,
            projectId: projectMember.projectId,
            role: projectMember.role,
          })
          .from(projectMember)
          .where(eq(projectMember.userId, user.id)),
      ])
      const person: PersonCaller = {
        kind: 'person',
        userId: user.id,
        name: user.name,
        email: user.email,
        operator: roles.some(({ role }) => role === 'operator'),
        memberships,
        projectRoles,
        address,
        sessionId: found.session.id,
      }
      return { person, setCookies: found.setCookies }
    },

    /**
     * Signs in with e-mail and password, in a new session; one that the browser came with ends.
     * @returns the cookies of the new session; null where e-mail or password is wrong
     * @throws TooManySignIns
     */
    async signIn(email: string, password: string, headers: Headers, address: string | null): Promise<string[] | null> {
      const whenWrong = limit.spend(address, email)
      return sessions.replacing(headers, async () => {
        const response = await auth.ask({
          method: 'POST',
          path: '/sign-in/email',
          body: { email, password },
          headers,
          address,
        })
        if (!response.ok) {
          if (whenWrong !== null) throw whenWrong
          return null
        }
        limit.succeeded(address, email)
        return response.headers.getSetCookie()
      })
    },

    /** Ends the session that these cookies carry. @returns cookies that clear them */
    async signOut(headers: Headers, address: string | null): Promise<string[]> {
      const found = await auth.session(headers)
      const response = await auth.ask({ method: 'POST', path: '/sign-out', body: {}, headers, address })
      if (found) await sessions.signedOut(found.session.userId, address)
      return response.headers.getSetCookie()
    },

    /**
     * Changes the person's own password and ends all his sessions; the caller goes on in a new one.
     * @returns the new session's cookies
     * @throws TooManySignIns  the current password is asked for, so this is a place to guess it
     * @throws PasswordRefused
     * @throws CurrentPasswordWrong  also where there is no password yet
     */
    async changePassword(person: PersonCaller, wanted: { current: string; next: string }, { headers, address }: Visit) {
      limit.spend(address, person.email)
      const problem = passwordProblem(wanted.next, person.email)
      if (problem !== null) throw new PasswordRefused({ problem })
      const response = await auth.ask({
        method: 'POST',
        path: '/change-password',
        body: { currentPassword: wanted.current, newPassword: wanted.next, revokeOtherSessions: true },
        headers,
        address,
      })
      if (!response.ok) throw new CurrentPasswordWrong({})
      limit.succeeded(address, person.email)
      await db.transaction(async (tx) => {
        await endResetLinks(tx, person.userId)
        await audit.record(tx, {
          actor: { kind: 'person', id: person.userId },
          action: 'person.password_changed',
          target: person.userId,
          organizationId: null,
          address,
        })
      })
      await sessions.told()
      return response.headers.getSetCookie()
    },
  }
}
