import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pathOfOurs } from './landing.ts'

test('a path of ours stays, and nothing leads elsewhere', () => {
  assert.equal(pathOfOurs('/usage?by=key#t'), '/usage?by=key#t')
  for (const next of [
    undefined,
    '',
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '\\\\evil',
    'javascript:alert(1)',
    '/\t/evil.example',
  ])
    assert.equal(new URL(pathOfOurs(next), 'http://ours.test').host, 'ours.test', String(next))
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      assert.equal(new URL(pathOfOurs(`/${text}`), 'http://ours.test').host, 'ours.test')
    }),
  )
})
