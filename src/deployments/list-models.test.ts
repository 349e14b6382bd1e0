import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listModels } from './list-models.ts'
import type { ModelOnWire, ModelQueryOnWire } from './schema.ts'

type Given = Partial<Pick<ModelOnWire, 'family' | 'task' | 'state' | 'served' | 'parameters_total' | 'weights'>> & {
  verdict?: ModelOnWire['fit']['verdict']
  needed?: number | null
  speed?: number
  licence?: string
}

function row(
  id: string,
  { verdict = 'fits', needed = 1e9, speed, licence = 'MIT', ...given }: Given = {},
): ModelOnWire {
  return {
    id,
    name: id.toUpperCase(),
    family: 'Qwen3',
    task: 'chat',
    served: true,
    owned_by: 'Qwen',
    parameters_total: 1e9,
    context_tokens: 4096,
    state: 'not-here',
    weights: null,
    ...given,
    licence: { id: licence, name: licence, url: 'https://example.com', must_accept: false },
    fit: { verdict, needed_bytes: needed } as ModelOnWire['fit'],
    speed: speed === undefined ? null : ({ tokens_per_second: speed } as ModelOnWire['speed']),
  } as ModelOnWire
}

const ROWS = [
  row('a', { verdict: 'does-not-fit', needed: 9e9, parameters_total: 70e9, family: 'DeepSeek' }),
  row('b', { verdict: 'tight', needed: 3e9, parameters_total: 8e9, speed: 5 }),
  row('c', { needed: 2e9, speed: 50, state: 'loaded', weights: { sha256: '', bytes: 1, precision: 'q8_0' } }),
  row('d', { needed: 1e9, speed: 20, licence: 'Apache-2.0', family: 'SmolLM2' }),
  row('e', { served: false, task: 'rerank', needed: 1e9 }),
]
const ids = (query: ModelQueryOnWire) => listModels(ROWS, query).data.map(({ id }) => id)

test('by itself it begins with what fits best and needs least; what no engine runs comes last', () => {
  assert.deepEqual(ids({}), ['d', 'c', 'b', 'a', 'e'])
})

test('rows without a value come last in both directions', () => {
  assert.deepEqual(ids({ sort: 'speed' }), ['b', 'd', 'c', 'a', 'e'])
  assert.deepEqual(ids({ sort: 'speed', order: 'desc' }), ['c', 'd', 'b', 'a', 'e'])
})

test('filters are joined by and, values of one by or', () => {
  assert.deepEqual(ids({ family: ['DeepSeek', 'SmolLM2'] }), ['d', 'a'])
  assert.deepEqual(ids({ family: ['DeepSeek', 'SmolLM2'], licence: ['MIT'] }), ['a'])
  assert.deepEqual(ids({ parameters_min: 8e9, parameters_max: 8e9 }), ['b'])
  assert.deepEqual(ids({ q: 'deep A' }), ['a'])
  assert.deepEqual(ids({ here: true }), ['c'])
  assert.deepEqual(ids({ fits: true, state: ['not-here'] }), ['d', 'b'])
})

test('a model that no engine runs has no verdict to be found by', () => {
  assert.deepEqual(ids({ fit: ['fits'] }), ['d', 'c'])
  assert.ok(!ids({ fits: true }).includes('e'))
})

test('a facet says what each of its values would leave, so its own choice does not narrow it', () => {
  const { facets, total, total_all } = listModels(ROWS, { family: ['DeepSeek'], task: ['chat'] })
  assert.deepEqual([total, total_all], [1, 5])
  assert.deepEqual(facets.family, [
    { value: 'Qwen3', count: 2 },
    { value: 'DeepSeek', count: 1 },
    { value: 'SmolLM2', count: 1 },
  ])
  assert.deepEqual(facets.fit, [{ value: 'does-not-fit', count: 1 }])
  for (const { value, count } of listModels(ROWS, {}).facets.family)
    assert.equal(listModels(ROWS, { family: [value] }).total, count)
})

test('pages hold each row once, and a place that is none is refused', () => {
  const seen: string[] = []
  for (let after: string | null | undefined; after !== null; ) {
    const page: ReturnType<typeof listModels> = listModels(ROWS, { limit: 2, ...(after ? { after } : {}) })
    seen.push(...page.data.map(({ id }) => id))
    after = page.next
  }
  assert.deepEqual(seen, ids({}))
  assert.throws(() => listModels(ROWS, { after: 'nobody' }), { code: 'cursor_malformed' })
  assert.throws(() => listModels(ROWS, { q: 'deep', after: 'b' }), { code: 'cursor_malformed' })
})
