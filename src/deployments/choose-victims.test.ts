import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseVictims } from './choose-victims.ts'

const candidates = [
  { model: 'young', memoryBytes: 4, lastUsedAtMs: 30, busy: false },
  { model: 'old', memoryBytes: 4, lastUsedAtMs: 10, busy: false },
  { model: 'older but busy', memoryBytes: 100, lastUsedAtMs: 5, busy: true },
]
const names = (missing: number) => chooseVictims(candidates, missing)?.map((one) => one.model) ?? null

test('the least recently used goes first, and only as many as are needed', () => {
  assert.deepEqual(names(3), ['old'])
  assert.deepEqual(names(5), ['old', 'young'])
})

test('a model that is answering is never unloaded for another', () => {
  assert.equal(names(9), null)
})

test('nothing is unloaded when nothing is missing', () => {
  assert.deepEqual(names(0), [])
})
