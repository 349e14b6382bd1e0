import assert from 'node:assert/strict'
import { it } from 'node:test'
import { anthropicModels } from './models.ts'

const routes = ['a', 'b', 'c', 'd', 'e'].map((model) => ({ model, createdS: 1_700_000_000 }))
const page = (query: string) => {
  const { data, first_id, last_id, has_more } = anthropicModels(routes, new URLSearchParams(query))
  return [data.map(({ id }) => id).join(''), first_id, last_id, has_more]
}

it('models are listed in pages, forwards and backwards', () => {
  assert.deepEqual(page(''), ['abcde', 'a', 'e', false])
  assert.deepEqual(page('limit=2'), ['ab', 'a', 'b', true])
  assert.deepEqual(page('limit=2&after_id=b'), ['cd', 'c', 'd', true])
  assert.deepEqual(page('limit=2&after_id=c'), ['de', 'd', 'e', false])
  assert.deepEqual(page('after_id=e'), ['', null, null, false])
  assert.deepEqual(page('limit=2&before_id=d'), ['bc', 'b', 'c', true])
  assert.deepEqual(page('limit=3&before_id=c'), ['ab', 'a', 'b', false])
})

it('a limit that is none and a model that is unknown are refused by name', () => {
  for (const limit of ['0', '1001', 'x', '-1'])
    assert.throws(() => page(`limit=${limit}`), {
      code: 'invalid_value',
      data: { param: 'limit', trouble: 'must be 1 to 1000' },
    })
  assert.throws(() => page('after_id=z'), { code: 'invalid_value' })
})

it('a model is dated and its unknowns are null', () => {
  const [model] = anthropicModels(routes, new URLSearchParams()).data
  assert.equal(model?.created_at, '2023-11-14T22:13:20.000Z')
  assert.equal(model?.max_input_tokens, null)
})
