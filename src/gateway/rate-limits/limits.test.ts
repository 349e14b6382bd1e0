/**
 * Workers and the owner together, without a socket between them: what is let in, whatever the order of leases, reports,
 * lost answers, deaths and expiries.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { ScopeLimits } from '../snapshot.ts'
import { BEAT_MS, type LeaseMessage, type LimitRefusal, SETTLE_MS } from './lease-wire.ts'
import { createLimitsOwner, type LimitsOwner } from './limits-owner.ts'
import { ScopeHold } from './scope-hold.ts'
import { requestsBurst, tokensBurst } from './scope-owner.ts'

const NONE = { requestsPerMinute: null, tokensPerMinute: null, concurrency: null }
const keyLimits = (limits: Partial<ScopeLimits>): ScopeLimits => ({ scope: 'key', id: 'key_1', ...NONE, ...limits })

type Let = { atMs: number; tokens: number }

/** A worker as `rate-limiter.ts` has it, step by step, with the time in the hand of the test. */
class Worker {
  readonly holds: ScopeHold[]
  #sequence = 0
  #owner: string | null = null
  #name: string

  constructor(name: string, limits: ScopeLimits[]) {
    this.#name = name
    this.holds = limits.map((each) => new ScopeHold(each))
  }

  /** @returns whether it was let in; null = nobody decides now */
  request(owner: LimitsOwner, tokens: number, nowMs: number): boolean | null {
    if (this.holds.every((hold) => hold.has(tokens, nowMs))) {
      for (const hold of this.holds) hold.take(tokens, nowMs)
      return true
    }
    const verdicts = this.sync(owner, nowMs, [tokens])
    if (verdicts === null) return null
    const isIn = verdicts[0] === null
    if (isIn) for (const hold of this.holds) hold.noteGranted(tokens, nowMs)
    return isIn
  }

  sync(owner: LimitsOwner, nowMs: number, asks: number[] = [], isAnswerLost = false): (LimitRefusal | null)[] | null {
    const message: LeaseMessage = {
      holder: this.#name,
      sequence: ++this.#sequence,
      owner: this.#owner,
      scopes: this.holds.map((hold) => hold.report(this.#owner === null, nowMs)),
      asks: asks.map((tokens) => ({ scopes: this.holds.map((_, at) => at), tokens })),
    }
    const answer = owner.exchange(structuredClone(message))
    if (isAnswerLost) return null
    if (answer.kind === 'tell') {
      this.#owner = null
      return this.sync(owner, nowMs, asks)
    }
    this.#owner = answer.owner
    this.holds.forEach((hold, at) => {
      hold.accept(answer.leases[at]!, nowMs)
    })
    return answer.verdicts
  }
}

const step = fc.record({
  afterMs: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 4_000 })),
  worker: fc.nat({ max: 3 }),
  does: fc.oneof(
    { weight: 12, arbitrary: fc.constant('asks' as const) },
    { weight: 2, arbitrary: fc.constant('ends' as const) },
    { weight: 1, arbitrary: fc.constantFrom('reports', 'loses an answer', 'dies') },
  ),
  tokens: fc.integer({ min: 1, max: 3_000 }),
  fewer: fc.integer({ min: 0, max: 100 }),
})

describe('whatever workers do, in whatever order', () => {
  it('no window of a minute takes more than the limit, no second more than the burst, and no more run at once', () => {
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 50, maxLength: 300 }),
        fc.integer({ min: 1, max: 800 }),
        fc.integer({ min: 3_000, max: 200_000 }),
        fc.integer({ min: 1, max: 40 }),
        (steps, requestsPerMinute, tokensPerMinute, concurrency) => {
          const limits = [
            keyLimits({ requestsPerMinute, concurrency }),
            { ...keyLimits({ tokensPerMinute }), scope: 'project' as const, id: 'proj_1' },
          ]
          let nowMs = 0
          let incarnation = 0
          const owner = createLimitsOwner({ id: 'own_1', workers: 4, nowMs: () => nowMs })
          owner.setLimits(limits)
          owner.begin()
          nowMs = SETTLE_MS
          const born = () => ({ worker: new Worker(`w${incarnation++}`, limits), running: [] as Let[] })
          const workers = Array.from({ length: 4 }, born)
          const lets: Let[] = []
          // Of a dead worker nobody reports, and its engines stop; its places come back later than that.
          const running = () => workers.reduce((sum, each) => sum + each.running.length, 0)
          let beatMs = nowMs
          for (const { afterMs, worker: index, does, tokens, fewer } of steps) {
            const untilMs = nowMs + afterMs
            // Whoever has something running reports each second; the others are silent, and their leases end.
            for (; beatMs + BEAT_MS <= untilMs; beatMs += BEAT_MS) {
              nowMs = Math.max(nowMs, beatMs + BEAT_MS)
              for (const each of workers) if (each.running.length > 0) each.worker.sync(owner, nowMs)
            }
            nowMs = untilMs
            const at = workers[index]!
            if (does === 'dies') workers[index] = born()
            else if (does === 'reports') at.worker.sync(owner, nowMs)
            else if (does === 'loses an answer') at.worker.sync(owner, nowMs, [tokens], true)
            else if (does === 'ends') {
              const request = at.running.shift()
              if (request === undefined) continue
              const less = Math.floor((request.tokens * fewer) / 100)
              request.tokens -= less
              for (const hold of at.worker.holds)
                hold.end(hold.limits.tokensPerMinute === null ? 0 : -less, request.atMs, nowMs)
            } else if (at.worker.request(owner, tokens, nowMs) === true) {
              const request = { atMs: nowMs, tokens }
              lets.push(request)
              at.running.push(request)
            }
            assert(running() <= concurrency, 'too many run')
          }
          for (const { atMs } of lets) {
            const within = (ms: number) => lets.filter((one) => one.atMs > atMs - ms && one.atMs <= atMs)
            const sum = (ms: number) => within(ms).reduce((total, one) => total + one.tokens, 0)
            assert(within(60_000).length <= requestsPerMinute, 'requests of a minute')
            assert(within(1_000).length <= requestsBurst(requestsPerMinute), 'requests of a second')
            assert(sum(60_000) <= tokensPerMinute, 'tokens of a minute')
            const largest = Math.max(...within(1_000).map((one) => one.tokens))
            assert(sum(1_000) <= Math.max(tokensBurst(tokensPerMinute), largest), 'tokens of a second')
          }
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('the owner', () => {
  const made = (limits: ScopeLimits[]) => {
    const time = { nowMs: 0 }
    const owner = createLimitsOwner({ id: 'own_1', workers: 4, nowMs: () => time.nowMs })
    owner.setLimits(limits)
    owner.begin()
    time.nowMs = SETTLE_MS
    return { owner, time, worker: (name: string) => new Worker(name, limits) }
  }

  it('lets exactly the limit in, shared by four workers that ask in turn', () => {
    const { owner, time, worker } = made([keyLimits({ requestsPerMinute: 20 })])
    const workers = ['a', 'b', 'c', 'd'].map(worker)
    let lets = 0
    for (let n = 0; n < 400; n++) {
      if (workers[n % 4]!.request(owner, 0, time.nowMs) === true) lets++
      time.nowMs += 25
    }
    assert.equal(lets, 20)
  })

  it('gives large slices while plenty is left, and none near the limit', () => {
    const { owner, time, worker } = made([keyLimits({ requestsPerMinute: 60_000 })])
    const one = worker('a')
    one.request(owner, 0, time.nowMs)
    assert.equal(one.holds[0]?.held().lease.requests, Math.floor((6_000 - 1) / 16))
    const small = made([keyLimits({ requestsPerMinute: 10 })])
    const other = small.worker('a')
    other.request(small.owner, 0, small.time.nowMs)
    assert.equal(other.holds[0]?.held().lease.requests, 0)
  })

  it('names the scope and the limit that is reached, and when it is free again', () => {
    const project = { ...keyLimits({ requestsPerMinute: 2 }), scope: 'project' as const, id: 'proj_1' }
    const { owner, time, worker } = made([keyLimits({ requestsPerMinute: 100 }), project])
    const one = worker('a')
    one.request(owner, 0, time.nowMs)
    time.nowMs += 500
    one.request(owner, 0, time.nowMs)
    assert.deepEqual(one.sync(owner, time.nowMs, [0]), [
      { scope: 1, of: 'requests', limit: 2, burst: null, freeInMs: 59_500 },
    ])
    time.nowMs += 59_500
    assert.deepEqual(one.sync(owner, time.nowMs, [0]), [null])
  })

  it('never lets in what alone is larger than the limit, and says so', () => {
    const { owner, time, worker } = made([keyLimits({ tokensPerMinute: 500 })])
    assert.equal(worker('a').sync(owner, time.nowMs, [501])?.[0]?.freeInMs, null)
  })

  it('gives the places of a dead worker to others within three seconds', () => {
    const { owner, time, worker } = made([keyLimits({ concurrency: 1 })])
    assert.equal(worker('a').request(owner, 0, time.nowMs), true)
    const other = worker('b')
    assert.equal(other.request(owner, 0, time.nowMs + 2_999), false)
    time.nowMs += 3_000
    assert.equal(other.request(owner, 0, time.nowMs), true)
  })

  it('that begins anew learns from workers what the last minute held before it grants anything', () => {
    const limits = [keyLimits({ requestsPerMinute: 3, tokensPerMinute: 1_000 })]
    const { owner, time, worker } = made(limits)
    const [one, other] = [worker('a'), worker('b')]
    assert.equal(one.request(owner, 100, time.nowMs), true)
    assert.equal(other.request(owner, 100, time.nowMs), true)
    const next = createLimitsOwner({ id: 'own_2', workers: 4, nowMs: () => time.nowMs })
    next.setLimits(limits)
    next.begin()
    assert.equal(one.request(next, 100, time.nowMs), null, 'not in its first second')
    other.sync(next, time.nowMs)
    time.nowMs += SETTLE_MS
    assert.equal(one.request(next, 100, time.nowMs), true)
    assert.equal(other.request(next, 100, time.nowMs), false)
  })

  it('holds a changed limit at once, and lets everything in where there is none any more', () => {
    const { owner, time, worker } = made([keyLimits({ requestsPerMinute: 1 })])
    const one = worker('a')
    one.request(owner, 0, time.nowMs)
    assert.equal(one.request(owner, 0, time.nowMs), false)
    owner.setLimits([keyLimits({ requestsPerMinute: 2 })])
    assert.equal(one.request(owner, 0, time.nowMs), true)
    assert.equal(one.request(owner, 0, time.nowMs), false)
    owner.setLimits([])
    assert.equal(one.request(owner, 0, time.nowMs), true)
  })

  it('counts a request by its estimate until its end tells, and gives the rest back', () => {
    const { owner, time, worker } = made([keyLimits({ tokensPerMinute: 1_000 })])
    const one = worker('a')
    const begunMs = time.nowMs
    assert.equal(one.request(owner, 900, begunMs), true)
    assert.equal(one.request(owner, 900, begunMs), false)
    time.nowMs += 1_500
    one.holds[0]?.end(-880, begunMs, time.nowMs)
    assert.equal(one.request(owner, 900, time.nowMs), true)
    assert.equal(one.holds[0]?.left().tokens, 80)
  })
})
