/** Better Auth with our tables and settings. Why they are so: `auth-router.ts`, the only file that uses it. */
import { passkey } from '@better-auth/passkey'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { APIError, isAPIError } from 'better-auth/api'
import { betterAuth } from 'better-auth/minimal'
import { genericOAuth } from 'better-auth/plugins/generic-oauth'
import type { Db } from '../platform/database/database.ts'
import { newId, randomText } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { plain } from '../platform/plain-name.ts'
import type { OidcConfig, SessionConfig } from '../platform/sign-in-config.ts'
import { ADDRESS_HEADER } from './address-header.ts'
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './setup-form.ts'
import { OIDC_PROVIDER, type SingleSignOn } from './single-sign-on.ts'
import { authAccount, authPasskey, authSession, authUser, authVerification } from './tables.ts'

export type BetterAuth = ReturnType<typeof openBetterAuth>

export type BetterAuthDeps = {
  db: Db
  log: Log
  /** At least 32 random characters; whoever has it can forge sessions. */
  secret: string
  publicUrl: string
  trustedOrigins: string[]
  session: SessionConfig
  /** Told of each new session and by which route of Better Auth it came; what it throws refuses the sign-in. */
  onSession(session: { userId: string; address: string | null; path: string }): Promise<void>
}

/** How often a session's last use is noted, and so how exact `updated_at` is. */
const NOTE_USE_EVERY_S = 5 * 60
/** A new passkey opens the door for ever: whoever adds one must have signed in within the hour. */
const FRESH_S = 60 * 60

/** @param sso single sign-on; null = without it. One that has it asks the provider who it is when it opens. */
export function openBetterAuth(deps: BetterAuthDeps, sso: { config: OidcConfig; rules: SingleSignOn } | null) {
  return betterAuth({ ...authOptions(deps, sso?.rules ?? null), plugins: pluginsOf(deps, sso?.config ?? null) })
}

function pluginsOf({ publicUrl, trustedOrigins }: BetterAuthDeps, oidc: OidcConfig | null) {
  return [
    passkey({
      rpID: new URL(publicUrl).hostname,
      rpName: 'Tradewind',
      // By name: left out, it would take whatever Origin a request claims.
      origin: trustedOrigins,
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      registration: { afterVerification: ({ verification }) => requireVerified(verification.registrationInfo) },
      authentication: { afterVerification: ({ verification }) => requireVerified(verification.authenticationInfo) },
      advanced: { webAuthnChallengeCookie: 'passkey_challenge' },
    }),
    ...(oidc === null
      ? []
      : [
          genericOAuth({
            config: [
              {
                providerId: OIDC_PROVIDER,
                name: oidc.name,
                discoveryUrl: `${oidc.issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
                clientId: oidc.clientId,
                clientSecret: oidc.clientSecret,
                scopes: ['openid', 'email', 'profile'],
                requireIdTokenVerification: true,
                // With the issuer in it: after another one is configured, nobody is taken for who he was there.
                accountSubject: ({ profile }) => (profile.sub ? `${oidc.issuer} ${profile.sub}` : ''),
              },
            ],
          }),
        ]),
  ]
}

/** The plugin takes a passkey that was merely touched; it stands for a password here, so it must have asked who it is. */
function requireVerified(info: { userVerified: boolean } | undefined): void {
  if (!info?.userVerified) throw new APIError('UNAUTHORIZED', { message: 'The passkey did not verify its user.' })
}

function authOptions(deps: BetterAuthDeps, rules: SingleSignOn | null) {
  const { db, log, secret, publicUrl, trustedOrigins, session } = deps
  return {
    appName: 'Tradewind',
    baseURL: publicUrl,
    basePath: '/api/auth',
    secrets: [{ version: 1, value: secret }],
    database: drizzleAdapter(db, {
      provider: 'pg',
      transaction: false,
      schema: {
        user: authUser,
        session: authSession,
        account: authAccount,
        verification: authVerification,
        passkey: authPasskey,
      },
    }),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_LENGTH_MIN,
      maxPasswordLength: PASSWORD_LENGTH_MAX,
    },
    user: { ...(rules ? { validateUserInfo: rules.admit } : {}) },
    // An account of the provider joins one of ours by itself only where both sides proved the same address.
    account: { accountLinking: { enabled: true, requireLocalEmailVerified: true }, updateAccountOnSignIn: false },
    session: {
      expiresIn: session.idleMs / 1000,
      updateAge: NOTE_USE_EVERY_S,
      freshAge: FRESH_S,
      cookieCache: { enabled: false },
    },
    databaseHooks: {
      session: {
        create: {
          after: async (
            made: { userId: string; ipAddress?: string | null | undefined },
            context: { path?: string } | null,
          ) => deps.onSession({ userId: made.userId, address: made.ipAddress || null, path: context?.path ?? '' }),
        },
      },
      ...(rules
        ? {
            user: {
              create: {
                // A provider's idea of a name may hold what ours may not.
                before: async (made: { name: string }) => ({ data: { name: plain(made.name) } }),
                after: rules.welcome,
              },
            },
          }
        : {}),
      account: {
        create: {
          // The provider's own tokens are of no use here, so they are not kept.
          before: async () => ({ data: { accessToken: null, refreshToken: null, idToken: null } }),
          ...(rules ? { after: rules.linked } : {}),
        },
      },
    },
    trustedOrigins,
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    logger: {
      level: 'warn',
      // Its further arguments can hold what a client sent, so they are left out.
      log: (level: 'debug' | 'info' | 'warn' | 'error' | 'success', message: string) =>
        log[level === 'success' ? 'info' : level]({ part: 'better-auth' }, message),
    },
    onAPIError: {
      errorURL: `${publicUrl}/sign-in`,
      // Without this its router prints refusals to the console. Of a failure only the kind is kept: a query's message
      // carries its parameters, and here they are session tokens and hashes.
      onError: (error: unknown) => {
        if (isAPIError(error)) return
        const { name, cause } = error as Error
        log.error(
          { part: 'better-auth', error: name, cause: (cause as { code?: string } | undefined)?.code },
          'a route of Better Auth failed',
        )
      },
    },
    advanced: {
      // Cookies know no ports: without a name of our own, another program on localhost could overwrite ours.
      cookiePrefix: 'tradewind',
      disableOriginCheck: false,
      disableCSRFCheck: false,
      ipAddress: { ipAddressHeaders: [ADDRESS_HEADER] },
      database: { generateId: ({ model }: { model: string }) => idFor(model) },
    },
  } satisfies Parameters<typeof betterAuth>[0]
}

function idFor(model: string): string {
  switch (model) {
    case 'user':
      return newId('usr')
    case 'session':
      return newId('ses')
    case 'passkey':
      return newId('pk')
    default:
      return randomText(32)
  }
}
