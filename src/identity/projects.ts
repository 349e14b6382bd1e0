import { and, count, desc, eq, gt, inArray, isNull, lt, or } from 'drizzle-orm'
import { newId, randomText } from '../platform/ids.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { by } from './audit.ts'
import { CONTENT_COLUMNS, type ContentSettings, changedContentSettings } from './content-policy.ts'
import { LastProject, NameNotTyped, OrganizationUnknown, ProjectNotNamed, ProjectUnknown } from './errors.ts'
import { organizationFor } from './organization-for.ts'
import type { OrganizationsDeps } from './organizations.ts'
import { NO_LIMITS, type RateLimits } from './rate-limits.ts'
import { requireInReach } from './reach.ts'
import type { RevokedKey } from './revoke-keys.ts'
import { type Caller, may, requireMay } from './rules.ts'
import { apiKey, organization, project } from './tables.ts'
import { withinProjects } from './within.ts'

export type Project = ContentSettings &
  RateLimits & { id: string; organizationId: string; name: string; createdAt: Date }
export type CountedProject = Project & {
  organizationName: string
  /** Keys that can be used now. */
  keys: number
}

export type ProjectChange = { name?: string } & Partial<ContentSettings>

const PROJECT_COLUMNS = {
  id: project.id,
  organizationId: project.organizationId,
  name: project.name,
  ...CONTENT_COLUMNS,
  requestsPerMinute: project.requestsPerMinute,
  tokensPerMinute: project.tokensPerMinute,
  concurrency: project.concurrency,
  createdAt: project.createdAt,
}
const REACH_COLUMNS = { organizationId: project.organizationId, projectId: project.id }

export function createProjects(deps: OrganizationsDeps) {
  const { db, clock, audit, changes, deletions, contentDeletions, diskDeletions, contentDaysMax } = deps
  return {
    /**
     * The projects that exist for `caller`, newest first.
     * @throws OrganizationUnknown where a named organisation is not there, or not for him
     */
    async listProjects(
      caller: Caller,
      filter: { organizationId: string | null },
      page: Page,
    ): Promise<PageOf<CountedProject>> {
      if (filter.organizationId !== null) requireInReach(caller, filter.organizationId, 'project.read')
      const rows = await db
        .select(PROJECT_COLUMNS)
        .from(project)
        .where(
          and(
            withinProjects(REACH_COLUMNS, caller, 'project.read'),
            filter.organizationId === null ? undefined : eq(project.organizationId, filter.organizationId),
            page.after === null ? undefined : lt(project.id, page.after),
          ),
        )
        .orderBy(desc(project.id))
        .limit(page.limit + 1)
      const { data, next } = pageOf(rows, page)
      return { data: await counted(data), next }
    },

    /** @throws ProjectUnknown where it is not there, or not for him */
    project: projectFor,

    /** `project`, with what a page shows beside it. @throws ProjectUnknown */
    async projectShown(caller: Caller, projectId: string): Promise<CountedProject> {
      const [shown] = await counted([await projectFor(caller, projectId)])
      return shown!
    },

    /**
     * The project that a request means: the named one, or the only one there is.
     * @throws ProjectNotNamed
     * @throws ProjectUnknown
     */
    async projectMeant(caller: Caller, projectId: string | null): Promise<Project> {
      if (projectId !== null) return projectFor(caller, projectId)
      const where = withinProjects(REACH_COLUMNS, caller, 'project.read')
      const projects = await db.select(PROJECT_COLUMNS).from(project).where(where).limit(2)
      if (projects.length === 1) return projects[0]!
      const [all] = await db.select({ projects: count() }).from(project).where(where)
      throw new ProjectNotNamed({ projects: all?.projects ?? 0 })
    },

    /**
     * @throws OrganizationUnknown
     * @throws Forbidden
     */
    async createProject(caller: Caller, wanted: { organizationId: string; name: string }): Promise<CountedProject> {
      const { organizationId, name } = wanted
      await organizationFor(db, caller, organizationId, 'project.create')
      const atMs = clock.nowMs()
      const made: Project = {
        id: newId('proj', atMs),
        organizationId,
        name,
        contentOnDisk: false,
        contentLogging: false,
        contentRetentionDays: 30,
        contentClientAddress: false,
        ...NO_LIMITS,
        createdAt: new Date(atMs),
      }
      await db.transaction(async (tx) => {
        // Held until the commit, so that the organisation cannot be deleted meanwhile.
        const [home] = await tx
          .select({ id: organization.id })
          .from(organization)
          .where(eq(organization.id, organizationId))
          .for('share')
        if (!home) throw new OrganizationUnknown({ organization: organizationId })
        await tx.insert(project).values({ ...made, salt: randomText(25) })
        await audit.record(tx, {
          ...by(caller),
          action: 'project.created',
          target: made.id,
          organizationId,
          after: { name, contentOnDisk: made.contentOnDisk },
        })
      })
      const [shown] = await counted([made])
      return shown!
    },

    /**
     * Renames a project, or changes whether its prompts may reach a disk and whether what its requests say is kept.
     * Gateways know within 100 ms. What is not to be kept any more is gone when this resolves.
     * @throws ProjectUnknown
     * @throws Forbidden
     * @throws ContentLoggingForbidden · ContentLoggingNeedsDisk · ContentRetentionTooLong
     */
    async updateProject(caller: Caller, projectId: string, change: ProjectChange): Promise<CountedProject> {
      const { organizationId } = await projectFor(caller, projectId)
      requireMay(caller, 'project.update', { organizationId, projectId })
      const after = await db.transaction(async (tx) => {
        const [before] = await tx.select(PROJECT_COLUMNS).from(project).where(eq(project.id, projectId)).for('update')
        if (!before) throw new ProjectUnknown({ project: projectId })
        const changed = { ...changedContentSettings(before, change, contentDaysMax), name: change.name ?? before.name }
        const [row] = await tx.update(project).set(changed).where(eq(project.id, projectId)).returning(PROJECT_COLUMNS)
        if (!row) throw new Error('an update returned no row')
        if (before.contentLogging && !row.contentLogging) await contentDeletions.tell(tx, { organizationId, projectId })
        if (before.contentOnDisk && !row.contentOnDisk) await diskDeletions.tell(tx, { organizationId, projectId })
        const fields = (Object.keys(changed) as (keyof ProjectChange)[]).filter(
          (field) => field in change || before[field] !== row[field],
        )
        await audit.record(tx, {
          ...by(caller),
          action: 'project.updated',
          target: projectId,
          organizationId: row.organizationId,
          before: Object.fromEntries(fields.map((field) => [field, before[field]])),
          after: Object.fromEntries(fields.map((field) => [field, row[field]])),
        })
        return row
      })
      await changes.tell()
      const [shown] = await counted([after])
      return shown!
    },

    /**
     * Deletes a project with its keys, what engines and disks hold of it, and what other houses keep. When this resolves,
     * every gateway refuses its keys.
     * @param typed its name, to be sure
     * @throws ProjectUnknown
     * @throws Forbidden
     * @throws NameNotTyped
     * @throws LastProject
     */
    async deleteProject(caller: Caller, projectId: string, typed: string): Promise<{ keysRevoked: RevokedKey[] }> {
      const { organizationId, name } = await projectFor(caller, projectId)
      requireMay(caller, 'project.delete', { organizationId, projectId })
      if (typed !== name) throw new NameNotTyped({ kind: 'project', name })
      const keysRevoked = await db.transaction(async (tx) => {
        // Locked in one order by whoever deletes one: of two at once, the second sees what the first has left.
        const all = await tx
          .select({ id: project.id })
          .from(project)
          .where(eq(project.organizationId, organizationId))
          .orderBy(project.id)
          .for('update')
        if (!all.some(({ id }) => id === projectId)) throw new ProjectUnknown({ project: projectId })
        if (all.length === 1) throw new LastProject({ project: name, organization: organizationId })
        const keys = await tx
          .select({ id: apiKey.id, name: apiKey.name, projectId: apiKey.projectId })
          .from(apiKey)
          .where(and(eq(apiKey.projectId, projectId), isNull(apiKey.revokedAt)))
        await deletions.tell(tx, { organizationId, projectId })
        await tx.delete(project).where(eq(project.id, projectId))
        await audit.record(tx, {
          ...by(caller),
          action: 'project.deleted',
          target: projectId,
          organizationId,
          before: { name, keys: keys.map((key) => ({ id: key.id, name: key.name })) },
        })
        return keys
      })
      await changes.tell()
      return { keysRevoked }
    },
  }

  async function projectFor(caller: Caller, projectId: string): Promise<Project> {
    const [found] = await db.select(PROJECT_COLUMNS).from(project).where(eq(project.id, projectId))
    if (!found || !may(caller, 'project.read', { organizationId: found.organizationId, projectId }))
      throw new ProjectUnknown({ project: projectId })
    return found
  }

  async function counted(rows: Project[]): Promise<CountedProject[]> {
    if (rows.length === 0) return []
    const live = and(
      inArray(
        apiKey.projectId,
        rows.map(({ id }) => id),
      ),
      eq(apiKey.kind, 'api'), // those of the playground are in no list
      isNull(apiKey.revokedAt),
      or(isNull(apiKey.expiresAt), gt(apiKey.expiresAt, new Date(clock.nowMs()))),
    )
    const homes = [...new Set(rows.map(({ organizationId }) => organizationId))]
    const [keys, organizations] = await Promise.all([
      db.select({ id: apiKey.projectId, count: count() }).from(apiKey).where(live).groupBy(apiKey.projectId),
      db
        .select({ id: organization.id, name: organization.name })
        .from(organization)
        .where(inArray(organization.id, homes)),
    ])
    return rows.map((row) => ({
      ...row,
      organizationName: organizations.find(({ id }) => id === row.organizationId)?.name ?? row.organizationId,
      keys: keys.find(({ id }) => id === row.id)?.count ?? 0,
    }))
  }
}
