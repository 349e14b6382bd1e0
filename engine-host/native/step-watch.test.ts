import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newStepWatch, percentiles, type StepWatch, WATCH_WINDOW, watchSteps } from './step-watch.ts'

const window = (ms: number) => Array<number>(WATCH_WINDOW).fill(ms)
const through = (watch: StepWatch, ...windows: number[][]) =>
  windows.reduce((next, steps) => watchSteps(next, steps, 1), watch)

test('steady steps change nothing', () => {
  const watch = through(newStepWatch(2), window(9), window(10), window(25))
  assert.equal(watch.threads, 2)
})

test('steps that explode take one thread away, and calm ones give it back in time', () => {
  let watch = through(newStepWatch(4), window(9), window(500))
  assert.equal(watch.threads, 3)
  for (let i = 0; i < 7; i++) watch = through(watch, window(12))
  assert.equal(watch.threads, 3)
  watch = through(watch, window(12))
  assert.equal(watch.threads, 4)
})

test('each relapse makes the next try come later', () => {
  let watch = through(newStepWatch(2), window(9), window(500))
  const waits: number[] = []
  for (let round = 0; round < 3; round++) {
    let windows = 0
    while (watch.threads === 1) {
      watch = through(watch, window(12))
      windows++
    }
    waits.push(windows)
    watch = through(watch, window(500))
    assert.equal(watch.threads, 1)
  }
  assert.ok(waits[1]! > waits[0]! && waits[2]! > waits[1]!, waits.join())
})

test('one thread is never taken away, however slow the steps are', () => {
  assert.equal(through(newStepWatch(1), window(9), window(5000)).threads, 1)
})

test('a few slow steps, a new request width or a longer context are no explosion', () => {
  const someSlow = window(9)
  for (let i = 0; i < 3; i++) someSlow[i] = 5000
  const watch = through(newStepWatch(2), window(9), someSlow)
  assert.equal(watch.threads, 2)
  assert.equal(watchSteps(watch, window(90), 8).threads, 2)
})

test('percentiles are taken from the sorted values', () => {
  assert.deepEqual(percentiles([]), { p50: 0, p95: 0 })
  assert.deepEqual(percentiles(Array.from({ length: 100 }, (_, i) => 100 - i)), { p50: 51, p95: 96 })
})
