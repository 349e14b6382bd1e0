/** Single sign-on as the browser walks it: sent to the provider, back to us, and on to a page of ours. */
import { and, eq } from 'drizzle-orm'
import type { Db } from '../platform/database/database.ts'
import { type Audit, by } from './audit.ts'
import type { AuthRouter } from './auth-router.ts'
import { pathOfOurs } from './origins.ts'
import { requireWayIn } from './passkeys.ts'
import type { Visit } from './people.ts'
import type { PersonCaller } from './rules.ts'
import type { Sessions } from './sessions.ts'
import { SsoUnavailable, SsoUnreachable } from './sign-in-errors.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import { OIDC_PROVIDER, refusalInOurWords } from './single-sign-on.ts'
import { authAccount } from './tables.ts'

export type SsoSignIn = ReturnType<typeof createSsoSignIn>

type SsoSignInDeps = {
  db: Db
  audit: Audit
  auth: AuthRouter
  sessions: Sessions
  limit: SignInLimit
  publicUrl: string
  /** What the button says; null = there is no single sign-on. */
  providerName: string | null
}

export function createSsoSignIn({ db, audit, auth, sessions, limit, publicUrl, providerName }: SsoSignInDeps) {
  return {
    providerName,

    /**
     * Begins a sign-in.
     * @param next where to go afterwards; anything but a path of ours counts as `/`
     * @returns the provider's address for the browser, and the cookie that must come back with its answer
     * @throws SsoUnavailable
     * @throws SsoUnreachable
     * @throws TooManySignIns
     */
    begin: (next: string, visit: Visit) =>
      toProvider('/sign-in/social', { callbackURL: pathOfOurs(next), errorCallbackURL: '/sign-in' }, visit),

    /**
     * Begins to join the provider's account to whoever is signed in. Both must have the same e-mail address, and the
     * provider must have verified it.
     */
    beginLink: (next: string, visit: Visit) =>
      toProvider('/link-social', { callbackURL: pathOfOurs(next), errorCallbackURL: pathOfOurs(next) }, visit),

    /**
     * The provider has answered.
     * @param search as the browser was sent with it
     * @returns a path of ours; with `error` in its query, a word of `SSO_REFUSALS`, where nobody came in
     */
    async finish(search: string, { headers, address }: Visit): Promise<{ path: string; setCookies: string[] }> {
      requireAvailable()
      let answered = { path: '/sign-in?error=sso_failed', setCookies: [] as string[] }
      await sessions.replacing(headers, async () => {
        const response = await auth.ask({
          method: 'GET',
          path: `/callback/${OIDC_PROVIDER}`,
          search,
          headers,
          address,
          withSingleSignOn: true,
        })
        const setCookies = response.headers.getSetCookie()
        answered = { path: pathWithin(response.headers.get('location') ?? ''), setCookies }
        return setCookies.some(beginsSession) || null
      })
      return answered
    },

    /** When the provider's account was joined to this person; null = it is not. */
    async linkedAt(userId: string): Promise<Date | null> {
      const [found] = await db
        .select({ createdAt: authAccount.createdAt })
        .from(authAccount)
        .where(and(eq(authAccount.userId, userId), eq(authAccount.providerId, OIDC_PROVIDER)))
        .limit(1)
      return found?.createdAt ?? null
    },

    /** @throws LastWayIn where it is the only way in that he has */
    async unlink(person: PersonCaller): Promise<void> {
      await db.transaction(async (tx) => {
        const gone = await tx
          .delete(authAccount)
          .where(and(eq(authAccount.userId, person.userId), eq(authAccount.providerId, OIDC_PROVIDER)))
          .returning({ account: authAccount.accountId })
        if (gone.length === 0) return
        await requireWayIn(tx, person.userId)
        await audit.record(tx, {
          ...by(person),
          action: 'person.single_sign_on_unlinked',
          target: person.userId,
          organizationId: null,
          before: { accounts: gone.map(({ account }) => account) },
        })
      })
    },
  }

  async function toProvider(path: string, body: Record<string, string>, { headers, address }: Visit) {
    requireAvailable()
    limit.spend(address, null)
    const response = await auth.ask({
      method: 'POST',
      path,
      body: { ...body, provider: OIDC_PROVIDER, disableRedirect: true },
      headers,
      address,
      withSingleSignOn: true,
    })
    if (!response.ok) throw new SsoUnreachable({ provider: providerName ?? '' })
    const { url } = (await response.json()) as { url: string }
    return { url, setCookies: response.headers.getSetCookie() }
  }

  function requireAvailable(): void {
    if (providerName === null) throw new SsoUnavailable({})
  }

  /** Where Better Auth sends the browser, kept to pages of ours, with its reason in a word of ours. */
  function pathWithin(location: string): string {
    if (!URL.canParse(location, publicUrl)) return '/sign-in?error=sso_failed'
    const url = new URL(location, publicUrl)
    if (url.origin !== new URL(publicUrl).origin) return '/sign-in?error=sso_failed'
    const error = url.searchParams.get('error')
    if (error === null) return pathOfOurs(url.pathname + url.search)
    url.searchParams.delete('error_description')
    url.searchParams.set('error', refusalInOurWords(error))
    return pathOfOurs(url.pathname + url.search)
  }
}

function beginsSession(setCookie: string): boolean {
  return /^[^=]*session_token=[^;]+/.test(setCookie)
}
