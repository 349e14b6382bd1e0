import assert from 'node:assert/strict'
import { BlockList, isIPv4, isIPv6 } from 'node:net'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalIpRange, ipMatcher } from './ip-range.ts'

const ipv4 = fc.ipV4()
const ipv6 = fc.oneof(
  fc.ipV6(),
  fc.ipV4().map((address) => `::ffff:${address}`),
)
const address = fc.oneof(ipv4, ipv6)
const range = fc.oneof(
  fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })),
  fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })),
)
/** An address that shares its beginning with `of`: two at random are hardly ever in one range. */
const near = (of: string, flip: number): string => {
  if (isIPv4(of)) {
    const octets = of.split('.').map(Number)
    octets[flip % 4] = (octets[flip % 4]! + 1 + (flip % 7)) % 256
    return octets.join('.')
  }
  const groups = (canonicalIpRange(`${of}/128`) ?? '').split(':')
  const at = groups.findLastIndex((group) => /^[0-9a-f]+$/.test(group))
  if (at >= 0) groups[at] = ((Number.parseInt(groups[at]!, 16) ^ (1 << (flip % 16))) & 0xffff).toString(16)
  return groups.join(':')
}
const family = (text: string) => (isIPv4(text) ? 'ipv4' : 'ipv6')

describe('ranges of IP addresses', () => {
  it('an address is in a range exactly where Node says so', () => {
    fc.assert(
      fc.property(range, address, fc.nat(), fc.boolean(), ([first, length], stranger, flip, isNear) => {
        const asked = isNear ? near(first, flip) : stranger
        fc.pre(isIPv4(asked) || isIPv6(asked))
        const list = new BlockList()
        list.addSubnet(first, length, family(first))
        assert.equal(
          ipMatcher([`${first}/${length}`])(asked),
          list.check(asked, family(asked)),
          `${asked} in ${first}/${length}`,
        )
      }),
      { numRuns: 5_000 },
    )
  })

  it('its canonical form is a fixed point, holds the same addresses, and is how a URL writes it', () => {
    fc.assert(
      fc.property(range, address, ([first, length], asked) => {
        const canonical = canonicalIpRange(`${first}/${length}`)
        assert.ok(canonical)
        assert.equal(canonicalIpRange(canonical), canonical)
        assert.equal(ipMatcher([canonical])(asked), ipMatcher([`${first}/${length}`])(asked))
        assert.equal(ipMatcher([canonical])(first), true)
        const [written = ''] = canonical.split('/')
        if (isIPv6(written)) assert.equal(new URL(`http://[${written}]/`).hostname, `[${written}]`)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is written in one way', () => {
    for (const [given, canonical] of [
      ['203.0.113.7', '203.0.113.7'],
      [' 203.0.113.7/32 ', '203.0.113.7'],
      ['10.1.2.3/8', '10.0.0.0/8'],
      ['::FFFF:10.1.2.3', '10.1.2.3'],
      ['::ffff:0:0/96', '0.0.0.0/0'],
      ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
      ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
      ['2001:db8::1/32', '2001:db8::/32'],
      ['::/0', '::/0'],
      ['::1', '::1'],
      ['64:ff9b::203.0.113.7', '64:ff9b::cb00:7107'],
    ])
      assert.equal(canonicalIpRange(given ?? ''), canonical, given)
  })

  it('what is no range is refused, and matches nothing', () => {
    for (const text of [
      '',
      '10.0.0.0/',
      '10.0.0.0/33',
      '10.0.0.0/08',
      '10.0.0.0/-1',
      '10.0.0.0/8/8',
      '10.0.0',
      '010.0.0.1',
      '10.0.0.256',
      '2001:db8::/129',
      '2001:db8:::1',
      'fe80::1%eth0',
      'localhost',
      '*',
    ]) {
      assert.equal(canonicalIpRange(text), null, text)
      assert.equal(ipMatcher([text])('10.0.0.1'), false, text)
    }
  })

  it('an address that is unknown or none is in no range, and one with its interface is', () => {
    const all = ipMatcher(['::/0'])
    for (const address of [undefined, '', 'unknown', '10.0.0.1:443']) assert.equal(all(address), false)
    assert.equal(ipMatcher(['fe80::/10'])('fe80::1%eth0'), true)
    assert.equal(ipMatcher([])('10.0.0.1'), false)
  })
})
