import { createHash, randomBytes } from 'node:crypto'
import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import { newId, randomText } from '../platform/ids.ts'
import type { Audit } from './audit.ts'
import { SetupFormRefused, SetupLinkInvalid } from './errors.ts'
import { insertKey } from './insert-key.ts'
import type { KeyChanges } from './key-changes.ts'
import type { ApiKey } from './key-view.ts'
import type { Organization, Project } from './organizations.ts'
import type { People } from './people.ts'
import { checkSetupForm, type SetupForm } from './setup-form.ts'
import { authAccount, authUser, installationRole, member, organization, project, setupLink } from './tables.ts'

const LINK_VALID_MS = 24 * 60 * 60_000

export type SetupDone = {
  userId: string
  organization: Pick<Organization, 'id' | 'name'>
  project: Pick<Project, 'id' | 'name'>
  key: ApiKey
  /** The first key's secret; nobody can see it again. */
  secret: string
}

export type Setup = ReturnType<typeof createSetup>

type SetupDeps = { db: Db; clock: Clock; audit: Audit; people: People; changes: KeyChanges; publicUrl: string }

/** The link that makes the first owner. Owns tables setup_link and installation_role. */
export function createSetup({ db, clock, audit, people, changes, publicUrl }: SetupDeps) {
  return {
    /** Whether somebody runs this installation. Until then, only this machine may reach it. */
    ownerExists,

    /**
     * A new link, valid for 24 hours; an earlier one stops being valid. Call it at each start.
     * @returns null once an owner exists
     */
    async offerLink(): Promise<{ url: string; expiresAt: Date } | null> {
      if (await ownerExists()) return null
      const token = randomBytes(32).toString('base64url')
      const expiresAt = new Date(clock.nowMs() + LINK_VALID_MS)
      const link = { sha256: tokenSha256(token), expiresAt }
      // insert … on conflict (id) do update … where used_at is null: a used link is never made valid again.
      const offered = await db
        .insert(setupLink)
        .values({ id: 1, ...link })
        .onConflictDoUpdate({ target: setupLink.id, set: link, setWhere: isNull(setupLink.usedAt) })
        .returning({ id: setupLink.id })
      return offered.length === 1 ? { url: `${publicUrl}/setup?token=${token}`, expiresAt } : null
    },

    /** Whether a link can still be used. */
    linkValid,

    /**
     * Uses the link: makes the person, who runs the installation and owns its first organisation, a first project and a
     * first key, all or nothing. Of two who use it at once, one wins.
     * @throws SetupFormRefused with every problem by field
     * @throws SetupLinkInvalid
     */
    async complete(token: string, fields: Partial<SetupForm>, address: string | null): Promise<SetupDone> {
      const { form, problems } = checkSetupForm(fields)
      if (Object.keys(problems).length > 0) throw new SetupFormRefused({ problems })
      if (!(await linkValid(token))) throw new SetupLinkInvalid({}) // before the hash: it must not be free to ask for
      // Outside the transaction: it takes a tenth of a second, and the embedded database has one connection.
      const passwordHash = await people.hashPassword(form.password)
      const done = await db.transaction(async (tx) => {
        const atMs = clock.nowMs()
        const now = new Date(atMs)
        // update setup_link set used_at = $1 where sha256 = $2 and used_at is null and expires_at > $1: one winner.
        const won = await tx
          .update(setupLink)
          .set({ usedAt: now })
          .where(and(eq(setupLink.sha256, tokenSha256(token)), isNull(setupLink.usedAt), gt(setupLink.expiresAt, now)))
          .returning({ id: setupLink.id })
        if (won.length !== 1) throw new SetupLinkInvalid({})

        const userId = newId('usr', atMs)
        await tx
          .insert(authUser)
          .values({ id: userId, name: form.name, email: form.email, createdAt: now, updatedAt: now })
        await tx.insert(authAccount).values({
          id: randomText(32),
          accountId: userId,
          providerId: 'credential', // what Better Auth calls e-mail and password
          userId,
          password: passwordHash,
          createdAt: now,
          updatedAt: now,
        })
        await tx.insert(installationRole).values({ userId, role: 'operator', createdAt: now })

        const firstOrganization = { id: newId('org', atMs), name: form.organization }
        await tx.insert(organization).values({ ...firstOrganization, createdAt: now })
        await tx.insert(member).values({ userId, organizationId: firstOrganization.id, role: 'owner', createdAt: now })
        const firstProject = { id: newId('proj', atMs), name: 'First project' }
        await tx
          .insert(project)
          .values({ ...firstProject, organizationId: firstOrganization.id, salt: randomText(25), createdAt: now })

        const actor = { kind: 'person', id: userId } as const
        await audit.record(tx, {
          actor,
          address,
          action: 'setup.completed',
          target: firstOrganization.id,
          organizationId: null,
          after: { person: userId, email: form.email, organization: firstOrganization, project: firstProject },
        })
        const { key, secret } = await insertKey(
          tx,
          { clock, audit },
          {
            name: 'First key',
            projectId: firstProject.id,
            organizationId: firstOrganization.id,
            createdBy: userId,
            actor,
            address,
          },
        )
        return { userId, organization: firstOrganization, project: firstProject, key, secret }
      })
      await changes.tell()
      return done
    },
  }

  async function linkValid(token: string): Promise<boolean> {
    const found = await db
      .select({ id: setupLink.id })
      .from(setupLink)
      .where(
        and(
          eq(setupLink.sha256, tokenSha256(token)),
          isNull(setupLink.usedAt),
          gt(setupLink.expiresAt, new Date(clock.nowMs())),
        ),
      )
    return found.length === 1
  }

  async function ownerExists(): Promise<boolean> {
    const [row] = await db
      .select({ one: sql<number>`1` })
      .from(installationRole)
      .where(eq(installationRole.role, 'operator'))
      .limit(1)
    return row !== undefined
  }
}

function tokenSha256(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
