import { AppError } from '../platform/errors.ts'
import { type FormProblem, type FormProblems, sayEach, sayProblem } from './form-problem.ts'

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
    `You may not ${d.does} (${d.action}). Who may: ${d.who}.`
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
    `A key must end in the future: expires_at is ${d.expiresAt}, and it is ${d.now} now.`
}

export class KeyEnded extends AppError<{ key: string; state: 'expired' | 'revoked' }> {
  static override code = 'identity.key_ended'
  static override status = 409
  static override say = (d: { key: string; state: 'expired' | 'revoked' }) =>
    d.state === 'revoked'
      ? `Key ${d.key} is revoked, which is for ever. Make a new one.`
      : `Key ${d.key} has expired. Give it a later expires_at first.`
}

/** Of the playground: they live an hour, and nobody holds on to them. */
export class KeyOfConsole extends AppError<{ key: string }> {
  static override code = 'identity.key_of_console'
  static override status = 409
  static override say = (d: { key: string }) =>
    `Key ${d.key} was made by the playground for an hour at most; it can be revoked, and not changed.`
}

export class OldSecretsTooMany extends AppError<{ key: string; secretsMax: number }> {
  static override code = 'identity.old_secrets_too_many'
  static override status = 409
  static override say = (d: { key: string; secretsMax: number }) =>
    `${d.secretsMax} old secrets of key ${d.key} still work. Wait until one has ended, or rotate with overlap_s 0, which ends all of them.`
}

export class KeysTooMany extends AppError<{ project: string; keysMax: number }> {
  static override code = 'identity.keys_too_many'
  static override status = 409
  static override say = (d: { project: string; keysMax: number }) =>
    `Project ${d.project} has ${d.keysMax} keys that can be used, which is as many as a project may have. Revoke some that are not used first.`
}

export class KeyChangesTooMany extends AppError<{ changesMax: number; retryAfterS: number }> {
  static override code = 'identity.key_changes_too_many'
  static override status = 429
  static override say = (d: { changesMax: number; retryAfterS: number }) =>
    `You have changed keys ${d.changesMax} times within a minute. Try again in ${d.retryAfterS} seconds.`
}

export class IpRangeInvalid extends AppError<{ ip: string; param: 'ips' }> {
  static override code = 'identity.ip_range_invalid'
  static override status = 400
  static override say = (d: { ip: string }) =>
    `"${d.ip.slice(0, 60)}" is no IP address and no range of them. Write 203.0.113.7, 10.0.0.0/8 or 2001:db8::/32.`
}

/** Never made, used before, or more than a day old. */
export class SetupLinkInvalid extends AppError<Record<never, never>> {
  static override code = 'identity.setup_link_invalid'
  static override status = 410
  static override say = () =>
    'This set-up link is not valid any more: it was used, it is more than 24 hours old, or a later start replaced it. Start again to get a new one, unless an owner exists already; then sign in.'
}

export class SetupFormRefused extends AppError<{ problems: FormProblems }> {
  static override code = 'identity.setup_form_refused'
  static override status = 400
  static override say = (d: { problems: FormProblems }) => Object.values(d.problems).map(sayProblem).join(' ')
  static override sayProblems = (d: { problems: FormProblems }) => sayEach(d.problems, sayProblem)
}

/** To be sure, the name of what goes must be typed. */
export class NameNotTyped extends AppError<{ kind: 'organisation' | 'project'; name: string }> {
  static override code = 'identity.name_not_typed'
  static override status = 400
  static override say = (d: { kind: 'organisation' | 'project'; name: string }) =>
    `The ${d.kind} is called "${d.name}": give exactly this as name to delete it.`
}

export class LastOrganization extends AppError<{ organization: string }> {
  static override code = 'identity.last_organization'
  static override status = 409
  static override say = (d: { organization: string }) =>
    `${d.organization} is the only organisation here, and an installation keeps at least one. Make another one first.`
}

export class LastProject extends AppError<{ project: string; organization: string }> {
  static override code = 'identity.last_project'
  static override status = 409
  static override say = (d: { project: string; organization: string }) =>
    `${d.project} is the only project of ${d.organization}, and an organisation keeps at least one. Make another one first.`
}

/** Somebody whom the caller cannot see, or nobody: from outside the two look the same. */
export class MemberUnknown extends AppError<{ person: string; place: string }> {
  static override code = 'identity.member_unknown'
  static override status = 404
  static override say = (d: { person: string; place: string }) => `${d.person} does not belong to ${d.place}.`
}

export class LastOwner extends AppError<{ organization: string }> {
  static override code = 'identity.last_owner'
  static override status = 409
  static override say = (d: { organization: string }) =>
    `This is the only owner of ${d.organization}, and an organisation keeps at least one. Make somebody else an owner first.`
}

export class OwnerEverywhere extends AppError<{ person: string; organization: string }> {
  static override code = 'identity.owner_everywhere'
  static override status = 409
  static override say = (d: { person: string; organization: string }) =>
    `${d.person} owns ${d.organization}, and an owner is an owner in every project of it. Change the role in the organisation first.`
}

export class LastOperator extends AppError<{ person: string }> {
  static override code = 'identity.last_operator'
  static override status = 409
  static override say = (d: { person: string }) =>
    `${d.person} is the only operator, and an installation keeps at least one. Make somebody else an operator first.`
}

export class PersonUnknown extends AppError<{ person: string }> {
  static override code = 'identity.person_unknown'
  static override status = 404
  static override say = (d: { person: string }) => `Nobody who can sign in here is called ${d.person}.`
}

export class EmailRefused extends AppError<{ email: string; problem: FormProblem }> {
  static override code = 'identity.email_refused'
  static override status = 400
  static override say = (d: { email: string; problem: FormProblem }) =>
    `"${d.email}" cannot be invited. ${sayProblem(d.problem)}`
}

/** Of another organisation, or not there at all: from outside the two look the same. */
export class InvitationUnknown extends AppError<{ invitation: string }> {
  static override code = 'identity.invitation_unknown'
  static override status = 404
  static override say = (d: { invitation: string }) => `There is no open invitation ${d.invitation}.`
}

/** Never made, used before, taken back, or too old: whoever only has a link is not told which. */
export class InvitationInvalid extends AppError<Record<never, never>> {
  static override code = 'identity.invitation_invalid'
  static override status = 410
  static override say = () =>
    'This invitation is not valid any more: it was used, taken back, or is too old. Ask whoever sent it for a new one.'
}

export class OwnerOfProject extends AppError<Record<never, never>> {
  static override code = 'identity.owner_of_project'
  static override status = 400
  static override say = () =>
    'A project has no owner of its own. Invite an admin to the project, or an owner to the whole organisation.'
}

export class InvitationFormRefused extends AppError<{ problems: FormProblems }> {
  static override code = 'identity.invitation_form_refused'
  static override status = 400
  static override say = (d: { problems: FormProblems }) => Object.values(d.problems).map(sayProblem).join(' ')
  static override sayProblems = (d: { problems: FormProblems }) => sayEach(d.problems, sayProblem)
}

export class PersonExists extends AppError<{ email: string }> {
  static override code = 'identity.person_exists'
  static override status = 409
  static override say = (d: { email: string }) =>
    `Somebody can sign in here as ${d.email} already. Sign in, then open the invitation again.`
}

export class AlreadyMember extends AppError<{ place: string }> {
  static override code = 'identity.already_member'
  static override status = 409
  static override say = (d: { place: string }) =>
    `You belong to ${d.place} already. The invitation stays open for whom it was meant.`
}

/** Of another organisation, or not there at all: from outside the two look the same. */
export class ServiceAccountUnknown extends AppError<{ serviceAccount: string }> {
  static override code = 'identity.service_account_unknown'
  static override status = 404
  static override say = (d: { serviceAccount: string }) => `There is no service account ${d.serviceAccount}.`
}

/** The operator lets nobody keep what requests say. */
export class ContentLoggingForbidden extends AppError<Record<never, never>> {
  static override code = 'identity.content_logging_forbidden'
  static override status = 409
  static override say = () =>
    'Nothing of what requests say is kept on this installation: its operator has set CONTENT_LOG_DAYS to 0.'
}

export class ContentLoggingNeedsDisk extends AppError<Record<never, never>> {
  static override code = 'identity.content_logging_needs_disk'
  static override status = 409
  static override say = () =>
    'What requests say can be kept only where prompts may reach a disk: set content_on_disk to true first, or with it.'
}

export class ContentRetentionTooLong extends AppError<{ days: number; daysMax: number }> {
  static override code = 'identity.content_retention_too_long'
  static override status = 400
  static override say = (d: { days: number; daysMax: number }) =>
    `What requests say may be kept for ${d.daysMax} days here, and ${d.days} were asked for. The operator sets the ceiling (CONTENT_LOG_DAYS).`
}
