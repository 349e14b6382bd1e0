import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { TooManySignIns } from './errors.ts'
import { createSignInLimit } from './sign-in-limit.ts'
import { ORIGIN, testInstallation } from './test-installation.ts'

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

  it('a person who signed in from an address is not locked out by others there, and nobody learns that he did', () => {
    const { clock, limit } = limitAt()
    limit.succeeded('192.0.2.1', 'ada@example.com')
    for (let tries = 0; tries < 50; tries++) limit.spend('192.0.2.1', `p${tries}@example.com`)
    const refusal = (email: string) => {
      try {
        return limit.spend('192.0.2.1', email)
      } catch (error) {
        return error
      }
    }
    const strangers = refusal('bob@example.com') as TooManySignIns
    assert.ok(strangers instanceof TooManySignIns)
    // She may try; if it was not she, the answer is a stranger's. That holds too when her own tries are used up.
    for (let tries = 0; tries < 5; tries++) {
      const whenWrong = limit.spend('192.0.2.1', 'ADA@example.com')
      assert.deepEqual(whenWrong?.data, strangers.data)
    }
    assert.throws(
      () => limit.spend('192.0.2.1', 'ada@example.com'),
      (error: unknown) => error instanceof TooManySignIns && error.message === strangers.message,
    )
    clock.now = 300_000
    assert.equal(limit.spend('192.0.2.1', 'ada@example.com'), null)
  })

  it('a try at a person who is known counts at the address as one at anybody does', () => {
    const { limit } = limitAt()
    limit.succeeded('192.0.2.1', 'ada@example.com')
    for (let tries = 0; tries < 3; tries++) limit.spend('192.0.2.1', 'ada@example.com')
    for (let tries = 0; tries < 47; tries++) limit.spend('192.0.2.1', `p${tries}@example.com`)
    assert.throws(() => limit.spend('192.0.2.1', 'bob@example.com'), TooManySignIns)
  })

  it('a person is forgotten at an address 30 days after the last time', () => {
    const { clock, limit } = limitAt()
    limit.succeeded('192.0.2.1', 'ada@example.com')
    clock.now = 30 * 24 * 60 * 60_000 + 1
    for (let tries = 0; tries < 50; tries++) limit.spend('192.0.2.1', null)
    assert.throws(() => limit.spend('192.0.2.1', 'ada@example.com'), TooManySignIns)
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

describe('the limit on sign-ins', () => {
  it('where one address has used its tries up, lets in who signed in from there, and answers all others alike', async () => {
    const at = await testInstallation()
    after(() => at.close())
    await at.setUp()
    await at.cookieOf('ada@example.com')
    const post = (url: string, payload: Record<string, unknown>) =>
      at.server.inject({ method: 'POST', url, headers: { origin: ORIGIN }, payload })
    const signIn = (email: string, password: string) => post('/api/auth/sign-in/email', { email, password })
    let answer = await post('/api/auth/email-confirmation', { token: 'none' })
    while (answer.statusCode !== 429) answer = await post('/api/auth/email-confirmation', { token: 'none' })
    const code = (of: typeof answer) => [of.statusCode, of.json().error?.code]
    const refusal = [429, 'identity.too_many_sign_ins']
    assert.deepEqual(code(await signIn('bob@example.com', 'a wrong password')), refusal)
    assert.deepEqual(code(await signIn('ada@example.com', 'a wrong password')), refusal)
    await at.cookieOf('ada@example.com')
  })
})
