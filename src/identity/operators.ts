import { and, count, desc, eq, inArray, isNotNull, lt } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { type Audit, by } from './audit.ts'
import { endResetLinks } from './end-reset-links.ts'
import { LastOperator, PersonUnknown } from './errors.ts'
import { calledLike, lastSeen } from './members.ts'
import { revokeInvitationsOf } from './revoke-invitations.ts'
import { type Caller, requireMay } from './rules.ts'
import { authUser, installationRole, member } from './tables.ts'

export type Person = {
  userId: string
  name: string
  email: string
  operator: boolean
  createdAt: Date
  /** When a session of his was last prolonged, so up to a day behind; null = none is left. */
  lastSeenAt: Date | null
  /** How many he belongs to. Which ones is theirs to say. */
  organizations: number
}

export type Operators = ReturnType<typeof createOperators>

/** Everybody who can sign in, and who of them runs the installation. Owns table installation_role, after set-up. */
export function createOperators({ db, clock, audit }: { db: Db; clock: Clock; audit: Audit }) {
  return {
    /**
     * Everybody who can sign in here, newest first.
     * @throws Forbidden
     */
    async listPeople(caller: Caller, filter: { search: string | null }, page: Page): Promise<PageOf<Person>> {
      requireMay(caller, 'people.list')
      return list({ ...filter, operatorsOnly: false }, page)
    },

    /**
     * Who runs the installation, newest people first.
     * @throws Forbidden
     */
    async list(caller: Caller, page: Page): Promise<PageOf<Person>> {
      requireMay(caller, 'operators.list')
      return list({ search: null, operatorsOnly: true }, page)
    },

    /**
     * Makes somebody an operator; on an operator this changes nothing.
     * @throws PersonUnknown
     * @throws Forbidden
     */
    async grant(caller: Caller, email: string): Promise<Person> {
      requireMay(caller, 'operators.change')
      const [person] = await db
        .select({ id: authUser.id, email: authUser.email })
        .from(authUser)
        .where(eq(authUser.email, email.trim().toLowerCase()))
      if (!person) throw new PersonUnknown({ person: email })
      await db.transaction(async (tx) => {
        const made = await tx
          .insert(installationRole)
          .values({ userId: person.id, role: 'operator', createdAt: new Date(clock.nowMs()) })
          .onConflictDoNothing()
          .returning({ userId: installationRole.userId })
        if (made.length === 0) return
        await endResetLinks(tx, person.id)
        await tell(tx, caller, person, { before: false, after: true })
      })
      return shownOne(person.id)
    },

    /**
     * Open invitations that he made by this role alone, of first owners, are taken back.
     * @throws PersonUnknown where he is none
     * @throws LastOperator
     * @throws Forbidden
     */
    async withdraw(caller: Caller, userId: string): Promise<Person> {
      requireMay(caller, 'operators.change')
      await db.transaction(async (tx) => {
        // All of them are locked in one order: of two who withdraw each other at once, the second sees one left.
        const operators = await tx
          .select({ userId: installationRole.userId })
          .from(installationRole)
          .where(eq(installationRole.role, 'operator'))
          .orderBy(installationRole.userId)
          .for('update')
        if (!operators.some((one) => one.userId === userId)) throw new PersonUnknown({ person: userId })
        const [person] = await tx
          .select({ id: authUser.id, email: authUser.email })
          .from(authUser)
          .where(eq(authUser.id, userId))
        if (!person) throw new PersonUnknown({ person: userId })
        if (operators.length === 1) throw new LastOperator({ person: person.email })
        await tx
          .delete(installationRole)
          .where(and(eq(installationRole.userId, userId), eq(installationRole.role, 'operator')))
        const now = new Date(clock.nowMs())
        const invitationsRevoked = await revokeInvitationsOf(tx, { organizationId: null, userId, now })
        await tell(tx, caller, person, { before: true, after: false, invitationsRevoked })
      })
      return shownOne(userId)
    },
  }

  function tell(
    tx: Tx,
    caller: Caller,
    person: { id: string; email: string },
    { before, after, ...also }: { before: boolean; after: boolean; invitationsRevoked?: number },
  ) {
    return audit.record(tx, {
      ...by(caller),
      action: before ? 'operator.withdrawn' : 'operator.granted',
      target: person.id,
      organizationId: null,
      before: { email: person.email, operator: before },
      after: { email: person.email, operator: after, ...also },
    })
  }

  function people() {
    return db
      .select({
        id: authUser.id,
        name: authUser.name,
        email: authUser.email,
        createdAt: authUser.createdAt,
        role: installationRole.role,
      })
      .from(authUser)
      .leftJoin(installationRole, and(eq(installationRole.userId, authUser.id), eq(installationRole.role, 'operator')))
  }

  async function list(filter: { search: string | null; operatorsOnly: boolean }, page: Page): Promise<PageOf<Person>> {
    const rows = await people()
      .where(
        and(
          filter.operatorsOnly ? isNotNull(installationRole.role) : undefined,
          filter.search === null ? undefined : calledLike(filter.search),
          page.after === null ? undefined : lt(authUser.id, page.after),
        ),
      )
      .orderBy(desc(authUser.id))
      .limit(page.limit + 1)
    const { data, next } = pageOf(rows, page)
    return { data: await shown(data), next }
  }

  async function shownOne(userId: string): Promise<Person> {
    const [person] = await shown(await people().where(eq(authUser.id, userId)))
    if (!person) throw new PersonUnknown({ person: userId })
    return person
  }

  async function shown(rows: Awaited<ReturnType<typeof people>>): Promise<Person[]> {
    if (rows.length === 0) return []
    const ids = rows.map(({ id }) => id)
    const [seen, memberships] = await Promise.all([
      lastSeen(db, ids),
      db
        .select({ id: member.userId, count: count() })
        .from(member)
        .where(inArray(member.userId, ids))
        .groupBy(member.userId),
    ])
    return rows.map(({ id, role, ...rest }) => ({
      userId: id,
      ...rest,
      operator: role !== null,
      lastSeenAt: seen.get(id) ?? null,
      organizations: memberships.find((one) => one.id === id)?.count ?? 0,
    }))
  }
}
