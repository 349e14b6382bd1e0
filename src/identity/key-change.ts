/** What a change of a key comes to: what is written, and what the trail says of it. Pure module. */
import { canonicalIpRange } from '../platform/ip-range.ts'
import { ExpiryPast, IpRangeInvalid, KeyEnded } from './errors.ts'
import { stateOf } from './key-view.ts'

/** What is left out stays as it is. */
export type KeyChange = {
  name?: string
  /** Null = all. */
  models?: string[] | null
  /** Null = anywhere. */
  ips?: string[] | null
  /** Null = never. */
  expiresAt?: Date | null
}

type Changeable = Required<KeyChange>
type Stored = Changeable & { id: string; revokedAt: Date | null }

export type KeyDifference = {
  set: KeyChange
  before: Record<string, unknown>
  after: Record<string, unknown>
}

/**
 * @returns null where nothing would be different
 * @throws KeyEnded where the key is revoked
 * @throws ExpiryPast
 * @throws IpRangeInvalid
 */
export function changesTo(stored: Stored, change: KeyChange, now: Date): KeyDifference | null {
  if (stateOf(stored, now) === 'revoked') throw new KeyEnded({ key: stored.id, state: 'revoked' })
  const wanted = { ...change, ...(change.ips === undefined ? {} : { ips: canonicalIps(change.ips) }) }
  const difference: KeyDifference = { set: {}, before: {}, after: {} }
  for (const field of ['name', 'models', 'ips', 'expiresAt'] as const) {
    const value = wanted[field]
    if (value === undefined || JSON.stringify(value) === JSON.stringify(stored[field])) continue
    Object.assign(difference.set, { [field]: value })
    difference.before[field] = plain(stored[field])
    difference.after[field] = plain(value)
  }
  if (Object.keys(difference.set).length === 0) return null
  if (difference.set.expiresAt !== undefined) requireFuture(difference.set.expiresAt, now)
  return difference
}

/** @throws ExpiryPast */
export function requireFuture(expiresAt: Date | null, now: Date): void {
  if (expiresAt !== null && expiresAt <= now)
    throw new ExpiryPast({ expiresAt: expiresAt.toISOString(), now: now.toISOString() })
}

/**
 * Each range once, in its one canonical form.
 * @throws IpRangeInvalid
 */
export function canonicalIps(ips: readonly string[] | null): string[] | null {
  if (ips === null) return null
  const ranges = ips.map((ip) => {
    const range = canonicalIpRange(ip)
    if (range === null) throw new IpRangeInvalid({ ip, param: 'ips' })
    return range
  })
  return [...new Set(ranges)]
}

function plain(value: string | string[] | Date | null): unknown {
  return value instanceof Date ? value.toISOString() : value
}
