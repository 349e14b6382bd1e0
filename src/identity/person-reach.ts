/**
 * Who may act upon a person as such: end his sessions, let him set a new password. A person may belong to several
 * organisations and run the installation, so a role in one of them must not open the others: whoever lets somebody set a
 * new password could use the link himself.
 */
import { eq } from 'drizzle-orm'
import type { Db, Tx } from '../platform/database/database.ts'
import { makerNow } from './callers-now.ts'
import { Forbidden, PersonUnknown } from './errors.ts'
import { type Action, type Caller, may, RULES, whoMay } from './rules.ts'
import { authUser, installationRole, member, projectMember } from './tables.ts'

export type PersonReached = {
  id: string
  name: string
  email: string
  operator: boolean
  /** Owner of an organisation, by its id. */
  places: { organizationId: string; owner: boolean }[]
}

type PersonAction = Extract<Action, 'people.reset_password' | 'people.end_sessions'>

export type PersonReach = ReturnType<typeof createPersonReach>

export function createPersonReach({ db }: { db: Db }) {
  return {
    /**
     * @param who a person's id or e-mail address
     * @throws PersonUnknown where he is not there, or not for the caller
     * @throws Forbidden where the caller sees him and may not
     */
    async require(caller: Caller, who: string, action: PersonAction): Promise<PersonReached> {
      const person = await find(db, who)
      if (person === null || !sees(caller, person)) throw new PersonUnknown({ person: who })
      if (!reaches(caller, person, action))
        throw new Forbidden({ action, does: RULES[action].says, who: whoMay(action) })
      return person
    },

    /** Whether whoever made something for a person, such as a link, may do so still, by what both hold now. */
    async makerMayStill(reader: Db | Tx, makerId: string, personId: string, action: PersonAction): Promise<boolean> {
      const [maker, person] = [await makerNow(reader, makerId), await find(reader, personId)]
      return maker !== null && person !== null && sees(maker, person) && reaches(maker, person, action)
    },
  }

  async function find(reader: Db | Tx, who: string): Promise<PersonReached | null> {
    const where = who.includes('@') ? eq(authUser.email, who.trim().toLowerCase()) : eq(authUser.id, who)
    const [user] = await reader
      .select({ id: authUser.id, name: authUser.name, email: authUser.email })
      .from(authUser)
      .where(where)
    if (!user) return null
    const [roles, memberships, inProjects] = await Promise.all([
      reader.select({ role: installationRole.role }).from(installationRole).where(eq(installationRole.userId, user.id)),
      reader
        .select({ organizationId: member.organizationId, role: member.role })
        .from(member)
        .where(eq(member.userId, user.id)),
      reader
        .select({ organizationId: projectMember.organizationId })
        .from(projectMember)
        .where(eq(projectMember.userId, user.id)),
    ])
    return {
      ...user,
      operator: roles.some(({ role }) => role === 'operator'),
      places: [
        ...memberships.map(({ organizationId, role }) => ({ organizationId, owner: role === 'owner' })),
        ...inProjects.map(({ organizationId }) => ({ organizationId, owner: false })),
      ],
    }
  }
}

function sees(caller: Caller, person: PersonReached): boolean {
  if (may(caller, 'people.list') || (caller.kind === 'person' && caller.userId === person.id)) return true
  return person.places.some(({ organizationId }) => may(caller, 'members.list', { organizationId }))
}

/** Pure. */
export function reaches(caller: Caller, person: PersonReached, action: PersonAction): boolean {
  // With one's own session one changes one's own password, which asks for the current one.
  if (caller.kind === 'person' && caller.userId === person.id) return action === 'people.end_sessions'
  if (may(caller, action)) return true
  if (person.operator) return false
  const within = person.places.map(({ organizationId, owner }) => {
    const target = { organizationId }
    return may(caller, action, target) && (!owner || may(caller, 'owners.change', target))
  })
  return action === 'people.reset_password' ? within.length > 0 && within.every(Boolean) : within.some(Boolean)
}
