import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tracesToForget } from './forget-content.ts'

const key = (id: string, contentOnDisk = true, salt = 'project') => ({
  id,
  salt,
  share: `share of ${id}`,
  contentOnDisk,
})

test('a key that is gone takes its own prefixes with it, and nothing of its project', () => {
  assert.deepEqual(tracesToForget([key('a'), key('b')], [key('b')]), [{ salt: 'project', share: 'share of a' }])
})

test('a project that stops allowing content on disk loses all of them, once', () => {
  assert.deepEqual(tracesToForget([key('a'), key('b')], [key('a', false), key('b', false)]), [
    { salt: 'project', share: null },
  ])
})

test('new keys, and a project that begins to allow it, forget nothing', () => {
  assert.deepEqual(tracesToForget([key('a', false)], [key('a'), key('b')]), [])
})
