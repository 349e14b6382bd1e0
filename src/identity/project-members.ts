import { and, desc, eq, inArray, isNotNull, lt, or } from 'drizzle-orm'
import type { Tx } from '../platform/database/database.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { by } from './audit.ts'
import { MemberUnknown, OwnerEverywhere } from './errors.ts'
import { calledLike, type MembersDeps, namedLike } from './members.ts'
import type { Organizations } from './organizations.ts'
import type { RevokedKey } from './revoke-keys.ts'
import { keyNames, settleRoleChange } from './role-change.ts'
import { type Caller, may, type OrganizationRole, type ProjectRole, requireMay } from './rules.ts'
import { authUser, member, organization, projectMember } from './tables.ts'

export type ProjectMember = {
  userId: string
  name: string
  /** Null = kept from a guest. */
  email: string | null
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
     * Everybody who has a role in a project, be it through its organisation; the newest people first. A guest, who has no
     * role in the organisation and does not manage the project, works with those who have a role in it and turns to those
     * who manage the organisation: he sees these alone, by name, since the organisation's list is not his to read.
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
      const isGuest = !may(caller, 'members.list', { organizationId }) && !mayManage(caller, organizationId, projectId)
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
            or(
              isNotNull(projectMember.userId),
              isGuest ? inArray(member.role, ['owner', 'admin']) : isNotNull(member.userId),
            ),
            filter.search === null ? undefined : (isGuest ? namedLike : calledLike)(filter.search),
            page.after === null ? undefined : lt(authUser.id, page.after),
          ),
        )
        .orderBy(desc(authUser.id))
        .limit(page.limit + 1)
      const { data, next } = pageOf(rows, page)
      const shown = data.map(memberOf)
      return { data: isGuest ? shown.map((one) => ({ ...one, email: null })) : shown, next }
    },

    /**
     * Gives somebody a role in a project: to a member of its organisation beside the role there, to somebody who has a role
     * in another project of it as well. Whoever is new is invited instead. What he may not make here any more goes: open
     * invitations, and keys that he owns, where he may not send prompts any more.
     * @throws ProjectUnknown
     * @throws MemberUnknown where he has nothing in the organisation yet
     * @throws OwnerEverywhere
     * @throws Forbidden
     */
    async set(
      caller: Caller,
      projectId: string,
      userId: string,
      role: ProjectRole,
    ): Promise<ProjectMember & { keysRevoked: RevokedKey[] }> {
      const { organizationId, name } = await projectToChange(caller, projectId)
      const keysRevoked = await db.transaction(async (tx) => {
        await lockOrganization(tx, organizationId)
        const before = await rolesOf(tx, { organizationId, projectId, userId })
        if (before.organizationRole === 'owner')
          throw new OwnerEverywhere({ person: userId, organization: organizationId })
        if (before.organizationRole === null && !before.elsewhere)
          throw new MemberUnknown({ person: userId, place: name })
        if (before.projectRole === role) return []
        const now = new Date(clock.nowMs())
        await tx
          .insert(projectMember)
          .values({ userId, projectId, organizationId, role, createdAt: now })
          .onConflictDoUpdate({ target: [projectMember.userId, projectMember.projectId], set: { role } })
        const who = { ...by(caller), audit, now }
        const { keysRevoked, invitationsRevoked } = await settleRoleChange(tx, { organizationId, userId }, who)
        await audit.record(tx, {
          ...by(caller),
          action: 'project_member.role_changed',
          target: userId,
          organizationId,
          before: { projectId, role: before.projectRole },
          after: { projectId, role, keysRevoked: keyNames(keysRevoked), invitationsRevoked },
        })
        return keysRevoked
      })
      await changes.tell()
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
      return { ...memberOf(shown), keysRevoked }
    },

    /**
     * Takes a role in a project back: the one in the organisation counts again; where there is none, he is out. Keys that
     * he owns here are revoked where he may not send prompts any more, and open invitations that he may not make.
     * @throws ProjectUnknown
     * @throws MemberUnknown
     * @throws Forbidden
     */
    async clear(caller: Caller, projectId: string, userId: string): Promise<{ keysRevoked: RevokedKey[] }> {
      const { organizationId, name } = await projectToChange(caller, projectId)
      const keysRevoked = await db.transaction(async (tx) => {
        await lockOrganization(tx, organizationId)
        const { organizationRole } = await rolesOf(tx, { organizationId, projectId, userId })
        const [before] = await tx
          .delete(projectMember)
          .where(and(eq(projectMember.projectId, projectId), eq(projectMember.userId, userId)))
          .returning({ role: projectMember.role })
        if (!before) throw new MemberUnknown({ person: userId, place: name })
        const who = { ...by(caller), audit, now: new Date(clock.nowMs()) }
        const { keysRevoked, invitationsRevoked } = await settleRoleChange(tx, { organizationId, userId }, who)
        await audit.record(tx, {
          ...by(caller),
          action: 'project_member.removed',
          target: userId,
          organizationId,
          before: { projectId, role: before.role },
          after: { projectId, role: organizationRole, keysRevoked: keyNames(keysRevoked), invitationsRevoked },
        })
        return keysRevoked
      })
      await changes.tell()
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

function mayManage(caller: Caller, organizationId: string, projectId: string): boolean {
  return may(caller, 'members.change', { organizationId, projectId })
}

/** Until the commit: whoever changes roles there, or accepts an invitation, waits. */
async function lockOrganization(tx: Tx, organizationId: string): Promise<void> {
  await tx.select({ id: organization.id }).from(organization).where(eq(organization.id, organizationId)).for('update')
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
