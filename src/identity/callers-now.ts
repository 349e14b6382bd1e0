/**
 * People as callers with the roles they hold now, for what outlives the request that made it: a link, an invitation, a
 * playground key. Whoever made it may have lost the right since.
 */
import { inArray } from 'drizzle-orm'
import type { Db, Tx } from '../platform/database/database.ts'
import type { Caller, PersonCaller } from './rules.ts'
import { authUser, installationRole, member, projectMember } from './tables.ts'

/** By id, whoever of them there is. */
export async function callersNow(db: Db | Tx, userIds: string[]): Promise<Map<string, PersonCaller>> {
  const people = await db
    .select({ id: authUser.id, name: authUser.name, email: authUser.email })
    .from(authUser)
    .where(inArray(authUser.id, userIds))
  const installation = await db.select().from(installationRole).where(inArray(installationRole.userId, userIds))
  const memberships = await db.select().from(member).where(inArray(member.userId, userIds))
  const projectRoles = await db.select().from(projectMember).where(inArray(projectMember.userId, userIds))
  const callerOf = ({ id, name, email }: (typeof people)[number]): PersonCaller => ({
    kind: 'person',
    userId: id,
    name,
    email,
    operator: installation.some(({ userId, role }) => userId === id && role === 'operator'),
    memberships: memberships.filter(({ userId }) => userId === id),
    projectRoles: projectRoles.filter(({ userId }) => userId === id),
    address: null,
  })
  return new Map(people.map((person) => [person.id, callerOf(person)]))
}

/**
 * Whoever made something, as he would call now.
 * @param makerId a person's id, or `machine`
 * @returns null where he is gone
 */
export async function makerNow(db: Db | Tx, makerId: string): Promise<Caller | null> {
  if (makerId === 'machine') return { kind: 'machine' }
  return (await callersNow(db, [makerId])).get(makerId) ?? null
}
