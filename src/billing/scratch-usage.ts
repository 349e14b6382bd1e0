/**
 * A fortnight of usage for tests, and the arithmetic over its records that figures are held against: filters, groups, sums
 * and quantiles, done one record at a time.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { LATENCY_ERROR_MAX } from './latency-bins.ts'
import { outcomeOf } from './roll-up.ts'
import { scratchRecord } from './scratch-records.ts'
import type { Grouping } from './usage.ts'
import type { Figures } from './usage-figures.ts'
import type { UsageFilter } from './usage-filter.ts'
import type { UsageRecord } from './usage-record.ts'

/** Clocks are changed in New York and Havana on 1 November; Berlin was a week before. */
export const FIRST = Date.UTC(2026, 9, 23, 5, 7)
export const LAST = Date.UTC(2026, 10, 4, 19, 40)
export const KEYS = {
  key_a: { projectId: 'proj_1', ownerId: 'usr_1', kind: 'api' },
  key_b: { projectId: 'proj_1', ownerId: 'sa_1', kind: 'api' },
  key_c: { projectId: 'proj_2', ownerId: 'usr_1', kind: 'api' },
  key_d: { projectId: 'proj_2', ownerId: 'usr_2', kind: 'console' },
  key_e: { projectId: 'proj_1', ownerId: 'usr_1', kind: 'console' },
} as const
export const KEY_IDS = Object.keys(KEYS) as (keyof typeof KEYS)[]

const oneRecord = fc.record({
  startedAtMs: fc.integer({ min: FIRST, max: LAST }),
  keyId: fc.constantFrom(...KEY_IDS),
  model: fc.constantFrom('tiny', 'small', 'large', 'embedder'),
  route: fc.constantFrom('/v1/chat/completions', '/v1/embeddings'),
  adapter: fc.constantFrom(null, 'triage-v3'),
  status: fc.constantFrom(200, 200, 200, 200, 400, 499, 502),
  cutBy: fc.constantFrom(null, null, null, 'client' as const, 'engine' as const),
  errorCode: fc.constantFrom(null, null, null, 'engine_lost'),
  tokensIn: fc.nat(5_000),
  tokensOut: fc.nat(900),
  firstTokenMs: fc.option(fc.double({ min: 0.1, max: 90_000, noNaN: true })),
  totalMs: fc.double({ min: 0.1, max: 900_000, noNaN: true }),
})
export const records: UsageRecord[] = fc.sample(oneRecord, { numRuns: 700, seed: 20261124 }).map((some, index) =>
  scratchRecord(`req_${String(index).padStart(22, '0')}`, {
    ...some,
    projectId: KEYS[some.keyId].projectId,
    tokensCached: Math.floor(some.tokensIn / 3),
    tokensReasoning: Math.floor(some.tokensOut / 4),
  }),
)

export function ownerOf(keyId: string) {
  return KEYS[keyId as keyof typeof KEYS]
}

export function matches(record: UsageRecord, filter: UsageFilter): boolean {
  const same = (wanted: string | null, has: string) => wanted === null || wanted === has
  const isKey =
    filter.keyId === 'playground' ? ownerOf(record.keyId).kind === 'console' : same(filter.keyId, record.keyId)
  return (
    isKey &&
    same(filter.organizationId, record.organizationId) &&
    same(filter.projectId, record.projectId) &&
    same(filter.personId, ownerOf(record.keyId).ownerId) &&
    same(filter.model, record.model) &&
    same(filter.route, record.route) &&
    same(filter.outcome, outcomeOf(record))
  )
}

export function groupOf(record: UsageRecord, groupBy: Grouping): string {
  const key = ownerOf(record.keyId)
  switch (groupBy) {
    case 'model':
      return record.model
    case 'key':
      return key.kind === 'console' ? 'playground' : record.keyId
    case 'person':
      return key.ownerId
    case 'project':
      return record.projectId
    case 'route':
      return record.route
    case 'none':
      return ''
    default:
      return groupBy satisfies never
  }
}

export function countsOf(some: readonly UsageRecord[]) {
  const sum = (of: (record: UsageRecord) => number) => some.reduce((total, record) => total + of(record), 0)
  return {
    requests: some.length,
    failed: some.filter((record) => outcomeOf(record) === 'failed').length,
    cut: some.filter((record) => outcomeOf(record) === 'cut').length,
    tokensIn: sum((record) => record.tokensIn),
    tokensCached: sum((record) => record.tokensCached),
    tokensOut: sum((record) => record.tokensOut),
    tokensReasoning: sum((record) => record.tokensReasoning),
  }
}

export function assertFigures(figures: Figures, some: readonly UsageRecord[]): void {
  const { firstTokenMs, totalMs, ...counts } = figures
  assert.deepEqual(counts, countsOf(some))
  for (const [told, values] of [
    [firstTokenMs, some.flatMap(({ firstTokenMs }) => firstTokenMs ?? [])],
    [totalMs, some.map(({ totalMs }) => totalMs)],
  ] as const) {
    assert.equal(told === null, values.length === 0)
    const sorted = values.toSorted((a, b) => a - b)
    for (const [share, ms] of [
      [0.5, told?.p50],
      [0.95, told?.p95],
    ] as const) {
      const true_ = sorted[Math.max(1, Math.ceil(share * sorted.length)) - 1]
      // Below a millisecond there is one bin; the rounding to three digits may add half a percent.
      if (true_ !== undefined && ms !== undefined && true_ > 1)
        assert.ok(Math.abs(ms / true_ - 1) <= LATENCY_ERROR_MAX + 0.006, `${ms} for ${true_}`)
    }
  }
}
