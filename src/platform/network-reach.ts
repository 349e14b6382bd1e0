/**
 * Where a connection may lead that somebody else's name decides on: a base URL is given once, and its name can be pointed
 * at this machine, at its network or at a cloud's metadata service on any later day.
 *
 * So a name is resolved, every address that it has is checked, and the connection goes to a checked address, never to a
 * second resolution of the name. It is done anew for each connection. The name stays what TLS is asked to prove. To check
 * when the URL is saved was the alternative, and is no protection at all: the answer may be another a second later.
 *
 *   `public`    addresses of the internet
 *   `private`   these, and this machine and its networks: only where an operator says so
 *   nobody      link-local addresses and metadata services: they hand credentials to whoever asks
 */
import { type LookupAddress, lookup as lookupName } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { ipMatcher } from './ip-range.ts'

export type NetworkReach = 'public' | 'private'

/** What is never reached. Of IPv4, since some of it has several forms within IPv6. */
const FORBIDDEN_IPV4 = [
  '169.254.0.0/16', // link-local, with the metadata service of most clouds
  '100.100.100.200/32', // metadata of Alibaba Cloud
  '168.63.129.16/32', // the host of a machine at Azure
  '192.0.0.192/32', // metadata of Oracle's older machines
  '224.0.0.0/4', // multicast
  '255.255.255.255/32',
]
const FORBIDDEN_IPV6 = ['fe80::/10', 'ff00::/8', 'fd00:ec2::254/128', 'fd20:ce::254/128', 'fd00:42::42/128']

/** What is not the internet: https://www.iana.org/assignments/iana-ipv4-special-registry/ and its like for IPv6. */
const NOT_PUBLIC = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16', // 6to4: any IPv4 address, written as IPv6
  '3fff::/20',
]
/** IPv4, and the only part of IPv6 that is given out. NAT64 (`64:ff9b::/96`), local addresses and the rest lie outside. */
const GIVEN_OUT = ['0.0.0.0/0', '2000::/3']

const isForbidden = ipMatcher([...FORBIDDEN_IPV4.flatMap(withFormsInIpv6), ...FORBIDDEN_IPV6])
const isNotPublic = ipMatcher(NOT_PUBLIC)
const isGivenOut = ipMatcher(GIVEN_OUT)

/** A connection was not made, since the name led where it may not. */
export class AddressRefused extends Error {
  override name = 'AddressRefused'
  readonly code = 'ADDRESS_REFUSED'
  /** What the address would have needed; null = nothing allows it. */
  readonly needs: NetworkReach | null
  constructor(host: string, needs: NetworkReach | null) {
    super(`${host} leads to an address that may not be reached`)
    this.needs = needs
  }
}

/** @returns the least that lets one reach `address`; null = nothing does */
export function reachNeeded(address: string): NetworkReach | null {
  if (isIP(address.split('%', 1)[0] ?? '') === 0 || isForbidden(address)) return null
  return isGivenOut(address) && !isNotPublic(address) ? 'public' : 'private'
}

export function mayReach(reach: NetworkReach, address: string): boolean {
  const needed = reachNeeded(address)
  return needed === 'public' || (needed === 'private' && reach === 'private')
}

/** All addresses of a name, as `dns.lookup` gives them. */
export type Resolve = (host: string, done: (error: Error | null, addresses: LookupAddress[]) => void) => void

const resolveBySystem: Resolve = (host, done) =>
  lookupName(host, { all: true }, (error, addresses) => done(error, addresses ?? []))

/**
 * For `net.connect` in the place of `dns.lookup`: one forbidden address among those of a name refuses all of them, since a
 * name that mixes them wants one of two checks to see the other one.
 */
export function checkingLookup(reach: NetworkReach, resolve: Resolve = resolveBySystem): LookupFunction {
  return (host, options, done) => {
    resolve(host, (error, addresses) => {
      if (error !== null) return done(error, '')
      const refused = addresses.find(({ address }) => !mayReach(reach, address))
      if (refused !== undefined) return done(new AddressRefused(host, reachNeeded(refused.address)), '')
      const wanted = addresses.filter(({ family }) => !options.family || family === Number(options.family))
      const [first] = wanted
      if (first === undefined)
        return done(Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' }), '')
      if (options.all) done(null, wanted)
      else done(null, first.address, first.family)
    })
  }
}

/**
 * What undici connects with. An address in the place of a name is never looked up, so that it is checked here.
 * @param timeoutMs until the connection stands, TLS and all
 */
export function checkingConnector(reach: NetworkReach, timeoutMs: number, resolve?: Resolve): buildConnector.connector {
  const connect = buildConnector({ timeout: timeoutMs, allowH2: false, lookup: checkingLookup(reach, resolve) })
  return (options, done) => {
    const host = options.hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) !== 0 && !mayReach(reach, host)) done(new AddressRefused(host, reachNeeded(host)), null)
    else connect(options, done)
  }
}

/** An IPv4 range as itself, as the outdated `::a.b.c.d`, behind NAT64 and behind 6to4. */
function withFormsInIpv6(range: string): string[] {
  const [address = '', bits] = range.split('/')
  const length = 96 + Number(bits)
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number)
  const sixToFour = [(a << 8) | b, (c << 8) | d].map((group) => group.toString(16)).join(':')
  return [range, `::${address}/${length}`, `64:ff9b::${address}/${length}`, `2002:${sixToFour}::/${16 + Number(bits)}`]
}
