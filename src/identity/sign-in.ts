/** Everything of how people get in and stay in, built once: what one part needs of another is handed in here. */
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import type { Mailer } from '../platform/mail.ts'
import type { OidcConfig, SessionConfig } from '../platform/sign-in-config.ts'
import { createAccount } from './account.ts'
import type { Audit } from './audit.ts'
import { createAuthRouter } from './auth-router.ts'
import type { KeyChanges } from './key-changes.ts'
import { createPasskeys } from './passkeys.ts'
import { createPasswordReset } from './password-reset.ts'
import { createPeople } from './people.ts'
import { createPersonLinks } from './person-links.ts'
import { createPersonReach } from './person-reach.ts'
import { createSessions, createSignInNotes } from './sessions.ts'
import { createSignInLimit } from './sign-in-limit.ts'
import { createSingleSignOn } from './single-sign-on.ts'
import { createSsoSignIn } from './sso-sign-in.ts'

export type SignInDeps = {
  db: Db
  clock: Clock
  log: Log
  audit: Audit
  mailer: Mailer
  changes: KeyChanges
  /** At least 32 random characters; whoever has it can forge sessions. */
  secret: string
  publicUrl: string
  trustedOrigins: string[]
  session: SessionConfig
  /** Null = there is no single sign-on. */
  oidc: OidcConfig | null
}

export function createSignIn(deps: SignInDeps) {
  const { db, clock, log, audit, mailer, changes, secret, publicUrl, trustedOrigins, session, oidc } = deps
  const limit = createSignInLimit(clock)
  const reach = createPersonReach({ db })
  const auth = createAuthRouter({
    db,
    log,
    secret,
    publicUrl,
    trustedOrigins,
    session,
    onSession: createSignInNotes({ db, audit }),
    singleSignOn: oidc && { config: oidc, rules: createSingleSignOn({ db, clock, log, audit, config: oidc }) },
  })
  const sessions = createSessions({ db, clock, audit, auth, changes, reach, config: session })
  const people = createPeople({ db, audit, auth, sessions, limit })
  const passkeys = createPasskeys({ db, audit, auth, sessions, limit, publicUrl })
  const sso = createSsoSignIn({ db, audit, auth, sessions, limit, publicUrl, providerName: oidc?.name ?? null })
  const links = createPersonLinks({ db, clock, log, mailer, publicUrl })
  return {
    people,
    sessions,
    passkeys,
    sso,
    links,
    passwordReset: createPasswordReset({
      db,
      clock,
      audit,
      mailer,
      auth,
      limit,
      changes,
      links,
      reach,
      publicUrl,
    }),
    account: createAccount({ db, clock, audit, mailer, auth, limit, links, passkeys, sso, publicUrl }),
    /** Whether mail can be sent. */
    mailConfigured: mailer.configured,
  }
}
