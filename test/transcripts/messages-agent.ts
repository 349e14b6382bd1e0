/**
 * What Claude Code makes of a stream of Anthropic's Messages: each block begins before its pieces and ends before the next,
 * by index from 0; a piece is of its block's kind; counts of the prompt are there at once, and are numbers.
 */
import assert from 'node:assert/strict'
import { type Agent, eventsIn, type Heard, type Json } from './transcript.ts'

const PIECES: Record<string, readonly string[]> = {
  text: ['text_delta'],
  thinking: ['thinking_delta', 'signature_delta'],
  tool_use: ['input_json_delta'],
}
const STOPS = ['end_turn', 'max_tokens', 'stop_sequence', 'tool_use']

export const messagesAgent: Agent = {
  ask(transcript, conversation) {
    const messages = structuredClone(conversation)
    // The end of the conversation is where the cache is asked to reach.
    const last = messages.at(-1)?.content.at(-1)
    if (last !== undefined) last.cache_control = { type: 'ephemeral' }
    return { ...transcript.body, messages, stream: true }
  },
  hear,
  refusal: (body) => body.error.type,
}

function hear(stream: string): Heard {
  const events = eventsIn(stream).map(({ name, data }) => {
    const event = JSON.parse(data)
    assert.equal(name, event.type, 'an event is named as its type')
    return event
  })
  const heard = events.filter(({ type }) => type !== 'ping')
  const begin = heard.shift()
  assert.equal(begin?.type, 'message_start')
  assert.equal(begin.message.role, 'assistant')
  assert.deepEqual(begin.message.content, [])
  const atBegin = countsOf(begin.message.usage)
  assert.ok(atBegin > 0, 'the prompt is counted at the beginning')
  assert.equal(heard.pop()?.type, 'message_stop')
  const end = heard.pop()
  assert.equal(end?.type, 'message_delta')
  assert.ok(STOPS.includes(end.delta.stop_reason), end.delta.stop_reason)
  assert.ok(Number.isSafeInteger(end.usage.output_tokens))

  const blocks: Json[] = []
  let open: Json = null
  for (const event of heard) {
    if (event.type === 'content_block_start') {
      assert.equal(open, null, 'a block begins inside another')
      assert.equal(event.index, blocks.length)
      assert.ok(event.content_block.type in PIECES, event.content_block.type)
      if (event.content_block.type === 'tool_use') assert.deepEqual(event.content_block.input, {})
      open = { block: structuredClone(event.content_block), json: '' }
      blocks.push(open.block)
    } else if (event.type === 'content_block_delta') {
      assert.notEqual(open, null, 'a piece of no block')
      assert.equal(event.index, blocks.length - 1)
      assert.ok(PIECES[open.block.type]?.includes(event.delta.type), `${event.delta.type} in ${open.block.type}`)
      take(open, event.delta)
    } else {
      assert.equal(event.type, 'content_block_stop')
      assert.equal(event.index, blocks.length - 1)
      if (open.block.type === 'tool_use') open.block.input = open.json === '' ? {} : JSON.parse(open.json)
      if (open.block.type === 'thinking') assert.equal(typeof open.block.signature, 'string')
      open = null
    }
  }
  assert.equal(open, null, 'a block has no end')
  const calls = blocks.filter(({ type }) => type === 'tool_use')
  assert.equal(new Set(calls.map(({ id }) => id)).size, calls.length)
  return {
    echo: [{ role: 'assistant', content: blocks }],
    text: blocks.map((block) => block.text ?? '').join(''),
    thoughts: blocks.map((block) => block.thinking ?? '').join(''),
    calls,
    stop: end.delta.stop_reason,
    tokensIn: atBegin,
    tokensOut: end.usage.output_tokens,
  }
}

function take(open: Json, delta: Json): void {
  const { block } = open
  if (delta.type === 'text_delta') block.text += delta.text
  else if (delta.type === 'thinking_delta') block.thinking += delta.thinking
  else if (delta.type === 'signature_delta') block.signature = delta.signature
  else open.json += delta.partial_json
}

/** The three counts exclude each other. */
function countsOf(usage: Json): number {
  const counts = [usage.input_tokens, usage.cache_read_input_tokens, usage.cache_creation_input_tokens]
  for (const count of counts) assert.ok(Number.isSafeInteger(count) && count >= 0, JSON.stringify(usage))
  return counts.reduce((sum, count) => sum + count, 0)
}
