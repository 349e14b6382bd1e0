/**
 * How often one may try to sign in, or to do what a guesser would do instead:
 *
 *     per address and e-mail   5 in 5 minutes    guessing at one person from one place stops soon
 *     per address             50 in 5 minutes    so does guessing through a list of people
 *     per e-mail             100 in an hour      so does guessing at one person from many places
 *
 * The last two could be used to lock somebody out: the last by anybody, the second by anybody with the same address,
 * which behind a proxy may be everybody. So neither stops a person where he has signed in within 30 days, as long as his
 * own five tries there last. What that gives a guesser is little, and tells him nothing:
 *
 *   - nobody gets onto that list without the password, so it holds only people who do come from that address. Each can be
 *     guessed at 60 times an hour from there, fewer than the 100 that the world has together;
 *   - a try there counts at the address like any other, and a wrong password is answered with the very refusal that a
 *     stranger gets: neither counting nor reading answers says who is known. (A wrong one takes as long as a password takes
 *     to check, which a patient neighbour may measure. It tells him who else signed in from where he sits, no more.)
 *
 * A cookie that knows the browser again would tell even less; it lost because it is one more thing to sign, to end and to
 * explain. In memory, since one control is active per installation; Better Auth's own limiter is off, because it counts by address
 * only and keeps one global count for all that it serves.
 */
import { isIPv6 } from 'node:net'
import type { Clock } from '../platform/clock.ts'
import { TooManySignIns } from './errors.ts'

const MINUTE_MS = 60_000
const AT_ONE_PERSON_FROM_ONE_ADDRESS = { most: 5, withinMs: 5 * MINUTE_MS }
const FROM_ONE_ADDRESS = { most: 50, withinMs: 5 * MINUTE_MS }
const AT_ONE_PERSON = { most: 100, withinMs: 60 * MINUTE_MS }
/** For whoever shows which limits are in force. */
export const SIGN_IN_LIMITS = {
  one_person_from_one_address: AT_ONE_PERSON_FROM_ONE_ADDRESS,
  one_address: FROM_ONE_ADDRESS,
  one_person: AT_ONE_PERSON,
} as const
const KNOWN_MS = 30 * 24 * 60 * MINUTE_MS
const ENTRIES_MAX = 50_000

type Bound = { most: number; withinMs: number }
type Tries = { since: number; count: number }

export type SignInLimit = ReturnType<typeof createSignInLimit>

export function createSignInLimit(clock: Clock) {
  const tries = new Map<string, Tries>()
  /** Since when somebody is known to come from somewhere. */
  const known = new Map<string, number>()

  /** @returns null where the try was counted; else what to answer: there were enough */
  function count(key: string, { most, withinMs }: Bound): TooManySignIns | null {
    const now = clock.nowMs()
    const found = tries.get(key)
    const current = found && now - found.since < withinMs ? found : { since: now, count: 0 }
    if (current.count >= most)
      return new TooManySignIns({ retryAfterS: Math.ceil((current.since + withinMs - now) / 1000) })
    keep(tries, key, { since: current.since, count: current.count + 1 })
    return null
  }

  return {
    /**
     * Counts one try, before it is made: many at once cannot slip through.
     * @param email whose account is tried; null = nobody's in particular
     * @returns what to answer if the password turns out wrong, where only a person who is known to come from there may
     *   still try; null = what is answered otherwise
     * @throws TooManySignIns
     */
    spend(address: string | null, email: string | null): TooManySignIns | null {
      const from = networkOf(address)
      const atAddress = count(from, FROM_ONE_ADDRESS)
      if (email === null) return refuse(atAddress)
      const pair = pairOf(from, email)
      const isKnown = clock.nowMs() - (known.get(pair) ?? Number.NEGATIVE_INFINITY) <= KNOWN_MS
      if (!isKnown) refuse(atAddress)
      const atPair = count(pair, AT_ONE_PERSON_FROM_ONE_ADDRESS)
      // The address's refusal goes before the pair's: how long to wait must not say whether somebody is known.
      if (atPair !== null) refuse(atAddress ?? atPair)
      if (!isKnown) refuse(count(`@ ${email.toLowerCase()}`, AT_ONE_PERSON))
      return atAddress
    },
    /** Forgets the tries at a person who signed in after all, and remembers that he comes from there. */
    succeeded(address: string | null, email: string): void {
      const pair = pairOf(networkOf(address), email)
      tries.delete(pair)
      keep(known, pair, clock.nowMs())
    },
  }
}

function refuse(refusal: TooManySignIns | null): null {
  if (refusal !== null) throw refusal
  return null
}

function pairOf(network: string, email: string): string {
  return `${network} ${email.toLowerCase()}`
}

/** Sets a value as the newest; beyond `ENTRIES_MAX` the oldest falls out. */
function keep<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.delete(key)
  map.set(key, value)
  for (const oldest of map.keys()) {
    if (map.size <= ENTRIES_MAX) break
    map.delete(oldest)
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
