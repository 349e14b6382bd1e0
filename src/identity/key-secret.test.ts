import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keySha256, looksLikeKey, makeKeySecret, secretsIn } from './key-secret.ts'

describe('key secret', () => {
  it('a new key is long enough, recognised by its checksum, and never the same', () => {
    const secrets = Array.from({ length: 200 }, () => makeKeySecret())
    assert.equal(new Set(secrets.map(({ secret }) => secret)).size, 200)
    for (const { secret, sha256, prefix, last4 } of secrets) {
      assert.match(secret, /^sk-tw-[0-9A-Za-z]{49}$/)
      assert(looksLikeKey(secret))
      assert.equal(sha256, keySha256(secret))
      assert(secret.startsWith(prefix) && prefix.length === 10)
      assert(secret.endsWith(last4) && last4.length === 4)
    }
  })

  it('a key with any one character changed is not taken for one', () => {
    const { secret } = makeKeySecret()
    for (let at = 0; at < secret.length; at++) {
      const other = secret[at] === 'x' ? 'y' : 'x'
      assert.equal(looksLikeKey(secret.slice(0, at) + other + secret.slice(at + 1)), false, `character ${at}`)
    }
    for (const text of ['', 'sk-tw-', secret.slice(0, -1), `${secret}0`, ` ${secret}`, `${secret}\n`])
      assert.equal(looksLikeKey(text), false)
  })

  it('keys are found in a text wherever they stand, each once, and what only looks like one is not', () => {
    const [a, b] = [makeKeySecret().secret, makeKeySecret().secret]
    const damaged = `${a.slice(0, -1)}${a.endsWith('x') ? 'y' : 'x'}`
    const text = `OPENAI_API_KEY=${b}\n{"key":"${a}"}\ncurl -H 'Authorization: Bearer ${b}' sk-tw-${a}${a.slice(0, 20)}\nsk-tw-`
    assert.deepEqual(secretsIn(text), [b, a])
    assert.deepEqual(secretsIn(`${damaged} sk-tw-… sk-${a.slice(6)}`), [])
    assert.deepEqual(secretsIn(''), [])
  })

  it('a known key keeps its hash and its checksum for ever', () => {
    const secret = 'sk-tw-00000000000000000000000000000000000000000003qrxPJ'
    assert.equal(looksLikeKey(secret), true)
    assert.equal(keySha256(secret), 'a55b81f951b27863c75691df2552de7a0c7a51b70a69e383f379519ec62da560')
  })
})
