import { and, count, desc, eq, gt, inArray, isNull, lt, max, or } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { newId } from '../platform/ids.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { type Audit, actorOf, by } from './audit.ts'
import { ProjectUnknown, ServiceAccountUnknown } from './errors.ts'
import type { KeyChanges } from './key-changes.ts'
import { namesOf } from './names.ts'
import { organizationFor } from './organization-for.ts'
import type { Organizations } from './organizations.ts'
import { requireInReach } from './reach.ts'
import { type RevokedKey, revokeKeysOf } from './revoke-keys.ts'
import { type Caller, may, requireMay } from './rules.ts'
import { apiKey, project, serviceAccount } from './tables.ts'
import { withinProjects } from './within.ts'

export type ServiceAccount = {
  id: string
  organizationId: string
  /** Null = its keys may be of any project of the organisation. */
  projectId: string | null
  name: string
  createdAt: Date
  /** A person's id, or `machine`. */
  createdBy: string
}
export type CountedServiceAccount = ServiceAccount & {
  projectName: string | null
  createdByName: string | null
  /** Keys that can be used now. */
  keys: number
  /** When one of its keys was last used, up to ten seconds behind. */
  lastUsedAt: Date | null
}

export type ServiceAccounts = ReturnType<typeof createServiceAccounts>

type Deps = { db: Db; clock: Clock; audit: Audit; changes: KeyChanges; organizations: Organizations }

const COLUMNS = {
  id: serviceAccount.id,
  organizationId: serviceAccount.organizationId,
  projectId: serviceAccount.projectId,
  name: serviceAccount.name,
  createdAt: serviceAccount.createdAt,
  createdBy: serviceAccount.createdBy,
}

/** Owners of keys that are no person, so that people can leave. Owns table service_account. */
export function createServiceAccounts({ db, clock, audit, changes, organizations }: Deps) {
  return {
    /**
     * The service accounts that exist for `caller`, newest first.
     * @throws OrganizationUnknown where a named organisation is not there, or not for him
     */
    async list(
      caller: Caller,
      filter: { organizationId: string | null; projectId: string | null },
      page: Page,
    ): Promise<PageOf<CountedServiceAccount>> {
      if (filter.organizationId !== null) requireInReach(caller, filter.organizationId, 'service_accounts.list')
      if (filter.projectId !== null) await organizations.project(caller, filter.projectId)
      const rows = await db
        .select(COLUMNS)
        .from(serviceAccount)
        .where(
          and(
            isNull(serviceAccount.deletedAt),
            withinProjects(serviceAccount, caller, 'service_accounts.list'),
            filter.organizationId === null ? undefined : eq(serviceAccount.organizationId, filter.organizationId),
            filter.projectId === null ? undefined : eq(serviceAccount.projectId, filter.projectId),
            page.after === null ? undefined : lt(serviceAccount.id, page.after),
          ),
        )
        .orderBy(desc(serviceAccount.id))
        .limit(page.limit + 1)
      const { data, next } = pageOf(rows, page)
      return { data: await counted(data), next }
    },

    /**
     * One that can own a key of this project.
     * @throws ServiceAccountUnknown where it is not there, not for him, or bound to another project
     */
    async ownerFor(caller: Caller, serviceAccountId: string, projectId: string): Promise<ServiceAccount> {
      const found = await seen(caller, serviceAccountId)
      const home = await organizations.project(caller, projectId)
      const fits = found.organizationId === home.organizationId && [null, projectId].includes(found.projectId)
      if (!fits) throw new ServiceAccountUnknown({ serviceAccount: serviceAccountId })
      return found
    },

    /**
     * @param wanted.projectId binds it to one project; null = the whole organisation
     * @throws OrganizationUnknown
     * @throws ProjectUnknown where the project is not of this organisation
     * @throws Forbidden
     */
    async create(
      caller: Caller,
      wanted: { organizationId: string; projectId: string | null; name: string },
    ): Promise<CountedServiceAccount> {
      const { organizationId, projectId } = wanted
      if (projectId === null) await organizationFor(db, caller, organizationId, 'service_accounts.create')
      else {
        const home = await organizations.project(caller, projectId)
        if (home.organizationId !== organizationId) throw new ProjectUnknown({ project: projectId })
        requireMay(caller, 'service_accounts.create', { organizationId, projectId })
      }
      const atMs = clock.nowMs()
      const made = { ...wanted, id: newId('sa', atMs), createdAt: new Date(atMs), createdBy: actorOf(caller).id }
      await db.transaction(async (tx) => {
        await tx.insert(serviceAccount).values(made)
        await audit.record(tx, {
          ...by(caller),
          action: 'service_account.created',
          target: made.id,
          organizationId,
          after: { name: made.name, projectId },
        })
      })
      const [shown] = await counted([made])
      return shown!
    },

    /**
     * Deletes it and revokes its keys, in every gateway when this resolves.
     * @throws ServiceAccountUnknown
     * @throws Forbidden
     */
    async delete(caller: Caller, serviceAccountId: string): Promise<{ keysRevoked: RevokedKey[] }> {
      const found = await seen(caller, serviceAccountId)
      requireMay(caller, 'service_accounts.delete', targetOf(found))
      const keysRevoked = await db.transaction(async (tx) => {
        const now = new Date(clock.nowMs())
        const [row] = await tx
          .update(serviceAccount)
          .set({ deletedAt: now })
          .where(and(eq(serviceAccount.id, serviceAccountId), isNull(serviceAccount.deletedAt)))
          .returning({ id: serviceAccount.id })
        if (!row) throw new ServiceAccountUnknown({ serviceAccount: serviceAccountId })
        const owner = { kind: 'service-account', id: serviceAccountId } as const
        const revoked = await revokeKeysOf(tx, owner, { ...by(caller), audit, now })
        await audit.record(tx, {
          ...by(caller),
          action: 'service_account.deleted',
          target: serviceAccountId,
          organizationId: found.organizationId,
          before: { name: found.name, projectId: found.projectId },
          after: { keysRevoked: revoked.map(({ id, name }) => ({ id, name })) },
        })
        return revoked
      })
      await changes.tell()
      return { keysRevoked }
    },
  }

  async function seen(caller: Caller, serviceAccountId: string): Promise<ServiceAccount> {
    const [found] = await db
      .select(COLUMNS)
      .from(serviceAccount)
      .where(and(eq(serviceAccount.id, serviceAccountId), isNull(serviceAccount.deletedAt)))
    if (!found || !may(caller, 'service_accounts.list', targetOf(found)))
      throw new ServiceAccountUnknown({ serviceAccount: serviceAccountId })
    return found
  }

  async function counted(rows: ServiceAccount[]): Promise<CountedServiceAccount[]> {
    if (rows.length === 0) return []
    const ids = rows.map(({ id }) => id)
    const now = new Date(clock.nowMs())
    const [live, used, names, projects] = await Promise.all([
      db
        .select({ id: apiKey.serviceAccountId, count: count() })
        .from(apiKey)
        .where(
          and(
            inArray(apiKey.serviceAccountId, ids),
            isNull(apiKey.revokedAt),
            or(isNull(apiKey.expiresAt), gt(apiKey.expiresAt, now)),
          ),
        )
        .groupBy(apiKey.serviceAccountId),
      db
        .select({ id: apiKey.serviceAccountId, at: max(apiKey.lastUsedAt) })
        .from(apiKey)
        .where(inArray(apiKey.serviceAccountId, ids))
        .groupBy(apiKey.serviceAccountId),
      namesOf(
        db,
        rows.map(({ createdBy }) => createdBy),
      ),
      db
        .select({ id: project.id, name: project.name })
        .from(project)
        .where(
          inArray(
            project.id,
            rows.flatMap(({ projectId }) => projectId ?? []),
          ),
        ),
    ])
    return rows.map((row) => ({
      ...row,
      projectName: projects.find(({ id }) => id === row.projectId)?.name ?? null,
      createdByName: names.get(row.createdBy)?.name ?? null,
      keys: live.find(({ id }) => id === row.id)?.count ?? 0,
      lastUsedAt: used.find(({ id }) => id === row.id)?.at ?? null,
    }))
  }
}

function targetOf({ organizationId, projectId }: Pick<ServiceAccount, 'organizationId' | 'projectId'>) {
  return { organizationId, ...(projectId === null ? {} : { projectId }) }
}
