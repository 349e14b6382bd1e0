import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SseSplitter } from '../../sse.ts'
import type { Json } from '../fields.ts'
import { messageOf } from './answer.ts'
import { MessageStream } from './stream.ts'
import { deltaUsage } from './usage.ts'

const ID = 'req_1'
const usage = (prompt: number, completion: number, cached = 0) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  prompt_tokens_details: { cached_tokens: cached },
  completion_tokens_details: { reasoning_tokens: 0 },
})
const chunk = (delta: Json, more: Json = {}, choice: Json = {}) => ({
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  ...more,
})
const call = (index: number, name: string | null, args: string) => ({
  tool_calls: [
    {
      index,
      ...(name === null ? {} : { id: `call_${index}` }),
      function: { ...(name === null ? {} : { name }), arguments: args },
    },
  ],
})
const begin = chunk({ role: 'assistant', content: '' }, { usage: usage(20, 0, 8) })
const end = (finish_reason: string, choice: Json = {}) => chunk({}, {}, { finish_reason, ...choice })
const totals = { model: 'm', choices: [], usage: usage(20, 5, 8) }

/** Streams that engines send, each with what its blocks must say. */
const CORPUS: Record<string, { chunks: Json[]; blocks: Json[]; stop: string; sequence?: string }> = {
  'text in pieces': {
    chunks: [begin, chunk({ content: 'Hel' }), chunk({ content: 'lo – ✓' }), end('stop'), totals],
    blocks: [{ type: 'text', text: 'Hello – ✓' }],
    stop: 'end_turn',
  },
  'thoughts, then text': {
    chunks: [
      begin,
      chunk({ reasoning_content: 'Hm' }),
      chunk({ reasoning: '.' }),
      chunk({ content: 'Yes' }),
      end('length'),
      totals,
    ],
    blocks: [
      { type: 'thinking', thinking: 'Hm.' },
      { type: 'text', text: 'Yes' },
    ],
    stop: 'max_tokens',
  },
  'text, then two calls after each other': {
    chunks: [
      begin,
      chunk({ content: 'I look.' }),
      chunk(call(0, 'a', '')),
      chunk(call(0, null, '{"x"')),
      chunk(call(0, null, ':1}')),
      chunk(call(1, 'b', '{}')),
      end('tool_calls'),
      totals,
    ],
    blocks: [
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: 'toolu_0', name: 'a', json: '{"x":1}' },
      { type: 'tool_use', id: 'toolu_1', name: 'b', json: '{}' },
    ],
    stop: 'tool_use',
  },
  'two calls whose pieces mix, and text between': {
    chunks: [
      begin,
      chunk(call(0, 'a', '{"x":')),
      chunk(call(1, 'b', '{"y":')),
      chunk({ content: ' ' }),
      chunk(call(0, null, '1}')),
      chunk(call(1, null, '2}')),
      end('tool_calls'),
      totals,
    ],
    blocks: [
      { type: 'tool_use', id: 'toolu_0', name: 'a', json: '{"x":1}' },
      { type: 'tool_use', id: 'toolu_1', name: 'b', json: '{"y":2}' },
      { type: 'text', text: ' ' },
    ],
    stop: 'tool_use',
  },
  'a call without a number, with its id in each piece': {
    chunks: [
      begin,
      chunk({ tool_calls: [{ id: 'call_9', function: { name: 'a', arguments: '{' } }] }),
      chunk({ tool_calls: [{ id: 'call_9', function: { arguments: '}' } }] }),
      chunk({ tool_calls: [{ id: 'call_8', function: { name: 'b', arguments: '{}' } }] }),
      end('tool_calls'),
      totals,
    ],
    blocks: [
      { type: 'tool_use', id: 'toolu_9', name: 'a', json: '{}' },
      { type: 'tool_use', id: 'toolu_8', name: 'b', json: '{}' },
    ],
    stop: 'tool_use',
  },
  'a stop text that the engine names': {
    chunks: [begin, chunk({ content: 'One' }), end('stop', { stop_reason: 'END' }), totals],
    blocks: [{ type: 'text', text: 'One' }],
    stop: 'stop_sequence',
    sequence: 'END',
  },
  'a refusal': {
    chunks: [begin, chunk({ refusal: 'No.' }), end('stop'), totals],
    blocks: [{ type: 'text', text: 'No.' }],
    stop: 'refusal',
  },
  'nothing at all': { chunks: [begin, end('stop'), totals], blocks: [], stop: 'end_turn' },
  'totals beside the last finish reason, and on no other event': {
    chunks: [chunk({ content: 'x' }), chunk({}, { usage: usage(20, 5, 8) }, { finish_reason: 'stop' })],
    blocks: [{ type: 'text', text: 'x' }],
    stop: 'end_turn',
  },
}

const wire = (chunks: readonly Json[]) =>
  Buffer.from([...chunks.map((one) => JSON.stringify(one)), '[DONE]'].map((data) => `data: ${data}\n\n`).join(''))

/** What comes out when the network cuts the engine's bytes at these places. */
function streamed(bytes: Buffer, cuts: readonly number[]): string {
  const splitter = new SseSplitter()
  const stream = new MessageStream(ID)
  let text = ''
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    for (const { data } of splitter.push(bytes.subarray(from, cut))) if (data !== null) text += stream.push(data)
    from = cut
  }
  return text
}

function eventsIn(text: string): Json[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => {
      const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(event) ?? assert.fail(event)
      const value = JSON.parse(data as string) as Json
      assert.equal(value.type, name)
      return value
    })
}

type Seen = {
  type: string
  index?: number
  message?: { id: string; model: string; usage: Record<string, number> }
  content_block?: Record<string, string>
  delta?: Record<string, string | null>
  usage?: Record<string, number>
}

/** Reads events as a strict client does. */
function read(events: readonly Json[]) {
  const [start, ping, ...rest] = events as Seen[]
  assert.equal(start?.type, 'message_start')
  assert.equal(ping?.type, 'ping')
  assert.equal(rest.pop()?.type, 'message_stop')
  const last = rest.pop()
  assert.equal(last?.type, 'message_delta')
  const blocks: Record<string, string>[] = []
  let open: number | null = null
  for (const event of rest) {
    if (event.type === 'content_block_start') {
      assert.equal(open, null)
      assert.equal(event.index, blocks.length)
      open = event.index ?? null
      blocks.push({ ...event.content_block, json: '', signature: '' })
    } else if (event.type === 'content_block_delta') {
      assert.equal(event.index, open)
      const block = blocks.at(-1) ?? assert.fail()
      const { type, ...said } = event.delta ?? {}
      assert.match(type ?? '', /^(text|thinking|signature|input_json)_delta$/)
      const [field, piece] = Object.entries(said)[0] ?? assert.fail()
      const name = field === 'partial_json' ? 'json' : field
      block[name as string] += piece ?? ''
    } else {
      assert.equal(event.type, 'content_block_stop')
      assert.equal(event.index, open)
      open = null
    }
  }
  assert.equal(open, null)
  if (start?.message === undefined || last?.delta === undefined || last.usage === undefined) assert.fail()
  return { start: start.message, blocks, delta: last.delta, usage: last.usage }
}

describe('a stream of chunks becomes a message:', () => {
  for (const [name, { chunks, blocks, stop, sequence = null }] of Object.entries(CORPUS)) {
    const bytes = wire(chunks)
    it(name, () => {
      const message = read(eventsIn(streamed(bytes, [])))
      assert.equal(message.start.id, 'msg_1')
      assert.equal(message.start.model, 'm')
      assert.deepEqual(
        message.blocks.map(({ type, text, thinking, id, name: called, json }) =>
          type === 'text'
            ? { type, text }
            : type === 'thinking'
              ? { type, thinking }
              : { type, id, name: called, json },
        ),
        blocks,
      )
      for (const { type, signature } of message.blocks) if (type === 'thinking') assert.equal(signature, ID)
      assert.equal(message.delta.stop_reason, stop)
      assert.equal(message.delta.stop_sequence, sequence)
      assert.equal(message.usage.input_tokens, 12)
      assert.equal(message.usage.cache_read_input_tokens, 8)
      assert.equal(message.usage.output_tokens, 5)
    })

    it(`${name}, cut at every byte`, () => {
      const whole = streamed(bytes, [])
      for (let cut = 1; cut < bytes.length; cut++) assert.equal(streamed(bytes, [cut]), whole)
    })

    it(`${name}, cut anywhere any number of times`, () => {
      const whole = streamed(bytes, [])
      const anyCuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 40 })
      fc.assert(
        fc.property(anyCuts, (cuts) => {
          assert.equal(
            streamed(
              bytes,
              cuts.sort((a, b) => a - b),
            ),
            whole,
          )
        }),
        { numRuns: 60 },
      )
    })
  }

  it('the prompt is counted in the first event, where the engine tells', () => {
    const { start } = read(eventsIn(streamed(wire([begin, end('stop'), totals]), [])))
    assert.equal(start.usage.input_tokens, 12)
    assert.equal(start.usage.cache_read_input_tokens, 8)
    assert.equal(start.usage.output_tokens, 0)
  })

  it('pieces are counted where the engine counts nothing', () => {
    const { usage: counted } = read(
      eventsIn(streamed(wire([chunk({ content: 'a' }), chunk({ content: 'b' }), end('stop')]), [])),
    )
    assert.equal(counted.output_tokens, 2)
  })
})

describe('a stream that breaks off', () => {
  it('ends in an error and says nothing after it', () => {
    const stream = new MessageStream(ID)
    stream.push(JSON.stringify(begin))
    stream.push(JSON.stringify(chunk({ content: 'Hel' })))
    const events = eventsIn(stream.broken({ status: 502, code: 'engine_lost', message: 'Gone.' }))
    assert.deepEqual(events, [
      { type: 'error', error: { type: 'api_error', message: 'Gone.', code: 'engine_lost' }, request_id: ID },
    ])
    assert.equal(stream.push('[DONE]'), '')
    assert.equal(stream.broken({ status: 502, code: 'x', message: 'x' }), '')
  })

  it('with a word of the engine hands that word on', () => {
    const stream = new MessageStream(ID)
    stream.push(JSON.stringify(begin))
    const error = { message: 'A step failed.', type: 'server_error', param: null, code: 'engine.step_failed' }
    const [event] = eventsIn(stream.push(JSON.stringify({ error })))
    assert.deepEqual(event?.error, { type: 'api_error', message: 'A step failed.', code: 'engine.step_failed' })
    assert.equal(stream.push('[DONE]'), '')
  })
})

it('a whole answer says what its stream says', () => {
  const completion = {
    model: 'm',
    choices: [
      {
        finish_reason: 'tool_calls',
        message: {
          content: 'I look.',
          reasoning_content: 'Hm.',
          tool_calls: [{ id: 'call_1', function: { name: 'a', arguments: '{"x":1}' } }],
        },
      },
    ],
    usage: usage(20, 5, 8),
  }
  const { content, stop_reason, usage: counts } = messageOf(completion, ID)
  assert.deepEqual(content, [
    { type: 'thinking', thinking: 'Hm.', signature: ID },
    { type: 'text', text: 'I look.', citations: null },
    { type: 'tool_use', id: 'toolu_1', name: 'a', input: { x: 1 }, caller: { type: 'direct' } },
  ])
  assert.equal(stop_reason, 'tool_use')
  assert.equal(counts.input_tokens + counts.cache_read_input_tokens, 20)
})

it('the buckets of the input exclude each other and add up to the prompt, whatever an engine counts', () => {
  const count = fc.oneof(fc.nat(), fc.integer(), fc.constant(null), fc.double())
  fc.assert(
    fc.property(count, count, count, (prompt, completion, cached) => {
      const { input_tokens, cache_read_input_tokens, cache_creation_input_tokens, output_tokens } = deltaUsage({
        prompt_tokens: prompt,
        completion_tokens: completion,
        prompt_tokens_details: { cached_tokens: cached },
      })
      const known = typeof prompt === 'number' && Number.isSafeInteger(prompt) && prompt > 0 ? prompt : 0
      assert.equal(input_tokens + cache_creation_input_tokens + cache_read_input_tokens, known)
      for (const bucket of [input_tokens, cache_read_input_tokens, output_tokens]) assert.ok(bucket >= 0)
    }),
  )
})
