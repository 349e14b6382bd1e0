/**
 * Which key came with a request, found by its SHA-256 in memory: the secret itself is kept nowhere and reaches no query.
 *
 * Where a key may be used from is decided by the address of the client: of the connection, or what a trusted proxy says
 * of it (client-address.ts). What a client says of itself proves nothing, so behind a proxy that nobody has named as
 * trusted it is the proxy's address that counts.
 *
 * Pure module, but for the clock it is handed.
 */
import { hash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Clock } from '../platform/clock.ts'
import { ipMatcher } from '../platform/ip-range.ts'
import { IpNotAuthorized, KeyExpired, KeyMissing, KeyUnknown, ScopeMissing } from './errors.ts'
import type { KeyScope, SnapshotKey } from './snapshot.ts'

export type KeyRing = {
  /**
   * Reads `Authorization: Bearer`, else `x-api-key`, else `api-key`.
   * @param address of the client; undefined once the connection is gone
   * @throws KeyMissing · KeyUnknown · KeyExpired · IpNotAuthorized
   */
  callerOf(headers: IncomingHttpHeaders, address: string | undefined): SnapshotKey
  /**
   * For requests from within, which come from no address: what they act for was let in from one before.
   * @throws KeyUnknown · KeyExpired
   */
  byId(keyId: string): SnapshotKey
}

/** Longer than any key of ours; hashing a header of 32 kB for a stranger would be a gift. */
const SECRET_CHARACTERS_MAX = 512

export function createKeyRing(keys: readonly SnapshotKey[], clock: Clock): KeyRing {
  const byHash = new Map(keys.map((key) => [key.sha256.toLowerCase(), key]))
  const matchers = new Map<SnapshotKey, (address: string | undefined) => boolean>()
  const secretsById = Map.groupBy(keys, ({ id }) => id)
  const requireLive = (key: SnapshotKey | undefined): SnapshotKey => {
    if (key === undefined) throw new KeyUnknown({})
    if (key.expiresAtMs !== null && key.expiresAtMs <= clock.nowMs())
      throw new KeyExpired({ expiredAt: new Date(key.expiresAtMs).toISOString() })
    return key
  }
  const mayComeFrom = (key: SnapshotKey, ips: string[], address: string | undefined) => {
    let matches = matchers.get(key)
    if (matches === undefined) {
      matches = ipMatcher(ips)
      matchers.set(key, matches)
    }
    return matches(address)
  }
  return {
    callerOf(headers, address) {
      const secret = secretIn(headers)
      if (secret === null) throw new KeyMissing({})
      const key = requireLive(
        secret.length > SECRET_CHARACTERS_MAX ? undefined : byHash.get(hash('sha256', secret, 'hex')),
      )
      if (key.ips !== null && !mayComeFrom(key, key.ips, address))
        throw new IpNotAuthorized({ address: address ?? null })
      return key
    },
    byId: (keyId) => requireLive(lastToEnd(secretsById.get(keyId) ?? [])),
  }
}

/** Of a key's secrets the one that works longest: a key is here once for each of them. */
function lastToEnd(secrets: readonly SnapshotKey[]): SnapshotKey | undefined {
  const endOf = ({ expiresAtMs }: SnapshotKey) => expiresAtMs ?? Number.POSITIVE_INFINITY
  return secrets.reduce<SnapshotKey | undefined>(
    (last, one) => (last === undefined || endOf(one) > endOf(last) ? one : last),
    undefined,
  )
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
