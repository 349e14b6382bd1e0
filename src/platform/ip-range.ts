/**
 * Ranges of IP addresses, written as one address or in CIDR notation: `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`.
 *
 * Every address is a number of 128 bits, IPv4 as IPv4-mapped IPv6 (`::ffff:203.0.113.7`), which is how a socket that
 * listens for both shows an IPv4 client. So one comparison serves both families, and `::ffff:0:0/96` and `0.0.0.0/0` are
 * the same range. `::/0` holds every address there is, of both families.
 *
 * `net.BlockList` lost: it can match (a test holds the two equal) but neither refuses `10.0.0.0/33` with a reason nor
 * says a range in its one canonical form.
 * Pure module.
 */
import { isIPv4, isIPv6 } from 'node:net'

/** The addresses whose first `bits` bits are those of `first`. */
type IpRange = { first: bigint; bits: number }

const BITS = 128
/** IPv4 lies in the last 32 bits below `::ffff:0:0`. */
const MAPPED_BITS = 96
const MAPPED = 0xffffn << 32n

/**
 * The one way to write a range: bits beyond its length are zero, IPv6 as RFC 5952 has it, IPv4 with dots, a single
 * address without its length.
 * @returns null where `text` is no range
 */
export function canonicalIpRange(text: string): string | null {
  const range = parseIpRange(text)
  return range && formatIpRange(range)
}

/**
 * @param ranges texts that `canonicalIpRange` knows; one that it does not know matches nothing
 * @returns whether an address is in one of them; never for what is no address
 */
export function ipMatcher(ranges: readonly string[]): (address: string | undefined) => boolean {
  const parsed = ranges.map(parseIpRange).filter((range) => range !== null)
  return (address) => {
    // A link-local address comes with the name of its interface, `fe80::1%eth0`, which says nothing of who it is.
    const number = numberOf(address?.split('%', 1)[0] ?? '')
    return number !== null && parsed.some(({ first, bits }) => networkOf(number, bits) === first)
  }
}

function parseIpRange(text: string): IpRange | null {
  const [address = '', length, ...more] = text.trim().split('/')
  const number = numberOf(address)
  if (number === null || more.length > 0) return null
  const longest = isIPv4(address) ? 32 : BITS
  if (length !== undefined && !(/^(0|[1-9]\d{0,2})$/.test(length) && Number(length) <= longest)) return null
  const bits = BITS - longest + Number(length ?? longest)
  return { first: networkOf(number, bits), bits }
}

function networkOf(number: bigint, bits: number): bigint {
  const free = BigInt(BITS - bits)
  return (number >> free) << free
}

/** @returns null where `text` is no address, or names an interface */
function numberOf(text: string): bigint | null {
  if (isIPv4(text)) return MAPPED | octetsOf(text)
  if (!isIPv6(text) || text.includes('%')) return null
  // The last 32 bits may be written with dots.
  const dotted = /[\d.]+\.[\d.]+$/.exec(text)?.[0]
  const hex = dotted === undefined ? text : text.slice(0, -dotted.length) + hexOf(octetsOf(dotted))
  const [head = [], tail] = hex.split('::').map((part) => (part === '' ? [] : part.split(':')))
  const groups = tail === undefined ? head : [...head, ...Array(8 - head.length - tail.length).fill('0'), ...tail]
  return groups.reduce((number, group) => (number << 16n) | BigInt(`0x${group}`), 0n)
}

function octetsOf(dotted: string): bigint {
  return dotted.split('.').reduce((number, octet) => (number << 8n) | BigInt(octet), 0n)
}

function hexOf(last32: bigint): string {
  return `${(last32 >> 16n).toString(16)}:${(last32 & 0xffffn).toString(16)}`
}

function formatIpRange({ first, bits }: IpRange): string {
  const isMapped = bits >= MAPPED_BITS && first >> 32n === 0xffffn
  const address = isMapped ? formatIpv4(first) : formatIpv6(first)
  const length = isMapped ? bits - MAPPED_BITS : bits
  return bits === BITS ? address : `${address}/${length}`
}

function formatIpv4(number: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (number >> shift) & 0xffn).join('.')
}

/** https://www.rfc-editor.org/rfc/rfc5952#section-4: small letters, no leading zeros, the first longest run of zeros cut. */
function formatIpv6(number: bigint): string {
  const groups = Array.from({ length: 8 }, (_, at) => (number >> BigInt(112 - 16 * at)) & 0xffffn)
  let cut = { at: 0, length: 1 } // one group of zeros alone is not cut
  for (let at = 0; at < groups.length; at++) {
    let length = 0
    while (groups[at + length] === 0n) length++
    if (length > cut.length) cut = { at, length }
  }
  const words = groups.map((group) => group.toString(16))
  if (cut.length === 1) return words.join(':')
  return `${words.slice(0, cut.at).join(':')}::${words.slice(cut.at + cut.length).join(':')}`
}
