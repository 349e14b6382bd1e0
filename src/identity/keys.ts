import { and, eq, inArray, isNull } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { type Audit, actorOf, by } from './audit.ts'
import { KeyOfConsole, KeyUnknown } from './errors.ts'
import { createGatewayKeys } from './gateway-keys.ts'
import { type CreateKey, insertKey } from './insert-key.ts'
import { type KeyChangeLimit, requireRoomForKey } from './key-caps.ts'
import { changesTo, type KeyChange } from './key-change.ts'
import type { KeyChanges } from './key-changes.ts'
import { beyond, type KeyFilter, type KeySort, matching, type SortOrder, sorted } from './key-list.ts'
import { OVERLAP_S_DEFAULT, rotateSecret } from './key-rotation.ts'
import { keySha256, secretsIn } from './key-secret.ts'
import { type ApiKey, readKeys, stateOf } from './key-view.ts'
import type { Organizations } from './organizations.ts'
import { requireInReach } from './reach.ts'
import { type Caller, may, requireMay } from './rules.ts'
import { apiKey, apiKeyOldSecret } from './tables.ts'
import { withinProjects } from './within.ts'

/** A secret that was found in a text, and what it is here. */
export type FoundKey = {
  prefix: string
  last4: string
  /** Null where it is of no key in the caller's reach. */
  key: ApiKey | null
  /** `old`: a rotation has replaced it. */
  secret: 'current' | 'old' | null
  /** Whether a request with it would be let in now; null where that is not the caller's to know. */
  works: boolean | null
}

export type Keys = ReturnType<typeof createKeys>

type KeysDeps = {
  db: Db
  clock: Clock
  audit: Audit
  organizations: Organizations
  changes: KeyChanges
  limit: KeyChangeLimit
  contentDaysMax: number
}

/** A pasted text may hold many; more than this are not looked up. */
const FOUND_MAX = 50

/** API keys: make, list, change, rotate, revoke, and what the gateway needs of them. Owns table api_key. */
export function createKeys({ db, clock, audit, organizations, changes, limit, contentDaysMax }: KeysDeps) {
  const now = () => new Date(clock.nowMs())
  return {
    ...createGatewayKeys({ db, clock, contentDaysMax }),

    /**
     * Makes a key. The answer holds the secret, which nobody can see again.
     * @throws ProjectUnknown
     * @throws ProjectNotNamed
     * @throws ServiceAccountUnknown
     * @throws Forbidden
     * @throws ExpiryPast
     * @throws IpRangeInvalid
     * @throws KeysTooMany
     * @throws KeyChangesTooMany
     */
    async create(caller: Caller, wanted: CreateKey): Promise<{ key: ApiKey; secret: string }> {
      const { id: projectId, organizationId } = await organizations.projectMeant(caller, wanted.projectId)
      requireMay(caller, 'keys.create', { organizationId, projectId })
      limit.spend(caller)
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
     * Keys, never with their secrets, and never those of the playground.
     * @param sort default: the newest first
     * @throws OrganizationUnknown
     * @throws ProjectUnknown
     */
    async list(
      caller: Caller,
      filter: KeyFilter,
      page: Page,
      { sort, order }: { sort: KeySort; order: SortOrder } = { sort: 'created', order: 'desc' },
    ): Promise<PageOf<ApiKey>> {
      if (filter.organizationId !== null) requireInReach(caller, filter.organizationId, 'keys.list')
      if (filter.projectId !== null) await organizations.project(caller, filter.projectId)
      const at = now()
      const where = and(
        withinProjects({ organizationId: apiKey.organizationId, projectId: apiKey.projectId }, caller, 'keys.list'),
        matching(filter, at),
        beyond(page.after, sort, order),
      )
      return pageOf(await readKeys(db, where, at).many(sorted(sort, order), page.limit + 1), page)
    },

    /**
     * One key, also one of the playground.
     * @throws KeyUnknown where it is not there, or not for him
     */
    key: keyFor,

    /**
     * Changes a key's name, models, addresses or end. In force in every gateway within 100 ms.
     * @throws KeyUnknown
     * @throws Forbidden
     * @throws KeyEnded where it is revoked; an expired one may be prolonged
     * @throws KeyOfConsole
     * @throws ExpiryPast
     * @throws IpRangeInvalid
     * @throws KeysTooMany
     * @throws KeyChangesTooMany
     */
    async update(caller: Caller, keyId: string, change: KeyChange): Promise<ApiKey> {
      const found = await keyFor(caller, keyId)
      requireMay(caller, 'keys.update', found)
      if (found.kind === 'console') throw new KeyOfConsole({ key: keyId })
      limit.spend(caller)
      const changed = await db.transaction(async (tx) => {
        // select … for update: the event must say what was there when this change was made.
        const [row] = await tx.select().from(apiKey).where(eq(apiKey.id, keyId)).for('update')
        if (!row) throw new KeyUnknown({ key: keyId })
        const difference = changesTo(row, change, now())
        if (difference === null) return false
        // An expired key that is prolonged can be used again, and counts again.
        if (difference.set.expiresAt !== undefined && stateOf(row, now()) !== 'live')
          await requireRoomForKey(tx, row.projectId, now())
        await tx.update(apiKey).set(difference.set).where(eq(apiKey.id, keyId))
        await audit.record(tx, {
          ...by(caller),
          action: 'key.updated',
          target: keyId,
          organizationId: row.organizationId,
          before: difference.before,
          after: difference.after,
        })
        return true
      })
      if (changed) await changes.tell()
      return keyFor(caller, keyId)
    },

    /**
     * Gives a key a new secret, which works at once; the old ones go on working for a while. Whoever loses the new one
     * rotates again.
     * @param overlapS seconds for which old secrets go on working, 0–604,800; 0 = not at all. Default: a day
     * @throws KeyUnknown
     * @throws Forbidden
     * @throws KeyEnded
     * @throws KeyOfConsole
     * @throws OldSecretsTooMany
     * @throws KeyChangesTooMany
     */
    async rotate(
      caller: Caller,
      keyId: string,
      overlapS: number = OVERLAP_S_DEFAULT,
    ): Promise<{ key: ApiKey; secret: string }> {
      const found = await keyFor(caller, keyId)
      requireMay(caller, 'keys.rotate', found)
      if (found.kind === 'console') throw new KeyOfConsole({ key: keyId })
      limit.spend(caller)
      const secret = await db.transaction(async (tx) => {
        const { secret, before, prefix, last4, endsAt } = await rotateSecret(tx, keyId, overlapS, now())
        await audit.record(tx, {
          ...by(caller),
          action: 'key.rotated',
          target: keyId,
          organizationId: found.organizationId,
          before,
          after: { prefix, last4, oldSecretEndsAt: endsAt.toISOString() },
        })
        return secret
      })
      await changes.tell()
      return { key: await keyFor(caller, keyId), secret }
    },

    /**
     * Revokes a key; on a revoked one this changes nothing. Gateways refuse all its secrets within 100 ms.
     * @throws KeyUnknown where it is not there, or not for him
     * @throws Forbidden
     */
    async revoke(caller: Caller, keyId: string): Promise<ApiKey> {
      const found = await keyFor(caller, keyId)
      requireMay(caller, 'keys.revoke', found)
      const at = now()
      const revoked = await db.transaction(async (tx) => {
        // update api_key set revoked_at = $1 where id = $2 and revoked_at is null returning id: of two at once, one is told.
        const [row] = await tx
          .update(apiKey)
          .set({ revokedAt: at })
          .where(and(eq(apiKey.id, keyId), isNull(apiKey.revokedAt)))
          .returning({ id: apiKey.id })
        if (!row) return false
        await audit.record(tx, {
          ...by(caller),
          action: 'key.revoked',
          target: keyId,
          organizationId: found.organizationId,
          before: { revokedAt: null },
          after: { revokedAt: at.toISOString() },
        })
        return true
      })
      if (revoked) await changes.tell()
      return keyFor(caller, keyId)
    },

    /**
     * Says which keys a text holds the secrets of, such as a log, a file or a bare secret. The text is compared by hashes,
     * and goes nowhere. What is not in the caller's reach looks like what does not exist.
     */
    async find(caller: Caller, text: string): Promise<FoundKey[]> {
      const at = now()
      const secrets = secretsIn(text).slice(0, FOUND_MAX)
      if (secrets.length === 0) return []
      const hashes = secrets.map(keySha256)
      const [current, old] = await Promise.all([
        db.select({ id: apiKey.id, sha256: apiKey.sha256 }).from(apiKey).where(inArray(apiKey.sha256, hashes)),
        db.select().from(apiKeyOldSecret).where(inArray(apiKeyOldSecret.sha256, hashes)),
      ])
      const ids = [...current.map(({ id }) => id), ...old.map(({ keyId }) => keyId)]
      const known = await readKeys(db, inArray(apiKey.id, ids), at).many([], ids.length)
      const visible = new Map(known.filter((key) => may(caller, 'keys.list', key)).map((key) => [key.id, key]))
      return secrets.map((secret, n) => {
        const seen = { prefix: secret.slice(0, 10), last4: secret.slice(-4) }
        const before = old.find(({ sha256 }) => sha256 === hashes[n])
        const keyId = before?.keyId ?? current.find(({ sha256 }) => sha256 === hashes[n])?.id
        const key = keyId === undefined ? undefined : visible.get(keyId)
        if (key === undefined) return { ...seen, key: null, secret: null, works: null }
        const works = key.state === 'live' && (before === undefined || before.endsAt > at)
        return { ...seen, key, secret: before ? 'old' : 'current', works }
      })
    },
  }

  async function keyFor(caller: Caller, keyId: string): Promise<ApiKey> {
    const found = await readKeys(db, eq(apiKey.id, keyId), now()).one()
    if (!found || !may(caller, 'keys.list', found)) throw new KeyUnknown({ key: keyId })
    return found
  }
}
