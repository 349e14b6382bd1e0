import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { partsOfName, titleOf } from './columns.ts'

describe('a column', () => {
  it('is called by its model, and by its place where the model stands in several', () => {
    const models = [{ id: 'qwen3-0.6b', name: 'Qwen3 0.6B' }]
    const columns = ['qwen3-0.6b', 'gone', 'qwen3-0.6b#2']
    assert.deepEqual(
      columns.map((column) => titleOf(column, columns, models)),
      ['Qwen3 0.6B · 1', 'gone', 'Qwen3 0.6B · 2'],
    )
  })

  it('has a name whose end is never cut, and which loses nothing', () => {
    for (const name of ['', 'Qwen3 0.6B', 'DeepSeek R1 Distill Qwen 32B', '深度求索推理蒸馏模型一百二十亿参数😀'])
      assert.equal(partsOfName(name).join(''), name)
    assert.equal(partsOfName('DeepSeek R1 Distill Qwen 32B')[1], 'en 32B')
  })
})
