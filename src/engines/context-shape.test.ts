import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseShape, shapesFor } from './context-shape.ts'
import { threadShare } from './thread-share.ts'

test('a roomy machine gives the largest shape', () => {
  const shapes = shapesFor(32_768, {})
  assert.deepEqual(shapes[0], { contextTokens: 8192, sequences: 8 })
  const choice = chooseShape(
    shapes,
    shapes.map((s) => s.contextTokens * s.sequences * 1000),
    1e9,
    { freeBytes: 20e9, budgetBytes: 20e9 },
  )
  assert.ok('shape' in choice)
  assert.deepEqual(choice.shape, { contextTokens: 8192, sequences: 8 })
})

test('a shape that would eat the budget gives way to a smaller one before sequences are given up', () => {
  const shapes = shapesFor(32_768, {})
  const choice = chooseShape(
    shapes,
    shapes.map((s) => s.contextTokens * s.sequences * 10_000),
    1e9,
    { freeBytes: 6e9, budgetBytes: 6e9 },
  )
  assert.ok('shape' in choice)
  assert.deepEqual(choice.shape, { contextTokens: 4096, sequences: 8 })
})

test('where only an immodest shape fits, the smallest that fits is taken', () => {
  const shapes = shapesFor(4096, {})
  const choice = chooseShape(
    shapes,
    shapes.map((s) => s.contextTokens * s.sequences * 1_000_000),
    1e9,
    { freeBytes: 4e9, budgetBytes: 6e9 },
  )
  assert.ok('shape' in choice)
  assert.deepEqual(choice.shape, { contextTokens: 2048, sequences: 1 })
})

test('nothing fits: the answer says what the smallest shape would need', () => {
  const shapes = shapesFor(4096, {})
  const choice = chooseShape(
    shapes,
    shapes.map((s) => s.contextTokens * s.sequences * 1_000),
    9e9,
    { freeBytes: 4e9, budgetBytes: 6e9 },
  )
  assert.deepEqual(choice, { neededBytes: 9e9 + 2048 * 1000 })
})

test('no shape is longer than the model was trained for, and a wish is kept', () => {
  assert.ok(shapesFor(512, {}).every((shape) => shape.contextTokens === 512))
  assert.deepEqual(shapesFor(32_768, { contextTokens: 16_384, sequences: 3 }), [
    { contextTokens: 16_384, sequences: 3 },
  ])
})

test('threads of all engines together stay within the total while each has one', () => {
  for (let total = 1; total <= 16; total++) {
    for (let engines = 1; engines <= total; engines++) assert.ok(threadShare(total, engines) * engines <= total)
    assert.equal(threadShare(total, total + 5), 1)
  }
})
