import assert from 'node:assert/strict'
import { it } from 'node:test'
import { limitsIn, typed } from './limits-in.ts'

it('reads what was typed as numbers, and nothing as no limit', () => {
  const limits = { requests_per_minute: 100, tokens_per_minute: 2_000_000, concurrency: null }
  assert.deepEqual(limitsIn(typed(limits)), limits)
  assert.deepEqual(limitsIn({ requests_per_minute: ' 1,000 ', tokens_per_minute: '', concurrency: '5' }), {
    requests_per_minute: 1_000,
    tokens_per_minute: null,
    concurrency: 5,
  })
  for (const wrong of ['0', '-1', '1.5', 'many', '1000001'])
    assert.equal(limitsIn({ requests_per_minute: wrong, tokens_per_minute: '', concurrency: '' }), null)
})
