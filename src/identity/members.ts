import {
  and,
  count,
  desc,
  eq,
  exists,
  ilike,
  inArray,
  isNotNull,
  isNull,
  lt,
  max,
  or,
  type SQL,
  sql,
} from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { type Audit, by } from './audit.ts'
import { LastOwner, MemberUnknown } from './errors.ts'
import type { KeyChanges } from './key-changes.ts'
import { organizationFor } from './organization-for.ts'
import { revokeInvitationsOf } from './revoke-invitations.ts'
import { type RevokedKey, revokeKeysOf } from './revoke-keys.ts'
import { keyNames, settleRoleChange } from './role-change.ts'
import { type Caller, type OrganizationRole, type ProjectRole, requireMay } from './rules.ts'
import { apiKey, authSession, authUser, member, organization, project, projectMember } from './tables.ts'

export type Member = {
  userId: string
  name: string
  email: string
  /** Null = he has roles in single projects alone. */
  role: OrganizationRole | null
  joinedAt: Date
  /** When a session of his was last prolonged, so up to a day behind; null = none is left. */
  lastSeenAt: Date | null
  /** Keys that can be used now and go when he goes. */
  keys: number
  /** Roles in single projects, where they differ. */
  projects: { id: string; name: string; role: ProjectRole }[]
}

export type MemberFilter = { role: OrganizationRole | null; search: string | null }

/** What went with somebody who was taken out. */
export type Departure = { keysRevoked: RevokedKey[]; invitationsRevoked: number }

export type Members = ReturnType<typeof createMembers>

export type MembersDeps = { db: Db; clock: Clock; audit: Audit; changes: KeyChanges }

/** Who belongs to an organisation. Owns table member; roles in projects are in `project-members.ts`. */
export function createMembers({ db, clock, audit, changes }: MembersDeps) {
  return {
    /**
     * Who belongs to an organisation or to some project of it, the newest people first.
     * @throws OrganizationUnknown
     * @throws Forbidden
     */
    async list(caller: Caller, organizationId: string, filter: MemberFilter, page: Page): Promise<PageOf<Member>> {
      await organizationFor(db, caller, organizationId, 'members.list')
      const inSomeProject = db
        .select({ one: sql`1` })
        .from(projectMember)
        .where(and(eq(projectMember.userId, authUser.id), eq(projectMember.organizationId, organizationId)))
      const rows = await db
        .select({
          id: authUser.id,
          name: authUser.name,
          email: authUser.email,
          role: member.role,
          createdAt: member.createdAt,
        })
        .from(authUser)
        .leftJoin(member, and(eq(member.userId, authUser.id), eq(member.organizationId, organizationId)))
        .where(
          and(
            or(isNotNull(member.userId), exists(inSomeProject)),
            filter.role === null ? undefined : eq(member.role, filter.role),
            filter.search === null ? undefined : calledLike(filter.search),
            page.after === null ? undefined : lt(authUser.id, page.after),
          ),
        )
        .orderBy(desc(authUser.id))
        .limit(page.limit + 1)
      const { data, next } = pageOf(rows, page)
      return { data: await shown(organizationId, data), next }
    },

    /**
     * Gives a member of an organisation another role. What he may not make any more goes: open invitations, and keys that
     * he owns in projects where he may not send prompts any more, dead in every gateway when this resolves.
     * @throws OrganizationUnknown
     * @throws MemberUnknown
     * @throws Forbidden also where an admin would make, change or unmake an owner
     * @throws LastOwner
     */
    async changeRole(
      caller: Caller,
      organizationId: string,
      userId: string,
      role: OrganizationRole,
    ): Promise<Member & { keysRevoked: RevokedKey[] }> {
      const home = await organizationFor(db, caller, organizationId, 'members.change')
      const keysRevoked = await db.transaction(async (tx) => {
        const before = await lockMember(tx, organizationId, userId)
        if (before === null) throw new MemberUnknown({ person: userId, place: home.name })
        if (before.role === role) return []
        if (before.role === 'owner' || role === 'owner') requireMay(caller, 'owners.change', { organizationId })
        if (before.role === 'owner' && before.owners === 1) throw new LastOwner({ organization: home.name })
        await tx.update(member).set({ role }).where(memberIs(organizationId, userId))
        const now = new Date(clock.nowMs())
        const who = { ...by(caller), audit, now }
        const { keysRevoked, invitationsRevoked } = await settleRoleChange(tx, { organizationId, userId }, who)
        await audit.record(tx, {
          ...by(caller),
          action: 'member.role_changed',
          target: userId,
          organizationId,
          before: { role: before.role },
          after: { role, keysRevoked: keyNames(keysRevoked), invitationsRevoked },
        })
        return keysRevoked
      })
      await changes.tell()
      const [row] = await db
        .select({
          id: authUser.id,
          name: authUser.name,
          email: authUser.email,
          role: member.role,
          createdAt: member.createdAt,
        })
        .from(authUser)
        .innerJoin(member, memberIs(organizationId, userId))
        .where(eq(authUser.id, userId))
      if (!row) throw new MemberUnknown({ person: userId, place: home.name })
      const [changed] = await shown(organizationId, [row])
      return { ...changed!, keysRevoked }
    },

    /**
     * Takes somebody out of an organisation and every project of it. His sessions stay, and show nothing of it any more.
     * Keys that he made are revoked, in every gateway when this resolves; keys of service accounts stay.
     * @throws OrganizationUnknown
     * @throws MemberUnknown
     * @throws Forbidden also where an admin would take out an owner
     * @throws LastOwner
     */
    async remove(caller: Caller, organizationId: string, userId: string): Promise<Departure> {
      const home = await organizationFor(db, caller, organizationId, 'members.change')
      const gone = await db.transaction(async (tx) => {
        const before = await lockMember(tx, organizationId, userId)
        if (before?.role === 'owner') {
          requireMay(caller, 'owners.change', { organizationId })
          if (before.owners === 1) throw new LastOwner({ organization: home.name })
        }
        const projects = await tx
          .delete(projectMember)
          .where(and(eq(projectMember.organizationId, organizationId), eq(projectMember.userId, userId)))
          .returning({ id: projectMember.projectId, role: projectMember.role })
        if (before === null && projects.length === 0) throw new MemberUnknown({ person: userId, place: home.name })
        await tx.delete(member).where(memberIs(organizationId, userId))
        const now = new Date(clock.nowMs())
        const invitationsRevoked = await revokeInvitationsOf(tx, { organizationId, userId, now })
        const owner = { kind: 'person', userId, organizationId, projectIds: 'all' } as const
        const keysRevoked = await revokeKeysOf(tx, owner, { ...by(caller), audit, now })
        await audit.record(tx, {
          ...by(caller),
          action: 'member.removed',
          target: userId,
          organizationId,
          before: { role: before?.role ?? null, projects },
          after: { keysRevoked: keyNames(keysRevoked), invitationsRevoked },
        })
        return { keysRevoked, invitationsRevoked }
      })
      await changes.tell()
      return gone
    },
  }

  /** What a page shows beside names, in one query for each thing. */
  async function shown(organizationId: string, rows: MemberRow[]): Promise<Member[]> {
    if (rows.length === 0) return []
    const ids = rows.map(({ id }) => id)
    const now = new Date(clock.nowMs())
    const [seen, keys, projects] = await Promise.all([
      lastSeen(db, ids),
      db
        .select({ id: apiKey.createdBy, count: count() })
        .from(apiKey)
        .where(
          and(
            inArray(apiKey.createdBy, ids),
            eq(apiKey.organizationId, organizationId),
            isNull(apiKey.serviceAccountId),
            eq(apiKey.kind, 'api'), // those of the playground are in no list
            isNull(apiKey.revokedAt),
            or(isNull(apiKey.expiresAt), sql`${apiKey.expiresAt} > ${now.toISOString()}::timestamptz`),
          ),
        )
        .groupBy(apiKey.createdBy),
      db
        .select({
          userId: projectMember.userId,
          id: project.id,
          name: project.name,
          role: projectMember.role,
          since: projectMember.createdAt,
        })
        .from(projectMember)
        .innerJoin(project, eq(project.id, projectMember.projectId))
        .where(and(inArray(projectMember.userId, ids), eq(projectMember.organizationId, organizationId)))
        .orderBy(project.id),
    ])
    return rows.map((row) => {
      const own = projects.filter(({ userId }) => userId === row.id)
      return {
        userId: row.id,
        name: row.name,
        email: row.email,
        role: row.role,
        joinedAt: row.createdAt ?? new Date(Math.min(...own.map(({ since }) => since.getTime()))),
        lastSeenAt: seen.get(row.id) ?? null,
        keys: keys.find(({ id }) => id === row.id)?.count ?? 0,
        projects: own.map(({ id, name, role }) => ({ id, name, role })),
      }
    })
  }
}

type MemberRow = { id: string; name: string; email: string; role: OrganizationRole | null; createdAt: Date | null }

/** When each of these people was last here, as far as sessions tell. */
export async function lastSeen(db: Db, userIds: string[]): Promise<Map<string, Date>> {
  const rows = await db
    .select({ id: authSession.userId, at: max(authSession.updatedAt) })
    .from(authSession)
    .where(inArray(authSession.userId, userIds))
    .groupBy(authSession.userId)
  return new Map(rows.flatMap(({ id, at }) => (at === null ? [] : [[id, at] as const])))
}

/** People whose name or e-mail holds a text, whatever its case. */
export function calledLike(text: string): SQL | undefined {
  return or(namedLike(text), ilike(authUser.email, containing(text)))
}

/** People whose name holds a text, for whoever must not learn of addresses by searching for parts of them. */
export function namedLike(text: string): SQL {
  return ilike(authUser.name, containing(text))
}

function containing(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`
}

/**
 * Somebody's role, with how many owners there are. The organisation's row is locked until the commit, so that of two
 * owners who demote each other at once, one is refused.
 */
async function lockMember(tx: Tx, organizationId: string, userId: string) {
  await tx.select({ id: organization.id }).from(organization).where(eq(organization.id, organizationId)).for('update')
  const [found] = await tx.select({ role: member.role }).from(member).where(memberIs(organizationId, userId))
  if (!found) return null
  const [owners] = await tx
    .select({ count: count() })
    .from(member)
    .where(and(eq(member.organizationId, organizationId), eq(member.role, 'owner')))
  return { role: found.role, owners: owners?.count ?? 0 }
}

function memberIs(organizationId: string, userId: string): SQL | undefined {
  return and(eq(member.organizationId, organizationId), eq(member.userId, userId))
}
