import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createBoundedNames } from './bounded-names.ts'

it('the first names keep theirs, and all others share one', () => {
  const label = createBoundedNames(2)
  assert.deepEqual(['a', 'b', 'c', 'a', 'd'].map(label), ['a', 'b', 'other', 'a', 'other'])
})
