import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sparkPath } from './spark-path.ts'

test('a spark fills its box and stands on nothing', () => {
  assert.equal(sparkPath([0, 5, 10]), 'M0 22.5L36 12L72 1.5')
})

test('a gap stays a gap, and nothing is no line', () => {
  assert.equal(sparkPath([1, null, 1]), 'M0 1.5M72 1.5')
  assert.equal(sparkPath([null, null]), '')
  assert.equal(sparkPath([0, 0]), 'M0 22.5L72 22.5')
})
