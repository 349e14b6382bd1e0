import { and, desc, eq, isNotNull, lt, or } from 'drizzle-orm'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { by } from './audit.ts'
import { MemberUnknown, OwnerEverywhere } from './errors.ts'
import { calledLike, type MembersDeps } from './members.ts'
import type { Organizations } from './organizations.ts'
import { type KeyOwner, type RevokedKey, revokeKeysOf } from './revoke-keys.ts'
import { type Caller, type OrganizationRole, type ProjectRole, requireMay } from './rules.ts'
import { authUser, member, organization, projectMember } from './tables.ts'

export type ProjectMember = {
  userId: string
  name: string
  email: string
  /** The role that counts here. */
  role: OrganizationRole
  /** What each of the two says; null = nothing. */
  organizationRole: OrganizationRole | null
  projectRole: ProjectRole | null
}

export type ProjectMembers = ReturnType<typeof createProjectMembers>

type Deps = MembersDeps & { organizations: Organizations }

/** Roles in single projects. Owns table project_member. */
export function createProjectMembers({ db, clock, audit, changes, organizations }: Deps) {
  return {
    /**
     * Everybody who has a role in a project, be it through its organisation; the newest people first.
     * @throws ProjectUnknown
     */
    async list(
      caller: Caller,
      projectId: string,
      filter: { search: string | null },
      page: Page,
    ): Promise<PageOf<ProjectMember>> {
      const { organizationId } = await organizations.project(caller, projectId)
      requireMay(caller, 'members.list', { organizationId, projectId })
      const rows = await db
        .select({
          id: authUser.id,
          name: authUser.name,
          email: authUser.email,
          organizationRole: member.role,
          projectRole: projectMember.role,
        })
        .from(authUser)
        .leftJoin(member, and(eq(member.userId, authUser.id), eq(member.organizationId, organizationId)))
        .leftJoin(projectMember, and(eq(projectMember.userId, authUser.id), eq(projectMember.projectId, projectId)))
        .where(
          and(
            or(isNotNull(member.userId), isNotNull(projectMember.userId)),
            filter.search === null ? undefined : calledLike(filter.search),
            page.after === null ? undefined : lt(authUser.id, page.after),
          ),
        )
        .orderBy(desc(authUser.id))
        .limit(page.limit + 1)
      const { data, next } = pageOf(rows, page)
      return { data: data.map(memberOf), next }
    },

    /**
     * Gives somebody a role in a project: to a member of its organisation beside the role there, to somebody who has a role
     * in another project of it as well. Whoever is new is invited instead.
     * @throws ProjectUnknown
     * @throws MemberUnknown where he has nothing in the organisation yet
     * @throws OwnerEverywhere
     * @throws Forbidden
     */
    async set(caller: Caller, projectId: string, userId: string, role: ProjectRole): Promise<ProjectMember> {
      const { organizationId, name } = await projectToChange(caller, projectId)
      await db.transaction(async (tx) => {
        await tx
          .select({ id: organization.id })
          .from(organization)
          .where(eq(organization.id, organizationId))
          .for('update')
        const before = await rolesOf(tx, { organizationId, projectId, userId })
        if (before.organizationRole === 'owner')
          throw new OwnerEverywhere({ person: userId, organization: organizationId })
        if (before.organizationRole === null && !before.elsewhere)
          throw new MemberUnknown({ person: userId, place: name })
        if (before.projectRole === role) return
        await tx
          .insert(projectMember)
          .values({ userId, projectId, organizationId, role, createdAt: new Date(clock.nowMs()) })
          .onConflictDoUpdate({ target: [projectMember.userId, projectMember.projectId], set: { role } })
        await audit.record(tx, {
          ...by(caller),
          action: 'project_member.role_changed',
          target: userId,
          organizationId,
          before: { projectId, role: before.projectRole },
          after: { projectId, role },
        })
      })
      const [shown] = await db
        .select({
          id: authUser.id,
          name: authUser.name,
          email: authUser.email,
          organizationRole: member.role,
          projectRole: projectMember.role,
        })
        .from(authUser)
        .leftJoin(member, and(eq(member.userId, authUser.id), eq(member.organizationId, organizationId)))
        .innerJoin(projectMember, and(eq(projectMember.userId, authUser.id), eq(projectMember.projectId, projectId)))
        .where(eq(authUser.id, userId))
      if (!shown) throw new MemberUnknown({ person: userId, place: name })
      return memberOf(shown)
    },

    /**
     * Takes a role in a project back: the one in the organisation counts again. Where there is none, he is out, and the keys
     * that he made in this project are revoked.
     * @throws ProjectUnknown
     * @throws MemberUnknown
     * @throws Forbidden
     */
    async clear(caller: Caller, projectId: string, userId: string): Promise<{ keysRevoked: RevokedKey[] }> {
      const { organizationId, name } = await projectToChange(caller, projectId)
      const keysRevoked = await db.transaction(async (tx) => {
        const { organizationRole } = await rolesOf(tx, { organizationId, projectId, userId })
        const [before] = await tx
          .delete(projectMember)
          .where(and(eq(projectMember.projectId, projectId), eq(projectMember.userId, userId)))
          .returning({ role: projectMember.role })
        if (!before) throw new MemberUnknown({ person: userId, place: name })
        const owner: KeyOwner = { kind: 'person', userId, organizationId, projectIds: [projectId] }
        const now = new Date(clock.nowMs())
        const revoked = organizationRole === null ? await revokeKeysOf(tx, owner, { ...by(caller), audit, now }) : []
        await audit.record(tx, {
          ...by(caller),
          action: 'project_member.removed',
          target: userId,
          organizationId,
          before: { projectId, role: before.role },
          after: {
            projectId,
            role: organizationRole,
            keysRevoked: revoked.map((key) => ({ id: key.id, name: key.name })),
          },
        })
        return revoked
      })
      if (keysRevoked.length > 0) await changes.tell()
      return { keysRevoked }
    },
  }

  /** @throws ProjectUnknown @throws Forbidden */
  async function projectToChange(caller: Caller, projectId: string) {
    const found = await organizations.project(caller, projectId)
    requireMay(caller, 'members.change', { organizationId: found.organizationId, projectId })
    return found
  }

  async function rolesOf(
    tx: Pick<typeof db, 'select'>,
    at: { organizationId: string; projectId: string; userId: string },
  ) {
    const [home] = await tx
      .select({ role: member.role })
      .from(member)
      .where(and(eq(member.organizationId, at.organizationId), eq(member.userId, at.userId)))
    const projects = await tx
      .select({ projectId: projectMember.projectId, role: projectMember.role })
      .from(projectMember)
      .where(and(eq(projectMember.organizationId, at.organizationId), eq(projectMember.userId, at.userId)))
    return {
      organizationRole: home?.role ?? null,
      projectRole: projects.find(({ projectId }) => projectId === at.projectId)?.role ?? null,
      elsewhere: projects.length > 0,
    }
  }
}

type Row = {
  id: string
  name: string
  email: string
  organizationRole: OrganizationRole | null
  projectRole: ProjectRole | null
}

/** As `roleIn` of the rules decides it. */
function memberOf({ id, organizationRole, projectRole, ...rest }: Row): ProjectMember {
  const role = organizationRole === 'owner' ? 'owner' : (projectRole ?? organizationRole)
  if (role === null) throw new Error(`${id} was listed without a role`)
  return { userId: id, ...rest, role, organizationRole, projectRole }
}
