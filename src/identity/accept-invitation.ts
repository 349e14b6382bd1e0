/** The story of an invitation that is accepted: who, with which role, once. */
import { and, eq, isNull } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db, Tx } from '../platform/database/database.ts'
import { newId, randomText } from '../platform/ids.ts'
import type { Audit } from './audit.ts'
import { AlreadyMember, InvitationFormRefused, InvitationInvalid, PersonExists } from './errors.ts'
import { makerMayStill } from './invitation-right.ts'
import type { Invitation, Invitations } from './invitations.ts'
import type { KeyChanges } from './key-changes.ts'
import type { People } from './people.ts'
import { keyNames, settleRoleChange } from './role-change.ts'
import type { OrganizationRole, PersonCaller, ProjectRole } from './rules.ts'
import { checkSetupForm } from './setup-form.ts'
import { authAccount, authUser, invitation, member, organization, projectMember } from './tables.ts'

/** Who accepts: somebody who is signed in, or somebody new with a name and a password. */
export type Accepting = { person: PersonCaller } | { person: null; name: string; password: string }

export type Accepted = {
  userId: string
  email: string
  isNew: boolean
  organizationId: string
  projectId: string | null
  role: OrganizationRole
}

type Deps = { db: Db; clock: Clock; audit: Audit; people: People; invitations: Invitations; changes: KeyChanges }

export type AcceptInvitation = ReturnType<typeof createAcceptInvitation>

export function createAcceptInvitation({ db, clock, audit, people, invitations, changes }: Deps) {
  /**
   * Uses the link. All or nothing: where it is refused, the link stays good. A role in one project may be less than what
   * he had there by the organisation; then the keys and invitations go that he could not make any more.
   * @throws InvitationInvalid also where its maker may not make it any more
   * @throws InvitationFormRefused with every problem of name and password
   * @throws PersonExists where the invited address can sign in already
   * @throws AlreadyMember
   * @throws TooManySignIns
   */
  return async (token: string, accepting: Accepting, address: string | null): Promise<Accepted> => {
    const found = await invitations.look(token, address)
    const newcomer = accepting.person === null ? await newcomerOf(found, accepting) : null
    const accepted = await db.transaction(async (tx) => {
      const atMs = clock.nowMs()
      const now = new Date(atMs)
      const userId = accepting.person?.userId ?? newId('usr', atMs)
      // Locked, as by whoever changes roles there: of two first owners at once, the second finds one.
      await tx
        .select({ id: organization.id })
        .from(organization)
        .where(eq(organization.id, found.organizationId))
        .for('update')
      // update invitation set accepted_at = $1 where sha256 = $2 and accepted_at is null and revoked_at is null: one winner.
      const won = await tx
        .update(invitation)
        .set({ acceptedAt: now, acceptedBy: userId })
        .where(and(eq(invitation.sha256, found.sha256), isNull(invitation.acceptedAt), isNull(invitation.revokedAt)))
        .returning({ id: invitation.id })
      if (won.length !== 1 || !(await makerMayStill(tx, found))) throw new InvitationInvalid({})
      if (newcomer) await insertPerson(tx, { ...newcomer, userId, now })
      await join(tx, found, userId, now)
      const who = { actor: { kind: 'person', id: userId }, address } as const
      const went = await settleRoleChange(tx, { organizationId: found.organizationId, userId }, { ...who, audit, now })
      await audit.record(tx, {
        ...who,
        action: 'invitation.accepted',
        target: found.id,
        organizationId: found.organizationId,
        before: { email: found.email },
        after: {
          person: userId,
          email: newcomer?.email ?? accepting.person?.email,
          role: found.role,
          projectId: found.projectId,
          isNew: newcomer !== null,
          keysRevoked: keyNames(went.keysRevoked),
          invitationsRevoked: went.invitationsRevoked,
        },
      })
      return {
        userId,
        email: newcomer?.email ?? accepting.person?.email ?? found.email,
        isNew: newcomer !== null,
        organizationId: found.organizationId,
        projectId: found.projectId,
        role: found.role,
      }
    })
    await changes.tell()
    return accepted
  }

  /** Checked and hashed before the transaction: a hash takes a tenth of a second, and the embedded database has one connection. */
  async function newcomerOf({ email, organizationName }: Invitation, fields: { name: string; password: string }) {
    const { form, problems } = checkSetupForm({ ...fields, email, organization: organizationName })
    if (Object.keys(problems).length > 0) throw new InvitationFormRefused({ problems })
    const [known] = await db.select({ id: authUser.id }).from(authUser).where(eq(authUser.email, email))
    if (known) throw new PersonExists({ email })
    return { name: form.name, email, passwordHash: await people.hashPassword(form.password) }
  }
}

/** @throws PersonExists */
async function insertPerson(
  tx: Tx,
  {
    userId,
    name,
    email,
    passwordHash,
    now,
  }: Record<'userId' | 'name' | 'email' | 'passwordHash', string> & { now: Date },
): Promise<void> {
  const made = await tx
    .insert(authUser)
    .values({ id: userId, name, email, createdAt: now, updatedAt: now })
    .onConflictDoNothing()
    .returning({ id: authUser.id })
  if (made.length !== 1) throw new PersonExists({ email })
  await tx.insert(authAccount).values({
    id: randomText(32),
    accountId: userId,
    providerId: 'credential', // what Better Auth calls e-mail and password
    userId,
    password: passwordHash,
    createdAt: now,
    updatedAt: now,
  })
}

/** @throws AlreadyMember */
async function join(
  tx: Tx,
  { organizationId, organizationName, projectId, projectName, role }: Invitation,
  userId: string,
  now: Date,
) {
  const isThere = new AlreadyMember({ place: projectName ?? organizationName })
  if (projectId === null) {
    const made = await tx
      .insert(member)
      .values({ userId, organizationId, role, createdAt: now })
      .onConflictDoNothing()
      .returning({ userId: member.userId })
    if (made.length !== 1) throw isThere
    return
  }
  const [home] = await tx
    .select({ role: member.role })
    .from(member)
    .where(and(eq(member.organizationId, organizationId), eq(member.userId, userId)))
  if (home?.role === 'owner') throw isThere
  const made = await tx
    .insert(projectMember)
    // The table refuses an invitation of an owner to a project.
    .values({ userId, projectId, organizationId, role: role as ProjectRole, createdAt: now })
    .onConflictDoNothing()
    .returning({ userId: projectMember.userId })
  if (made.length !== 1) throw isThere
}
