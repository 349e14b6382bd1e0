import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSealer } from './sealed-text.ts'

const SECRET = 'a-secret-for-tests-7Hq2mZ9sVxK4nB1tRc8yLw5eJd0fGa3uPo6i'
const sealer = createSealer(SECRET, 'hub token')

test('what was sealed is read again, also by a sealer made anew, and no two sealings are alike', () => {
  const [one, two] = [sealer.seal('hf_ÄÖ秘密'), sealer.seal('hf_ÄÖ秘密')]
  assert.notEqual(one, two)
  assert.equal(createSealer(SECRET, 'hub token').open(one), 'hf_ÄÖ秘密')
  assert.equal(sealer.open(two), 'hf_ÄÖ秘密')
  assert.ok(!one.includes('hf_') && !one.includes(Buffer.from('hf_').toString('base64url')))
})

test('another secret, another purpose and a changed text open nothing', () => {
  const sealed = sealer.seal('hf_token')
  assert.equal(createSealer(`${SECRET}x`, 'hub token').open(sealed), null)
  assert.equal(createSealer(SECRET, 'mail password').open(sealed), null)
  for (let at = 0; at < sealed.length; at++) {
    const changed = `${sealed.slice(0, at)}${sealed[at] === 'A' ? 'B' : 'A'}${sealed.slice(at + 1)}`
    // The last character of a part may carry bits that base64url does not use; then nothing was changed.
    if (Buffer.from(changed, 'base64url').equals(Buffer.from(sealed, 'base64url'))) continue
    const opened = sealer.open(changed)
    assert.ok(opened === null || opened === 'hf_token', changed)
  }
  for (const broken of ['', 'v1', 'v1...', 'v1.AA.AA.AA', 'v2.AAAA.AAAA.AAAA', sealed.slice(0, -8)])
    assert.equal(sealer.open(broken), null, broken)
})
