import assert from 'node:assert/strict'
import { it } from 'node:test'
import { table } from './table.ts'

it('what others named cannot command the terminal, nor begin a line', () => {
  const text = table(['name', 'id'], [['a\u001b[2J\u0007b\nc\u202ed', 'key_1']])
  assert.equal(text, 'name     id\na[2Jbcd  key_1')
})
