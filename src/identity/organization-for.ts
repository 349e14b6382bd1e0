import { eq } from 'drizzle-orm'
import type { Db } from '../platform/database/database.ts'
import { OrganizationUnknown } from './errors.ts'
import type { Organization } from './organizations.ts'
import { type Action, type Caller, may, requireMay } from './rules.ts'
import { organization } from './tables.ts'

/** @throws OrganizationUnknown where it is not there, or not for him */
export async function organizationSeen(db: Db, caller: Caller, organizationId: string): Promise<Organization> {
  const [found] = await db.select().from(organization).where(eq(organization.id, organizationId))
  if (!found || !may(caller, 'organization.read', { organizationId }))
    throw new OrganizationUnknown({ organization: organizationId })
  return found
}

/**
 * The organisation that `caller` means to do something to.
 * @throws OrganizationUnknown where it is not there, or not for him
 * @throws Forbidden where he sees it and may not do that
 */
export async function organizationFor(
  db: Db,
  caller: Caller,
  organizationId: string,
  action: Action,
): Promise<Organization> {
  const found = await organizationSeen(db, caller, organizationId)
  requireMay(caller, action, { organizationId })
  return found
}
