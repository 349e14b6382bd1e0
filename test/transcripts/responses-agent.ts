/**
 * What Codex makes of a stream of OpenAI's Responses: events are numbered without a gap, items come in order and end as they
 * were told, and without `response.completed` there was no answer. It keeps nothing at the server and sends all items back,
 * without their ids.
 */
import assert from 'node:assert/strict'
import { type Agent, eventsIn, type Heard, type Json } from './transcript.ts'

export const responsesAgent: Agent = {
  ask: (transcript, conversation) => ({ ...transcript.body, input: conversation, store: false, stream: true }),
  hear,
  refusal: (body) => body.error.code,
}

function hear(stream: string): Heard {
  const events: Json[] = eventsIn(stream).map(({ name, data }, at) => {
    assert.notEqual(data, '[DONE]', 'typed streams have no such end')
    const event = JSON.parse(data)
    assert.equal(name, event.type)
    assert.equal(event.sequence_number, at)
    return event
  })
  assert.equal(events[0]?.type, 'response.created')
  const { type, response } = events.at(-1)
  assert.equal(type, 'response.completed')
  assert.equal(response.id, events[0].response.id)
  const { usage } = response
  assert.equal(usage.total_tokens, usage.input_tokens + usage.output_tokens)
  assert.ok(usage.input_tokens_details.cached_tokens <= usage.input_tokens)
  assert.ok(usage.output_tokens_details.reasoning_tokens <= usage.output_tokens)

  const items = itemsOf(events)
  assert.deepEqual(response.output, items)
  const calls = items.filter((item) => item.type === 'function_call')
  return {
    echo: items.map(echoOf),
    text: textsOf(items, 'message'),
    thoughts: textsOf(items, 'reasoning'),
    calls: calls.map((call) => ({ id: call.call_id, name: call.name, input: JSON.parse(call.arguments) })),
    stop: response.status,
    tokensIn: usage.input_tokens,
    tokensOut: usage.output_tokens,
  }
}

/** Each is added once, has its pieces while it is open, and is done as the pieces say. */
function itemsOf(events: readonly Json[]): Json[] {
  const items: Json[] = []
  const open = new Map<string, { at: number; said: string }>()
  for (const event of events) {
    if (event.type === 'response.output_item.added') {
      open.set(event.item.id, { at: event.output_index, said: '' })
    } else if (
      /^response\.(output_text|function_call_arguments|reasoning_text|reasoning_summary_text)\.delta$/.test(event.type)
    ) {
      const item = open.get(event.item_id)
      assert.ok(item, `a piece of no open item: ${event.type}`)
      assert.equal(event.output_index, item.at)
      item.said += event.delta
    } else if (event.type === 'response.output_item.done') {
      const item = open.get(event.item.id)
      assert.ok(item, 'an item ends that was not added')
      assert.equal(event.output_index, items.length)
      assert.equal(item.said, saidIn(event.item))
      open.delete(event.item.id)
      items.push(event.item)
    }
  }
  assert.equal(open.size, 0, 'an item has no end')
  return items
}

function saidIn(item: Json): string {
  if (item.type === 'function_call') return item.arguments
  return [...(item.summary ?? []), ...(item.content ?? [])].map((part: Json) => part.text).join('')
}

function textsOf(items: readonly Json[], type: string): string {
  return items.flatMap((item) => (item.type === type ? [saidIn(item)] : [])).join('')
}

/** As its own types write an item: no id, no status. */
function echoOf(item: Json): Json {
  switch (item.type) {
    case 'message':
      return { type: 'message', role: item.role, content: item.content.map(({ type, text }: Json) => ({ type, text })) }
    case 'function_call':
      return { type: 'function_call', name: item.name, arguments: item.arguments, call_id: item.call_id }
    default:
      assert.equal(item.type, 'reasoning')
      assert.equal(typeof item.encrypted_content, 'string', 'thoughts that are to be sent back come encoded')
      return { type: 'reasoning', summary: item.summary, content: null, encrypted_content: item.encrypted_content }
  }
}
