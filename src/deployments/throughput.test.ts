import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EngineStats } from '../engines/engine-wire.ts'
import type { EngineView } from '../engines/engines.ts'
import { createThroughput } from './throughput.ts'

const START = Date.UTC(2026, 10, 24, 12)

/** Engines whose counters a test turns, on a clock that it moves. */
function arrange() {
  let nowMs = START
  const counters = new Map<string, { task: EngineView['task']; tokens: number }>()
  let asked = 0
  const throughput = createThroughput({
    clock: { nowMs: () => nowMs },
    engines: {
      list: () =>
        [...counters].map(([engineId, { task }]) => ({ engineId, task, state: 'ready' }) as unknown as EngineView),
      stats: async (engineId) => {
        asked++
        const { tokens } = counters.get(engineId)!
        return { running: 1, waiting: 0, promptTokens: tokens, generatedTokens: tokens } as EngineStats
      },
    },
  })
  const look = async (afterMs: number) => {
    nowMs += afterMs
    await throughput.refresh()
  }
  return { throughput, counters, look, asked: () => asked }
}

test('speed is what was made between two looks, not what was made before', async () => {
  const { throughput, counters, look } = arrange()
  counters.set('eng_1', { task: 'chat', tokens: 10_000 })
  await look(0)
  assert.equal(throughput.of('eng_1')?.tokensPerSecond, 0)
  counters.get('eng_1')!.tokens += 100
  await look(2_000)
  assert.equal(throughput.of('eng_1')?.tokensPerSecond, 50)
  assert.equal(throughput.total().tokensPerSecond, 50)
})

test('many who look at once cost an engine one answer', async () => {
  const { throughput, counters, look, asked } = arrange()
  counters.set('eng_1', { task: 'chat', tokens: 0 })
  await Promise.all([look(0), throughput.refresh(), throughput.refresh()])
  await look(500)
  assert.equal(asked(), 1)
  await look(600)
  assert.equal(asked(), 2)
})

test('an engine that was restarted begins at nothing, and its minute keeps what it had', async () => {
  const { throughput, counters, look } = arrange()
  counters.set('eng_1', { task: 'chat', tokens: 0 })
  await look(0)
  counters.get('eng_1')!.tokens = 600
  await look(10_000)
  counters.get('eng_1')!.tokens = 60
  await look(10_000)
  assert.equal(throughput.of('eng_1')?.tokensPerSecond, 6)
  await look(60_000)
  assert.equal(throughput.of('eng_1')?.lastHour.tokensPerSecond.at(-1), 11)
})

test('what embedding models read is told of them and not in the sum of what is written', async () => {
  const { throughput, counters, look } = arrange()
  counters.set('eng_1', { task: 'embedding', tokens: 0 })
  await look(0)
  counters.get('eng_1')!.tokens = 4_000
  await look(2_000)
  assert.equal(throughput.of('eng_1')?.tokensPerSecond, 2_000)
  assert.deepEqual([throughput.total().tokensPerSecond, throughput.total().peakToday], [0, null])
})

test('an engine that went is forgotten, and what it made stays in the sum of the day', async () => {
  const { throughput, counters, look } = arrange()
  counters.set('eng_1', { task: 'chat', tokens: 0 })
  await look(0)
  counters.get('eng_1')!.tokens = 120
  await look(2_000)
  counters.clear()
  await look(2_000)
  assert.equal(throughput.of('eng_1'), null)
  assert.deepEqual(throughput.total().peakToday, { tokensPerSecond: 2, atMs: START })
  assert.equal(throughput.total().tokensPerSecond, 0)
})
