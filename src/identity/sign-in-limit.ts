/**
 * How often one may try to sign in: per address and e-mail together, so that guessing at one person stops soon, and per
 * address, so that guessing through a list of people does. No limit on an e-mail alone: anybody could then lock its owner
 * out. In memory, since one control is active per installation; Better Auth's own limiter is off, because it counts by
 * address only and keeps one global count for all that it serves.
 */
import { isIPv6 } from 'node:net'
import type { Clock } from '../platform/clock.ts'
import { TooManySignIns } from './errors.ts'

const WINDOW_MS = 5 * 60_000
const TRIES_AT_ONE_PERSON = 5
const TRIES_FROM_ONE_ADDRESS = 50
const ENTRIES_MAX = 50_000

type Tries = { since: number; count: number }

export type SignInLimit = ReturnType<typeof createSignInLimit>

export function createSignInLimit(clock: Clock) {
  const tries = new Map<string, Tries>()

  function spend(key: string, most: number): void {
    const now = clock.nowMs()
    const found = tries.get(key)
    const current = found && now - found.since < WINDOW_MS ? found : { since: now, count: 0 }
    if (current.count >= most)
      throw new TooManySignIns({ retryAfterS: Math.ceil((current.since + WINDOW_MS - now) / 1000) })
    // Deleted first, so that the map's order is by last use and what falls out is the oldest.
    tries.delete(key)
    tries.set(key, { since: current.since, count: current.count + 1 })
    for (const oldest of tries.keys()) {
      if (tries.size <= ENTRIES_MAX) break
      tries.delete(oldest)
    }
  }

  return {
    /**
     * Counts one try, before it is made: many at once cannot slip through.
     * @throws TooManySignIns
     */
    spend(address: string | null, email: string): void {
      const from = networkOf(address)
      spend(from, TRIES_FROM_ONE_ADDRESS)
      spend(`${from} ${email.toLowerCase()}`, TRIES_AT_ONE_PERSON)
    },
    /** Forgets the tries at a person who signed in after all. */
    succeeded(address: string | null, email: string): void {
      tries.delete(`${networkOf(address)} ${email.toLowerCase()}`)
    },
  }
}

/** One household has 2^64 addresses of IPv6: they count as one. */
function networkOf(address: string | null): string {
  if (address === null) return 'unknown'
  if (!isIPv6(address)) return address
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped) return mapped[1]!
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head.split(':').filter(Boolean)
  const after = tail?.split(':').filter(Boolean) ?? []
  const groups = [...before, ...Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0'), ...after]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
