import { and, count, desc, eq, inArray, isNull, lt } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId, randomText } from '../platform/ids.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { type Audit, by } from './audit.ts'
import type { Deletions } from './deletions.ts'
import { LastOrganization, NameNotTyped, OrganizationUnknown } from './errors.ts'
import type { KeyChanges } from './key-changes.ts'
import type { Home } from './me-schema.ts'
import { organizationFor, organizationSeen } from './organization-for.ts'
import { createProjects } from './projects.ts'
import { NO_LIMITS, type RateLimits } from './rate-limits.ts'
import { type Caller, type PersonCaller, requireMay } from './rules.ts'
import { apiKey, member, organization, project } from './tables.ts'
import { within, withinProjects } from './within.ts'

export type Organization = RateLimits & { id: string; name: string; createdAt: Date }
export type CountedOrganization = Organization & { members: number; projects: number }
export type { Project } from './projects.ts'

export type Organizations = ReturnType<typeof createOrganizations>

export type OrganizationsDeps = {
  db: Db
  clock: Clock
  audit: Audit
  changes: KeyChanges
  deletions: Deletions
  /** Told when what a project's requests said is not to be kept any more. */
  contentDeletions: Deletions
  /** Told when nothing that a project's requests said may lie on a disk any more. */
  diskDeletions: Deletions
  /** Ceiling of how long it is kept, in days; 0 = not at all. */
  contentDaysMax: number
}

/** Organisations and their projects. Owns tables organization and project. */
export function createOrganizations(deps: OrganizationsDeps) {
  const { db, clock, audit, changes, deletions } = deps
  return {
    ...createProjects(deps),

    /** The organisations that exist for `caller`, newest first. */
    async list(caller: Caller, page: Page): Promise<PageOf<CountedOrganization>> {
      const rows = await db
        .select()
        .from(organization)
        .where(
          and(
            within(organization.id, caller, 'organization.read'),
            page.after === null ? undefined : lt(organization.id, page.after),
          ),
        )
        .orderBy(desc(organization.id))
        .limit(page.limit + 1)
      const { data, next } = pageOf(rows, page)
      return { data: await counted(data), next }
    },

    /** Where somebody has a role, with the projects that exist for him; each by name. */
    async homesOf(person: PersonCaller): Promise<Home[]> {
      const roles = [...person.memberships, ...(person.projectRoles ?? [])]
      const ids = [...new Set(roles.map(({ organizationId }) => organizationId))]
      if (ids.length === 0) return []
      const [homes, projects] = await Promise.all([
        db
          .select({ id: organization.id, name: organization.name })
          .from(organization)
          .where(inArray(organization.id, ids))
          .orderBy(organization.name, organization.id),
        db
          .select({ id: project.id, name: project.name, organizationId: project.organizationId })
          .from(project)
          .where(
            withinProjects({ organizationId: project.organizationId, projectId: project.id }, person, 'project.read'),
          )
          .orderBy(project.name, project.id),
      ])
      return homes.map((home) => ({
        ...home,
        projects: projects.flatMap(({ organizationId, id, name }) =>
          organizationId === home.id ? [{ id, name }] : [],
        ),
      }))
    },

    /** @throws OrganizationUnknown where it is not there, or not for him */
    async organization(caller: Caller, organizationId: string): Promise<CountedOrganization> {
      const [found] = await counted([await organizationSeen(db, caller, organizationId)])
      return found!
    },

    /**
     * Makes an organisation with a first project.
     * @param wanted.becomeOwner whether the caller owns it; the command line cannot. Else invite an owner next.
     * @throws Forbidden
     */
    async create(caller: Caller, wanted: { name: string; becomeOwner: boolean }): Promise<CountedOrganization> {
      requireMay(caller, 'organizations.create')
      const atMs = clock.nowMs()
      const now = new Date(atMs)
      const made = { id: newId('org', atMs), name: wanted.name, createdAt: now, ...NO_LIMITS }
      const first = { id: newId('proj', atMs), name: 'First project' }
      const owner = wanted.becomeOwner && caller.kind === 'person' ? caller.userId : null
      await db.transaction(async (tx) => {
        await tx.insert(organization).values(made)
        await tx.insert(project).values({ ...first, organizationId: made.id, salt: randomText(25), createdAt: now })
        if (owner !== null)
          await tx.insert(member).values({ userId: owner, organizationId: made.id, role: 'owner', createdAt: now })
        await audit.record(tx, {
          ...by(caller),
          action: 'organization.created',
          target: made.id,
          organizationId: null,
          after: { name: made.name, owner, project: first },
        })
      })
      return { ...made, members: owner === null ? 0 : 1, projects: 1 }
    },

    /**
     * @throws OrganizationUnknown
     * @throws Forbidden
     */
    async rename(caller: Caller, organizationId: string, name: string): Promise<CountedOrganization> {
      const before = await organizationFor(db, caller, organizationId, 'organization.update')
      if (before.name !== name)
        await db.transaction(async (tx) => {
          const [row] = await tx
            .update(organization)
            .set({ name })
            .where(eq(organization.id, organizationId))
            .returning({ id: organization.id })
          if (!row) throw new OrganizationUnknown({ organization: organizationId })
          await audit.record(tx, {
            ...by(caller),
            action: 'organization.renamed',
            target: organizationId,
            organizationId,
            before: { name: before.name },
            after: { name },
          })
        })
      const [after] = await counted([{ ...before, name }])
      return after!
    },

    /**
     * Deletes an organisation with its projects, keys, members, invitations and what other houses keep of it. When this
     * resolves, every gateway refuses its keys. The trail stays.
     * @param typed its name, to be sure
     * @throws OrganizationUnknown
     * @throws Forbidden
     * @throws NameNotTyped
     * @throws LastOrganization
     */
    async delete(caller: Caller, organizationId: string, typed: string): Promise<{ keysRevoked: number }> {
      const { name } = await organizationFor(db, caller, organizationId, 'organization.delete')
      if (typed !== name) throw new NameNotTyped({ kind: 'organisation', name })
      const keysRevoked = await db.transaction(async (tx) => {
        // Locked in one order by whoever deletes one: of two at once, the second sees what the first has left.
        const all = await tx.select({ id: organization.id }).from(organization).orderBy(organization.id).for('update')
        if (!all.some(({ id }) => id === organizationId))
          throw new OrganizationUnknown({ organization: organizationId })
        if (all.length === 1) throw new LastOrganization({ organization: name })
        const held = await holdingsOf(tx, organizationId)
        await deletions.tell(tx, { organizationId, projectId: null })
        await tx.delete(organization).where(eq(organization.id, organizationId))
        await audit.record(tx, {
          ...by(caller),
          action: 'organization.deleted',
          target: organizationId,
          organizationId: null, // its own trail has no reader any more
          before: { name, ...held },
        })
        return held.keys
      })
      await changes.tell()
      return { keysRevoked }
    },
  }

  async function counted(rows: Organization[]): Promise<CountedOrganization[]> {
    if (rows.length === 0) return []
    const ids = rows.map(({ id }) => id)
    const [members, projects] = await Promise.all([
      db
        .select({ id: member.organizationId, count: count() })
        .from(member)
        .where(inArray(member.organizationId, ids))
        .groupBy(member.organizationId),
      db
        .select({ id: project.organizationId, count: count() })
        .from(project)
        .where(inArray(project.organizationId, ids))
        .groupBy(project.organizationId),
    ])
    const of = (counts: { id: string; count: number }[], id: string) => counts.find((one) => one.id === id)?.count ?? 0
    return rows.map((row) => ({ ...row, members: of(members, row.id), projects: of(projects, row.id) }))
  }
}

/** What goes with an organisation, in numbers, for the trail. */
async function holdingsOf(tx: Tx, organizationId: string) {
  const [projects] = await tx.select({ count: count() }).from(project).where(eq(project.organizationId, organizationId))
  const [members] = await tx.select({ count: count() }).from(member).where(eq(member.organizationId, organizationId))
  const [keys] = await tx
    .select({ count: count() })
    .from(apiKey)
    .where(and(eq(apiKey.organizationId, organizationId), isNull(apiKey.revokedAt)))
  return { projects: projects?.count ?? 0, members: members?.count ?? 0, keys: keys?.count ?? 0 }
}
