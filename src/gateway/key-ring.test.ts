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
  ips: null,
  expiresAtMs: null,
  salt: 'salt',
  share: 'share',
  kind: 'key',
  contentOnDisk: false,
  contentLogging: null,
  limits: null,
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
  it('finds a key by its id for requests from within, by the secret of it that works longest', () => {
    const rotated = [keyOf('tw-new', { id: 'key_1' }), keyOf('tw-before', { id: 'key_1', expiresAtMs: 500 })]
    for (const keys of [rotated, rotated.toReversed()])
      assert.equal(createKeyRing(keys, { nowMs: () => 1000 }).byId('key_1').expiresAtMs, null)
    assert.equal(refusal(() => ring.byId('key_tw-old')).status, 401)
    assert.equal(refusal(() => ring.byId('key_none')).status, 401)
  })

  it('finds a key in each of the three headers', () => {
    for (const headers of [
      { authorization: 'Bearer tw-a' },
      { authorization: 'bearer  tw-a ' },
      { 'x-api-key': 'tw-a' },
      { 'api-key': 'tw-a' },
      { authorization: 'Basic abc', 'api-key': 'tw-a' },
    ])
      assert.equal(ring.callerOf(headers, '127.0.0.1').id, 'key_tw-a')
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
      const error = refusal(() => ring.callerOf(headers, '127.0.0.1'))
      assert.equal(error.code, 'invalid_api_key')
      assert.equal(error.status, 401)
    }
  })

  it('never repeats the secret in what it says', () => {
    const error = refusal(() => ring.callerOf({ authorization: 'Bearer tw-secret-thing' }, '127.0.0.1'))
    assert.equal(JSON.stringify([error.message, error.data]).includes('secret-thing'), false)
  })

  it('does not let a bearer that is wrong fall back to another header', () => {
    assert.equal(
      refusal(() => ring.callerOf({ authorization: 'Bearer wrong', 'x-api-key': 'tw-a' }, '127.0.0.1')).code,
      'invalid_api_key',
    )
  })

  it('lets a key with a list of addresses in from those only, and says nothing of the list', () => {
    const listed = createKeyRing([keyOf('listed', { ips: ['10.0.0.0/8', '2001:db8::/32'] }), keyOf('open')], {
      nowMs: () => 0,
    })
    const from = (address: string | undefined, secret = 'listed') =>
      listed.callerOf({ authorization: `Bearer ${secret}` }, address)
    for (const address of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::1']) assert.equal(from(address).id, 'key_listed')
    for (const address of ['11.0.0.1', '::ffff:11.0.0.1', '2001:db9::1', '::1', undefined, '']) {
      const error = refusal(() => from(address))
      assert.deepEqual([error.code, error.status], ['ip_not_authorized', 403])
      assert.doesNotMatch(error.message, /10\.0|db8/)
    }
    assert.equal(from(undefined, 'open').id, 'key_open')
    assert.equal(
      refusal(() => from('10.1.2.3', 'wrong')).code,
      'invalid_api_key',
      'who has no key learns nothing of addresses',
    )
  })

  it('knows both secrets of a key that was rotated, each with its own end', () => {
    let nowMs = 999
    const rotated = createKeyRing([keyOf('new', { id: 'key_1' }), keyOf('old', { id: 'key_1', expiresAtMs: 1000 })], {
      nowMs: () => nowMs,
    })
    const by = (secret: string) => rotated.callerOf({ 'x-api-key': secret }, undefined).id
    assert.deepEqual([by('new'), by('old')], ['key_1', 'key_1'])
    nowMs = 1000
    assert.equal(by('new'), 'key_1')
    assert.equal(refusal(() => by('old')).code, 'invalid_api_key')
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
