import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { canonicalIpRange, ipMatcher } from '../platform/ip-range.ts'
import { createClientAddressOf } from './client-address.ts'

const PROXIES = ['127.0.0.1', '10.0.0.0/8', '2001:db8:aa::/48']
const addressOf = createClientAddressOf(PROXIES)
const isProxy = ipMatcher(PROXIES)

const anyAddress = fc.oneof(
  fc.ipV4(),
  fc.ipV6(),
  fc.ipV4().map((address) => `::ffff:${address}`),
)
const stranger = anyAddress.filter((address) => !isProxy(address))
const proxy = fc.oneof(
  fc.constantFrom('127.0.0.1', '::ffff:127.0.0.1', '::ffff:10.1.2.3', '2001:db8:aa::7'),
  fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.0.${a}.${b}`),
)
/** Whatever a client may claim before the proxies add what they saw. */
const claims = fc.array(
  fc.oneof(
    anyAddress,
    proxy,
    fc.string().filter((text) => !/[\r\n]/.test(text)),
  ),
  { maxLength: 5 },
)

describe('the address of a client', () => {
  it('is that of the connection where no proxy is trusted, and where the connection is from none', () => {
    const trustsNobody = createClientAddressOf([])
    fc.assert(
      fc.property(anyAddress, claims, stranger, (peer, claimed, unknown) => {
        assert.equal(trustsNobody(peer, claimed.join(', ')), peer)
        assert.equal(addressOf(unknown, claimed.join(', ')), unknown)
      }),
    )
    assert.equal(addressOf('203.0.113.7', '198.51.100.1'), '203.0.113.7')
    assert.equal(addressOf(undefined, '198.51.100.1'), undefined)
  })

  it('is the last that no trusted proxy has, whatever the client claims before it', () => {
    fc.assert(
      fc.property(claims, stranger, fc.array(proxy, { maxLength: 4 }), proxy, (claimed, client, hops, peer) => {
        const header = [...claimed, client, ...hops].join(', ')
        assert.equal(addressOf(peer, header), canonicalIpRange(client))
      }),
      { numRuns: 1_000 },
    )
  })

  it('is the farthest trusted one where the way leads through trusted ones only', () => {
    assert.equal(addressOf('127.0.0.1', '10.0.0.9, 10.0.0.2'), '10.0.0.9')
    assert.equal(addressOf('127.0.0.1', undefined), '127.0.0.1')
  })

  it('of IPv4 within IPv6 is the same as of IPv4, on either side', () => {
    assert.equal(addressOf('::ffff:127.0.0.1', '203.0.113.7'), '203.0.113.7')
    assert.equal(addressOf('127.0.0.1', '::ffff:203.0.113.7'), '203.0.113.7')
    assert.equal(addressOf('127.0.0.1', '198.51.100.1, ::ffff:10.0.0.2'), '198.51.100.1')
  })

  it('may come with a port, and IPv6 in brackets', () => {
    assert.equal(addressOf('127.0.0.1', '203.0.113.7:4711'), '203.0.113.7')
    assert.equal(addressOf('127.0.0.1', '[2001:DB8::1]:4711'), '2001:db8::1')
    assert.equal(addressOf('127.0.0.1', '[2001:db8::1]'), '2001:db8::1')
  })

  it('is that of the last known hop where what comes before it is no address', () => {
    for (const nonsense of [
      'unknown',
      '',
      '203.0.113.0/24',
      '_hidden',
      '203.0.113.7 evil',
      '[203.0.113.7',
      'fe80::1%eth0',
    ])
      assert.equal(addressOf('127.0.0.1', `198.51.100.1, ${nonsense}`), '127.0.0.1', nonsense)
    assert.equal(addressOf('127.0.0.1', '198.51.100.1, unknown, 10.0.0.2'), '10.0.0.2')
  })
})
