import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ChartSeries, plotOf } from './chart-plot.ts'

const one = (id: string, values: ChartSeries['values']): ChartSeries => ({ id, name: id, colour: 's1', values })
const wish = { starts: [0, 1, 2], end: 3, kind: 'stacked', compare: null, tall: 200 } as const
const fromTheTop = (series: ChartSeries[]) =>
  [...plotOf({ ...wish, series }).ends].sort((a, b) => a.at - b.at).map(({ id }) => id)

test('names at the ends stand as their series are stacked, also where these end in nothing', () => {
  assert.deepEqual(fromTheTop([one('low', [3, 1, 2]), one('high', [1, 1, 2])]), ['high', 'low'])
  assert.deepEqual(fromTheTop([one('a', [1, 2, 0]), one('b', [1, 2, 0]), one('c', [1, 2, 0])]), ['c', 'b', 'a'])
})

test('the newest step is the last that was counted, for whichever series', () => {
  assert.equal(plotOf({ ...wish, series: [one('a', [1, null, null]), one('b', [1, 2, null])] }).newest, 1)
  assert.equal(plotOf({ ...wish, series: [one('a', [null, null, null])] }).newest, 2)
})
