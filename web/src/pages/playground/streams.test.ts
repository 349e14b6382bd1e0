import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { EventSplitter } from './event-stream.ts'
import { newsIn } from './stream-events.ts'

describe('events of a stream', () => {
  it('are the same wherever the text is cut', () => {
    const events = fc.array(
      fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify({ text })),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(events, fc.constantFrom('\n', '\r\n'), fc.array(fc.nat(300)), (datas, end, cuts) => {
        const text = datas.map((data) => `: a comment${end}data: ${data}${end}${end}`).join('')
        const splitter = new EventSplitter()
        const places = [0, ...cuts.map((cut) => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
        const found = places.slice(1).flatMap((to, index) => splitter.push(text.slice(places[index], to)))
        assert.deepEqual(found, datas)
      }),
    )
  })

  it('say what they say: words, thoughts, calls, ends, counts, trouble', () => {
    const news = (chunk: object) => newsIn(JSON.stringify(chunk))
    const delta = (delta: object, finish_reason: string | null = null) =>
      news({ choices: [{ index: 0, delta, finish_reason }] })
    assert.deepEqual(delta({ role: 'assistant', content: '' }), [])
    assert.deepEqual(delta({ content: 'Hi' }), [{ kind: 'say', text: 'Hi' }])
    assert.deepEqual(news({ choices: [{ text: 'Hi' }] }), [{ kind: 'say', text: 'Hi' }])
    assert.deepEqual(delta({ reasoning_content: 'Hm' }), [{ kind: 'think', text: 'Hm' }])
    assert.deepEqual(delta({ tool_calls: [{ index: 1, id: 'c', function: { name: 'f', arguments: '' } }] }), [
      { kind: 'call', index: 1, id: 'c', name: 'f', arguments: '' },
    ])
    assert.deepEqual(delta({}, 'length'), [{ kind: 'finish', finish: 'length' }])
    assert.deepEqual(news({ error: { code: 'engine_lost', message: 'Gone.' } }), [
      { kind: 'error', code: 'engine_lost', message: 'Gone.' },
    ])
    const usage = { prompt_tokens: 3, completion_tokens: 5, completion_tokens_details: { reasoning_tokens: 2 } }
    const timings = { queue_ms: 0, prefill_ms: 1, decode_ms: 2 }
    assert.deepEqual(news({ choices: [], usage, timings }), [
      { kind: 'usage', usage: { tokens: { in: 3, cached: 0, out: 5, reasoning: 2 }, timings } },
    ])
  })
})
