/**
 * Who may come in by single sign-on, and as what. The provider says who somebody is; what that is worth here is decided
 * here:
 *
 *     known by issuer and subject        signs in, if the domain of the address is still allowed
 *     unknown, address of a person here  joins that person only if the provider and we have both proved the address
 *     unknown, invited                   becomes a person, and still has to open the invitation
 *     unknown, not invited               becomes a member where OIDC_FIRST_ROLE says so, else is refused
 *
 * An address that the provider has not verified opens nothing but what its subject was linked to before.
 */
import { and, asc, eq, gt, isNull } from 'drizzle-orm'
import type { Clock } from '../platform/clock.ts'
import type { Db } from '../platform/database/database.ts'
import type { Log } from '../platform/log.ts'
import type { OidcConfig } from '../platform/sign-in-config.ts'
import type { Audit } from './audit.ts'
import { invitation, member, organization } from './tables.ts'

/** The one provider's name in addresses and in `auth_account`. */
export const OIDC_PROVIDER = 'oidc'

/** Why somebody was sent back, as `error` in the query of /sign-in. */
export const SSO_REFUSALS = {
  sso_email_unverified: 'The provider has not verified the e-mail address.',
  sso_domain_refused: 'The domain of the e-mail address is not one that may sign in here.',
  sso_not_invited: 'Nobody has invited this person.',
  sso_not_linked: 'A person with this address is here and signs in another way; sign in so, then link the two.',
  sso_email_missing: 'The provider named no e-mail address.',
  sso_cancelled: 'The provider let nobody through.',
  sso_expired: 'It took too long, or was begun in another browser.',
  sso_link_refused: 'This account of the provider belongs to somebody else here, or has another address.',
  sso_failed: 'The provider could not be understood; the log says more.',
} as const

export type SsoRefusal = keyof typeof SSO_REFUSALS

type Claims = {
  user: { id?: unknown; email?: string | null | undefined; emailVerified?: boolean | undefined }
  source: { action: string; method: string }
}

export type SingleSignOn = ReturnType<typeof createSingleSignOn>

export function createSingleSignOn(deps: { db: Db; clock: Clock; log: Log; audit: Audit; config: OidcConfig }) {
  const { db, clock, log, audit, config } = deps
  return {
    /** Better Auth asks before it signs in, links or makes anybody. */
    async admit({ user, source }: Claims): Promise<{ error: string } | undefined> {
      const email = (user.email ?? '').toLowerCase()
      const refusal = refusalOf(config, {
        email,
        verified: user.emailVerified === true,
        known: source.action === 'sign-in',
      })
      if (refusal !== null) return { error: refusal }
      if (source.action !== 'create-user' || (await isInvited(email))) return undefined
      return (await firstPlace()) === null ? { error: 'sso_not_invited' } : undefined
    },

    /** A person was made: one who was not invited joins the organisation of the settings. */
    async welcome(user: { id: string; email: string; name: string }): Promise<void> {
      const place = (await isInvited(user.email)) ? null : await firstPlace()
      await db.transaction(async (tx) => {
        const now = new Date(clock.nowMs())
        const event = { actor: { kind: 'person', id: user.id }, target: user.id, address: null } as const
        if (place)
          await tx
            .insert(member)
            .values({ userId: user.id, organizationId: place.organizationId, role: place.role, createdAt: now })
        await audit.record(tx, {
          ...event,
          action: 'person.created',
          organizationId: null,
          after: { email: user.email, name: user.name, by: 'single sign-on' },
        })
        if (place)
          await audit.record(tx, {
            ...event,
            action: 'member.added',
            organizationId: place.organizationId,
            after: { role: place.role, by: 'single sign-on' },
          })
      })
    },

    /** An account of the provider was joined to a person. */
    async linked(account: { providerId: string; accountId: string; userId: string }): Promise<void> {
      if (account.providerId !== OIDC_PROVIDER) return
      await db.transaction((tx) =>
        audit.record(tx, {
          actor: { kind: 'person', id: account.userId },
          action: 'person.single_sign_on_linked',
          target: account.userId,
          organizationId: null,
          address: null,
          after: { account: account.accountId },
        }),
      )
    },
  }

  /** Where a first-time person goes; null = nowhere. */
  async function firstPlace() {
    if (config.firstTime === null) return null
    const { organizationId, role } = config.firstTime
    const [found] = await db
      .select({ id: organization.id })
      .from(organization)
      .where(organizationId === null ? undefined : eq(organization.id, organizationId))
      .orderBy(asc(organization.id))
      .limit(1)
    if (found) return { organizationId: found.id, role }
    log.error({ organizationId }, 'OIDC_FIRST_ORGANIZATION names no organisation of this installation')
    return null
  }

  async function isInvited(email: string): Promise<boolean> {
    const now = new Date(clock.nowMs())
    const [found] = await db
      .select({ id: invitation.id })
      .from(invitation)
      .where(
        and(
          eq(invitation.email, email.toLowerCase()),
          isNull(invitation.acceptedAt),
          isNull(invitation.revokedAt),
          gt(invitation.expiresAt, now),
        ),
      )
      .limit(1)
    return found !== undefined
  }
}

/** Why claims are refused, whoever makes them; null = they are not. Pure. */
export function refusalOf(
  { allowedDomains }: Pick<OidcConfig, 'allowedDomains'>,
  { email, verified, known }: { email: string; verified: boolean; known: boolean },
): SsoRefusal | null {
  if (!verified && (!known || allowedDomains.length > 0)) return 'sso_email_unverified'
  const domain = email.slice(email.lastIndexOf('@') + 1)
  return allowedDomains.length > 0 && !allowedDomains.includes(domain) ? 'sso_domain_refused' : null
}

/** Better Auth's word for why the provider's answer led nowhere, in ours. Unknown words come from outside and go no further. */
export function refusalInOurWords(code: string): SsoRefusal {
  if (Object.hasOwn(SSO_REFUSALS, code)) return code as SsoRefusal
  return (Object.hasOwn(THEIR_WORDS, code) ? THEIR_WORDS[code] : undefined) ?? 'sso_failed'
}

const THEIR_WORDS: Record<string, SsoRefusal> = {
  account_not_linked: 'sso_not_linked',
  email_not_found: 'sso_email_missing',
  access_denied: 'sso_cancelled',
  state_mismatch: 'sso_expired',
  state_not_found: 'sso_expired',
  email_does_not_match: 'sso_link_refused',
  account_already_linked_to_different_user: 'sso_link_refused',
  unable_to_link_account: 'sso_link_refused',
}
