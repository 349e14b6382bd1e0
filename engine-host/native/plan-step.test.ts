import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FairShares } from './fair-shares.ts'
import {
  PASSED_OVER_MAX,
  PREFILL_TOKENS_IDLE,
  PREFILL_TOKENS_MIN,
  planStep,
  type StepSequence,
  stepBudget,
} from './plan-step.ts'

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
    return { ...one, sequence: i, order: i, pending, pendingMax: Number.POSITIVE_INFINITY, passedOver: 0 }
  }),
)
const budget = fc.record({
  batchTokens: fc.integer({ min: 12, max: 64 }),
  prefillTokens: fc.integer({ min: 1, max: 64 }),
  prefillTokensLight: fc.constant(64),
})

test('a step gives each generating sequence one token, prompts no more than the budget, and batches no more than they hold', () => {
  fc.assert(
    fc.property(sequences, budget, (list, limits) => {
      const batches = planStep(list, limits, () => 0, null)
      const parts = batches.flatMap(({ parts }) => parts)
      assert.equal(new Set(parts.map((part) => part.sequence)).size, parts.length)
      const heldBy = (share: string) => list.filter((one) => one.share === share).length
      const heldMost = Math.max(...list.map(({ share }) => heldBy(share)))
      let prompts = 0
      let promptsOfHeaviest = 0
      for (const one of list) {
        const given = parts.find((part) => part.sequence === one.sequence)?.tokens ?? 0
        if (one.generating) assert.equal(given, 1)
        else {
          prompts += given
          if (heldBy(one.share) === heldMost) promptsOfHeaviest += given
        }
        assert.ok(given <= one.pending)
      }
      assert.ok(prompts <= limits.prefillTokensLight)
      assert.ok(promptsOfHeaviest <= limits.prefillTokens)
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

test('no prompt starves, however many shares with fewer sequences come and come', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 }), (chunk, rivalTokens) => {
      let left = 300
      let passedOver = 0
      for (let step = 0; left > 0; step++) {
        assert.ok(step <= (PASSED_OVER_MAX + 1) * Math.ceil(300 / Math.min(chunk, PREFILL_TOKENS_MIN)), 'it must end')
        const base = { adapter: null, pendingMax: Number.POSITIVE_INFINITY, awaited: false }
        const list: StepSequence[] = [
          { ...base, sequence: 0, share: 'a', generating: false, pending: left, order: 0, passedOver: passedOver++ },
          { ...base, sequence: 1, share: 'a', generating: true, pending: 1, order: 1, passedOver: 0 },
          ...[2, 3].map((sequence): StepSequence => {
            const share = `rival ${step} ${sequence}`
            return { ...base, sequence, share, generating: false, pending: rivalTokens, order: step, passedOver: 0 }
          }),
        ]
        const parts = planStep(
          list,
          { batchTokens: 64, prefillTokens: chunk, prefillTokensLight: chunk },
          () => 0,
          null,
        ).flatMap((batch) => batch.parts)
        for (const { sequence: id, tokens } of parts) {
          if (id !== 0) continue
          left -= tokens
          if (tokens >= PREFILL_TOKENS_MIN) passedOver = 0
        }
      }
    }),
  )
})

test('the share with the fewest sequences goes first, then the one that was served least', () => {
  const prompt = (sequence: number, share: string): StepSequence => ({
    sequence,
    share,
    adapter: null,
    generating: false,
    pending: 100,
    pendingMax: Number.POSITIVE_INFINITY,
    awaited: false,
    passedOver: 0,
    order: sequence,
  })
  const first = (list: StepSequence[], served: Record<string, number>) =>
    planStep(
      list,
      { batchTokens: 64, prefillTokens: 10, prefillTokensLight: 10 },
      (share) => served[share] ?? 0,
      null,
    )[0]!.parts[0]!.sequence
  assert.equal(first([prompt(0, 'many'), prompt(1, 'many'), prompt(2, 'one')], { many: 0, one: 900 }), 2)
  assert.equal(first([prompt(0, 'a'), prompt(1, 'b')], { a: 10, b: 9 }), 1)
  assert.equal(first([prompt(0, 'a'), { ...prompt(1, 'a'), awaited: true }], {}), 1)
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
    passedOver: 0,
    order: 0,
  }
  assert.deepEqual(
    planStep([one], { batchTokens: 64, prefillTokens: 64, prefillTokensLight: 64 }, () => 0, null)[0]?.parts,
    [{ sequence: 0, tokens: 7 }],
  )
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
      passedOver: 0,
      order: i,
    }),
  )
  const order = planStep(list, { batchTokens: 8, prefillTokens: 8, prefillTokensLight: 8 }, () => 0, 'y').map(
    ({ adapter }) => adapter,
  )
  assert.deepEqual(order, ['y', null, 'x'])
})

test('prompts get small pieces while somebody streams, and smaller ones while somebody waits', () => {
  const spec = { batchTokens: 512, prefillChunkTokens: 128 }
  const budget = (generating: number, crowded: boolean, msPerPromptToken: number, changes = {}) =>
    stepBudget({ generating, crowded, msPerPromptToken }, { ...spec, ...changes })
  assert.equal(budget(0, false, 3).prefillTokens, PREFILL_TOKENS_IDLE)
  assert.equal(budget(0, false, 3, { batchTokens: 64 }).prefillTokens, 64)
  assert.equal(budget(2, false, 0).prefillTokens, 128)
  assert.equal(budget(2, false, 0.1).prefillTokens, 128)
  assert.equal(budget(2, false, 8).prefillTokens, 50)
  assert.equal(budget(2, false, 100).prefillTokens, 16)
  assert.equal(budget(2, true, 4).prefillTokens, 25)
  assert.equal(budget(2, true, 4).prefillTokensLight, 128)
})

test('a share starts no lower than those at work, and what it used alone is not held against it', () => {
  const shares = new FairShares()
  shares.enter('early')
  shares.serve('early', 1000)
  shares.leave('early')
  shares.enter('late')
  assert.equal(shares.served('late'), 1000)
  shares.serve('late', 500)
  shares.enter('early')
  assert.equal(shares.served('early'), 1500)
  shares.serve('early', 9)
  shares.leave('early')
  shares.enter('early')
  assert.equal(shares.served('early'), 1509, 'leaving and coming back forgives nothing')
})

test('shares that have gone are forgotten at last', () => {
  const shares = new FairShares()
  for (let i = 0; i < 3000; i++) {
    shares.enter(`share ${i}`)
    shares.leave(`share ${i}`)
  }
  assert.ok(shares.size <= 1025)
})
