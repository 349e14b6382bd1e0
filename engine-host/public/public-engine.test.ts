import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { starterModelPath } from '../../test/models/starter.ts'
import { openEngine } from '../native/open-engine.ts'
import { testSpec } from '../native/test-spec.ts'
import { answer, hasCode, started, tokenEngineCases } from '../token-engine.cases.ts'
import type { TokenEngine } from '../token-engine.ts'
import { fillBatches } from './public-engine.ts'

describe('the fallback on the public API', () => {
  let engine: TokenEngine
  before(async () => {
    engine = await openEngine(testSpec(await starterModelPath()), { forcePublic: true })
  })
  after(() => engine.dispose())

  test('it is the public path', () => assert.equal(engine.path, 'public'))
  tokenEngineCases(() => engine)

  test('it says that it cannot load adapters', async () => {
    const adapter = { name: 'a', path: '/nowhere', sha256: '', scale: 1 }
    await assert.rejects(engine.loadAdapter(adapter), hasCode('engine.adapter_broken'))
  })

  test('closing ends what runs and refuses what comes', async () => {
    const closing = await openEngine(testSpec(await starterModelPath()), { forcePublic: true })
    const running = started(closing, closing.tokenize('Once upon', true), { tokensMax: 400, ignoreEos: true })
    await running.first
    const closed = closing.dispose()
    await assert.rejects(answer(closing, [1, 2]), hasCode('engine.closing'))
    await closed
    await assert.rejects(running.done, hasCode('engine.closing'))
  })
})

test('a batch waits for the generating sequences, a bounded number of times', () => {
  const fill = fillBatches(() => 2)
  const item = (length: number) => ({ tokens: Array(length).fill(1), logits: [], evaluationPriority: 5 as const })
  const items = [item(1)] as never[]
  let waits = 0
  while (fill({ items, size: 8 }).length === 0) waits++
  assert.equal(waits, 24)
  const both = fill({ items: [item(9), item(1)] as never[], size: 8 })
  assert.deepEqual(
    both.map(({ processAmount }) => processAmount),
    [1, 7],
  )
})
