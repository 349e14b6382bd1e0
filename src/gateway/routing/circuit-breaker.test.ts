import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { BREAKER, createBreakers } from './circuit-breaker.ts'

function opened() {
  const now = { ms: 1_000 }
  const breakers = createBreakers(
    () => now.ms,
    () => 0.5,
  )
  return { now, breakers }
}
const fail = (breakers: ReturnType<typeof createBreakers>, times: number) => {
  for (let i = 0; i < times; i++) breakers.failed('eng_1')
}

describe('a breaker', () => {
  it('opens after 5 failures of 10, lets one try after a second, and heals when that goes well', () => {
    const { now, breakers } = opened()
    fail(breakers, 4)
    assert.equal(breakers.readyInMs('eng_1'), 0)
    fail(breakers, 1)
    assert.deepEqual([breakers.stateOf('eng_1'), breakers.readyInMs('eng_1')], ['open', 1_000])
    assert.equal(breakers.readyInMs('eng_2'), 0)
    now.ms += 1_000
    assert.deepEqual([breakers.stateOf('eng_1'), breakers.readyInMs('eng_1')], ['half_open', 0])
    breakers.asked('eng_1')
    assert.ok(breakers.readyInMs('eng_1') > 0, 'a second trial beside the first')
    breakers.succeeded('eng_1')
    assert.deepEqual([breakers.stateOf('eng_1'), breakers.notClosed()], ['closed', []])
  })

  it('stays open twice as long each time that a trial fails, up to half a minute', () => {
    const { now, breakers } = opened()
    fail(breakers, 5)
    const waits: number[] = []
    for (let i = 0; i < 7; i++) {
      waits.push(breakers.readyInMs('eng_1'))
      now.ms += breakers.readyInMs('eng_1')
      breakers.asked('eng_1')
      breakers.failed('eng_1')
    }
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('does not count failures of long ago, or those that many successes lie between', () => {
    const { now, breakers } = opened()
    fail(breakers, 4)
    now.ms += BREAKER.windowMs + 1
    fail(breakers, 1)
    assert.equal(breakers.stateOf('eng_1'), 'closed')
    for (let i = 0; i < 40; i++) i % 4 === 0 ? breakers.failed('eng_1') : breakers.succeeded('eng_1')
    assert.equal(breakers.stateOf('eng_1'), 'closed')
  })

  it('learns nothing from a request that was under way when it opened', () => {
    const { now, breakers } = opened()
    fail(breakers, 5)
    now.ms += 500
    fail(breakers, 10)
    assert.equal(breakers.readyInMs('eng_1'), 500)
  })

  it('lets one that asked for it rest, and no longer than a minute', () => {
    const { now, breakers } = opened()
    breakers.rest('eng_1', 3_000)
    assert.deepEqual([breakers.stateOf('eng_1'), breakers.readyInMs('eng_1')], ['resting', 3_000])
    now.ms += 3_000
    assert.equal(breakers.stateOf('eng_1'), 'closed')
    breakers.rest('eng_1', 10 ** 9)
    assert.equal(breakers.readyInMs('eng_1'), BREAKER.restMsMax)
  })

  it('lets another one try when nobody has heard of a trial for long', () => {
    const { now, breakers } = opened()
    fail(breakers, 5)
    now.ms += 1_000
    breakers.asked('eng_1')
    now.ms += BREAKER.trialMs
    assert.equal(breakers.readyInMs('eng_1'), 0)
  })

  it('may always be asked again within a bounded time, whatever happens to it', () => {
    const step = fc.constantFrom('asked', 'succeeded', 'failed', 'rest', 'wait')
    fc.assert(
      fc.property(fc.array(step), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (steps, chance) => {
        const now = { ms: 0 }
        const breakers = createBreakers(
          () => now.ms,
          () => chance,
        )
        for (const step of steps) {
          if (step === 'wait') now.ms += 700
          else if (step === 'rest') breakers.rest('eng_1', 90_000)
          else breakers[step]('eng_1')
          const waitMs = breakers.readyInMs('eng_1')
          assert.ok(waitMs >= 0 && waitMs <= Math.max(BREAKER.restMsMax, BREAKER.openMsMax * 1.2))
          assert.equal(breakers.stateOf('eng_1') === 'closed', breakers.notClosed().length === 0)
        }
        now.ms += 200_000
        assert.equal(breakers.readyInMs('eng_1'), 0)
      }),
    )
  })
})
