/**
 * Which key came with a request, found by its SHA-256 in memory: the secret itself is kept nowhere and reaches no query.
 *
 * Pure module, but for the clock it is handed.
 */
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../platform/clock.ts'
import { KeyExpired, KeyMissing, KeyUnknown, ScopeMissing } from './errors.ts'
import type { KeyScope, SnapshotKey } from './snapshot.ts'

export type KeyRing = {
  /**
   * Reads `Authorization: Bearer`, else `x-api-key`, else `api-key`.
   * @throws KeyMissing · KeyUnknown · KeyExpired
   */
  callerOf(headers: IncomingHttpHeaders): SnapshotKey
}

/** Longer than any key of ours; hashing a header of 32 kB for a stranger would be a gift. */
const SECRET_CHARACTERS_MAX = 512

export function createKeyRing(keys: readonly SnapshotKey[], clock: Clock): KeyRing {
  const byHash = new Map(keys.map((key) => [key.sha256.toLowerCase(), key]))
  return {
    callerOf(headers) {
      const secret = secretIn(headers)
      if (secret === null) throw new KeyMissing({})
      const key = secret.length > SECRET_CHARACTERS_MAX ? undefined : byHash.get(hash('sha256', secret, 'hex'))
      if (key === undefined) throw new KeyUnknown({})
      if (key.expiresAtMs !== null && key.expiresAtMs <= clock.nowMs())
        throw new KeyExpired({ expiredAt: new Date(key.expiresAtMs).toISOString() })
      return key
    },
  }
}

/** @throws ScopeMissing */
export function requireScope(key: SnapshotKey, scope: KeyScope): void {
  if (!key.scopes.includes(scope)) throw new ScopeMissing({ scope, scopes: key.scopes })
}

export function mayName(key: SnapshotKey, model: string): boolean {
  return key.models === null || key.models.includes(model)
}

function secretIn(headers: IncomingHttpHeaders): string | null {
  const bearer = /^bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1]
  return bearer ?? oneOf(headers['x-api-key']) ?? oneOf(headers['api-key'])
}

function oneOf(header: string | string[] | undefined): string | null {
  return typeof header === 'string' && header !== '' ? header.trim() : null
}
