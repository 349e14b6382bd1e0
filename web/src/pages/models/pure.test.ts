import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PullOnWire } from '../../../../src/deployments/schema.ts'
import { contextChoices, parametersInWords } from './parameters.ts'
import { canGoOn, originOf, pullsShown, shareOf } from './pulls-shown.ts'

test('parameters are said as people say them', () => {
  assert.deepEqual(
    [213_400, 22_713_216, 134_515_008, 596_049_920, 4_022_468_096, 30.5e9, 671e9, 2.4e12].map(parametersInWords),
    ['213 k', '23 M', '135 M', '0.6 B', '4.0 B', '30.5 B', '671 B', '2.4 T'],
  )
})

test('contexts are powers of two up to what the model was made for', () => {
  assert.deepEqual(contextChoices(8_192), [2_048, 4_096, 8_192])
  assert.deepEqual(contextChoices(40_960, 5_000), [2_048, 4_096, 5_000, 8_192, 16_384, 32_768, 40_960])
  assert.deepEqual(contextChoices(512, 9_999), [512])
})

const NOW = Date.UTC(2026, 10, 24, 12)
const pull = (id: string, state: PullOnWire['state'], minutesAgo: number, model = id): PullOnWire => ({
  id,
  model,
  model_name: model,
  state,
  allowed: [],
  phase: null,
  source: 'hub',
  from: '',
  precision: 'q4_k_m',
  bytes_done: 1,
  bytes_total: 2,
  bytes_per_second: 0,
  seconds_left: null,
  error: null,
  created_at: new Date(NOW - minutesAgo * 60_000).toISOString(),
  updated_at: new Date(NOW - minutesAgo * 60_000).toISOString(),
})

test('open pulls, late ends and failures that nobody began again are under way', () => {
  const shown = pullsShown(
    [
      pull('running', 'running', 5),
      pull('again', 'running', 1, 'twice'),
      pull('new', 'done', 2),
      pull('old', 'done', 30),
      pull('gone', 'cancelled', 1),
      pull('mended', 'queued', 9),
    ],
    [pull('lost', 'failed', 60), pull('first', 'failed', 90, 'twice'), pull('mended', 'failed', 9)],
    NOW,
  )
  assert.deepEqual(
    shown.map(({ id, state }) => `${id} ${state}`),
    ['lost failed', 'mended queued', 'running running', 'new done', 'again running'],
  )
  assert.equal(shareOf({ bytes_done: 5, bytes_total: 0 }), null)
  assert.equal(shareOf({ bytes_done: 5, bytes_total: 10 }), 0.5)
})

test('only what stands still can go on; an origin is told without its file', () => {
  assert.ok(!canGoOn({ state: 'running', allowed: ['queued'] }))
  assert.ok(canGoOn({ state: 'failed', allowed: ['queued', 'cancelled'] }))
  assert.equal(originOf({ source: 'hub', from: 'hub Qwen/Qwen3-8B-GGUF/a/b.gguf' }), 'Qwen/Qwen3-8B-GGUF')
  assert.equal(originOf({ source: 'local-file', from: 'file a.gguf' }), 'file a.gguf')
})
