import { and, count, desc, eq, inArray, lt, type SQL } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import type { Db } from '../platform/database/database.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { type Audit, by } from './audit.ts'
import { ProjectNotNamed, ProjectUnknown } from './errors.ts'
import type { KeyChanges } from './key-changes.ts'
import { type Action, type Caller, may, organizationsFor, requireMay, requireVisible } from './rules.ts'
import { organization, project } from './tables.ts'

export type Organization = { id: string; name: string; createdAt: Date }
export type Project = { id: string; organizationId: string; name: string; contentOnDisk: boolean; createdAt: Date }

export type Organizations = ReturnType<typeof createOrganizations>

const PROJECT_COLUMNS = {
  id: project.id,
  organizationId: project.organizationId,
  name: project.name,
  contentOnDisk: project.contentOnDisk,
  createdAt: project.createdAt,
}

/** Organisations and their projects. Owns tables organization, project and member. */
export function createOrganizations({ db, audit, changes }: { db: Db; audit: Audit; changes: KeyChanges }) {
  return {
    /** The organisations that exist for `caller`, newest first. */
    async list(caller: Caller, page: Page): Promise<PageOf<Organization>> {
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
      return pageOf(rows, page)
    },

    /**
     * The projects that exist for `caller`, newest first.
     * @throws OrganizationUnknown where a named organisation is not there, or not for him
     */
    async listProjects(
      caller: Caller,
      filter: { organizationId: string | null },
      page: Page,
    ): Promise<PageOf<Project>> {
      if (filter.organizationId !== null) requireVisible(caller, filter.organizationId, 'project.read')
      const rows = await db
        .select(PROJECT_COLUMNS)
        .from(project)
        .where(
          and(
            within(project.organizationId, caller, 'project.read'),
            filter.organizationId === null ? undefined : eq(project.organizationId, filter.organizationId),
            page.after === null ? undefined : lt(project.id, page.after),
          ),
        )
        .orderBy(desc(project.id))
        .limit(page.limit + 1)
      return pageOf(rows, page)
    },

    /** @throws ProjectUnknown where it is not there, or not for him */
    project: projectFor,

    /**
     * The project that a request means: the named one, or the only one there is.
     * @throws ProjectNotNamed
     * @throws ProjectUnknown
     */
    async projectMeant(caller: Caller, projectId: string | null): Promise<Project> {
      if (projectId !== null) return projectFor(caller, projectId)
      const where = within(project.organizationId, caller, 'project.read')
      const projects = await db.select(PROJECT_COLUMNS).from(project).where(where).limit(2)
      if (projects.length === 1) return projects[0]!
      const [all] = await db.select({ projects: count() }).from(project).where(where)
      throw new ProjectNotNamed({ projects: all?.projects ?? 0 })
    },

    /**
     * Changes whether prompts of a project may reach a disk. Gateways know within 100 ms.
     * @throws ProjectUnknown
     * @throws Forbidden
     */
    async updateProject(caller: Caller, projectId: string, change: { contentOnDisk: boolean }): Promise<Project> {
      const before = await projectFor(caller, projectId)
      requireMay(caller, 'project.update', before)
      const after = await db.transaction(async (tx) => {
        const [row] = await tx
          .update(project)
          .set({ contentOnDisk: change.contentOnDisk })
          .where(eq(project.id, projectId))
          .returning(PROJECT_COLUMNS)
        if (!row) throw new ProjectUnknown({ project: projectId })
        await audit.record(tx, {
          ...by(caller),
          action: 'project.updated',
          target: projectId,
          organizationId: row.organizationId,
          before: { contentOnDisk: before.contentOnDisk },
          after: { contentOnDisk: row.contentOnDisk },
        })
        return row
      })
      await changes.tell()
      return after
    },
  }

  async function projectFor(caller: Caller, projectId: string): Promise<Project> {
    const [found] = await db.select(PROJECT_COLUMNS).from(project).where(eq(project.id, projectId))
    if (!found || !may(caller, 'project.read', { organizationId: found.organizationId }))
      throw new ProjectUnknown({ project: projectId })
    return found
  }
}

/** Limits a query to the organisations where `caller` may do `action`. */
export function within(column: AnyPgColumn, caller: Caller, action: Action): SQL | undefined {
  const ids = organizationsFor(caller, action)
  return ids === 'all' ? undefined : inArray(column, ids)
}
