import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areaPath, barsPath, highest, lastCounted, layersOf, linePath, stepsOf } from './chart-shapes.ts'

const steps = stepsOf([0, 10, 20, 30], 40)

test('steps fill the width, their middles carry the crosshair', () => {
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
  assert.equal(linePath(layer!, steps, 10), 'M0 900H2500M5000 700H7500V600H10000')
})

test('an area goes along its upper edge and back along its lower one', () => {
  const [layer] = layersOf([[5]], 'area', 1)
  assert.equal(areaPath(layer!, stepsOf([0], 10), 10), 'M0 500H10000L10000 1000H0Z')
})

test('nothing slopes into a step before it was', () => {
  const [layer] = layersOf([[0, 0, 8, 0]], 'area', 4)
  assert.equal(linePath(layer!, steps, 10), 'M0 1000H5000V200H7500V1000H10000')
  assert.equal(areaPath(layer!, steps, 10), 'M0 1000H5000V200H7500V1000H10000L10000 1000H0Z')
})

test('bars leave room between them, and nothing is no bar', () => {
  const [layer] = layersOf([[5, 0, 10, null]], 'bars', 4)
  assert.equal(barsPath(layer!, steps, 10), 'M313 1000V500H2188V1000ZM5313 1000V0H7188V1000Z')
})
