import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areaPath, barsPath, highest, lastCounted, layersOf, linePath, stepsOf } from './chart-shapes.ts'

const steps = stepsOf([0, 10, 20, 30], 40)

test('steps fill the width, a value stands in the middle of its step', () => {
  assert.deepEqual([...steps.edges], [0, 2500, 5000, 7500, 10000])
  assert.deepEqual([...steps.middles], [1250, 3750, 6250, 8750])
})

test('a series stands on those before it, and the pile is their sum', () => {
  const [low, high] = layersOf(
    [
      [1, 2, 3, 4],
      [10, null, 30, 40],
    ],
    'stacked',
    4,
  )
  assert.deepEqual([...high!.low], [...low!.high])
  assert.deepEqual([...high!.high], [11, 2, 33, 44])
  assert.equal(highest([low!, high!]), 44)
})

test('what nobody counted yet stays empty', () => {
  const layers = layersOf(
    [
      [1, 2, null, null],
      [1, null, null, null],
    ],
    'stacked',
    4,
  )
  assert.deepEqual(layers.map(lastCounted), [1, 1])
  assert.ok(!areaPath(layers[0]!, steps, 10).includes('6250'))
})

test('a gap in the middle cuts the line in two', () => {
  const [layer] = layersOf([[1, null, 3, 4]], 'lines', 4)
  assert.equal(linePath(layer!, steps, 10), 'M0 900L1250 900L2500 900M5000 700L6250 700L8750 600L10000 600')
})

test('an area goes along its upper edge and back along its lower one', () => {
  const [layer] = layersOf([[5]], 'area', 1)
  assert.equal(areaPath(layer!, stepsOf([0], 10), 10), 'M0 500L5000 500L10000 500L10000 1000L5000 1000L0 1000Z')
})

test('bars leave room between them, and nothing is no bar', () => {
  const [layer] = layersOf([[5, 0, 10, null]], 'bars', 4)
  assert.equal(barsPath(layer!, steps, 10), 'M313 1000V500H2188V1000ZM5313 1000V0H7188V1000Z')
})
