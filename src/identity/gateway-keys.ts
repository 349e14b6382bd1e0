/** What gateways need of keys: every secret that works now, and where uses are noted. */
import { and, eq, gt, type SQL, sql } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { CONTENT_COLUMNS, type ContentSettings, contentLoggingOf } from './content-policy.ts'
import { keySha256 } from './key-secret.ts'
import { inState } from './key-view.ts'
import { limitsThatApply, type RateLimits, rateLimitsOf, type ScopeLimits } from './rate-limits.ts'
import type { KeyCaller, KeyScope } from './rules.ts'
import { apiKey, apiKeyOldSecret, organization, project } from './tables.ts'

/**
 * A key as the gateway needs it, once for each of its secrets. The same shape as the gateway's `SnapshotKey`, which cannot
 * be imported from here: calls go down the street only.
 */
export type GatewayKey = {
  id: string
  sha256: string
  organizationId: string
  projectId: string
  scopes: KeyScope[]
  models: string[] | null
  /** Canonical; null = anywhere. */
  ips: string[] | null
  /** When this secret ends, in milliseconds since the epoch; null = never. */
  expiresAtMs: number | null
  /** One per project. */
  salt: string
  /** One per key. */
  share: string
  /** Whose it is: a person's, a service account's, or the console's own. */
  kind: 'key' | 'service_account' | 'console'
  contentOnDisk: boolean
  /** Whether what requests say is kept, and the address with it; null = nothing is. */
  contentLogging: { address: boolean } | null
  /** All that apply to it; null = none does. */
  limits: ScopeLimits[] | null
}

/** That a key was let in, by which of its secrets. */
export type KeyUse = { keyId: string; sha256: string; atMs: number }

/** A use is written down only when the last one noted is older than this, so that a busy key is not a write per batch. */
const USE_NOTED_EVERY_S = 10

/** What a key has from its project and its organisation. */
const PROJECT_COLUMNS = {
  salt: project.salt,
  ...CONTENT_COLUMNS,
  projectLimits: columnsOfLimits(project),
  organizationLimits: columnsOfLimits(organization),
}
function columnsOfLimits({ requestsPerMinute, tokensPerMinute, concurrency }: typeof project | typeof organization) {
  return { requestsPerMinute, tokensPerMinute, concurrency }
}

export function createGatewayKeys({ db, clock, contentDaysMax }: { db: Db; clock: Clock; contentDaysMax: number }) {
  return {
    /** Every secret that may be used now, for the gateways' snapshot. */
    async gatewayKeys(): Promise<GatewayKey[]> {
      const now = new Date(clock.nowMs())
      const [current, old] = await Promise.all([secretsInForce(now), replaced(now)])
      return [...current, ...old]
    },

    /**
     * Finds the live key that a secret belongs to; for what does not go through the gateway.
     * @returns null where there is none
     */
    async findBySecret(secret: string): Promise<GatewayKey | null> {
      const now = new Date(clock.nowMs())
      const sha256 = keySha256(secret)
      const [found = null] = await secretsInForce(now, eq(apiKey.sha256, sha256))
      if (found) return found
      const [before = null] = await replaced(now, eq(apiKeyOldSecret.sha256, sha256))
      return before
    },

    /** Who calls with a key that a gateway has let in. @returns null where it has ended since, or there is none */
    async callerWith(keyId: string): Promise<KeyCaller | null> {
      const [key] = await secretsInForce(new Date(clock.nowMs()), eq(apiKey.id, keyId))
      if (!key) return null
      const { id, organizationId, projectId, scopes } = key
      return { kind: 'key', keyId: id, organizationId, projectId, scopes }
    },

    /** Notes when keys were last used, many at once. Unknown ids are passed over. */
    async recordUse(uses: readonly KeyUse[]): Promise<void> {
      if (uses.length === 0) return
      const byKey = latest(uses, ({ keyId }) => keyId)
      await db.execute(sql`
        update ${apiKey} set last_used_at = use.at
        from (values ${byKey}) as use (id, at)
        where ${apiKey.id} = use.id and ${isNews(apiKey.lastUsedAt)}`)
      // Only what came after the replacement says that somebody still works with the old one.
      const bySecret = latest(uses, ({ sha256 }) => sha256)
      await db.execute(sql`
        update ${apiKeyOldSecret} set last_used_at = use.at
        from (values ${bySecret}) as use (sha256, at)
        where ${apiKeyOldSecret.sha256} = use.sha256 and use.at > ${apiKeyOldSecret.replacedAt}
          and ${isNews(apiKeyOldSecret.lastUsedAt)}`)
    },
  }

  /** select key, what it has from project and organisation from api_key join project on … join organization on … where the key is live and … */
  async function secretsInForce(now: Date, where?: SQL): Promise<GatewayKey[]> {
    const rows = await db
      .select({ key: apiKey, ...PROJECT_COLUMNS })
      .from(apiKey)
      .innerJoin(project, eq(project.id, apiKey.projectId))
      .innerJoin(organization, eq(organization.id, apiKey.organizationId))
      .where(and(inState('live', now), where))
    return rows.map(({ key, ...rest }) => gatewayKeyOf(key, rest, contentDaysMax))
  }

  /** The same for secrets that were replaced and have not ended. */
  async function replaced(now: Date, where?: SQL): Promise<GatewayKey[]> {
    const rows = await db
      .select({ old: apiKeyOldSecret, key: apiKey, ...PROJECT_COLUMNS })
      .from(apiKeyOldSecret)
      .innerJoin(apiKey, eq(apiKey.id, apiKeyOldSecret.keyId))
      .innerJoin(project, eq(project.id, apiKey.projectId))
      .innerJoin(organization, eq(organization.id, apiKey.organizationId))
      .where(and(gt(apiKeyOldSecret.endsAt, now), inState('live', now), where))
    return rows.map(({ key, old, ...rest }) => {
      const endsAtMs = Math.min(old.endsAt.getTime(), key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY)
      return { ...gatewayKeyOf(key, rest, contentDaysMax), sha256: old.sha256, expiresAtMs: endsAtMs }
    })
  }
}

/** Rows of (name, time of the last use), in one order for everybody: two batches at once cannot wait for each other. */
function latest(uses: readonly KeyUse[], nameOf: (use: KeyUse) => string): SQL {
  const byName = new Map<string, number>()
  for (const use of uses) byName.set(nameOf(use), Math.max(use.atMs, byName.get(nameOf(use)) ?? 0))
  const ordered = [...byName].sort(([a], [b]) => (a < b ? -1 : 1))
  return sql.join(
    ordered.map(([name, atMs]) => sql`(${name}::text, ${new Date(atMs).toISOString()}::timestamptz)`),
    sql`, `,
  )
}

function isNews(column: typeof apiKey.lastUsedAt | typeof apiKeyOldSecret.lastUsedAt): SQL {
  return sql`(${column} is null or ${column} < use.at - make_interval(secs => ${USE_NOTED_EVERY_S}))`
}

function gatewayKeyOf(
  key: typeof apiKey.$inferSelect,
  of: ContentSettings & { salt: string; projectLimits: RateLimits; organizationLimits: RateLimits },
  contentDaysMax: number,
): GatewayKey {
  return {
    id: key.id,
    sha256: key.sha256,
    organizationId: key.organizationId,
    projectId: key.projectId,
    scopes: key.scopes,
    models: key.models,
    ips: key.ips,
    expiresAtMs: key.expiresAt?.getTime() ?? null,
    salt: of.salt,
    share: key.share,
    kind: key.kind === 'console' ? 'console' : key.serviceAccountId === null ? 'key' : 'service_account',
    contentOnDisk: of.contentOnDisk,
    contentLogging: contentLoggingOf(of, contentDaysMax),
    limits: limitsThatApply([
      { scope: 'key', id: key.id, ...rateLimitsOf(key) },
      { scope: 'project', id: key.projectId, ...of.projectLimits },
      { scope: 'organization', id: key.organizationId, ...of.organizationLimits },
    ]),
  }
}
