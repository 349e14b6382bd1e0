/** Wire shapes of getting in: set-up, signing in, a new password. */
import { type Static, Type } from 'typebox'
import { ErrorShape, orNull, Time } from '../platform/wire-shapes.ts'
import type { SetupDone } from './setup.ts'
import { PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN } from './setup-form.ts'

const strict = { additionalProperties: false } as const

const Email = Type.String({ maxLength: 254, description: 'Case does not matter.' })
const Password = Type.String({ maxLength: 1024 })
const Token = Type.String({ minLength: 1, maxLength: 200, description: '`token` of the link.' })

/** What browsers' WebAuthn functions take and give, in their own JSON form. */
export const Ceremony = Type.Record(Type.String(), Type.Unknown())

export const SignInOptions = Type.Object({
  owner_exists: Type.Boolean({ description: 'False: the set-up link has not been used yet, and nobody can sign in.' }),
  password: Type.Boolean({ description: 'Whether one can sign in with e-mail and password.' }),
  passkey: Type.Boolean({ description: 'Whether browsers know passkeys at the public address.' }),
  single_sign_on: Type.Array(
    Type.Object({ id: Type.String(), name: Type.String({ description: 'For the button.' }) }),
    {
      description: 'Providers; none = there is no single sign-on.',
    },
  ),
  mail: Type.Boolean({
    description: 'Whether a link to reset a password can be mailed. Else an operator or owner makes one.',
  }),
  password_length_min: Type.Integer({ description: `Characters; ${PASSWORD_LENGTH_MIN}.` }),
  password_length_max: Type.Integer({ description: `Characters; ${PASSWORD_LENGTH_MAX}.` }),
  public_url: Type.String({ description: 'Where people and clients reach this installation.' }),
})

// ── set-up ──────────────────────────────────────────────

export const SetupState = Type.Object({
  owner_exists: Type.Boolean(),
  link: Type.Enum(['valid', 'invalid', 'none'], {
    description: 'Whether the token can be used; none = no token was given.',
  }),
})

export const SetupWanted = Type.Object(
  {
    token: Token,
    name: Type.String({ maxLength: 1000 }),
    email: Type.String({ maxLength: 1000 }),
    password: Password,
    organization: Type.String({ maxLength: 1000, description: 'Name of the first organisation.' }),
  },
  strict,
)

export const SetupAnswer = Type.Object({
  signed_in: Type.Boolean({ description: 'Whether the answer carries a session. If not: sign in.' }),
  person_id: Type.String(),
  organization: Type.Object({ id: Type.String(), name: Type.String() }),
  project: Type.Object({ id: Type.String(), name: Type.String() }),
  key: Type.Object({
    id: Type.String(),
    name: Type.String(),
    secret: Type.String({ description: 'The first key itself. Shown this once.' }),
  }),
  public_url: Type.String({ description: 'With `/v1` it is the base URL of clients.' }),
  sample_model: orNull(Type.String({ description: 'A model that a first call can name.' })),
})

/** A refused form, with every problem at its field. */
export const FormErrorShape = Type.Object({
  error: Type.Object({
    ...ErrorShape.properties.error.properties,
    problems: Type.Optional(
      Type.Record(Type.String(), Type.String(), { description: 'What is wrong, by the name of the field.' }),
    ),
  }),
})

export function setupAnswerOnWire(
  done: SetupDone,
  facts: { signedIn: boolean; publicUrl: string; sampleModel: string | null },
): Static<typeof SetupAnswer> {
  return {
    signed_in: facts.signedIn,
    person_id: done.userId,
    organization: { id: done.organization.id, name: done.organization.name },
    project: { id: done.project.id, name: done.project.name },
    key: { id: done.key.id, name: done.key.name, secret: done.secret },
    public_url: facts.publicUrl,
    sample_model: facts.sampleModel,
  }
}

// ── signing in and out ──────────────────────────────────

export const EmailSignIn = Type.Object({ email: Email, password: Password }, strict)

export const PasskeySignIn = Type.Object(
  {
    response: Type.Unsafe<Static<typeof Ceremony>>(
      Type.Object({}, { description: '`toJSON()` of what `navigator.credentials.get` gave.' }),
    ),
  },
  strict,
)

export const CeremonyOptions = Type.Object({
  options: Type.Unsafe<Static<typeof Ceremony>>(
    Type.Object(
      {},
      {
        additionalProperties: true,
        description:
          'For `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`. Valid for five minutes, in this browser.',
      },
    ),
  ),
})

export const SingleSignOnWanted = Type.Object(
  { next: Type.Optional(Type.String({ maxLength: 2000, description: 'Path to go to afterwards. Default: `/`.' })) },
  strict,
)

export const SingleSignOnBegun = Type.Object({
  url: Type.String({
    description:
      'Send the browser there. It comes back to `next`; or to `/sign-in?error=…` with one of `sso_email_unverified`, `sso_domain_refused`, `sso_not_invited`, `sso_not_linked`, `sso_email_missing`, `sso_cancelled`, `sso_expired`, `sso_link_refused`, `sso_failed`.',
  }),
})

export const Done = Type.Object({ done: Type.Literal(true) })

// ── a new password, a new address ───────────────────────

export const ResetRequest = Type.Object({ email: Email }, strict)
export const ResetPerson = Type.Object({ name: Type.String(), email: Type.String() })
export const ResetWanted = Type.Object({ token: Token, password: Password }, strict)
export const TokenSent = Type.Object({ token: Token }, strict)
export const ConfirmedEmail = Type.Object({ email: Type.String() })

export const ResetLinkWanted = Type.Object(
  { person: Type.String({ minLength: 1, maxLength: 254, description: "A person's id or e-mail address." }) },
  strict,
)
export const ResetLinkMade = Type.Object({
  url: Type.String({ description: 'To be handed over. Shown this once.' }),
  expires_at: Time,
  person: Type.Object({ id: Type.String(), name: Type.String(), email: Type.String() }),
})
export const SessionsEnded = Type.Object({ sessions_ended: Type.Integer() })
