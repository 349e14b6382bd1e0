import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import { createAudit } from './audit.ts'
import { createKeyChanges } from './key-changes.ts'
import { createKeys } from './keys.ts'
import { createOrganizations } from './organizations.ts'
import { trustedOrigins } from './origins.ts'
import { createPeople } from './people.ts'
import { createSetup } from './setup.ts'
import { createSignInLimit } from './sign-in-limit.ts'

export type IdentityDeps = {
  db: Db
  clock: Clock
  log: Log
  /** What people type to get here, without a slash at the end. */
  publicUrl: string
  /** The port on this machine: its own names for it are trusted beside `publicUrl`. */
  port: number
  /** Signs the session cookies. At least 32 random characters, the same at every start (`secretFromFile`). */
  secret: string
}

export type Identity = ReturnType<typeof createIdentity>

/** Who is calling, and may they: people, organisations, projects, keys, the trail of changes. */
export function createIdentity({ db, clock, log, publicUrl, port, secret }: IdentityDeps) {
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
  const organizations = createOrganizations({ db, audit, changes })
  const keys = createKeys({ db, clock, audit, organizations, changes })
  const setup = createSetup({ db, clock, audit, people, changes, publicUrl })
  return {
    audit,
    people,
    organizations,
    keys,
    setup,
    /** Told after each commit that changes what `keys.gatewayKeys()` answers. @returns a function that stops listening */
    onKeysChanged: changes.listen,
    /** Origins from which a browser may change something here. */
    trustedOrigins: origins,
    publicUrl,
  }
}
