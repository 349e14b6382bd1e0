import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkShape } from './check-shape.ts'
import { FACT_GROUPS, type Precision, readFamily, readModels } from './model-family.ts'
import { SMOLLM2_PACKAGE } from './starter.ts'

const MODELS = readModels(checkShape)
const LICENCES = new Set([
  'Apache-2.0',
  'MIT',
  'LicenseRef-DeepSeek-Model',
  'MIT AND Llama-3.1',
  'MIT AND Llama-3.3',
  'LicenseRef-Qwen3.8-2.4T-A95B',
  'LicenseRef-Qwen3.8-Flash-Next',
])

/** Every model that the catalogue promises. */
const PROMISED = `
  qwen3-0.6b qwen3-1.7b qwen3-4b qwen3-8b qwen3-14b qwen3-32b qwen3-30b-a3b qwen3-235b-a22b
  qwen3-4b-instruct-2507 qwen3-4b-thinking-2507 qwen3-30b-a3b-instruct-2507 qwen3-30b-a3b-thinking-2507
  qwen3-235b-a22b-instruct-2507 qwen3-235b-a22b-thinking-2507 qwen3-coder-30b-a3b-instruct qwen3-coder-480b-a35b-instruct
  qwen3-next-80b-a3b-instruct qwen3-next-80b-a3b-thinking
  qwen3-vl-2b-instruct qwen3-vl-4b-instruct qwen3-vl-8b-instruct qwen3-vl-32b-instruct qwen3-vl-30b-a3b-instruct qwen3-vl-235b-a22b-instruct
  qwen3.5-0.8b qwen3.5-2b qwen3.5-4b qwen3.5-9b qwen3.5-27b qwen3.5-35b-a3b qwen3.5-122b-a10b qwen3.5-397b-a17b
  qwen3.6-27b qwen3.6-35b-a3b qwen3.8-27b qwen3.8-2.4t-a95b qwen3.8-flash-next qwq-32b
  qwen3-embedding-0.6b qwen3-embedding-4b qwen3-embedding-8b qwen3-reranker-0.6b qwen3-reranker-4b qwen3-reranker-8b
  qwen3guard-gen-0.6b qwen3guard-gen-4b qwen3guard-gen-8b
  deepseek-v3 deepseek-v3-0324 deepseek-r1 deepseek-r1-0528 deepseek-v3.1 deepseek-v3.1-terminus deepseek-v3.2 deepseek-v3.2-exp
  deepseek-v4-flash deepseek-v4-pro deepseek-v4.1-flash
  deepseek-r1-distill-qwen-1.5b deepseek-r1-distill-qwen-7b deepseek-r1-distill-qwen-14b deepseek-r1-distill-qwen-32b
  deepseek-r1-distill-llama-8b deepseek-r1-distill-llama-70b deepseek-r1-0528-qwen3-8b
  smollm2-135m-instruct all-minilm-l6-v2`
  .trim()
  .split(/\s+/)

test('every promised model is there, once', () => {
  const ids = MODELS.map((model) => model.id)
  assert.deepEqual(
    PROMISED.filter((id) => !ids.includes(id)),
    [],
  )
  assert.equal(new Set(ids).size, ids.length)
})

/** Least and most bytes per weight of each precision, block scales and unquantised embeddings included. */
const BYTES_PER_WEIGHT: Record<Precision, [number, number]> = {
  bf16: [1.9, 2.15],
  f16: [1.9, 2.15],
  fp8: [0.9, 1.2],
  q8_0: [1.0, 1.2],
  q6_k: [0.75, 0.95],
  q5_k_m: [0.65, 0.8],
  q4_k_m: [0.5, 0.72],
  q4_1: [0.6, 0.75],
  fp4: [0.45, 1.0],
  other: [0, 10],
}

for (const model of MODELS) {
  test(`the facts of ${model.id} hold together`, () => {
    assert.ok(LICENCES.has(model.licence.id), model.licence.id)
    assert.equal(model.licence.mustAccept, !['Apache-2.0', 'MIT'].includes(model.licence.id))
    for (const group of FACT_GROUPS) assert.ok(model.facts[group].length > 10, group)
    assert.ok(model.parameters.active <= model.parameters.total)
    assert.ok((model.context.tokensExtended ?? Number.POSITIVE_INFINITY) > model.context.tokens)
    for (const [precision, weights] of Object.entries(model.weights)) {
      const [least, most] = BYTES_PER_WEIGHT[precision as Precision]
      const perWeight = weights.bytes / model.parameters.total
      assert.ok(perWeight >= least && perWeight <= most, `${precision}: ${perWeight} bytes per weight`)
    }
    if (model.shape && model.kv.bytesPerToken !== null) {
      const { layers, kvHeads, headSize } = model.shape
      const isLatent = headSize === 576 // DeepSeek keeps one latent vector, not keys and values apart
      assert.equal(model.kv.bytesPerToken, layers * kvHeads * headSize * 2 * (isLatent ? 1 : 2))
    }
    for (const served of model.servedBy) {
      if (served.tensorParallel !== null && model.shape)
        assert.equal(model.shape.attentionHeads % served.tensorParallel, 0, served.hardware)
    }
    for (const source of model.sources) {
      assert.ok(model.weights[source.precision], `${source.precision} has a source but no size`)
      if (source.kind === 'hub') assert.match(source.file, /\.gguf$/)
      if (source.kind === 'hub') assert.match(source.evidence, /unverified|[Ff]etched/)
    }
    if (model.task !== 'chat') assert.equal(model.parsers.tool, 'none')
    if (model.thinking.mode !== 'never') assert.equal(model.parsers.reasoning, 'think')
  })
}

test('the starter of the catalogue is the package that the tests fetch', () => {
  const [source] = MODELS.find((model) => model.id === 'smollm2-135m-instruct')?.sources ?? []
  assert.ok(source?.kind === 'python-package')
  const { precision, publisher, evidence, ...place } = source
  assert.deepEqual(place, SMOLLM2_PACKAGE)
})

test('a broken family file is refused with file, model and field', () => {
  const file = 'qwq.json'
  const good = JSON.parse(readFileSync(join(import.meta.dirname, 'models', file), 'utf8'))
  const broken = (change: (family: typeof good) => void): string => {
    const copy = structuredClone(good)
    change(copy)
    return JSON.stringify(copy)
  }
  assert.equal(readFamily(file, JSON.stringify(good)).length, 1)
  const cases: [(family: typeof good) => void, RegExp][] = [
    [(family) => delete family.models[0].licence && delete family.defaults.licence, /qwq\.json, qwq-32b.*licence/],
    [(family) => (family.models[0].surprise = 1), /qwq\.json.*models\.0/],
    [(family) => (family.models[0].id = 'Bad Id'), /id/],
    [(family) => (family.models[0].parsers.tool = 'magic'), /tool/],
    [(family) => (family.models[0].sources = []), /no source and no sentence/],
    [(family) => (family.models[0].kv = { bytesPerToken: null }), /neither bytes nor a reason/],
    [(family) => delete family.defaults.facts.kv, /facts/],
  ]
  for (const [change, says] of cases)
    assert.throws(() => readFamily(file, broken(change), checkShape), { name: 'CatalogueBroken', message: says })
})
