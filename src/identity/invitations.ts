/**
 * Invitations by link. The token is random, shown once, kept as a hash alone and used once: of all who use a link at once,
 * one wins by a SQL condition. It is found by its hash, so that the time of an answer tells nothing of a token that is
 * almost right. A person who is signed in accepts for himself, whatever the address it was made for; who is new becomes
 * the person of that address.
 */
import { createHash, randomBytes } from 'node:crypto'
import { and, desc, eq, gt, isNull, lt, type SQL } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { newId } from '../platform/ids.ts'
import type { Mailer } from '../platform/mail.ts'
import { type Page, type PageOf, pageOf } from '../platform/paging.ts'
import { type Audit, actorOf, by } from './audit.ts'
import { EmailRefused, InvitationInvalid, InvitationUnknown, OwnerOfProject, ProjectUnknown } from './errors.ts'
import { invitationMail } from './invitation-mail.ts'
import { makerMayStill, mayInviteFirstOwner } from './invitation-right.ts'
import { namesOf } from './names.ts'
import { organizationFor } from './organization-for.ts'
import type { Organizations } from './organizations.ts'
import { reaches } from './reach.ts'
import { type Caller, may, type OrganizationRole, requireMay } from './rules.ts'
import { checkSetupForm } from './setup-form.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import { invitation, organization, project } from './tables.ts'
import { withinProjects } from './within.ts'

export const INVITATION_DAYS = 7

export type Invitation = {
  id: string
  organizationId: string
  organizationName: string
  /** Null = the role is one of the whole organisation. */
  projectId: string | null
  projectName: string | null
  email: string
  role: OrganizationRole
  createdAt: Date
  /** A person's id, or `machine`. */
  createdBy: string
  createdByName: string | null
  expiresAt: Date
}

export type InvitationWanted = {
  organizationId: string
  projectId: string | null
  email: string
  role: OrganizationRole
  /** Whole days from now, 1–90. Default 7. */
  validDays?: number
}

/** `no-server`: this installation sends no mail. `failed`: its server did not take it. Either way the link is there to copy. */
export type MailOutcome = 'sent' | 'no-server' | 'failed'

export type Invitations = ReturnType<typeof createInvitations>

export type InvitationsDeps = {
  db: Db
  clock: Clock
  audit: Audit
  organizations: Organizations
  mailer: Mailer
  limit: SignInLimit
  publicUrl: string
}

/** Owns table invitation. What happens when one is accepted: `accept-invitation.ts`. */
export function createInvitations({ db, clock, audit, organizations, mailer, limit, publicUrl }: InvitationsDeps) {
  return {
    /**
     * Makes a link, and mails it where there is a mail server. The answer holds the link, which cannot be seen again.
     * @throws OrganizationUnknown
     * @throws ProjectUnknown where the project is not of this organisation
     * @throws Forbidden also where an admin would invite an owner
     * @throws EmailRefused
     */
    async create(
      caller: Caller,
      wanted: InvitationWanted,
    ): Promise<{ invitation: Invitation; url: string; mail: MailOutcome }> {
      await requireMayInvite(caller, wanted)
      const { form, problems } = checkSetupForm({ email: wanted.email })
      if (problems.email) throw new EmailRefused({ email: wanted.email, problem: problems.email })
      const token = randomBytes(32).toString('base64url')
      const atMs = clock.nowMs()
      const made = {
        id: newId('inv', atMs),
        organizationId: wanted.organizationId,
        projectId: wanted.projectId,
        email: form.email,
        role: wanted.role,
        createdAt: new Date(atMs),
        createdBy: actorOf(caller).id,
        expiresAt: new Date(atMs + (wanted.validDays ?? INVITATION_DAYS) * 24 * 60 * 60_000),
      }
      await db.transaction(async (tx) => {
        await tx.insert(invitation).values({ ...made, sha256: tokenSha256(token) })
        await audit.record(tx, {
          ...by(caller),
          action: 'invitation.created',
          target: made.id,
          organizationId: made.organizationId,
          after: {
            email: made.email,
            role: made.role,
            projectId: made.projectId,
            expiresAt: made.expiresAt.toISOString(),
          },
        })
      })
      const [shown] = await named(await rows(eq(invitation.id, made.id), 1))
      if (!shown) throw new InvitationUnknown({ invitation: made.id })
      const url = `${publicUrl}/invite?token=${token}`
      return { invitation: shown, url, mail: await mail(shown, url) }
    },

    /**
     * The open invitations that `caller` may see, newest first.
     * @throws OrganizationUnknown where a named organisation is not there, or not for him
     * @throws ProjectUnknown
     * @throws Forbidden
     */
    async list(
      caller: Caller,
      filter: { organizationId: string | null; projectId: string | null },
      page: Page,
    ): Promise<PageOf<Invitation>> {
      if (filter.organizationId !== null && !reaches(caller, filter.organizationId, 'invitations.list'))
        await organizationFor(db, caller, filter.organizationId, 'invitations.list')
      if (filter.projectId !== null) {
        const { organizationId } = await organizations.project(caller, filter.projectId)
        requireMay(caller, 'invitations.list', { organizationId, projectId: filter.projectId })
      }
      const found = await rows(
        and(
          stillOpen(),
          withinProjects(invitation, caller, 'invitations.list'),
          filter.organizationId === null ? undefined : eq(invitation.organizationId, filter.organizationId),
          filter.projectId === null ? undefined : eq(invitation.projectId, filter.projectId),
          page.after === null ? undefined : lt(invitation.id, page.after),
        ),
        page.limit + 1,
      )
      const { data, next } = pageOf(found, page)
      return { data: await named(data), next }
    },

    /**
     * Takes an open invitation back.
     * @throws InvitationUnknown where it is not there, not for him, or not open any more
     * @throws Forbidden
     */
    async revoke(caller: Caller, invitationId: string): Promise<void> {
      const [found] = await rows(and(eq(invitation.id, invitationId), stillOpen()), 1)
      if (!found || !may(caller, 'invitations.list', targetOf(found)))
        throw new InvitationUnknown({ invitation: invitationId })
      requireMay(caller, 'invitations.revoke', targetOf(found))
      const now = new Date(clock.nowMs())
      await db.transaction(async (tx) => {
        const [row] = await tx
          .update(invitation)
          .set({ revokedAt: now })
          .where(and(eq(invitation.id, invitationId), isNull(invitation.acceptedAt), isNull(invitation.revokedAt)))
          .returning({ id: invitation.id })
        if (!row) throw new InvitationUnknown({ invitation: invitationId })
        await audit.record(tx, {
          ...by(caller),
          action: 'invitation.revoked',
          target: invitationId,
          organizationId: found.organizationId,
          before: { email: found.email, role: found.role, projectId: found.projectId },
          after: null,
        })
      })
    },

    /**
     * An open invitation by the token of its link, for whoever has it. It is good for as long as its maker may make it.
     * @throws InvitationInvalid
     * @throws TooManySignIns
     */
    async look(token: string, address: string | null): Promise<Invitation & { sha256: string }> {
      const sha256 = tokenSha256(token)
      limit.spend(address, null)
      const [found] = await named(await rows(and(eq(invitation.sha256, sha256), stillOpen()), 1))
      if (!found || !(await makerMayStill(db, found))) throw new InvitationInvalid({})
      return { ...found, sha256 }
    },
  }

  async function requireMayInvite(caller: Caller, { organizationId, projectId, role }: InvitationWanted) {
    if (projectId === null) {
      if (role === 'owner' && (await mayInviteFirstOwner(db, caller, organizationId))) return
      await organizationFor(db, caller, organizationId, 'invitations.create')
    } else {
      const home = await organizations.project(caller, projectId)
      if (home.organizationId !== organizationId) throw new ProjectUnknown({ project: projectId })
      requireMay(caller, 'invitations.create', { organizationId, projectId })
      if (role === 'owner') throw new OwnerOfProject({})
    }
    if (role === 'owner') requireMay(caller, 'owners.change', { organizationId })
  }

  /** The link is in the answer either way, so a mail server's trouble is told and fails nothing. */
  async function mail(shown: Invitation, url: string): Promise<MailOutcome> {
    if (!mailer.configured) return 'no-server'
    try {
      await mailer.send(invitationMail(shown, url))
      return 'sent'
    } catch {
      return 'failed' // the mailer has logged why
    }
  }

  function stillOpen(): SQL | undefined {
    return and(
      isNull(invitation.acceptedAt),
      isNull(invitation.revokedAt),
      gt(invitation.expiresAt, new Date(clock.nowMs())),
    )
  }

  function rows(where: SQL | undefined, limit: number) {
    return db
      .select({
        id: invitation.id,
        organizationId: invitation.organizationId,
        organizationName: organization.name,
        projectId: invitation.projectId,
        projectName: project.name,
        email: invitation.email,
        role: invitation.role,
        createdAt: invitation.createdAt,
        createdBy: invitation.createdBy,
        expiresAt: invitation.expiresAt,
      })
      .from(invitation)
      .innerJoin(organization, eq(organization.id, invitation.organizationId))
      .leftJoin(project, eq(project.id, invitation.projectId))
      .where(where)
      .orderBy(desc(invitation.id))
      .limit(limit)
  }

  async function named(found: Awaited<ReturnType<typeof rows>>): Promise<Invitation[]> {
    const names = await namesOf(
      db,
      found.map(({ createdBy }) => createdBy),
    )
    return found.map((row) => ({ ...row, createdByName: names.get(row.createdBy)?.name ?? null }))
  }
}

function targetOf({ organizationId, projectId }: Pick<Invitation, 'organizationId' | 'projectId'>) {
  return { organizationId, ...(projectId === null ? {} : { projectId }) }
}

function tokenSha256(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
