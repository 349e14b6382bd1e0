import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AnswerText } from './answer-text.ts'
import { AnswerWatch } from './answer-watch.ts'

const NOTHING = { text: null, reasoning: null, refusal: null, tool_calls: [] }
const deltas = (text: AnswerText, ...said: object[]) => {
  for (const delta of said) text.takeDeltas([{ index: 0, delta }])
}

describe('AnswerText', () => {
  it('puts text, thoughts and refusals together, and tells empty from absent', () => {
    const text = new AnswerText(1_000)
    deltas(text, { role: 'assistant', content: '' }, { reasoning_content: 'Let me ' }, { reasoning_content: 'see.' })
    deltas(text, { content: 'Hé' }, { content: 'llo 🌍' }, {}, { content: null })
    assert.deepEqual(text.answers(), [{ ...NOTHING, index: 0, text: 'Héllo 🌍', reasoning: 'Let me see.' }])
    const refused = new AnswerText(1_000)
    deltas(refused, { role: 'assistant', content: '' }, { refusal: 'No.' })
    assert.deepEqual(refused.answers(), [{ ...NOTHING, index: 0, text: '', refusal: 'No.' }])
  })

  it('keeps choices and tool calls apart, in their order', () => {
    const text = new AnswerText(1_000)
    const call = (index: number, rest: object) => ({ tool_calls: [{ index, ...rest }] })
    text.takeDeltas([{ index: 1, delta: { content: 'second' } }])
    deltas(text, call(0, { id: 'call_a', type: 'function', function: { name: 'look_up', arguments: '' } }))
    deltas(text, call(1, { id: 'call_b', function: { name: 'add', arguments: '{"a"' } }))
    deltas(text, call(0, { function: { arguments: '{"q":"x"' } }), call(1, { function: { arguments: ':1}' } }))
    assert.deepEqual(text.answers(), [
      {
        ...NOTHING,
        index: 0,
        tool_calls: [
          { id: 'call_a', name: 'look_up', arguments: '{"q":"x"' },
          { id: 'call_b', name: 'add', arguments: '{"a":1}' },
        ],
      },
      { ...NOTHING, index: 1, text: 'second' },
    ])
  })

  it('reads whole answers, of chats and of completions, and what a watch hands on', () => {
    const text = new AnswerText(1_000)
    const watch = new AnswerWatch('engine', text)
    const message = {
      content: 'Hi',
      reasoning: 'Hm',
      tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{}' } }],
    }
    watch.readBody(Buffer.from(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] })), true)
    const calls = [{ id: 'c', name: 'f', arguments: '{}' }]
    assert.deepEqual(text.answers(), [{ index: 0, text: 'Hi', reasoning: 'Hm', refusal: null, tool_calls: calls }])
    const plain = new AnswerText(1_000)
    plain.takeDeltas([{ index: 0, text: 'Once ' }])
    plain.takeMessages([{ index: 0, text: 'upon' }])
    assert.deepEqual(plain.answers(), [{ ...NOTHING, index: 0, text: 'Once upon' }])
  })

  it('says so where a body was too long to be read', () => {
    const text = new AnswerText(1_000)
    new AnswerWatch('engine', text).readBody(Buffer.from('"usage":{"prompt_tokens":1}}'), false)
    assert.equal(text.truncated, true)
  })

  it('takes nothing more once it is closed', () => {
    const text = new AnswerText(1_000)
    deltas(text, { content: 'sent' })
    text.close()
    deltas(text, { content: ' not sent' })
    assert.equal(text.answers()[0]?.text, 'sent')
    assert.equal(text.truncated, false)
  })

  it('stops at its ceiling for good, between two characters, and says so', () => {
    const text = new AnswerText(64 + 10)
    deltas(text, { content: '123456789' }, { content: '🌍!' }, { content: 'x' }, { reasoning_content: 'y' })
    assert.equal(text.answers()[0]?.text, '123456789')
    assert.equal(text.truncated, true)
    assert.ok(text.characters <= 64 + 10)
  })

  it('holds no more than its ceiling, however many empty choices and calls come', () => {
    const text = new AnswerText(1_000)
    for (let index = 0; index < 10_000; index++) {
      text.takeDeltas([{ index, delta: { content: '' } }])
      deltas(text, { tool_calls: [{ index }] })
    }
    const held = text.answers()
    assert.ok(held.length + (held[0]?.tool_calls.length ?? 0) <= 1_000 / 64)
    assert.equal(text.truncated, true)
  })

  it('bears whatever an engine sends', () => {
    const text = new AnswerText(1_000)
    const odd: unknown[] = [null, 7, [], {}, { delta: 3 }, { delta: { content: 5, tool_calls: 'x' } }]
    odd.push({ index: 'a', delta: { tool_calls: [null, { index: -1, function: null }, { function: { name: 1 } }] } })
    text.takeDeltas(odd)
    text.takeMessages(odd)
    assert.doesNotThrow(() => JSON.stringify(text.answers()))
  })
})
