import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { TooManySignIns } from './errors.ts'
import { createSignInLimit } from './sign-in-limit.ts'

function limitAt() {
  const clock = { now: 0, nowMs: () => clock.now }
  return { clock, limit: createSignInLimit(clock) }
}

describe('sign-in limit', () => {
  it('a sixth try at one person from one address within five minutes is refused, and says how long to wait', () => {
    const { clock, limit } = limitAt()
    for (let tries = 0; tries < 5; tries++) limit.spend('192.0.2.1', 'ada@example.com')
    clock.now = 60_000
    assert.throws(
      () => limit.spend('192.0.2.1', 'ADA@example.com'),
      (error: unknown) => error instanceof TooManySignIns && error.data.retryAfterS === 240,
    )
    limit.spend('192.0.2.2', 'ada@example.com') // nobody can lock her out from elsewhere
    limit.spend('192.0.2.1', 'bob@example.com')
    clock.now = 300_000
    limit.spend('192.0.2.1', 'ada@example.com')
  })

  it('going through a list of people from one address is refused too', () => {
    const { limit } = limitAt()
    for (let tries = 0; tries < 50; tries++) limit.spend('192.0.2.1', `p${tries}@example.com`)
    assert.throws(() => limit.spend('192.0.2.1', 'p51@example.com'), TooManySignIns)
  })

  it('guessing at one person from many places is refused, save where that person comes from', () => {
    const { clock, limit } = limitAt()
    limit.succeeded('198.51.100.7', 'ada@example.com')
    for (let tries = 0; tries < 100; tries++) limit.spend(`192.0.2.${tries}`, 'ada@example.com')
    assert.throws(() => limit.spend('203.0.113.1', 'Ada@example.com'), TooManySignIns)
    limit.spend('198.51.100.7', 'ada@example.com') // she is not locked out at home
    limit.spend('203.0.113.1', 'bob@example.com')
    clock.now = 60 * 60_000
    limit.spend('203.0.113.1', 'ada@example.com')
  })

  it('what is nobody’s in particular counts by address alone', () => {
    const { limit } = limitAt()
    for (let tries = 0; tries < 50; tries++) limit.spend('192.0.2.1', null)
    assert.throws(() => limit.spend('192.0.2.1', null), TooManySignIns)
    limit.spend('192.0.2.2', null)
  })

  it('the addresses of one household of IPv6 count as one, and IPv4 in IPv6 as IPv4', () => {
    const { limit } = limitAt()
    const addresses = ['2001:db8::1', '2001:DB8:0:0:1::2', '2001:db8:0:0:ffff:1:2:3', '2001:0db8::7', '2001:db8::']
    for (const address of addresses) limit.spend(address, 'ada@example.com')
    assert.throws(() => limit.spend('2001:db8::9', 'ada@example.com'), TooManySignIns)
    limit.spend('2001:db8:0:1::9', 'ada@example.com')
    for (let tries = 0; tries < 5; tries++) limit.spend('::ffff:192.0.2.1', 'bob@example.com')
    assert.throws(() => limit.spend('192.0.2.1', 'bob@example.com'), TooManySignIns)
  })

  it('who signs in after all starts anew', () => {
    const { limit } = limitAt()
    for (let tries = 0; tries < 5; tries++) limit.spend(null, 'ada@example.com')
    limit.succeeded(null, 'ada@example.com')
    limit.spend(null, 'ada@example.com')
  })
})
