import { and, desc, eq, gt, isNotNull, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId, randomText } from '../platform/ids.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { type Audit, actorOf, by } from './audit.ts'
import type { AuditEntry } from './audit-chain.ts'
import { ExpiryPast, KeyUnknown } from './errors.ts'
import type { KeyChanges } from './key-changes.ts'
import { keySha256, makeKeySecret } from './key-secret.ts'
import { type Organizations, within } from './organizations.ts'
import { type Caller, KEY_SCOPES, type KeyScope, may, requireMay, requireVisible } from './rules.ts'
import { apiKey, project } from './tables.ts'

export type KeyState = 'live' | 'expired' | 'revoked'

/** A key as people see it. */
export type ApiKey = {
  id: string
  organizationId: string
  projectId: string
  name: string
  /** First and last characters of the secret. */
  prefix: string
  last4: string
  scopes: KeyScope[]
  /** Models it may name; null = all. */
  models: string[] | null
  state: KeyState
  createdAt: Date
  /** A person's id, or `machine`. */
  createdBy: string
  expiresAt: Date | null
  revokedAt: Date | null
  /** Up to ten seconds behind. */
  lastUsedAt: Date | null
}

/**
 * A key as the gateway needs it. The same shape as the gateway's `SnapshotKey`, which cannot be imported from here: calls
 * go down the street only.
 */
export type GatewayKey = {
  id: string
  sha256: string
  organizationId: string
  projectId: string
  scopes: KeyScope[]
  models: string[] | null
  /** Milliseconds since the epoch; null = never. */
  expiresAtMs: number | null
  /** One per project. */
  salt: string
  /** One per key. */
  share: string
  contentOnDisk: boolean
}

export type CreateKey = {
  /** What it is for; people recognise it by this. */
  name: string
  /** Null = the only project there is. */
  projectId: string | null
  /** Default: all. */
  scopes?: KeyScope[]
  /** Models it may name; null = all. Default null. */
  models?: string[] | null
  /** Null = never. Default null. */
  expiresAt?: Date | null
}

export type KeyUse = { keyId: string; atMs: number }

export type Keys = ReturnType<typeof createKeys>

type KeysDeps = { db: Db; clock: Clock; audit: Audit; organizations: Organizations; changes: KeyChanges }

/** A use is written down only when the last one noted is older than this, so that a busy key is not a write per batch. */
const USE_NOTED_EVERY_S = 10

/** API keys: make, list, revoke, and what the gateway needs of them. Owns table api_key. */
export function createKeys({ db, clock, audit, organizations, changes }: KeysDeps) {
  return {
    /**
     * Makes a key. The answer holds the secret, which nobody can see again.
     * @throws ProjectUnknown
     * @throws ProjectNotNamed
     * @throws Forbidden
     * @throws ExpiryPast
     */
    async create(caller: Caller, wanted: CreateKey): Promise<{ key: ApiKey; secret: string }> {
      const { id: projectId, organizationId } = await organizations.projectMeant(caller, wanted.projectId)
      requireMay(caller, 'keys.create', { organizationId, projectId })
      const made = await db.transaction((tx) =>
        insertKey(
          tx,
          { clock, audit },
          { ...wanted, projectId, organizationId, createdBy: actorOf(caller).id, ...by(caller) },
        ),
      )
      await changes.tell()
      return made
    },

    /**
     * Keys, newest first, never with their secrets.
     * @throws OrganizationUnknown
     * @throws ProjectUnknown
     */
    async list(caller: Caller, filter: KeyFilter, page: Page): Promise<PageOf<ApiKey>> {
      if (filter.organizationId !== null) requireVisible(caller, filter.organizationId, 'keys.list')
      if (filter.projectId !== null) await organizations.project(caller, filter.projectId)
      const now = new Date(clock.nowMs())
      const rows = await db
        .select()
        .from(apiKey)
        .where(
          and(
            within(apiKey.organizationId, caller, 'keys.list'),
            filter.organizationId === null ? undefined : eq(apiKey.organizationId, filter.organizationId),
            filter.projectId === null ? undefined : eq(apiKey.projectId, filter.projectId),
            filter.state === null ? undefined : inState(filter.state, now),
            page.after === null ? undefined : lt(apiKey.id, page.after),
          ),
        )
        .orderBy(desc(apiKey.id))
        .limit(page.limit + 1)
      return pageOf(
        rows.map((row) => keyOf(row, now)),
        page,
      )
    },

    /**
     * Revokes a key; on a revoked one this changes nothing. Gateways refuse it within 100 ms.
     * @throws KeyUnknown where it is not there, or not for him
     * @throws Forbidden
     */
    async revoke(caller: Caller, keyId: string): Promise<ApiKey> {
      const [found] = await db.select().from(apiKey).where(eq(apiKey.id, keyId))
      if (!found || !may(caller, 'keys.list', { organizationId: found.organizationId }))
        throw new KeyUnknown({ key: keyId })
      requireMay(caller, 'keys.revoke', found)
      const now = new Date(clock.nowMs())
      const revoked = await db.transaction(async (tx) => {
        // update api_key set revoked_at = $1 where id = $2 and revoked_at is null returning *: of two at once, one is told.
        const [row] = await tx
          .update(apiKey)
          .set({ revokedAt: now })
          .where(and(eq(apiKey.id, keyId), isNull(apiKey.revokedAt)))
          .returning()
        if (!row) return null
        await audit.record(tx, {
          ...by(caller),
          action: 'key.revoked',
          target: keyId,
          organizationId: row.organizationId,
          before: { revokedAt: null },
          after: { revokedAt: now.toISOString() },
        })
        return row
      })
      if (revoked) {
        await changes.tell()
        return keyOf(revoked, now)
      }
      const [earlier] = await db.select().from(apiKey).where(eq(apiKey.id, keyId))
      if (!earlier) throw new KeyUnknown({ key: keyId })
      return keyOf(earlier, now)
    },

    /** Every key that may be used now, for the gateways' snapshot. */
    async gatewayKeys(): Promise<GatewayKey[]> {
      const rows = await db
        .select({ key: apiKey, salt: project.salt, contentOnDisk: project.contentOnDisk })
        .from(apiKey)
        .innerJoin(project, eq(project.id, apiKey.projectId))
        .where(inState('live', new Date(clock.nowMs())))
      return rows.map(({ key, ...rest }) => gatewayKeyOf(key, rest))
    },

    /**
     * Finds the live key that a secret belongs to; for what does not go through the gateway.
     * @returns null where there is none
     */
    async findBySecret(secret: string): Promise<GatewayKey | null> {
      const [found] = await db
        .select({ key: apiKey, salt: project.salt, contentOnDisk: project.contentOnDisk })
        .from(apiKey)
        .innerJoin(project, eq(project.id, apiKey.projectId))
        .where(and(eq(apiKey.sha256, keySha256(secret)), inState('live', new Date(clock.nowMs()))))
      return found ? gatewayKeyOf(found.key, found) : null
    },

    /** Notes when keys were last used, many at once. Unknown ids are passed over. */
    async recordUse(uses: readonly KeyUse[]): Promise<void> {
      const latest = new Map<string, number>()
      for (const { keyId, atMs } of uses) latest.set(keyId, Math.max(atMs, latest.get(keyId) ?? 0))
      if (latest.size === 0) return
      // One order for everybody, so that two batches at once cannot wait for each other.
      const ordered = [...latest].sort(([a], [b]) => (a < b ? -1 : 1))
      const values = sql.join(
        ordered.map(([keyId, atMs]) => sql`(${keyId}::text, ${new Date(atMs).toISOString()}::timestamptz)`),
        sql`, `,
      )
      await db.execute(sql`
        update ${apiKey} set last_used_at = use.at
        from (values ${values}) as use (id, at)
        where ${apiKey.id} = use.id
          and (${apiKey.lastUsedAt} is null or ${apiKey.lastUsedAt} < use.at - make_interval(secs => ${USE_NOTED_EVERY_S}))`)
    },
  }
}

export type KeyFilter = { organizationId: string | null; projectId: string | null; state: KeyState | null }

type NewKey = CreateKey & { projectId: string; organizationId: string; createdBy: string } & Pick<
    AuditEntry,
    'actor' | 'address'
  >

/**
 * Writes a key and its event, in a transaction that may hold more (set-up makes the first key with the first project).
 * @throws ExpiryPast
 */
export async function insertKey(tx: Tx, { clock, audit }: { clock: Clock; audit: Audit }, wanted: NewKey) {
  const atMs = clock.nowMs()
  const now = new Date(atMs)
  const expiresAt = wanted.expiresAt ?? null
  if (expiresAt !== null && expiresAt <= now)
    throw new ExpiryPast({ expiresAt: expiresAt.toISOString(), now: now.toISOString() })
  const { secret, ...seen } = makeKeySecret()
  const [row] = await tx
    .insert(apiKey)
    .values({
      ...seen,
      id: newId('key', atMs),
      organizationId: wanted.organizationId,
      projectId: wanted.projectId,
      name: wanted.name,
      scopes: wanted.scopes ?? [...KEY_SCOPES],
      models: wanted.models ?? null,
      share: randomText(25),
      createdAt: now,
      createdBy: wanted.createdBy,
      expiresAt,
    })
    .returning()
  if (!row) throw new Error('an insert returned no row')
  const key = keyOf(row, now)
  await audit.record(tx, {
    actor: wanted.actor,
    address: wanted.address,
    action: 'key.created',
    target: key.id,
    organizationId: key.organizationId,
    after: {
      name: key.name,
      projectId: key.projectId,
      prefix: key.prefix,
      last4: key.last4,
      scopes: key.scopes,
      models: key.models,
      expiresAt: key.expiresAt?.toISOString() ?? null,
    },
  })
  return { key, secret }
}

type Row = typeof apiKey.$inferSelect

/** What an operator or a page sees of a row. */
function keyOf(row: Row, now: Date): ApiKey {
  const { sha256: _, share: __, ...seen } = row
  return { ...seen, state: stateOf(row, now) }
}

/** What a gateway needs of a row. */
export function gatewayKeyOf(key: Row, of: { salt: string; contentOnDisk: boolean }): GatewayKey {
  return {
    id: key.id,
    sha256: key.sha256,
    organizationId: key.organizationId,
    projectId: key.projectId,
    scopes: key.scopes,
    models: key.models,
    expiresAtMs: key.expiresAt?.getTime() ?? null,
    salt: of.salt,
    share: key.share,
    contentOnDisk: of.contentOnDisk,
  }
}

function stateOf(row: Pick<Row, 'revokedAt' | 'expiresAt'>, now: Date): KeyState {
  if (row.revokedAt !== null) return 'revoked'
  return row.expiresAt !== null && row.expiresAt <= now ? 'expired' : 'live'
}

/** `stateOf`, as the database sees it. */
function inState(state: KeyState, now: Date): SQL | undefined {
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
