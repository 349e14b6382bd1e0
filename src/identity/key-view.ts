/**
 * A key as people see it, with the names of whom and what it belongs to; and which keys may be used now. Reads for the
 * other `key-` files of this house: nothing here changes anything.
 */
import { and, asc, eq, gt, inArray, isNotNull, isNull, lte, or, type SQL } from 'drizzle-orm'
import type { Db, Tx } from '../platform/database/database.ts'
import { type RateLimits, rateLimitsOf } from './rate-limits.ts'
import type { KeyScope } from './rules.ts'
import { apiKey, apiKeyOldSecret, authUser, type KeyKind, project, serviceAccount } from './tables.ts'

export const KEY_STATES = ['live', 'expired', 'revoked'] as const
export type KeyState = (typeof KEY_STATES)[number]

/** A secret that a newer one has replaced. */
export type OldSecret = {
  prefix: string
  last4: string
  replacedAt: Date
  /** It works until then, if the key does. */
  endsAt: Date
  /** Whether a request with it would be let in now. */
  works: boolean
  /** Since it was replaced; null = not used since. */
  lastUsedAt: Date | null
}

/** Who a key belongs to. `id` is `machine` where it was made by the command line; `name` is null where nobody has it any more. */
export type KeyOwner = { kind: 'person' | 'service_account' | 'machine'; id: string; name: string | null }

/** A key as people see it. */
export type ApiKey = {
  id: string
  /** `console`: made by the playground for one session. */
  kind: KeyKind
  organizationId: string
  projectId: string
  projectName: string
  name: string
  /** First and last characters of the secret. */
  prefix: string
  last4: string
  scopes: KeyScope[]
  /** Models it may name; null = all. */
  models: string[] | null
  /** Addresses and ranges that it may come from; null = all. */
  ips: string[] | null
  /** Of this key alone; those of its project and organisation hold too. */
  limits: RateLimits
  state: KeyState
  owner: KeyOwner
  createdAt: Date
  /** A person's id, or `machine`. */
  createdBy: string
  /** Null for `machine`, and for who is gone. */
  createdByName: string | null
  expiresAt: Date | null
  revokedAt: Date | null
  /** The first use at once, later ones up to ten seconds behind. */
  lastUsedAt: Date | null
  /** The latest first. Those that have ended are kept for 90 days. */
  oldSecrets: OldSecret[]
}

/** @param where on `apiKey` */
export function readKeys(db: Db | Tx, where: SQL | undefined, now: Date) {
  return {
    /** One key. @returns null where there is none */
    async one(): Promise<ApiKey | null> {
      const [row] = await withNames(db).where(where)
      if (!row) return null
      const [key = null] = await withOldSecrets(db, [row], now)
      return key
    },
    /** @param order its last term must make it unambiguous */
    async many(order: SQL[], limit: number): Promise<ApiKey[]> {
      const rows = await withNames(db)
        .where(where)
        .orderBy(...order)
        .limit(limit)
      return withOldSecrets(db, rows, now)
    },
  }
}

/** select key, project's name, names of maker and owner from api_key, one row a key. */
function withNames(db: Db | Tx) {
  return db
    .select({
      key: apiKey,
      projectName: project.name,
      createdByName: authUser.name,
      serviceAccountName: serviceAccount.name,
    })
    .from(apiKey)
    .innerJoin(project, eq(project.id, apiKey.projectId))
    .leftJoin(authUser, eq(authUser.id, apiKey.createdBy))
    .leftJoin(serviceAccount, eq(serviceAccount.id, apiKey.serviceAccountId))
    .$dynamic()
}

type NamedRow = Awaited<ReturnType<typeof withNames>>[number]

async function withOldSecrets(db: Db | Tx, rows: NamedRow[], now: Date): Promise<ApiKey[]> {
  if (rows.length === 0) return []
  const ids = rows.map(({ key }) => key.id)
  // select * from api_key_old_secret where key_id = any($1) order by replaced_at
  const old = await db
    .select()
    .from(apiKeyOldSecret)
    .where(inArray(apiKeyOldSecret.keyId, ids))
    .orderBy(asc(apiKeyOldSecret.replacedAt))
  const byKey = Map.groupBy(old, ({ keyId }) => keyId)
  return rows.map((row) => keyOf(row, byKey.get(row.key.id) ?? [], now))
}

function keyOf(
  { key, projectName, createdByName, serviceAccountName }: NamedRow,
  old: (typeof apiKeyOldSecret.$inferSelect)[],
  now: Date,
): ApiKey {
  const { sha256: _, share: __, sessionId: ___, serviceAccountId, ...rest } = key
  const { requestsPerMinute: _r, tokensPerMinute: _t, concurrency: _c, ...seen } = rest
  const owner: KeyOwner =
    serviceAccountId !== null
      ? { kind: 'service_account', id: serviceAccountId, name: serviceAccountName }
      : { kind: key.createdBy === 'machine' ? 'machine' : 'person', id: key.createdBy, name: createdByName }
  const state = stateOf(key, now)
  const oldSecretOf = ({ prefix, last4, replacedAt, endsAt, lastUsedAt }: (typeof old)[number]): OldSecret => {
    return { prefix, last4, replacedAt, endsAt, works: state === 'live' && endsAt > now, lastUsedAt }
  }
  return {
    ...seen,
    limits: rateLimitsOf(key),
    projectName,
    createdByName,
    owner,
    state,
    oldSecrets: old.toReversed().map(oldSecretOf),
  }
}

/** Order matters: a revoked key stays revoked when it expires too. */
export function stateOf(row: { revokedAt: Date | null; expiresAt: Date | null }, now: Date): KeyState {
  if (row.revokedAt !== null) return 'revoked'
  return row.expiresAt !== null && row.expiresAt <= now ? 'expired' : 'live'
}

/** `stateOf`, as the database sees it. */
export function inState(state: KeyState, now: Date): SQL | undefined {
  switch (state) {
    case 'revoked':
      return isNotNull(apiKey.revokedAt)
    case 'expired':
      return and(isNull(apiKey.revokedAt), lte(apiKey.expiresAt, now))
    case 'live':
      return and(isNull(apiKey.revokedAt), or(isNull(apiKey.expiresAt), gt(apiKey.expiresAt, now)))
    default:
      return state satisfies never
  }
}
