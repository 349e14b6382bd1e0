import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areaPath, barsPath, highest, lastCounted, layersOf, linePath, stepsOf } from './chart-shapes.ts'

const steps = stepsOf([0, 10, 20, 30], 40)

test('steps fill the width, a value stands in the middle of its step', () => {
  assert.deepEqual([...steps.edges], [0, 250, 500, 750, 1000])
  assert.deepEqual([...steps.middles], [125, 375, 625, 875])
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
  assert.ok(!areaPath(layers[0]!, steps, 10).includes('625'))
})

test('a gap in the middle cuts the line in two', () => {
  const [layer] = layersOf([[1, null, 3, 4]], 'lines', 4)
  assert.equal(linePath(layer!, steps, 10), 'M0 90L125 90L250 90M500 70L625 70L875 60L1000 60')
})

test('an area goes along its upper edge and back along its lower one', () => {
  const [layer] = layersOf([[5]], 'area', 1)
  assert.equal(areaPath(layer!, stepsOf([0], 10), 10), 'M0 50L500 50L1000 50L1000 100L500 100L0 100Z')
})

test('bars leave room between them, and nothing is no bar', () => {
  const [layer] = layersOf([[5, 0, 10, null]], 'bars', 4)
  assert.equal(barsPath(layer!, steps, 10), 'M31.25 100V50H218.75V100ZM531.25 100V0H718.75V100Z')
})
