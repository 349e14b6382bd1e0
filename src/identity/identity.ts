import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import type { Mailer } from '../platform/mail.ts'
import { createAcceptInvitation } from './accept-invitation.ts'
import { createAudit } from './audit.ts'
import { createDeletions } from './deletions.ts'
import { createInvitations } from './invitations.ts'
import { createKeyChanges } from './key-changes.ts'
import { createKeys } from './keys.ts'
import { createMembers } from './members.ts'
import { createOperators } from './operators.ts'
import { createOrganizations } from './organizations.ts'
import { trustedOrigins } from './origins.ts'
import { createPeople } from './people.ts'
import { createProjectMembers } from './project-members.ts'
import { createServiceAccounts } from './service-accounts.ts'
import { createSetup } from './setup.ts'
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
}

export type Identity = ReturnType<typeof createIdentity>

/** Who is calling, and may they: people, organisations, projects, keys, the trail of changes. */
export function createIdentity({ db, clock, log, mailer, publicUrl, port, secret }: IdentityDeps) {
  const origins = trustedOrigins({ publicUrl, port })
  const changes = createKeyChanges(log)
  const audit = createAudit({ db, clock })
  const people = createPeople({
    db,
    log,
    audit,
    limit: createSignInLimit(clock),
    secret,
    publicUrl,
    trustedOrigins: origins,
  })
  const deletions = createDeletions()
  const organizations = createOrganizations({ db, clock, audit, changes, deletions })
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
  const acceptInvitation = createAcceptInvitation({ db, clock, audit, people, invitations })
  const keys = createKeys({ db, clock, audit, organizations, changes })
  const setup = createSetup({ db, clock, audit, people, changes, publicUrl })
  return {
    audit,
    people,
    organizations,
    members,
    projectMembers,
    operators,
    serviceAccounts,
    invitations,
    acceptInvitation,
    keys,
    setup,
    /** Told after each commit that changes what `keys.gatewayKeys()` answers. @returns a function that stops listening */
    onKeysChanged: changes.listen,
    /** Called in the transaction that deletes an organisation or a project, for houses that keep something of it. */
    onDeleting: deletions.listen,
    /** Origins from which a browser may change something here. */
    trustedOrigins: origins,
    publicUrl,
  }
}
