import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairShares } from './fair-shares.ts'
import { PREFILL_TOKENS_IDLE, planStep, prefillBudget, type StepSequence } from './plan-step.ts'

const sequence = fc.record({
  share: fc.constantFrom('a', 'b', 'c'),
  adapter: fc.constantFrom(null, 'x', 'y'),
  generating: fc.boolean(),
  pending: fc.integer({ min: 1, max: 400 }),
  awaited: fc.boolean(),
})
const sequences = fc.array(sequence, { minLength: 1, maxLength: 12 }).map((list) =>
  list.map((one, i): StepSequence => {
    const pending = one.generating ? 1 : one.pending
    return { ...one, sequence: i, order: i, pending, pendingMax: Number.POSITIVE_INFINITY }
  }),
)
const budget = fc.record({
  batchTokens: fc.integer({ min: 12, max: 64 }),
  prefillTokens: fc.integer({ min: 1, max: 64 }),
})

test('a step gives each generating sequence one token, prompts no more than the budget, and batches no more than they hold', () => {
  fc.assert(
    fc.property(sequences, budget, (list, limits) => {
      const batches = planStep(list, limits, () => 0, null)
      const parts = batches.flatMap(({ parts }) => parts)
      assert.equal(new Set(parts.map((part) => part.sequence)).size, parts.length)
      let prompts = 0
      for (const one of list) {
        const given = parts.find((part) => part.sequence === one.sequence)?.tokens ?? 0
        if (one.generating) assert.equal(given, 1)
        else prompts += given
        assert.ok(given <= one.pending)
      }
      assert.ok(prompts <= limits.prefillTokens)
      for (const batch of batches) {
        assert.equal(
          batch.tokens,
          batch.parts.reduce((sum, { tokens }) => sum + tokens, 0),
        )
        assert.ok(batch.tokens <= limits.batchTokens)
        for (const { sequence: id } of batch.parts) assert.equal(list[id]!.adapter, batch.adapter)
      }
      const someCan = list.some(({ generating, adapter }) => {
        const busy = list.filter((other) => other.generating && other.adapter === adapter).length
        return !generating && busy < limits.batchTokens
      })
      if (someCan) assert.ok(prompts > 0, 'a prompt that fits must get on')
    }),
  )
})

test('no prompt starves: however often shorter ones of other shares come, each is done in the end', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (chunk, rivalTokens) => {
      const shares = new FairShares()
      shares.enter('patient')
      shares.enter('rival')
      let left = 300
      for (let step = 0; left > 0; step++) {
        assert.ok(step < 600 + 300 / chunk, 'it must end')
        const base = { adapter: null, generating: false, pendingMax: Number.POSITIVE_INFINITY, awaited: false }
        const list: StepSequence[] = [
          { ...base, sequence: 0, share: 'patient', pending: left, order: step + 1 },
          { ...base, sequence: 1, share: 'rival', pending: rivalTokens, order: step, awaited: true },
        ]
        const batches = planStep(list, { batchTokens: 64, prefillTokens: chunk }, (share) => shares.served(share), null)
        for (const { sequence: id, tokens } of batches.flatMap(({ parts }) => parts)) {
          shares.serve(list[id]!.share, tokens)
          if (id === 0) left -= tokens
        }
      }
    }),
  )
})

test('a sequence that others copy at an exact point stops there', () => {
  const one: StepSequence = {
    sequence: 0,
    share: 'a',
    adapter: null,
    generating: false,
    pending: 100,
    pendingMax: 7,
    awaited: true,
    order: 0,
  }
  assert.deepEqual(planStep([one], { batchTokens: 64, prefillTokens: 64 }, () => 0, null)[0]?.parts, [
    { sequence: 0, tokens: 7 },
  ])
})

test('the batch of the adapter that is set now comes first', () => {
  const list = [null, 'x', 'y'].map(
    (adapter, i): StepSequence => ({
      sequence: i,
      share: 'a',
      adapter,
      generating: true,
      pending: 1,
      pendingMax: Number.POSITIVE_INFINITY,
      awaited: false,
      order: i,
    }),
  )
  const order = planStep(list, { batchTokens: 8, prefillTokens: 8 }, () => 0, 'y').map(({ adapter }) => adapter)
  assert.deepEqual(order, ['y', null, 'x'])
})

test('prompts get small pieces while somebody streams, by what this machine computes in the time', () => {
  const spec = { batchTokens: 512, prefillChunkTokens: 128 }
  assert.equal(prefillBudget(0, spec, 3), PREFILL_TOKENS_IDLE)
  assert.equal(prefillBudget(0, { ...spec, batchTokens: 64 }, 3), 64)
  assert.equal(prefillBudget(2, spec, 0), 128)
  assert.equal(prefillBudget(2, spec, 0.1), 128)
  assert.equal(prefillBudget(2, spec, 4), 50)
  assert.equal(prefillBudget(2, spec, 100), 16)
})

test('the share that was served least goes first, and a quiet one may catch up only so far', () => {
  const shares = new FairShares()
  shares.enter('busy')
  shares.serve('busy', 100_000)
  shares.enter('new')
  assert.ok(shares.served('new') < shares.served('busy'))
  assert.ok(shares.served('busy') - shares.served('new') <= 4096)
  shares.serve('new', 5000)
  shares.leave('new')
  shares.enter('new')
  assert.ok(shares.served('new') > shares.served('busy'), 'leaving and coming back forgives nothing')
})

test('shares that have gone are forgotten at last', () => {
  const shares = new FairShares()
  for (let i = 0; i < 3000; i++) {
    shares.enter(`share ${i}`)
    shares.leave(`share ${i}`)
  }
  assert.ok(shares.size <= 1025)
})
