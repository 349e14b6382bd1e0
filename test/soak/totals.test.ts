import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Verdict } from './ledger.ts'
import { added, none, page, type SoakRun } from './totals.ts'

const verdict: Verdict = {
  sent: 100,
  acknowledged: 90,
  cut: 2,
  refused: { 503: 5 },
  unheard: 3,
  records: 93,
  lost: ['req_1'],
  doubled: [],
  untrue: ['req_2'],
  invented: [],
}
const run: SoakRun = {
  seed: 7,
  kills: { kills: { worker: 3, control: 2, engine: 1 }, verdict },
  fuzz: {
    requests: 1_000,
    byKind: {},
    byStatus: {},
    findings: {},
    footprints: [
      { what: 'worker', openFiles: [10, 10], mb: [200, 203] },
      { what: 'engine', openFiles: [10, 10], mb: [200, 190] },
    ],
  },
}

test('runs of one commit add up, and the largest growth stays', () => {
  const once = added(none('abc'), run, '2026-11-24')
  const twice = added(once, { seed: 8, kills: run.kills, fuzz: null }, '2026-11-25')
  assert.deepEqual(twice.kills, { worker: 6, control: 4, engine: 2 })
  const { date, seeds, acknowledged, lost, untrue, requests, growthPercent } = twice
  assert.deepEqual(
    { date, seeds, acknowledged, lost, untrue, requests, growthPercent },
    { date: '2026-11-25', seeds: [7, 8], acknowledged: 180, lost: 2, untrue: 2, requests: 1_000, growthPercent: 1.5 },
  )
})

test('the page has a row for each commit, newest first', () => {
  const rows = page([added(none('old'), run, '2026-11-24'), added(none('new'), run, '2026-11-25')])
    .split('\n')
    .filter((line) => line.startsWith('| 2026'))
  assert.deepEqual(
    rows.map((row) => row.split(' | ')[1]),
    ['`new`', '`old`'],
  )
})
