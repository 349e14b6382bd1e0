/**
 * People and their sessions, kept by Better Auth's core: e-mail and password, no plugins. Facts that shaped this file:
 *
 * - Only the routes in `AUTH_ROUTES` are reachable; its router has some thirty more (sign-up, e-mail change, social
 *   sign-in …), and what is not listed here does not exist for the network.
 * - Sign-up is off inside it as well. The set-up link writes the person itself, in one transaction with the
 *   organisation and the key, using Better Auth's own password hash.
 * - `transaction: false`: it calls the outer `db` in places, and the embedded database has one connection.
 * - The cookie cache is off: it would keep a revoked session alive for as long as it lasts.
 * - Its checks of origin are asked for by name, since it drops them where NODE_ENV is `test`.
 * - It reads more secrets from the environment (BETTER_AUTH_SECRETS); `secrets` given here goes first.
 */
import { eq } from 'drizzle-orm'
import type { Db } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import { ADDRESS_HEADER } from './address-header.ts'
import type { Audit } from './audit.ts'
import type { BetterAuth } from './better-auth.ts'
import type { PersonCaller } from './rules.ts'
import { passwordProblem } from './setup-form.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import { installationRole, member, projectMember } from './tables.ts'

/** The routes of Better Auth that the network can reach, under /api/auth. */
export const AUTH_ROUTES = [
  { method: 'POST', path: '/sign-in/email' },
  { method: 'POST', path: '/sign-out' },
  { method: 'GET', path: '/get-session' },
  { method: 'GET', path: '/list-sessions' },
  { method: 'POST', path: '/revoke-session' },
  { method: 'POST', path: '/revoke-other-sessions' },
  { method: 'POST', path: '/revoke-sessions' },
  { method: 'POST', path: '/change-password' },
] as const

export type People = ReturnType<typeof createPeople>

type PeopleDeps = {
  db: Db
  log: Log
  audit: Audit
  limit: SignInLimit
  /** At least 32 random characters; whoever has it can forge sessions. */
  secret: string
  publicUrl: string
  trustedOrigins: string[]
}

/** People and their sessions. Owns the `auth_` tables. */
export function createPeople({ db, log, audit, limit, secret, publicUrl, trustedOrigins }: PeopleDeps) {
  let opened: Promise<BetterAuth> | null = null
  // Read at the first person, not at the start: its six hundred files cost a start a third of a second.
  const auth = () => {
    opened ??= import('./better-auth.ts').then(({ openBetterAuth }) =>
      openBetterAuth({ db, log, secret, publicUrl, trustedOrigins }),
    )
    return opened
  }

  return {
    /** As Better Auth will check it. Takes a tenth of a second. */
    async hashPassword(password: string): Promise<string> {
      return (await (await auth()).$context).password.hash(password)
    },

    /**
     * Who is signed in, with what they hold now.
     * @returns null where nobody is; `setCookies` prolong a session and belong on the answer
     */
    async personOf(
      headers: Headers,
      address: string | null,
    ): Promise<{ person: PersonCaller; setCookies: string[] } | null> {
      if (!headers.has('cookie')) return null
      const { response, headers: answered } = await (await auth()).api.getSession({ headers, returnHeaders: true })
      if (!response) return null
      const { user } = response
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
        sessionId: response.session.id,
      }
      return { person, setCookies: answered.getSetCookie() }
    },

    /**
     * Answers a request to one of `AUTH_ROUTES`, with Better Auth's own shapes.
     * @param body JSON as it came; empty = none
     * @throws TooManySignIns
     */
    async answer(
      request: { method: string; path: string; search: string; headers: Headers; body: string },
      address: string | null,
    ) {
      const headers = new Headers(request.headers)
      headers.delete(ADDRESS_HEADER)
      if (address !== null) headers.set(ADDRESS_HEADER, address)
      const url = `${new URL(publicUrl).origin}/api/auth${request.path}${request.search}`
      const toAuth = async () =>
        (await auth()).handler(
          new Request(url, { method: request.method, headers, ...(request.body === '' ? {} : { body: request.body }) }),
        )
      switch (request.path) {
        case '/sign-in/email':
          return signIn(toAuth, fieldIn(request.body, 'email'), address)
        case '/sign-out':
        case '/change-password':
          return withPerson(request.path, toAuth, headers, request.body, address)
        default:
          return toAuth()
      }
    },

    /**
     * Signs in with e-mail and password, as the page does.
     * @returns the cookies of the new session; null where e-mail or password is wrong
     * @throws TooManySignIns
     */
    async signIn(email: string, password: string, headers: Headers, address: string | null): Promise<string[] | null> {
      const body = JSON.stringify({ email, password })
      const response = await this.answer(
        { method: 'POST', path: '/sign-in/email', search: '', headers: forJson(headers), body },
        address,
      )
      return response.ok ? response.headers.getSetCookie() : null
    },

    /** Ends the session that these cookies carry. @returns cookies that clear them */
    async signOut(headers: Headers, address: string | null): Promise<string[]> {
      const response = await this.answer(
        { method: 'POST', path: '/sign-out', search: '', headers: forJson(headers), body: '{}' },
        address,
      )
      return response.headers.getSetCookie()
    },
  }

  async function signIn(toAuth: () => Promise<Response>, email: string, address: string | null): Promise<Response> {
    limit.spend(address, email)
    const response = await toAuth()
    if (!response.ok) return response
    limit.succeeded(address, email)
    const { user } = (await response.clone().json()) as { user: { id: string } }
    await tell('person.signed_in', user.id, address)
    return response
  }

  async function withPerson(
    path: '/sign-out' | '/change-password',
    toAuth: () => Promise<Response>,
    headers: Headers,
    body: string,
    address: string | null,
  ) {
    const session = await (await auth()).api.getSession({ headers })
    if (path === '/change-password') {
      // The old password is asked for, so this is a place to guess it for whoever finds a browser open.
      limit.spend(address, session?.user.email ?? '')
      const problem = passwordProblem(fieldIn(body, 'newPassword'), session?.user.email ?? '')
      if (problem !== null) return Response.json({ code: 'PASSWORD_REFUSED', message: problem }, { status: 400 })
    }
    const response = await toAuth()
    if (response.ok && session) {
      await tell(path === '/sign-out' ? 'person.signed_out' : 'person.password_changed', session.user.id, address)
      if (path === '/change-password') limit.succeeded(address, session.user.email)
    }
    return response
  }

  function tell(action: string, userId: string, address: string | null) {
    return db.transaction((tx) =>
      audit.record(tx, {
        actor: { kind: 'person', id: userId },
        action,
        target: userId,
        organizationId: null,
        address,
      }),
    )
  }
}

/** The headers of a page's form, for the JSON that is made of it. */
function forJson(headers: Headers): Headers {
  const changed = new Headers(headers)
  changed.set('content-type', 'application/json')
  changed.delete('content-length')
  return changed
}

/** A text in a JSON body; empty where there is none, which Better Auth will refuse. */
function fieldIn(body: string, name: string): string {
  try {
    const value = (JSON.parse(body) as Record<string, unknown> | null)?.[name]
    return typeof value === 'string' ? value : ''
  } catch {
    return ''
  }
}
