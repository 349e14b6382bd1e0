/** Better Auth with our tables and settings. Why they are so: `people.ts`, the only file that uses it. */
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { isAPIError } from 'better-auth/api'
import { betterAuth } from 'better-auth/minimal'
import type { Db } from '../platform/database/database.ts'
import { newId, randomText } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { ADDRESS_HEADER } from './address-header.ts'
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './setup-form.ts'
import { authAccount, authSession, authUser, authVerification } from './tables.ts'

export type BetterAuth = ReturnType<typeof openBetterAuth>

type BetterAuthDeps = { db: Db; log: Log; secret: string; publicUrl: string; trustedOrigins: string[] }

/** @param deps.secret at least 32 random characters; whoever has it can forge sessions */
export function openBetterAuth(deps: BetterAuthDeps) {
  return betterAuth(authOptions(deps))
}

function authOptions({ db, log, secret, publicUrl, trustedOrigins }: BetterAuthDeps) {
  return {
    appName: 'Tradewind',
    baseURL: publicUrl,
    basePath: '/api/auth',
    secrets: [{ version: 1, value: secret }],
    database: drizzleAdapter(db, {
      provider: 'pg',
      transaction: false,
      schema: { user: authUser, session: authSession, account: authAccount, verification: authVerification },
    }),
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: PASSWORD_LENGTH_MIN,
      maxPasswordLength: PASSWORD_LENGTH_MAX,
    },
    session: { expiresIn: 7 * 24 * 60 * 60, updateAge: 24 * 60 * 60, cookieCache: { enabled: false } },
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
      database: { generateId: ({ model }: { model: string }) => (model === 'user' ? newId('usr') : randomText(32)) },
    },
  } satisfies Parameters<typeof betterAuth>[0]
}
