/** Wire shapes of one's own account: /api/me/account, sessions, passkeys. */
import { type Static, Type } from 'typebox'
import { nameShape, orNull, pageShape, Time } from '../platform/wire-shapes.ts'
import type { AccountView } from './account.ts'
import type { Passkey } from './passkeys.ts'
import type { Session } from './sessions.ts'
import type { Ceremony } from './sign-in-schema.ts'

const strict = { additionalProperties: false } as const

export const PasskeyShape = Type.Object({
  id: Type.String(),
  name: orNull(Type.String()),
  created_at: orNull(Time),
  synced: Type.Boolean({ description: 'Kept by a service that carries it from device to device.' }),
})

export const AccountShape = Type.Object({
  id: Type.String(),
  name: Type.String(),
  email: Type.String(),
  email_verified: Type.Boolean({ description: 'A mail to it was answered, or single sign-on says so.' }),
  email_can_change: Type.Boolean({ description: 'Whether mail is there to confirm a new address.' }),
  created_at: Time,
  has_password: Type.Boolean(),
  passkeys_available: Type.Boolean({ description: 'Whether browsers know passkeys at the public address.' }),
  passkeys: Type.Array(PasskeyShape, { description: 'Newest first; 20 at most.' }),
  single_sign_on: orNull(
    Type.Object(
      {
        name: Type.String({ description: 'Of the provider.' }),
        linked_at: orNull(Time),
      },
      { description: 'Null = there is no single sign-on here.' },
    ),
  ),
})

export const AccountChange = Type.Object({ name: Type.String({ maxLength: 1000 }) }, strict)

export const PasswordChange = Type.Object(
  {
    current_password: Type.String({ maxLength: 1024 }),
    new_password: Type.String({ maxLength: 1024 }),
  },
  strict,
)

export const EmailChange = Type.Object(
  { email: Type.String({ maxLength: 254 }), current_password: Type.String({ maxLength: 1024 }) },
  strict,
)

export const PasskeyMade = Type.Object(
  {
    name: nameShape({ description: 'Such as the device.' }),
    response: Type.Unsafe<Static<typeof Ceremony>>(
      Type.Object({}, { description: '`toJSON()` of what `navigator.credentials.create` gave.' }),
    ),
  },
  strict,
)
export const PasskeyChange = Type.Object({ name: nameShape() }, strict)

export const SessionShape = Type.Object({
  id: Type.String(),
  browser: orNull(Type.String({ description: 'Such as `Firefox`, or a program such as `curl`; null = not said.' })),
  system: orNull(
    Type.String({
      description: '`Windows`, `macOS`, `iPhone`, `iPad`, `Android`, `ChromeOS` or `Linux`; null = not said.',
    }),
  ),
  address: orNull(Type.String({ description: 'Where it began.' })),
  created_at: Time,
  last_seen_at: Type.String({ format: 'date-time', description: 'UTC, up to five minutes behind.' }),
  expires_at: Type.String({ format: 'date-time', description: 'UTC; later, if it is used before.' }),
  current: Type.Boolean({ description: 'Whether it is the one that asks.' }),
})
export const SessionPage = pageShape(SessionShape)

export function passkeyOnWire({ id, name, createdAt, synced }: Passkey): Static<typeof PasskeyShape> {
  return { id, name, created_at: createdAt?.toISOString() ?? null, synced }
}

export function accountOnWire(
  view: AccountView,
  facts: { mail: boolean; passkeys: boolean; provider: string | null },
): Static<typeof AccountShape> {
  return {
    id: view.id,
    name: view.name,
    email: view.email,
    email_verified: view.emailVerified,
    email_can_change: facts.mail && view.hasPassword,
    created_at: view.createdAt.toISOString(),
    has_password: view.hasPassword,
    passkeys_available: facts.passkeys,
    passkeys: view.passkeys.map(passkeyOnWire),
    single_sign_on:
      facts.provider === null ? null : { name: facts.provider, linked_at: view.singleSignOnAt?.toISOString() ?? null },
  }
}

export function sessionOnWire(session: Session): Static<typeof SessionShape> {
  return {
    id: session.id,
    browser: session.device.browser,
    system: session.device.system,
    address: session.address,
    created_at: session.createdAt.toISOString(),
    last_seen_at: session.lastSeenAt.toISOString(),
    expires_at: session.expiresAt.toISOString(),
    current: session.current,
  }
}
