import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ScopeLimits } from '../snapshot.ts'
import { LimitsUnavailable, RateLimitExceeded } from './errors.ts'
import { createLimitsOwner } from './limits-owner.ts'
import { createRateLimiter } from './rate-limiter.ts'

const LIMITS: ScopeLimits = {
  scope: 'key',
  id: 'key_1',
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrency: null,
}

function ownerOf(limits: ScopeLimits, id: string, settleMs: number) {
  const owner = createLimitsOwner({ id, workers: 2, nowMs: () => performance.now(), settleMs })
  owner.setLimits([limits])
  owner.begin()
  return owner
}

function madeFor(limits: ScopeLimits) {
  const control = { isAway: false, messages: 0, owner: ownerOf(limits, 'own_1', 0) }
  const limiter = (worker: string) =>
    createRateLimiter({
      worker,
      waitMs: 300,
      async exchange(message) {
        control.messages++
        if (control.isAway) throw Object.assign(new Error('nobody listens'), { code: 'ECONNREFUSED' })
        return structuredClone(control.owner.exchange(structuredClone(message)))
      },
    })
  return { control, limiter }
}

it('a place that another worker gives back is taken by who waits there, and who finds none is told so', async () => {
  const limits = { ...LIMITS, concurrency: 1 }
  const { limiter } = madeFor(limits)
  const [one, other] = [limiter('0'), limiter('1')]
  const first = await one.admit([limits], 0)
  const waits = other.admit([limits], 0)
  first.end(0)
  const second = await waits
  await assert.rejects(one.admit([limits], 0), RateLimitExceeded)
  await assert.rejects(other.admit([limits], 0), RateLimitExceeded)
  second.end(0)
  second.end(0) // an end is told once
  const third = await one.admit([limits], 0)
  await assert.rejects(other.admit([limits], 0), RateLimitExceeded)
  third.end(0)
  one.stop()
  other.stop()
})

it('a lease is spent without a word to control, and without control; then requests are refused and not let in', async () => {
  const limits = { ...LIMITS, requestsPerMinute: 60_000 }
  const { control, limiter } = madeFor(limits)
  const worker = limiter('0')
  await worker.admit([limits], 0)
  const { messages } = control
  control.isAway = true
  for (let n = 0; n < 700; n++) await worker.admit([limits], 0)
  assert.equal(control.messages, messages)
  await assert.rejects(Promise.all(Array.from({ length: 100 }, () => worker.admit([limits], 0))), LimitsUnavailable)
  control.isAway = false
  await worker.admit([limits], 0)
  worker.stop()
})

it('an owner that begins anew is told of the last minute also by a worker that has nothing to ask', async () => {
  const limits = { ...LIMITS, requestsPerMinute: 1 }
  const { control, limiter } = madeFor(limits)
  const [one, other] = [limiter('0'), limiter('1')]
  const only = await one.admit([limits], 0)
  only.end(0)
  await assert.rejects(one.admit([limits], 0), RateLimitExceeded) // which reports the end of the first, so nothing is owed
  control.owner = ownerOf(limits, 'own_2', 50)
  one.tell()
  await assert.rejects(other.admit([limits], 0), RateLimitExceeded)
  one.stop()
  other.stop()
})

it('says what is left of the tightest limit, and nothing of a limit that is not there', async () => {
  const limits = { ...LIMITS, requestsPerMinute: 60_000 }
  const { limiter } = madeFor(limits)
  const worker = limiter('0')
  const project = { ...LIMITS, scope: 'project' as const, id: 'proj_1', requestsPerMinute: null }
  const { headers } = await worker.admit([limits, project], 0)
  assert.deepEqual(headers, {
    'x-ratelimit-limit-requests': '60000',
    'x-ratelimit-remaining-requests': '59999',
    'x-ratelimit-reset-requests': '1m0s',
  })
  worker.stop()
})
