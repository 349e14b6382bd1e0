import assert from 'node:assert/strict'
import { test } from 'node:test'
import { betterSpeed, isOneStream, type ModelUse, speedShownBy } from './measured-speed.ts'

const use = (changed: Partial<ModelUse> = {}): ModelUse => ({
  model: 'tiny',
  engineId: 'eng_1',
  startedAtMs: 0,
  totalMs: 2_100,
  tokensIn: 40,
  tokensInSource: 'engine',
  tokensOut: 101,
  tokensOutSource: 'engine',
  prefillMs: 80,
  decodeMs: 2_000,
  ...changed,
})

test('a chat shows the speed of its writing, without the first token that the prompt paid for', () => {
  assert.equal(speedShownBy(use(), 'chat'), 50)
})

test('an embedding shows the speed of its reading', () => {
  assert.equal(speedShownBy(use({ tokensOut: 0 }), 'embedding'), 500)
})

test('what is short, not timed, or counted by somebody else shows nothing', () => {
  assert.equal(speedShownBy(use({ tokensOut: 15 }), 'chat'), null)
  assert.equal(speedShownBy(use({ decodeMs: null }), 'chat'), null)
  assert.equal(speedShownBy(use({ decodeMs: 0 }), 'chat'), null)
  assert.equal(speedShownBy(use({ tokensOutSource: 'estimated' }), 'chat'), null)
  assert.equal(speedShownBy(use({ prefillMs: null }), 'embedding'), null)
})

test('the best of a day is kept, and a day-old one gives way to a slower', () => {
  const best = { tokensPerSecond: 50, atMs: 0 }
  const hour = 3_600_000
  assert.equal(betterSpeed(best, { tokensPerSecond: 20, atMs: 23 * hour }), best)
  assert.deepEqual(betterSpeed(best, { tokensPerSecond: 60, atMs: hour }), { tokensPerSecond: 60, atMs: hour })
  assert.deepEqual(betterSpeed(best, { tokensPerSecond: 20, atMs: 25 * hour }), {
    tokensPerSecond: 20,
    atMs: 25 * hour,
  })
})

test('two choices in one answer are not taken for a fast stream', () => {
  assert.ok(isOneStream(50, 20))
  assert.ok(isOneStream(60, 20))
  assert.ok(!isOneStream(100, 20))
  assert.ok(isOneStream(100, 0), 'an engine that tells no steps is believed')
})
