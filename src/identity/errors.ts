import { AppError } from '../platform/errors.ts'

export class Unauthenticated extends AppError<Record<never, never>> {
  static override code = 'identity.unauthenticated'
  static override status = 401
  static override say = () =>
    'Nobody is signed in. Sign in at /sign-in, or use the command line on this machine. API keys open /v1, not /api.'
}

export class Forbidden extends AppError<{ action: string; does: string; who: string }> {
  static override code = 'identity.forbidden'
  static override status = 403
  static override say = (d: { action: string; does: string; who: string }) =>
    `You may not ${d.does} here (${d.action}). Who may: ${d.who}.`
}

/** A browser says that the request began on another site. */
export class ForeignOrigin extends AppError<{ origin: string | null; trusted: string[] }> {
  static override code = 'identity.foreign_origin'
  static override status = 403
  static override say = (d: { origin: string | null; trusted: string[] }) =>
    `A change made with a session must name where it comes from, and it must be from here: the Origin is ${d.origin ?? 'missing'}, and ${d.trusted.join(', ')} are accepted. Behind a proxy, set PUBLIC_URL to the address that people type.`
}

export class TooManySignIns extends AppError<{ retryAfterS: number }> {
  static override code = 'identity.too_many_sign_ins'
  static override status = 429
  static override say = (d: { retryAfterS: number }) =>
    `Too many tries to sign in from here. Try again in ${d.retryAfterS} seconds.`
}

/** Of another organisation, or not there at all: from outside the two look the same. */
export class OrganizationUnknown extends AppError<{ organization: string }> {
  static override code = 'identity.organization_unknown'
  static override status = 404
  static override say = (d: { organization: string }) => `There is no organisation ${d.organization}.`
}

/** Of another organisation, or not there at all: from outside the two look the same. */
export class ProjectUnknown extends AppError<{ project: string }> {
  static override code = 'identity.project_unknown'
  static override status = 404
  static override say = (d: { project: string }) => `There is no project ${d.project}.`
}

/** No project was named, and there is not exactly one to choose. */
export class ProjectNotNamed extends AppError<{ projects: number }> {
  static override code = 'identity.project_not_named'
  static override status = 400
  static override say = (d: { projects: number }) =>
    d.projects === 0
      ? 'There is no project yet: open the set-up link first. It is printed at the start.'
      : `There are ${d.projects} projects: name one in project_id.`
}

/** Of another organisation, or not there at all: from outside the two look the same. */
export class KeyUnknown extends AppError<{ key: string }> {
  static override code = 'identity.key_unknown'
  static override status = 404
  static override say = (d: { key: string }) => `There is no key ${d.key}.`
}

export class ExpiryPast extends AppError<{ expiresAt: string; now: string }> {
  static override code = 'identity.expiry_past'
  static override status = 400
  static override say = (d: { expiresAt: string; now: string }) =>
    `The key would have expired before it was made: expires_at is ${d.expiresAt}, and it is ${d.now} now.`
}

/** Never made, used before, or more than a day old. */
export class SetupLinkInvalid extends AppError<Record<never, never>> {
  static override code = 'identity.setup_link_invalid'
  static override status = 410
  static override say = () =>
    'This set-up link is not valid any more: it was used, it is more than 24 hours old, or a later start replaced it. Start again to get a new one, unless an owner exists already; then sign in.'
}

export class SetupFormRefused extends AppError<{ problems: Record<string, string> }> {
  static override code = 'identity.setup_form_refused'
  static override status = 400
  static override say = (d: { problems: Record<string, string> }) => Object.values(d.problems).join(' ')
}
