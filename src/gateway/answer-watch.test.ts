import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AnswerWatch } from './answer-watch.ts'

const USAGE = {
  prompt_tokens: 12,
  completion_tokens: 5,
  total_tokens: 17,
  prompt_tokens_details: { cached_tokens: 8 },
  completion_tokens_details: { reasoning_tokens: 2 },
}
const delta = (content: string, finish: string | null = null, index = 0) =>
  JSON.stringify({ choices: [{ index, delta: { content }, finish_reason: finish }] })

describe('AnswerWatch', () => {
  it('reads usage, timings and the finish reason of the first choice from a stream', () => {
    const watch = new AnswerWatch('engine')
    assert.equal(watch.readEvent('{"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}'), 'other')
    assert.equal(watch.readEvent(delta('Hi')), 'content')
    assert.equal(watch.readEvent(delta('', 'length', 1)), 'other')
    assert.equal(watch.readEvent(delta('', 'stop')), 'other')
    const totals = { choices: [], usage: USAGE, timings: { queue_ms: 1, prefill_ms: 2.5, decode_ms: 9 } }
    assert.equal(watch.readEvent(JSON.stringify(totals)), 'usage')
    assert.equal(watch.readEvent('[DONE]'), 'done')
    assert.equal(watch.done, true)
    assert.deepEqual(watch.counts(), {
      tokensIn: 12,
      tokensCached: 8,
      tokensOut: 5,
      tokensReasoning: 2,
      tokensInSource: 'engine',
      tokensOutSource: 'engine',
      finish: 'stop',
      queueMs: 1,
      prefillMs: 2.5,
      decodeMs: 9,
    })
  })

  it('calls totals beside content content, and null choices with totals usage', () => {
    const watch = new AnswerWatch('upstream')
    assert.equal(watch.readEvent(JSON.stringify({ choices: null, usage: USAGE })), 'usage')
    const last = {
      choices: [{ index: 0, delta: { content: 'x' }, finish_reason: 'stop' }],
      usage: { ...USAGE, completion_tokens: 6 },
    }
    assert.equal(watch.readEvent(JSON.stringify(last)), 'content')
    assert.equal(watch.counts().tokensOut, 6)
    assert.equal(watch.counts().tokensOutSource, 'upstream')
  })

  it('is not fooled by a usage of null, nor by text that looks like usage', () => {
    const watch = new AnswerWatch('engine')
    watch.readEvent(JSON.stringify({ choices: [{ delta: { content: '"usage":{"prompt_tokens":99}' } }], usage: null }))
    assert.deepEqual([watch.counts().tokensIn, watch.counts().tokensInSource], [0, 'none'])
  })

  it('counts events with content when totals never come', () => {
    const watch = new AnswerWatch('engine')
    for (const text of ['a', 'b', '', 'c']) watch.readEvent(delta(text))
    watch.readEvent('{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0}]}}]}')
    watch.readEvent('{"choices":[{"index":0,"text":"t"}]}')
    assert.equal(watch.counts().tokensOut, 5)
    assert.equal(watch.counts().tokensOutSource, 'counted')
  })

  it('never turns odd counts into a credit', () => {
    const watch = new AnswerWatch('upstream')
    const usage = { prompt_tokens: -5, completion_tokens: '7', prompt_tokens_details: { cached_tokens: 9 } }
    watch.readEvent(JSON.stringify({ choices: [], usage }))
    assert.deepEqual([watch.counts().tokensIn, watch.counts().tokensCached, watch.counts().tokensOut], [0, 0, 0])
  })

  it('notes the code of an error event', () => {
    const watch = new AnswerWatch('engine')
    assert.equal(watch.readEvent('{"error":{"message":"out","code":"engine.step_failed"}}'), 'error')
    assert.equal(watch.errorCode, 'engine.step_failed')
  })

  it('reads a whole body, and finds usage in the tail of a long one', () => {
    const whole = new AnswerWatch('engine')
    whole.readBody(
      Buffer.from(JSON.stringify({ choices: [{ index: 0, finish_reason: 'tool_calls' }], usage: USAGE })),
      true,
    )
    assert.deepEqual([whole.counts().finish, whole.counts().tokensIn], ['tool_calls', 12])

    const tail = new AnswerWatch('engine')
    tail.readBody(Buffer.from(`,0.12]}],"model":"m","usage":${JSON.stringify(USAGE)},"x":{}}`), false)
    assert.equal(tail.counts().tokensIn, 12)
    assert.equal(tail.counts().tokensCached, 8)
  })

  it('takes a body that is not JSON for what it is', () => {
    const watch = new AnswerWatch('upstream')
    watch.readBody(Buffer.from('<html>'), true)
    assert.equal(watch.counts().tokensOutSource, 'none')
  })
})
