import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { secretFromFile } from './secret-file.ts'

describe('secret file', () => {
  it('is made once, for its owner only, and is the same ever after', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tradewind-secret-'))
    t.after(() => rmSync(folder, { recursive: true }))
    const path = join(folder, 'session-secret')
    const secret = secretFromFile(path)
    assert.match(secret, /^[\w-]{43}$/)
    assert.equal(secretFromFile(path), secret)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(readdirSync(folder), ['session-secret'])
    writeFileSync(path, 'short')
    assert.throws(() => secretFromFile(path), /no usable secret/)
  })
})
