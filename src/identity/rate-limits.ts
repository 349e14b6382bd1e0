/**
 * How much may be asked of models, where somebody has said so: of one key, and of all keys of a project or of an
 * organisation together. Each holds by itself, so that the tightest counts; a key's may stand above its project's.
 *
 * Only the values live here. The gateway counts (src/gateway/rate-limits/), and hears of a change as it hears of keys.
 */
import { eq } from 'drizzle-orm'
import type { Db, Tx } from '../platform/database/database.ts'
import { type Audit, by } from './audit.ts'
import { KeyEnded, KeyOfConsole, KeyUnknown, OrganizationUnknown, ProjectUnknown } from './errors.ts'
import type { KeyChangeLimit } from './key-caps.ts'
import type { KeyChanges } from './key-changes.ts'
import type { ApiKey } from './key-view.ts'
import type { Keys } from './keys.ts'
import { organizationFor } from './organization-for.ts'
import type { CountedOrganization, Organizations } from './organizations.ts'
import type { CountedProject } from './projects.ts'
import { type Caller, requireMay } from './rules.ts'
import { apiKey, organization, project } from './tables.ts'

/** Null = no limit. */
export type RateLimits = {
  requestsPerMinute: number | null
  /** Prompt and answer together. */
  tokensPerMinute: number | null
  /** Requests that run at once. */
  concurrency: number | null
}
/** What is left out stays as it is. */
export type RateLimitChange = Partial<RateLimits>

/** One that applies to a key, with whose it is. The same shape as the gateway's `ScopeLimits`, which is above this house. */
export type ScopeLimits = RateLimits & { scope: 'key' | 'project' | 'organization'; id: string }

export const NO_LIMITS: RateLimits = { requestsPerMinute: null, tokensPerMinute: null, concurrency: null }
const FIELDS = ['requestsPerMinute', 'tokensPerMinute', 'concurrency'] as const

/** Of a row that has the three columns, those. */
export function rateLimitsOf({ requestsPerMinute, tokensPerMinute, concurrency }: RateLimits): RateLimits {
  return { requestsPerMinute, tokensPerMinute, concurrency }
}

/** All that apply to a key; null = none does, which is what the gateway looks for first. */
export function limitsThatApply(scopes: readonly ScopeLimits[]): ScopeLimits[] | null {
  const limited = scopes.filter((scope) => FIELDS.some((field) => scope[field] !== null))
  return limited.length === 0 ? null : limited
}

type Difference = { set: RateLimitChange; before: RateLimitChange; after: RateLimitChange }

/** What a change comes to; null where nothing would be different. */
export function limitsChangedBy(stored: RateLimits, change: RateLimitChange): Difference | null {
  const fields = FIELDS.filter((field) => change[field] !== undefined && change[field] !== stored[field])
  if (fields.length === 0) return null
  const those = (from: RateLimitChange) => Object.fromEntries(fields.map((field) => [field, from[field]]))
  return { set: those(change), before: those(stored), after: those(change) }
}

type RateLimitDeps = {
  db: Db
  audit: Audit
  changes: KeyChanges
  keys: Keys
  organizations: Organizations
  limit: KeyChangeLimit
}

export function createRateLimits({ db, audit, changes, keys, organizations, limit }: RateLimitDeps) {
  /** In one transaction, since the event must say what was there when this change was made. */
  const change = async (
    caller: Caller,
    action: 'key.limited' | 'project.limited' | 'organization.limited',
    of: { target: string; organizationId: string },
    make: (tx: Tx) => Promise<Difference | null>,
  ) => {
    limit.spend(caller)
    const changed = await db.transaction(async (tx) => {
      const difference = await make(tx)
      if (difference === null) return false
      const { before, after } = difference
      await audit.record(tx, { ...by(caller), action, ...of, before, after })
      return true
    })
    if (changed) await changes.tell()
  }

  return {
    /**
     * Sets the limits of one key. In force in every gateway within 100 ms, as those of the other two.
     * @throws KeyUnknown · Forbidden · KeyOfConsole · KeyEnded where it is revoked · KeyChangesTooMany
     */
    async limitKey(caller: Caller, keyId: string, wanted: RateLimitChange): Promise<ApiKey> {
      const found = await keys.key(caller, keyId)
      requireMay(caller, 'keys.update', found)
      if (found.kind === 'console') throw new KeyOfConsole({ key: keyId })
      await change(caller, 'key.limited', { target: keyId, organizationId: found.organizationId }, async (tx) => {
        const [row] = await tx.select().from(apiKey).where(eq(apiKey.id, keyId)).for('update')
        if (!row) throw new KeyUnknown({ key: keyId })
        if (row.revokedAt !== null) throw new KeyEnded({ key: keyId, state: 'revoked' })
        const difference = limitsChangedBy(row, wanted)
        if (difference) await tx.update(apiKey).set(difference.set).where(eq(apiKey.id, keyId))
        return difference
      })
      return keys.key(caller, keyId)
    },

    /** @throws ProjectUnknown · Forbidden · KeyChangesTooMany */
    async limitProject(caller: Caller, projectId: string, wanted: RateLimitChange): Promise<CountedProject> {
      const { organizationId } = await organizations.project(caller, projectId)
      requireMay(caller, 'project.update', { organizationId, projectId })
      await change(caller, 'project.limited', { target: projectId, organizationId }, async (tx) => {
        const [row] = await tx.select().from(project).where(eq(project.id, projectId)).for('update')
        if (!row) throw new ProjectUnknown({ project: projectId })
        const difference = limitsChangedBy(row, wanted)
        if (difference) await tx.update(project).set(difference.set).where(eq(project.id, projectId))
        return difference
      })
      return organizations.projectShown(caller, projectId)
    },

    /** @throws OrganizationUnknown · Forbidden · KeyChangesTooMany */
    async limitOrganization(caller: Caller, id: string, wanted: RateLimitChange): Promise<CountedOrganization> {
      await organizationFor(db, caller, id, 'organization.limit')
      await change(caller, 'organization.limited', { target: id, organizationId: id }, async (tx) => {
        const [row] = await tx.select().from(organization).where(eq(organization.id, id)).for('update')
        if (!row) throw new OrganizationUnknown({ organization: id })
        const difference = limitsChangedBy(row, wanted)
        if (difference) await tx.update(organization).set(difference.set).where(eq(organization.id, id))
        return difference
      })
      return organizations.organization(caller, id)
    },
  }
}
