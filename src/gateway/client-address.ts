/**
 * From which address a request came. It decides where a key may be used, what limits count and what the trail names, so
 * it is decided here alone.
 *
 * Each proxy adds to the right of X-Forwarded-For the address that it saw. So the header is read from the right, and only
 * as far as the one who wrote a part is trusted to have written the truth:
 *
 *     X-Forwarded-For: 6.6.6.6, 203.0.113.7, 10.0.0.2        connection from 127.0.0.1
 *                      claimed  the client   trusted         trusted
 *
 * With no trusted proxies, which is the default, nothing of the header counts. Its other kin (Forwarded, X-Real-IP) say
 * the same less reliably and are never read.
 * Pure module.
 */
import { canonicalIpRange, ipMatcher } from '../platform/ip-range.ts'

/**
 * @param peer the other end of the connection; undefined once it is gone
 * @param forwardedFor X-Forwarded-For, several of them joined by commas in their order
 * @returns undefined where `peer` is
 */
export type ClientAddressOf = (peer: string | undefined, forwardedFor: string | undefined) => string | undefined

/** @param trustedProxies addresses and ranges whose word counts */
export function createClientAddressOf(trustedProxies: readonly string[]): ClientAddressOf {
  const isTrusted = ipMatcher(trustedProxies)
  return (peer, forwardedFor) => {
    if (forwardedFor === undefined || !isTrusted(peer)) return peer
    let address = peer
    for (const hop of forwardedFor.split(',').reverse()) {
      const before = addressIn(hop)
      // What is no address was not written by a proxy that works: the last one that is known must do.
      if (before === null) return address
      address = before
      if (!isTrusted(address)) return address
    }
    return address
  }
}

/** Some proxies add the port: `203.0.113.7:4711`, `[2001:db8::1]:4711`. @returns the address in its one canonical form */
function addressIn(hop: string): string | null {
  const text = hop.trim()
  const withoutPort = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text
  return withoutPort.includes('/') ? null : canonicalIpRange(withoutPort)
}
