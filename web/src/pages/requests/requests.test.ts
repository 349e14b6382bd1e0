import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { countNew } from './new-rows.ts'
import { firstTokenShare, phasesOf, speedOf } from './phases.ts'
import { saidIn } from './said.ts'
import { idIn, parseRequestsSearch } from './search.ts'

const TIMES = {
  gateway_ms: 1,
  queue_ms: 9,
  prefill_ms: 40,
  decode_ms: 40,
  total_ms: 100,
  first_token_ms: 55,
  engine_id: 'eng_1',
}

describe('phases of a request', () => {
  it('and what is between them are the whole', () => {
    const phases = phasesOf(TIMES)
    assert.deepEqual(
      phases.map(({ name, ms }) => [name, ms]),
      [
        ['gateway', 1],
        ['queue', 9],
        ['prefill', 40],
        ['decode', 40],
        ['rest', 10],
      ],
    )
    assert.ok(Math.abs(phases.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9)
    assert.equal(firstTokenShare(TIMES), 0.55)
  })

  it('that were not reached are left out', () => {
    const refused = { ...TIMES, queue_ms: null, prefill_ms: null, decode_ms: null, first_token_ms: null }
    assert.deepEqual(
      phasesOf(refused).map(({ name }) => name),
      ['gateway', 'rest'],
    )
    assert.equal(firstTokenShare(refused), null)
  })

  it('never exceed the whole, whatever two clocks say', () => {
    const phases = phasesOf({ ...TIMES, total_ms: 80 })
    assert.ok(phases.every(({ name }) => name !== 'rest'))
    assert.ok(Math.abs(phases.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9)
  })

  it('tell the speed only where something was written', () => {
    assert.equal(speedOf({ tokens_out: 50, decode_ms: 500 }), 100)
    assert.equal(speedOf({ tokens_out: 1, decode_ms: 500 }), null)
    assert.equal(speedOf({ tokens_out: 50, decode_ms: null }), null)
  })
})

describe('what a request said', () => {
  it('is text by role, whatever form it was sent in', () => {
    assert.deepEqual(
      saidIn({
        messages: [
          { role: 'system', content: 'Be short.' },
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Hello' },
              { type: 'other', n: 1 },
            ],
          },
          { role: 'assistant', content: null, tool_calls: [{ id: 'a' }] },
          '<b>odd</b>',
        ],
      }).map(({ role, text }) => [role, text.replaceAll(/\s+/g, ' ')]),
      [
        ['system', 'Be short.'],
        ['user', 'Hello { "type": "other", "n": 1 }'],
        ['assistant', '[ { "id": "a" } ]'],
        ['user', '<b>odd</b>'],
      ],
    )
    assert.deepEqual(saidIn({ prompt: ['a', 'b'] }), [
      { role: 'prompt', text: 'a' },
      { role: 'prompt', text: 'b' },
    ])
    assert.equal(saidIn({ input: [1, 2] }).length, 1)
    assert.deepEqual(saidIn({}), [])
  })
})

describe('the address of requests', () => {
  it('keeps what it knows', () => {
    assert.deepEqual(parseRequestsSearch({ range: '24h', tokens: 1000, id: ' REQ_0ab ', outcome: 'failed' }), {
      range: '24h',
      outcome: 'failed',
      tokens: 1000,
      id: 'req_0ab',
    })
    assert.deepEqual(parseRequestsSearch({ tokens: -3, id: '  ', range: 'all' }), {})
  })

  it('takes of an id what one can have', () => {
    assert.equal(idIn('req_0mwu\n'), 'req_0mwu')
    assert.equal(idIn(7), '')
  })
})

describe('what came since a list was asked for', () => {
  const rows = (...ids: string[]) => ids.map((id) => ({ id }))

  it('is what the list lacks, also where a long request ended late and stands further down', () => {
    assert.deepEqual(countNew({ data: rows('e', 'd', 'x', 'c'), next: 'c' }, rows('d', 'c', 'b')), {
      count: 2,
      more: false,
    })
    assert.deepEqual(countNew(undefined, rows('a')), { count: 0, more: false })
  })

  it('may be more than was looked at', () => {
    assert.deepEqual(countNew({ data: rows('e', 'd'), next: 'd' }, rows('a')), { count: 2, more: true })
  })
})
