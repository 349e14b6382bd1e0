import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { documentProblem } from '../../../../src/playground/document.ts'
import { chatBody, completionBody, messagesFor, speakerOf } from './chat-request.ts'
import * as turns from './document-turns.ts'

let made = 0
const stamp: turns.Stamp = { id: () => `t${++made}`, at: () => '2026-11-24T12:00:00.000Z' }

/** What a model says at a turn that waits. */
function said(doc: turns.Doc, turn: turns.Turn, model: string, text: string, calls: turns.ToolCall[] = []): turns.Doc {
  return turns.putAnswer(doc, turn.id, {
    ...turns.unanswered(model),
    text,
    tool_calls: calls,
    finish: calls.length > 0 ? 'tool_calls' : 'stop',
    request_id: `req_${++made}`,
  })
}

function asked(doc: turns.Doc, text: string, answers: Record<string, string>, instead: turns.Turn | null = null) {
  const { doc: now, waits } = turns.ask(doc, text, stamp, instead)
  const whole = Object.entries(answers).reduce((all, [model, words]) => said(all, waits, model, words), now)
  assert.equal(documentProblem(whole), null)
  return { doc: whole, waits }
}

const texts = (doc: turns.Doc, model: string) =>
  messagesFor(doc, turns.shownPath(doc), model).map(({ role, content }) => `${role}: ${content}`)

describe('a conversation', () => {
  const one = asked(turns.emptyDocument(['a', 'b']), 'Q1', { a: 'A1', b: 'B1' })
  const two = asked(one.doc, 'Q2', { a: 'A2', b: 'B2' })

  it('gives each model what was asked and its own answers', () => {
    const next = turns.ask({ ...two.doc, system_prompt: 'Be brief.' }, 'Q3', stamp).doc
    assert.deepEqual(texts(next, 'b'), [
      'system: Be brief.',
      'user: Q1',
      'assistant: B1',
      'user: Q2',
      'assistant: B2',
      'user: Q3',
    ])
  })

  it('branches where a question is edited, and keeps the other branch with what followed', () => {
    const first = turns.shownPath(two.doc)[0]!
    const edited = asked(two.doc, 'Q1 anew', { a: 'A1 anew' }, first)
    assert.deepEqual(texts(edited.doc, 'a'), ['user: Q1 anew', 'assistant: A1 anew'])
    assert.equal(turns.besides(edited.doc, first).length, 2)
    const back = turns.goTo(edited.doc, first.id)
    assert.deepEqual(texts(back, 'a'), ['user: Q1', 'assistant: A1', 'user: Q2', 'assistant: A2'])
  })

  it('asks one model again beside, and what the others said counts as the same', () => {
    const again = turns.askAgain(two.doc, two.doc.turns.at(-1)!, 'a', stamp)
    const doc = said(again.doc, again.waits, 'a', 'A2 anew')
    assert.equal(documentProblem(doc), null)
    const shown = turns.shownPath(doc).at(-1)!
    assert.deepEqual(
      shown.answers.map(({ text }) => text),
      ['A2 anew', 'B2'],
    )
    assert.deepEqual([turns.variantsOf(doc, shown, 'a').turns.length, turns.variantsOf(doc, shown, 'a').at], [2, 1])
    assert.equal(turns.variantsOf(doc, shown, 'b').turns.length, 1)
  })

  it('finds, of the turns that show an answer, the one in which the others say what they say now', () => {
    let doc = two.doc
    for (const [model, text] of [
      ['a', 'A3'],
      ['b', 'B3'],
      ['a', 'A4'],
    ] as const) {
      const { doc: now, waits } = turns.askAgain(doc, turns.shownPath(doc).at(-1)!, model, stamp)
      doc = said(now, waits, model, text)
    }
    const shown = turns.shownPath(doc).at(-1)!
    const { turns: variants, at } = turns.variantsOf(doc, shown, 'a')
    assert.deepEqual([variants.length, at], [3, 2])
    assert.deepEqual(
      variants[1]!.answers.map(({ text }) => text),
      ['A3', 'B3'],
    )
  })

  it('lets a model that joined later read what another said, and leaves out what nobody answered', () => {
    const joined = asked({ ...two.doc, models: ['c'] }, 'Q3', {})
    const last = turns.ask(joined.doc, 'Q4', stamp).doc
    assert.deepEqual(texts(last, 'c'), ['user: Q1', 'assistant: A1', 'user: Q2', 'assistant: A2', 'user: Q4'])
  })

  it('can tell whose answer each model is sent, so that the page says it', () => {
    const [first] = turns.exchangesOf(turns.shownPath(two.doc))
    assert.deepEqual(
      ['a', 'b', 'c'].map((model) => speakerOf(first!, model)),
      ['a', 'b', 'a'],
    )
    const { doc: waiting } = turns.ask(two.doc, 'Q3', stamp)
    assert.equal(speakerOf(turns.exchangesOf(turns.shownPath(waiting)).at(-1)!, 'a'), null)
  })
})

describe('an answer that broke off', () => {
  const { doc: open, waits } = turns.ask(turns.emptyDocument(['a', 'b']), 'Q1', stamp)
  const stopped = { ...turns.unanswered('a'), text: 'A', finish: 'stopped', request_id: 'req_a' } as const
  const one = said(turns.putAnswer(open, waits.id, stopped), waits, 'b', 'B1')
  // The other one asked again: the stopped answer now stands in two turns.
  const { doc } = turns.askAgain(one, turns.shownPath(one).at(-1)!, 'b', stamp)

  it('is counted by its request, wherever it stands, and once', () => {
    assert.deepEqual(turns.uncounted(doc), ['req_a'])
    const tokens = { in: 5, cached: 0, out: 3, reasoning: 0 }
    const counted = turns.putCounts(doc, 'req_a', tokens)
    assert.deepEqual(turns.uncounted(counted), [])
    assert.deepEqual(turns.tokensOf(counted), { in: 5, out: 3 })
  })

  it('is known to be saved or not, after a save gave it back as another object too', () => {
    assert.equal(turns.holds(doc, { ...stopped }), true)
    assert.equal(turns.holds(open, stopped), false)
  })
})

describe('calls of tools', () => {
  const call = (id: string): turns.ToolCall => ({ id, name: 'get_weather', arguments: '{"city":"Paris"}' })
  const { doc: open, waits } = turns.ask(turns.emptyDocument(['a', 'b']), 'Weather?', stamp)
  const called = said(said(open, waits, 'a', '', [call('c1'), call('c2')]), waits, 'b', '', [call('c3')])
  const turn = () => called.turns.at(-1)!

  it('go on with their results, for each model its own', () => {
    const first = turns.giveResults(
      called,
      turn(),
      'a',
      [
        { id: 'c1', text: '21' },
        { id: 'c2', text: '22' },
      ],
      stamp,
    )
    const answered = said(first.doc, first.waits, 'a', 'Warm.')
    const second = turns.giveResults(answered, turn(), 'b', [{ id: 'c3', text: '23' }], stamp)
    const doc = said(second.doc, second.waits, 'b', 'Warmer.')
    assert.equal(documentProblem(doc), null)
    assert.equal(second.waits.id, first.waits.id)
    assert.deepEqual(texts(doc, 'a'), ['user: Weather?', 'assistant: null', 'tool: 21', 'tool: 22', 'assistant: Warm.'])
    assert.deepEqual(texts(doc, 'b'), ['user: Weather?', 'assistant: null', 'tool: 23', 'assistant: Warmer.'])
    const [, assistant, tool] = messagesFor(doc, turns.shownPath(doc), 'b')
    assert.deepEqual([assistant?.tool_calls?.[0]?.id, tool?.tool_call_id], ['c3', 'c3'])
  })
})

describe('a request', () => {
  const doc: turns.Doc = {
    ...turns.emptyDocument(['a']),
    parameters: { temperature: 0.2, thinking: false, stop: ['\n\n'], max_tokens: 5 },
    tools_json: '[{"type":"function","function":{"name":"f"}}]',
    response_format: { type: 'json_schema', schema_json: '{"type":"object"}' },
  }
  const { doc: now, waits } = turns.ask(doc, 'Go', stamp)

  it('of a chat has what was chosen and nothing else', () => {
    assert.deepEqual(chatBody(now, waits, 'a'), {
      model: 'a',
      messages: [{ role: 'user', content: 'Go' }],
      temperature: 0.2,
      max_tokens: 5,
      stop: ['\n\n'],
      enable_thinking: false,
      tools: [{ type: 'function', function: { name: 'f' } }],
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: { type: 'object' } } },
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  it('says that a tool must be called, which or none, until one has returned something', () => {
    const choice = (tool_choice: NonNullable<turns.Doc['tool_choice']>, turn = waits, from = now) =>
      chatBody({ ...from, tool_choice }, turn, 'a').tool_choice
    assert.equal(choice('required'), 'required')
    assert.equal(choice('none'), 'none')
    assert.deepEqual(choice({ name: 'f' }), { type: 'function', function: { name: 'f' } })
    assert.equal(choice({ name: 'a tool that is gone' }), undefined)
    const called = said(now, waits, 'a', '', [{ id: 'c1', name: 'f', arguments: '{}' }])
    const back = turns.giveResults(called, waits, 'a', [{ id: 'c1', text: '1' }], stamp)
    assert.equal(choice('required', back.waits, back.doc), undefined)
    assert.equal(chatBody({ ...now, tools_json: null, tool_choice: 'required' }, waits, 'a').tool_choice, undefined)
  })

  it('of a completion knows neither tools nor thinking', () => {
    assert.deepEqual(completionBody(now, waits, 'a'), {
      model: 'a',
      prompt: 'Go',
      temperature: 0.2,
      max_tokens: 5,
      stop: ['\n\n'],
      stream: true,
      stream_options: { include_usage: true },
    })
  })
})
