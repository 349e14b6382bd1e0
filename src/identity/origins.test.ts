import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ForeignOrigin } from './errors.ts'
import { isHostOfOurs, isPasskeyHost, pageByName, pathOfOurs, requireTrustedOrigin, trustedOrigins } from './origins.ts'

describe('origins', () => {
  it('the public address and the names of this machine are trusted, and nothing else', () => {
    const trusted = trustedOrigins({ publicUrl: 'https://ai.example.com', port: 8484 })
    assert.deepEqual(trusted, [
      'https://ai.example.com',
      'http://localhost:8484',
      'http://127.0.0.1:8484',
      'http://[::1]:8484',
    ])
    for (const origin of trusted) requireTrustedOrigin(origin, trusted)
    for (const origin of [
      undefined,
      '',
      'null',
      'http://ai.example.com',
      'http://localhost:8485',
      'https://ai.example.com.evil.com',
    ])
      assert.throws(() => requireTrustedOrigin(origin, trusted), ForeignOrigin)
  })

  it('after signing in one can only be sent to a path of ours', () => {
    assert.equal(pathOfOurs('/docs?a=1'), '/docs?a=1')
    assert.equal(pathOfOurs('/a/../b'), '/b')
    const hostile = [
      '//evil.com',
      '/\\evil.com',
      '/\t/evil.com',
      '/\n//evil.com',
      'https://evil.com',
      'javascript:alert(1)',
      'evil',
      '',
      '/.//evil.com',
      '/a/..//evil.com',
      '\\\\evil.com',
    ]
    for (const wanted of [undefined, ...hostile]) assert.equal(pathOfOurs(wanted), '/', wanted)
  })

  it('no text whatever leads a browser to another origin', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '.',
      '..',
      '%2f',
      '%5c',
      '@',
      ':',
      '#',
      '?',
      'evil.com',
      'https:',
      '\t',
      '\n',
      ' ',
      '\u0000',
      '//',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = pathOfOurs(pieces.join(''))
        assert.equal(new URL(path, 'http://ours.invalid').origin, 'http://ours.invalid')
        assert.match(path, /^\/(?![/\\])/)
      }),
      { numRuns: 2000 },
    )
  })

  it('browsers know passkeys by name, and over https or on this machine', () => {
    for (const url of ['https://ai.example.com', 'http://localhost:8484', 'http://tradewind.localhost:8484'])
      assert(isPasskeyHost(url), url)
    for (const url of [
      'http://127.0.0.1:8484',
      'https://192.168.1.7',
      'http://[::1]:8484',
      'http://ai.example.com',
      'http://localhost.example.com',
    ])
      assert(!isPasskeyHost(url), url)
  })

  it('a page that is opened by number is opened by name instead, and nothing else is sent anywhere', () => {
    const page = {
      method: 'GET',
      url: '/setup?token=a_b',
      host: '127.0.0.1:8484',
      accept: 'text/html,*/*',
      fetchMode: null,
    }
    const led = (change: Partial<typeof page> | { fetchMode: string }, publicUrl = 'http://localhost:8484') =>
      pageByName({ ...page, ...change }, publicUrl)
    assert.equal(led({}), 'http://localhost:8484/setup?token=a_b')
    assert.equal(led({ fetchMode: 'navigate' }), 'http://localhost:8484/setup?token=a_b')
    assert.equal(new URL(led({ url: '//evil.example/' }) ?? '').host, 'localhost:8484')
    assert.equal(led({ method: 'POST' }), null)
    assert.equal(led({ accept: 'application/json' }), null)
    assert.equal(led({ fetchMode: 'cors' }), null)
    assert.equal(led({ url: '/api/me' }), null)
    assert.equal(led({ url: '/v1/models' }), null)
    assert.equal(led({ host: 'localhost:8484' }), null)
    assert.equal(led({ host: '127.0.0.1:9999' }), null)
    assert.equal(led({ host: 'evil.example' }), null)
    assert.equal(led({}, 'https://ai.example.com'), null)
  })
})

it('a name that another site let lead here is none of ours', () => {
  for (const host of [
    'localhost:8484',
    '127.0.0.1:8484',
    '[::1]:8484',
    '10.0.0.7',
    'ai.example.com',
    'AI.example.com:80',
  ])
    assert.ok(isHostOfOurs(host, 'https://ai.example.com'), host)
  for (const host of [
    'evil.example:8484',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '',
    'a b',
    'example.com',
  ])
    assert.ok(!isHostOfOurs(host, 'https://ai.example.com'), host)
})
