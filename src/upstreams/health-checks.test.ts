import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLog } from '../platform/log.ts'
import { createHealthChecks, type Health, next, UNKNOWN } from './health-checks.ts'
import type { ProbeResult, ProbeTrouble } from './probe.ts'

const listed: ProbeResult = { kind: 'listed', models: [], tookMs: 3 }
const failed = (trouble: ProbeTrouble, status: number | null = null): ProbeResult => ({
  kind: 'failed',
  trouble,
  status,
  tookMs: 9,
})
const healthy = next(UNKNOWN, listed, 0, 1_000)

describe('what a probe makes of an upstream', () => {
  it('is healthy from the first answer on', () => {
    assert.deepEqual([healthy.state, healthy.sinceMs, healthy.tookMs], ['healthy', 1_000, 3])
    assert.equal(next(healthy, listed, 0, 2_000).sinceMs, 1_000)
  })

  it('stays healthy at one failure, and not at two', () => {
    const once = next(healthy, failed('timed_out'), 1, 2_000)
    assert.deepEqual([once.state, once.trouble, once.checkedAtMs], ['healthy', null, 2_000])
    const twice = next(once, failed('timed_out'), 2, 3_000)
    assert.deepEqual([twice.state, twice.trouble, twice.sinceMs], ['unhealthy', 'timed_out', 3_000])
    const later = next(twice, failed('status', 500), 3, 4_000)
    assert.deepEqual([later.trouble, later.status, later.sinceMs], ['status', 500, 3_000])
    assert.deepEqual(next(later, listed, 0, 5_000).state, 'healthy')
  })

  it('is unhealthy at once where the secret is refused, or nothing was known of it', () => {
    assert.equal(next(healthy, failed('unauthorized', 401), 1, 2_000).state, 'unhealthy')
    assert.equal(next(UNKNOWN, failed('tls'), 1, 2_000).state, 'unhealthy')
  })
})

describe('health checks', () => {
  it('do not believe a probe that a newer one has overtaken', async () => {
    const answers: ((result: ProbeResult) => void)[] = []
    const told: Health['state'][] = []
    const checks = createHealthChecks({
      probe: () => new Promise((resolve) => answers.push(resolve)),
      onResult: async (id) => void told.push(checks.healthOf(id).state),
      clock: { nowMs: () => 1 },
      log: createLog('test', 'silent'),
    })
    const first = checks.watch('up_1')
    const second = checks.check('up_1')
    answers[1]?.(listed)
    await second
    answers[0]?.(failed('unauthorized', 401))
    await first
    checks.close()
    assert.deepEqual(told, ['healthy'])
    assert.equal(await checks.check('up_1'), null)
  })

  it('tell only whether something became another', async () => {
    const changes: boolean[] = []
    let result: ProbeResult = listed
    const checks = createHealthChecks({
      probe: async () => result,
      onResult: async (_id, _result, changed) => void changes.push(changed),
      clock: { nowMs: () => 1 },
      log: createLog('test', 'silent'),
    })
    await checks.watch('up_1')
    await checks.check('up_1')
    result = failed('status', 500)
    await checks.check('up_1')
    await checks.check('up_1')
    checks.close()
    assert.deepEqual(changes, [true, false, false, true])
  })
})
