import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import type { Mailer } from '../platform/mail.ts'
import type { OidcConfig, SessionConfig } from '../platform/sign-in-config.ts'
import { createAcceptInvitation } from './accept-invitation.ts'
import { createAudit } from './audit.ts'
import { createConsoleKeys } from './console-keys.ts'
import { createContentPolicies } from './content-policy.ts'
import { createDeletions } from './deletions.ts'
import { createInvitations } from './invitations.ts'
import { createKeyChangeLimit } from './key-caps.ts'
import { createKeyChanges } from './key-changes.ts'
import { createKeys } from './keys.ts'
import { createMembers } from './members.ts'
import { createNames } from './names.ts'
import { createOperators } from './operators.ts'
import { createOrganizations } from './organizations.ts'
import { trustedOrigins } from './origins.ts'
import { createProjectMembers } from './project-members.ts'
import { createRateLimits } from './rate-limits.ts'
import { createServiceAccounts } from './service-accounts.ts'
import { createSetup } from './setup.ts'
import { createSignIn } from './sign-in.ts'
import { createSignInLimit } from './sign-in-limit.ts'

export type IdentityDeps = {
  db: Db
  clock: Clock
  log: Log
  mailer: Mailer
  /** What people type to get here, without a slash at the end. */
  publicUrl: string
  /** The port on this machine: its own names for it are trusted beside `publicUrl`. */
  port: number
  /** Signs the session cookies. At least 32 random characters, the same at every start (`secretFromFile`). */
  secret: string
  /** How long a session lasts. */
  session: SessionConfig
  /** Null = there is no single sign-on. */
  oidc: OidcConfig | null
  /** Ceiling of how long projects may keep what requests say, in days; 0 = nobody keeps anything. */
  contentDaysMax: number
}

export type Identity = ReturnType<typeof createIdentity>

/** Who is calling, and may they: people, organisations, projects, keys, the trail of changes. */
export function createIdentity(deps: IdentityDeps) {
  const { db, clock, log, mailer, publicUrl, port, contentDaysMax } = deps
  const origins = trustedOrigins({ publicUrl, port })
  const changes = createKeyChanges(log)
  const audit = createAudit({ db, clock })
  const signIn = createSignIn({ ...deps, audit, changes, trustedOrigins: origins })
  const { people } = signIn
  const deletions = createDeletions()
  const contentDeletions = createDeletions()
  const diskDeletions = createDeletions()
  const organizations = createOrganizations({
    db,
    clock,
    audit,
    changes,
    deletions,
    contentDeletions,
    diskDeletions,
    contentDaysMax,
  })
  const members = createMembers({ db, clock, audit, changes })
  const projectMembers = createProjectMembers({ db, clock, audit, changes, organizations })
  const operators = createOperators({ db, clock, audit })
  const serviceAccounts = createServiceAccounts({ db, clock, audit, changes, organizations })
  // A limit of its own: whoever guesses at invitations must not shut out those who sign in from the same place.
  const invitationLimit = createSignInLimit(clock)
  const invitations = createInvitations({
    db,
    clock,
    audit,
    organizations,
    mailer,
    limit: invitationLimit,
    publicUrl,
  })
  const acceptInvitation = createAcceptInvitation({ db, clock, audit, people, invitations, changes })
  const keyLimit = createKeyChangeLimit(clock)
  const keys = createKeys({ db, clock, audit, organizations, changes, limit: keyLimit, contentDaysMax })
  const consoleKeys = createConsoleKeys({ db, clock, audit, organizations, changes, limit: keyLimit })
  changes.settleWith(consoleKeys.endOrphans)
  const setup = createSetup({ db, clock, audit, people, changes, publicUrl })
  return {
    audit,
    ...signIn,
    organizations,
    members,
    projectMembers,
    operators,
    serviceAccounts,
    invitations,
    acceptInvitation,
    keys,
    /** What things are called, for houses that know them by their ids. */
    names: createNames({ db }),
    consoleKeys,
    /** How much may be asked of models: what is said of keys, projects and organisations. */
    rateLimits: createRateLimits({ db, audit, changes, keys, organizations, limit: keyLimit }),
    contentPolicies: createContentPolicies({ db, daysMax: contentDaysMax }),
    setup,
    /** Told after each commit that changes what `keys.gatewayKeys()` answers. @returns a function that stops listening */
    onKeysChanged: changes.listen,
    /** Called in the transaction that deletes an organisation or a project, for houses that keep something of it. */
    onDeleting: deletions.listen,
    /** Called in the transaction after which what a project's requests said is not to be kept any more. */
    onContentDeleting: contentDeletions.listen,
    /** Called in the transaction after which nothing that a project's requests said may lie on a disk. */
    onDiskForbidden: diskDeletions.listen,
    /** Origins from which a browser may change something here. */
    trustedOrigins: origins,
    publicUrl,
  }
}
