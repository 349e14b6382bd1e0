import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRetryBudget, RETRY_BUDGET } from './retry-budget.ts'

describe('a retry budget', () => {
  it('gives a fifth of the requests and ten a second, and all of it again when the window has passed', () => {
    const now = { ms: 0 }
    const budget = createRetryBudget(() => now.ms)
    for (let i = 0; i < 1_000; i++) budget.request()
    const taken = () => Array.from({ length: 2_000 }, () => budget.take()).filter(Boolean).length
    assert.equal(taken(), 300)
    now.ms += 5_000
    assert.equal(taken(), 0)
    now.ms += 5_000
    assert.equal(taken(), 100)
  })

  it('never lets more than its share through within a window, whatever comes when', () => {
    const { share, perSecondMin, windowS } = RETRY_BUDGET
    const step = fc.record({ waitMs: fc.nat(900), requests: fc.nat(40), takes: fc.nat(60) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const now = { ms: 5_432 }
        const budget = createRetryBudget(() => now.ms)
        const retries: number[] = []
        let requests = 0
        for (const { waitMs, requests: more, takes } of steps) {
          now.ms += waitMs
          for (let i = 0; i < more; i++) budget.request()
          requests += more
          for (let i = 0; i < takes; i++) if (budget.take()) retries.push(now.ms)
          const within = retries.filter((atMs) => atMs > now.ms - (windowS - 1) * 1_000).length
          assert.ok(within <= requests * share + perSecondMin * windowS, `${within} of ${requests}`)
        }
      }),
    )
  })
})
