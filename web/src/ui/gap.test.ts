import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sentences } from './gap.ts'

it('sets sentences apart as their language does', () => {
  assert.equal(sentences('Saved.', null, 'Go on.'), 'Saved. Go on.')
  assert.equal(sentences('已保存。', '继续。'), '已保存。继续。')
  assert.equal(sentences('No such key.', '请重试。'), 'No such key. 请重试。')
})
