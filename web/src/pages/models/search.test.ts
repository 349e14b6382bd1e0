import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filterOf, parseModelSearch, parseModelsSearch, valuesIn } from './search.ts'

test('an address keeps what it knows and loses the rest', () => {
  assert.deepEqual(parseModelsSearch({ q: 'qwen', size: '1-4', sort: 'colour', act: 'burn', of: 7, order: 'desc' }), {
    q: 'qwen',
    size: '1-4',
    of: '7',
    order: 'desc',
  })
  assert.deepEqual(parseModelSearch({ context: '8192', precision: 'q4_k_m', act: 'load' }), {
    context: 8192,
    precision: 'q4_k_m',
    act: 'load',
  })
  assert.deepEqual(parseModelSearch({ context: '1e9', precision: '../x', act: 'add' }), {})
})

test('filters of the address become what the server reads, and nothing that it refuses', () => {
  assert.deepEqual(filterOf({ family: 'Qwen3,QwQ', fit: 'fits,purple', state: 'lost', size: '1-4' }), {
    family: ['Qwen3', 'QwQ'],
    fit: ['fits'],
    parameters_min: 1e9,
    parameters_max: 4e9 - 1,
  })
  assert.deepEqual(filterOf({ size: '0-1' }), { parameters_max: 1e9 - 1 })
  assert.deepEqual(filterOf({ size: '200-' }), { parameters_min: 200e9 })
  assert.deepEqual(filterOf({}), {})
  assert.deepEqual(valuesIn(',a,,b'), ['a', 'b'])
})
