import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FitVerdict, fitOf, type MemoryPool } from './fit.ts'
import { type ModelFacts, type Precision, readModels } from './model-family.ts'

const MODELS = new Map(readModels().map((model) => [model.id, model]))

function model(id: string): ModelFacts {
  const found = MODELS.get(id)
  assert.ok(found, id)
  return found
}

const memory = (capacityGb: number, freeGb = capacityGb, bandwidthGb: number | null = 30): MemoryPool => ({
  kind: 'memory',
  name: "this machine's memory",
  capacityBytes: capacityGb * 1e9,
  freeBytes: freeGb * 1e9,
  bandwidthBytesPerSecond: bandwidthGb === null ? null : bandwidthGb * 1e9,
})

const gpu = (capacityGb: number, bandwidthGb: number): MemoryPool => ({
  ...memory(capacityGb, capacityGb, bandwidthGb),
  kind: 'gpu',
  name: 'NVIDIA H200',
})

const CASES: [id: string, pools: MemoryPool[], verdict: FitVerdict, precision: Precision][] = [
  ['smollm2-135m-instruct', [memory(4)], 'fits', 'q4_1'],
  ['qwen3-0.6b', [memory(4)], 'fits', 'q8_0'],
  ['qwen3-0.6b', [memory(1.4)], 'tight', 'q8_0'],
  ['qwen3-0.6b', [memory(4, 0.8)], 'fits-alone', 'q8_0'],
  ['qwen3-0.6b', [memory(1)], 'does-not-fit', 'q8_0'],
  ['qwen3-8b', [memory(22)], 'fits', 'q4_k_m'],
  ['qwen3-8b', [memory(22, 22, 300)], 'fits', 'q8_0'],
  ['qwen3-8b', [memory(22, 5)], 'fits-alone', 'q4_k_m'],
  ['qwen3-8b', [memory(8), gpu(141, 4800)], 'fits', 'q8_0'],
  ['qwen3-30b-a3b', [memory(23)], 'tight', 'q4_k_m'],
  ['deepseek-r1', [memory(23)], 'does-not-fit', 'q4_k_m'],
  ['qwen3.8-2.4t-a95b', [memory(512)], 'does-not-fit', 'q4_k_m'],
  ['all-minilm-l6-v2', [memory(1)], 'fits', 'q8_0'],
]

for (const [id, pools, verdict, precision] of CASES) {
  const where = pools
    .map((pool) => `${pool.freeBytes / 1e9} of ${pool.capacityBytes / 1e9} GB of ${pool.kind}`)
    .join(' and ')
  test(`${id} on ${where}: ${verdict} as ${precision}`, () => {
    const fit = fitOf(model(id), pools)
    assert.equal(fit.verdict, verdict, fit.reason)
    assert.equal(fit.precision, precision)
  })
}

test('the numbers add up, and the reason says them', () => {
  const fit = fitOf(model('qwen3-0.6b'), [memory(4, 0.8)])
  assert.equal(fit.contextBytes, 114_688 * 4096)
  assert.ok((fit.neededBytes ?? 0) > (fit.weightsBytes ?? 0) + (fit.contextBytes ?? 0))
  assert.match(
    fit.reason,
    /needs ≈ 1\.3 GB as q8_0; 800 MB are free of 4\.0 GB of this machine's memory, so other models must be unloaded first/,
  )
})

test('a giant says what would serve it and no speed', () => {
  const fit = fitOf(model('deepseek-r1'), [memory(23)])
  assert.equal(fit.tokensPerSecond, null)
  assert.equal(fit.servedBy[0]?.hardware, '8 × H200')
  assert.match(fit.reason, /8 × H200 would serve it/)
})

test('what fits names no other hardware', () => {
  assert.deepEqual(fitOf(model('qwen3-0.6b'), [memory(4)]).servedBy, [])
})

test('speed follows active, not total, parameters', () => {
  const sparse = fitOf(model('qwen3-30b-a3b'), [memory(64)])
  const dense = fitOf(model('qwen3-32b'), [memory(64)])
  assert.ok((sparse.tokensPerSecond?.estimate ?? 0) > 5 * (dense.tokensPerSecond?.estimate ?? 0))
})

test('speed stays under the bandwidth bound', () => {
  for (const facts of MODELS.values()) {
    const fit = fitOf(facts, [memory(6000)])
    if (fit.tokensPerSecond === null || fit.weightsBytes === null) continue
    const bound = 30e9 / ((fit.weightsBytes * facts.parameters.active) / facts.parameters.total)
    assert.ok(fit.tokensPerSecond.estimate <= bound, facts.id)
  }
})

test('an unknown bandwidth gives no speed, and an embedding model writes no tokens', () => {
  assert.equal(fitOf(model('qwen3-0.6b'), [memory(4, 4, null)]).tokensPerSecond, null)
  assert.equal(fitOf(model('all-minilm-l6-v2'), [memory(4)]).tokensPerSecond, null)
})

test('more memory never makes a verdict worse', () => {
  const rank = { 'does-not-fit': 0, 'fits-alone': 1, tight: 2, fits: 3 }
  for (const facts of MODELS.values()) {
    let before = 0
    for (const gigabytes of [1, 2, 4, 8, 16, 24, 64, 128, 512, 2048, 8192]) {
      const now = rank[fitOf(facts, [memory(gigabytes)]).verdict]
      assert.ok(now >= before, `${facts.id} at ${gigabytes} GB`)
      before = now
    }
  }
})

test('a longer context needs more, up to what the model was made for', () => {
  const short = fitOf(model('qwen3-0.6b'), [memory(16)], { contextTokens: 1024 })
  const long = fitOf(model('qwen3-0.6b'), [memory(16)], { contextTokens: 1_000_000 })
  assert.equal(long.contextTokens, 32_768)
  assert.ok((long.neededBytes ?? 0) > (short.neededBytes ?? 0))
})
