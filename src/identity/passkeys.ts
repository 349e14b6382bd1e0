/**
 * Passkeys: a person's own keys in devices and password managers. The plugin of Better Auth does the two ceremonies, since
 * they are cryptography; listing, naming and deleting are rows of ours. A passkey stands for a password here, so it must
 * verify its user, and whoever adds one must have signed in within the hour.
 */
import { and, count, desc, eq } from 'drizzle-orm'
import type { Db, Tx } from '../platform/database/database.ts'
import { type Audit, by } from './audit.ts'
import type { AuthRouter } from './auth-router.ts'
import { isPasskeyHost } from './origins.ts'
import type { Visit } from './people.ts'
import type { PersonCaller } from './rules.ts'
import type { Sessions } from './sessions.ts'
import {
  LastWayIn,
  PasskeyNotProved,
  PasskeysTooMany,
  PasskeysUnavailable,
  PasskeyUnknown,
  SessionNotFresh,
} from './sign-in-errors.ts'
import type { SignInLimit } from './sign-in-limit.ts'
import { authAccount, authPasskey } from './tables.ts'

export type Passkey = {
  id: string
  name: string | null
  createdAt: Date | null
  /** Kept by a service that carries it from device to device. */
  synced: boolean
}

export const PASSKEYS_MAX = 20

/** What the browser's own WebAuthn functions take and give; only the plugin looks inside. */
export type Ceremony = Record<string, unknown>

export type Passkeys = ReturnType<typeof createPasskeys>

type PasskeysDeps = {
  db: Db
  audit: Audit
  auth: AuthRouter
  sessions: Sessions
  limit: SignInLimit
  publicUrl: string
}

const COLUMNS = {
  id: authPasskey.id,
  name: authPasskey.name,
  createdAt: authPasskey.createdAt,
  synced: authPasskey.backedUp,
}

export function createPasskeys({ db, audit, auth, sessions, limit, publicUrl }: PasskeysDeps) {
  /** Whether browsers know passkeys at the public address: on a bare number, and without TLS, they do not. */
  const available = isPasskeyHost(publicUrl)

  return {
    available,

    /** One's own, newest first; never more than `PASSKEYS_MAX`. */
    async list(person: PersonCaller): Promise<Passkey[]> {
      return db
        .select(COLUMNS)
        .from(authPasskey)
        .where(eq(authPasskey.userId, person.userId))
        .orderBy(desc(authPasskey.id))
    },

    /**
     * What `navigator.credentials.create` takes, and the cookie that must come back with the answer within five minutes.
     * @throws PasskeysUnavailable
     * @throws SessionNotFresh
     * @throws PasskeysTooMany
     */
    async registrationOptions(person: PersonCaller, { headers, address }: Visit) {
      requireAvailable()
      const [found] = await db
        .select({ passkeys: count() })
        .from(authPasskey)
        .where(eq(authPasskey.userId, person.userId))
      if ((found?.passkeys ?? 0) >= PASSKEYS_MAX) throw new PasskeysTooMany({ most: PASSKEYS_MAX })
      const response = await auth.ask({ method: 'GET', path: '/passkey/generate-register-options', headers, address })
      if (response.status === 403) throw new SessionNotFresh({})
      return optionsIn(response)
    },

    /**
     * Keeps the passkey that the browser made.
     * @throws SessionNotFresh
     * @throws PasskeyNotProved
     */
    async register(person: PersonCaller, made: { name: string; response: Ceremony }, { headers, address }: Visit) {
      requireAvailable()
      const response = await auth.ask({
        method: 'POST',
        path: '/passkey/verify-registration',
        body: made,
        headers,
        address,
      })
      if (response.status === 403) throw new SessionNotFresh({})
      if (!response.ok) throw new PasskeyNotProved({})
      const { id } = (await response.json()) as { id: string }
      return db.transaction(async (tx) => {
        const passkey = await find(tx, person, id)
        await audit.record(tx, {
          ...by(person),
          action: 'person.passkey_added',
          target: person.userId,
          organizationId: null,
          after: { passkey: id, name: passkey.name },
        })
        return passkey
      })
    },

    /** @throws PasskeyUnknown */
    async rename(person: PersonCaller, id: string, name: string): Promise<Passkey> {
      return db.transaction(async (tx) => {
        const before = await find(tx, person, id)
        const [after] = await tx.update(authPasskey).set({ name }).where(eq(authPasskey.id, id)).returning(COLUMNS)
        if (!after) throw new PasskeyUnknown({ passkey: id })
        await audit.record(tx, {
          ...by(person),
          action: 'person.passkey_renamed',
          target: person.userId,
          organizationId: null,
          before: { passkey: id, name: before.name },
          after: { passkey: id, name },
        })
        return after
      })
    },

    /**
     * @throws PasskeyUnknown
     * @throws LastWayIn where it is the only way in that he has
     */
    async delete(person: PersonCaller, id: string): Promise<void> {
      await db.transaction(async (tx) => {
        const before = await find(tx, person, id)
        await tx.delete(authPasskey).where(eq(authPasskey.id, id))
        await requireWayIn(tx, person.userId)
        await audit.record(tx, {
          ...by(person),
          action: 'person.passkey_deleted',
          target: person.userId,
          organizationId: null,
          before: { passkey: id, name: before.name },
        })
      })
    },

    /** What `navigator.credentials.get` takes; says nothing of whether anybody has a passkey. @throws PasskeysUnavailable */
    async signInOptions({ headers, address }: Visit) {
      requireAvailable()
      // Without its session's cookie: the plugin would name the passkeys of whoever is signed in.
      const plain = new Headers(headers)
      plain.delete('cookie')
      const made = await optionsIn(
        await auth.ask({ method: 'GET', path: '/passkey/generate-authenticate-options', headers: plain, address }),
      )
      return { ...made, options: { ...made.options, userVerification: 'required' } }
    },

    /**
     * Signs in with the passkey's answer, in a new session.
     * @returns the new session's cookies
     * @throws TooManySignIns
     * @throws PasskeyNotProved  whatever was wrong with it
     */
    async signIn(answer: Ceremony, { headers, address }: Visit): Promise<string[]> {
      requireAvailable()
      limit.spend(address, null)
      const cookies = await sessions.replacing(headers, async () => {
        const response = await auth.ask({
          method: 'POST',
          path: '/passkey/verify-authentication',
          body: { response: answer },
          headers,
          address,
        })
        return response.ok ? response.headers.getSetCookie() : null
      })
      if (cookies === null) throw new PasskeyNotProved({})
      return cookies
    },
  }

  function requireAvailable(): void {
    if (!available) throw new PasskeysUnavailable({ publicUrl })
  }

  async function find(tx: Tx, person: PersonCaller, id: string): Promise<Passkey> {
    const [passkey] = await tx
      .select(COLUMNS)
      .from(authPasskey)
      .where(and(eq(authPasskey.id, id), eq(authPasskey.userId, person.userId)))
    if (!passkey) throw new PasskeyUnknown({ passkey: id })
    return passkey
  }
}

async function optionsIn(response: Response): Promise<{ options: Ceremony; setCookies: string[] }> {
  if (!response.ok) throw new PasskeyNotProved({})
  return { options: (await response.json()) as Ceremony, setCookies: response.headers.getSetCookie() }
}

/** Undoes what would lock a person out of his own account. @throws LastWayIn */
export async function requireWayIn(tx: Tx, userId: string): Promise<void> {
  const [accounts, passkeys] = [
    await tx.select({ id: authAccount.id }).from(authAccount).where(eq(authAccount.userId, userId)).limit(1),
    await tx.select({ id: authPasskey.id }).from(authPasskey).where(eq(authPasskey.userId, userId)).limit(1),
  ]
  if (accounts.length + passkeys.length === 0) throw new LastWayIn({})
}
