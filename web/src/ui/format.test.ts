import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bytesIn, formatFor } from './format.ts'

const en = formatFor('en')
const zh = formatFor('zh')

describe('numbers and times', () => {
  it('are short in summaries, with two figures after the point of a million and none of a small number', () => {
    assert.deepEqual([412, 9_999, 61_234, 161_234, 1_284_000, 184_000_000, 2.4e9].map(en.compact), [
      '412',
      '9,999',
      '61.2 k',
      '161 k',
      '1.28 M',
      '184 M',
      '2.40 B',
    ])
  })

  it('carry decimal units', () => {
    assert.deepEqual(
      [512, 98_362_432, 2.9e9].map((bytes) => en.bytes(bytes)),
      ['512 B', '98.4 MB', '2.9 GB'],
    )
    assert.deepEqual(bytesIn(1_500), [1.5, 'kB'])
  })

  it('say how long in at most two units', () => {
    assert.deepEqual([0, 4.2, 188, 1_310, 72_000, 7_440_000, 187_200_000].map(en.duration), [
      '0 ms',
      '4.2 ms',
      '188 ms',
      '1.31 s',
      '1 min 12 s',
      '2 h 4 min',
      '2 d 4 h',
    ])
    assert.equal(zh.duration(752), '752 毫秒')
    assert.equal(zh.duration(72_000), '1 分 12 秒')
  })

  it('say how long ago, and when to come', () => {
    const now = Date.UTC(2026, 10, 24, 12)
    const ago = (s: number, format = en) => format.ago(new Date(now - s * 1_000), now)
    assert.deepEqual(
      [0, 4, 720, 7_200, 86_400, 12 * 86_400, -3 * 86_400].map((s) => ago(s)),
      ['now', '4 s ago', '12 min ago', '2 h ago', 'yesterday', '12 days ago', 'in 3 days'],
    )
    assert.equal(ago(720, zh), '12 分钟前')
    assert.equal(ago(12 * 86_400, zh), '12 天前')
  })

  it('say shares in percent', () => {
    assert.deepEqual(
      [0, 0.0021, 0.13, 1].map((share) => en.percent(share)),
      ['0 %', '0.21 %', '13 %', '100 %'],
    )
  })
})
