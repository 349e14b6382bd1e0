import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import type { AppError } from '../platform/errors.ts'
import { createKeyRing, mayName, requireScope } from './key-ring.ts'
import type { SnapshotKey } from './snapshot.ts'

const keyOf = (secret: string, change: Partial<SnapshotKey> = {}): SnapshotKey => ({
  id: `key_${secret}`,
  sha256: createHash('sha256').update(secret).digest('hex'),
  organizationId: 'org_1',
  projectId: 'proj_1',
  scopes: ['inference'],
  models: null,
  expiresAtMs: null,
  salt: 'salt',
  share: 'share',
  contentOnDisk: false,
  ...change,
})
const ring = createKeyRing([keyOf('tw-a'), keyOf('tw-old', { expiresAtMs: 1000 })], { nowMs: () => 1000 })
const refusal = (run: () => unknown): AppError => {
  try {
    run()
  } catch (error) {
    return error as AppError
  }
  throw new Error('nothing was refused')
}

describe('key ring', () => {
  it('finds a key in each of the three headers', () => {
    for (const headers of [
      { authorization: 'Bearer tw-a' },
      { authorization: 'bearer  tw-a ' },
      { 'x-api-key': 'tw-a' },
      { 'api-key': 'tw-a' },
      { authorization: 'Basic abc', 'api-key': 'tw-a' },
    ])
      assert.equal(ring.callerOf(headers).id, 'key_tw-a')
  })

  it('refuses no key, a strange key, an expired key and an endless one with invalid_api_key', () => {
    for (const headers of [
      {},
      { authorization: '' },
      { authorization: 'Bearer' },
      { authorization: 'Bearer tw-A' },
      { authorization: 'Bearer tw-old' },
      { authorization: `Bearer ${'x'.repeat(20_000)}` },
    ]) {
      const error = refusal(() => ring.callerOf(headers))
      assert.equal(error.code, 'invalid_api_key')
      assert.equal(error.status, 401)
    }
  })

  it('never repeats the secret in what it says', () => {
    const error = refusal(() => ring.callerOf({ authorization: 'Bearer tw-secret-thing' }))
    assert.equal(JSON.stringify([error.message, error.data]).includes('secret-thing'), false)
  })

  it('does not let a bearer that is wrong fall back to another header', () => {
    assert.equal(
      refusal(() => ring.callerOf({ authorization: 'Bearer wrong', 'x-api-key': 'tw-a' })).code,
      'invalid_api_key',
    )
  })

  it('knows scopes and allowed models', () => {
    const key = keyOf('x', { scopes: ['inference'], models: ['small'] })
    requireScope(key, 'inference')
    assert.equal(refusal(() => requireScope(key, 'models.read')).code, 'insufficient_permissions')
    assert.equal(mayName(key, 'small'), true)
    assert.equal(mayName(key, 'large'), false)
    assert.equal(mayName(keyOf('y'), 'large'), true)
  })
})
