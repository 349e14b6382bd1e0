/** Why somebody does not get in, or may not change how he gets in. */
import { AppError } from '../platform/errors.ts'
import { type FormProblem, sayProblem } from './form-problem.ts'

/** Also for an address that nobody has: the two must look the same. */
export class SignInRefused extends AppError<Record<never, never>> {
  static override code = 'identity.sign_in_refused'
  static override status = 401
  static override say = () => 'E-mail or password is wrong.'
}

/** The admin socket has no person behind it. */
export class PersonNeeded extends AppError<Record<never, never>> {
  static override code = 'identity.person_needed'
  static override status = 403
  static override say = () => 'This is about the person who asks, and the command line on this machine is none.'
}

export class PasswordRefused extends AppError<{ problem: FormProblem }> {
  static override code = 'identity.password_refused'
  static override status = 400
  static override say = (d: { problem: FormProblem }) => sayProblem(d.problem)
}

export class CurrentPasswordWrong extends AppError<Record<never, never>> {
  static override code = 'identity.current_password_wrong'
  static override status = 403
  static override say = () =>
    'The current password is wrong, or you have none yet. With a link to reset it you can set one.'
}

export class NameRefused extends AppError<{ problem: FormProblem }> {
  static override code = 'identity.name_refused'
  static override status = 400
  static override say = (d: { problem: FormProblem }) => sayProblem(d.problem)
}

export class EmailMalformed extends AppError<{ email: string }> {
  static override code = 'identity.email_malformed'
  static override status = 400
  static override say = (d: { email: string }) => `"${d.email}" is not an e-mail address, such as ada@example.com.`
}

/** One's own, or not there at all. */
export class SessionUnknown extends AppError<{ session: string }> {
  static override code = 'identity.session_unknown'
  static override status = 404
  static override say = (d: { session: string }) => `You have no session ${d.session}.`
}

export class SessionNotFresh extends AppError<Record<never, never>> {
  static override code = 'identity.session_not_fresh'
  static override status = 403
  static override say = () =>
    'To add a passkey you must have signed in within the last hour. Sign out, sign in again, and add it then.'
}

/** One's own, or not there at all. */
export class PasskeyUnknown extends AppError<{ passkey: string }> {
  static override code = 'identity.passkey_unknown'
  static override status = 404
  static override say = (d: { passkey: string }) => `You have no passkey ${d.passkey}.`
}

export class PasskeyNotProved extends AppError<Record<never, never>> {
  static override code = 'identity.passkey_not_proved'
  static override status = 401
  static override say = () =>
    'The passkey could not be checked: it is not known here, it took longer than five minutes, or the device did not make sure who you are. Try again.'
}

export class PasskeysTooMany extends AppError<{ most: number }> {
  static override code = 'identity.passkeys_too_many'
  static override status = 409
  static override say = (d: { most: number }) => `You have ${d.most} passkeys, which is the most. Delete one first.`
}

export class PasskeysUnavailable extends AppError<{ publicUrl: string }> {
  static override code = 'identity.passkeys_unavailable'
  static override status = 409
  static override say = (d: { publicUrl: string }) =>
    `Browsers know no passkeys at ${d.publicUrl}: they need a name and https, or localhost. An operator sets PUBLIC_URL.`
}

export class LastWayIn extends AppError<Record<never, never>> {
  static override code = 'identity.last_way_in'
  static override status = 409
  static override say = () => 'This is your only way to sign in. Set a password or add a passkey first.'
}

export class SsoUnavailable extends AppError<Record<never, never>> {
  static override code = 'identity.sso_unavailable'
  static override status = 409
  static override say = () => 'This installation has no single sign-on. An operator sets it up with OIDC_ISSUER.'
}

export class SsoUnreachable extends AppError<{ provider: string }> {
  static override code = 'identity.sso_unreachable'
  static override status = 502
  static override say = (d: { provider: string }) =>
    `${d.provider} does not answer as a provider of single sign-on should. Try again, or sign in another way.`
}

/** Never made, used before, or too old: whoever only has a link is not told which. */
export class PersonLinkInvalid extends AppError<Record<never, never>> {
  static override code = 'identity.person_link_invalid'
  static override status = 410
  static override say = () =>
    'This link is not valid any more: it was used, or is more than an hour old. Ask for a new one.'
}
