/**
 * What Qwen Code, and agents on OpenAI's chat completions like it, make of a stream: one id, the role first, calls by index
 * with id and name in their first piece, one reason to finish, totals in a chunk of their own, `[DONE]`. Thoughts go back.
 */
import assert from 'node:assert/strict'
import { type Agent, eventsIn, type Heard, type Json } from './transcript.ts'

const FINISHES = ['stop', 'length', 'tool_calls', 'content_filter']

export const chatAgent: Agent = {
  ask: (transcript, conversation) => ({
    ...transcript.body,
    messages: [...transcript.body.messages, ...conversation],
    stream: true,
    stream_options: { include_usage: true },
  }),
  hear,
  refusal: (body) => body.error.code,
}

function hear(stream: string): Heard {
  const events = eventsIn(stream)
  assert.equal(events.pop()?.data, '[DONE]')
  const chunks: Json[] = events.map(({ data }) => JSON.parse(data))
  const totals = chunks.pop()
  assert.deepEqual(totals.choices, [])
  assert.equal(totals.usage.total_tokens, totals.usage.prompt_tokens + totals.usage.completion_tokens)
  assert.equal(new Set([...chunks, totals].map(({ id }) => id)).size, 1)
  assert.equal(chunks[0].choices[0].delta.role, 'assistant')

  const heard = { text: '', thoughts: '', finish: null as string | null }
  const calls: { id: string; name: string; arguments: string }[] = []
  for (const chunk of chunks) {
    assert.equal(chunk.choices.length, 1)
    const [{ delta, finish_reason }] = chunk.choices
    assert.equal(heard.finish, null, 'it goes on after its end')
    heard.text += delta.content ?? ''
    heard.thoughts += delta.reasoning_content ?? ''
    for (const piece of delta.tool_calls ?? []) takeCall(calls, piece)
    heard.finish = finish_reason ?? null
  }
  assert.ok(heard.finish !== null && FINISHES.includes(heard.finish), String(heard.finish))
  const called = calls.map(({ id, ...call }) => ({ id, type: 'function', function: call }))
  return {
    echo: [
      {
        role: 'assistant',
        content: heard.text === '' ? null : heard.text,
        ...(heard.thoughts === '' ? {} : { reasoning_content: heard.thoughts }),
        ...(called.length === 0 ? {} : { tool_calls: called }),
      },
    ],
    text: heard.text,
    thoughts: heard.thoughts,
    calls: calls.map((call) => ({ id: call.id, name: call.name, input: JSON.parse(call.arguments) })),
    stop: heard.finish,
    tokensIn: totals.usage.prompt_tokens,
    tokensOut: totals.usage.completion_tokens,
  }
}

function takeCall(calls: { id: string; name: string; arguments: string }[], piece: Json): void {
  const known = calls[piece.index]
  if (known === undefined) {
    assert.equal(piece.index, calls.length, 'calls are numbered without a gap')
    assert.equal(piece.type, 'function')
    assert.ok(piece.id !== '' && piece.function.name !== '')
    assert.ok(calls.every(({ id }) => id !== piece.id))
    calls.push({ id: piece.id, name: piece.function.name, arguments: piece.function.arguments ?? '' })
  } else {
    assert.ok(piece.id === undefined || piece.id === known.id)
    assert.ok(piece.function.name === undefined || piece.function.name === '')
    known.arguments += piece.function.arguments
  }
}
