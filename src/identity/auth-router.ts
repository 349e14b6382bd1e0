/**
 * Better Auth behind two functions: who a request's session belongs to, and one answer of its router. Facts that shaped
 * this file and `better-auth.ts`:
 *
 * - Its router has some forty routes (sign-up, e-mail change, social sign-in …). The network reaches none of them: our own
 *   routes ask it, each for the one thing that it does, with a body that we write.
 * - Sign-up is off inside it as well. The set-up link and invitations write the person themselves, with its password hash.
 * - `transaction: false`: it calls the outer `db` in places, and the embedded database has one connection.
 * - The cookie cache is off: it would keep a revoked session alive for as long as it lasts.
 * - Its checks of origin are asked for by name, since it drops them where NODE_ENV is `test`.
 * - It reads more secrets from the environment (BETTER_AUTH_SECRETS); `secrets` given here goes first.
 * - With single sign-on it asks the provider for its addresses before it answers anything. So there are two of it, alike
 *   but for that: a provider that does not answer keeps nobody from signing in by password.
 */
import type { OidcConfig } from '../platform/sign-in-config.ts'
import { ADDRESS_HEADER } from './address-header.ts'
import type { BetterAuth, BetterAuthDeps } from './better-auth.ts'
import type { SingleSignOn } from './single-sign-on.ts'

export type AuthRouter = ReturnType<typeof createAuthRouter>

export type AuthQuestion = {
  method: 'GET' | 'POST'
  /** Of its router, such as `/sign-in/email`. */
  path: string
  /** With its question mark; empty = none. */
  search?: string
  /** As JSON. */
  body?: Record<string, unknown>
  /** The client's: cookies, Origin, user agent. */
  headers: Headers
  /** Where the client is. */
  address: string | null
  /** Ask the one that has single sign-on. */
  withSingleSignOn?: boolean
}

type AuthRouterDeps = BetterAuthDeps & {
  /** Null = there is no single sign-on. */
  singleSignOn: { config: OidcConfig; rules: SingleSignOn } | null
}

export function createAuthRouter({ singleSignOn, ...deps }: AuthRouterDeps) {
  const opened: { plain: Promise<BetterAuth> | null; withSso: Promise<BetterAuth> | null } = {
    plain: null,
    withSso: null,
  }

  // Read at the first person, not at the start: its six hundred files cost a start a third of a second.
  const open = (sso: typeof singleSignOn) =>
    import('./better-auth.ts').then(({ openBetterAuth }) => openBetterAuth(deps, sso))
  function plain(): Promise<BetterAuth> {
    opened.plain ??= open(null)
    return opened.plain
  }
  function withSso(): Promise<BetterAuth> {
    if (singleSignOn === null) throw new Error('asked for single sign-on where there is none')
    opened.withSso ??= open(singleSignOn)
    return opened.withSso
  }

  return {
    /** Hash and check of a password, as Better Auth does it. Each takes a tenth of a second. */
    async passwords() {
      return (await (await plain()).$context).password
    },

    /** The live session of these cookies; null = there is none. `setCookies` prolong it and belong on the answer. */
    async session(headers: Headers, { prolong = true }: { prolong?: boolean } = {}) {
      if (!headers.has('cookie')) return null
      const { response, headers: answered } = await (await plain()).api.getSession({
        headers,
        query: { disableRefresh: !prolong },
        returnHeaders: true,
      })
      return response && { ...response, setCookies: answered.getSetCookie() }
    },

    /** Ends one session, whoever it belongs to, if it is there. */
    async endSession(token: string): Promise<void> {
      await (await (await plain()).$context).internalAdapter.deleteSession(token)
    },

    async ask({
      method,
      path,
      search = '',
      body,
      headers,
      address,
      withSingleSignOn,
    }: AuthQuestion): Promise<Response> {
      const sent = new Headers(headers)
      for (const name of ['content-type', 'content-length', 'transfer-encoding', ADDRESS_HEADER]) sent.delete(name)
      if (body) sent.set('content-type', 'application/json')
      if (address !== null) sent.set(ADDRESS_HEADER, address)
      const url = `${deps.publicUrl}/api/auth${path}${search}`
      return (await (withSingleSignOn ? withSso() : plain())).handler(
        new Request(url, { method, headers: sent, ...(body ? { body: JSON.stringify(body) } : {}) }),
      )
    },
  }
}
