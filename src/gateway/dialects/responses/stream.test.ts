import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { OPENAI_SCHEMA_MISSING, openaiSchema } from '../../../../test/openai-schema.ts'
import { SseSplitter } from '../../sse.ts'
import type { Json } from '../fields.ts'
import { openedReasoning } from './reasoning.ts'
import { readResponseRequest } from './request.ts'
import { ResponseStream } from './stream.ts'

const ID = 'req_1'
const schema = openaiSchema()

const chunk = (delta: Json, rest: Json = {}, choice: Json = {}) => ({
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null, ...choice }],
  ...rest,
})
const call = (index: number, name: string | null, args: string) => ({
  tool_calls: [{ index, ...(name === null ? {} : { id: `call_${index}` }), function: { name, arguments: args } }],
})
const end = (reason: string) => chunk({}, {}, { finish_reason: reason })
const usage = (prompt: number, completion: number, cached: number) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  prompt_tokens_details: { cached_tokens: cached },
  completion_tokens_details: { reasoning_tokens: 1 },
})
const totals = { model: 'm', choices: [], usage: usage(20, 5, 8) }
const begin = chunk({ role: 'assistant', content: '' })

type Case = { chunks: readonly Json[]; output: readonly Json[]; status?: string; asked?: Json }

const text = (said: string) => ({ type: 'message', text: said, status: 'completed' })
const called = (id: string, name: string, args: string, status = 'completed') => ({
  type: 'function_call',
  call_id: id,
  name,
  arguments: args,
  status,
})

const CORPUS: Record<string, Case> = {
  'a text in pieces': {
    chunks: [begin, chunk({ content: 'Hel' }), chunk({ content: 'lo €😀' }), end('stop'), totals],
    output: [text('Hello €😀')],
  },
  'a thought, then a text': {
    chunks: [
      begin,
      chunk({ reasoning_content: 'Hm' }),
      chunk({ reasoning: '.' }),
      chunk({ content: 'Yes.' }),
      end('stop'),
      totals,
    ],
    output: [{ type: 'reasoning', content: 'Hm.', summary: '', status: 'completed' }, text('Yes.')],
  },
  'a thought that is told as a summary, and sent along': {
    asked: { reasoning: { summary: 'auto' }, include: ['reasoning.encrypted_content'] },
    chunks: [
      begin,
      chunk({ reasoning_content: 'Hm' }),
      chunk({ reasoning_content: ' €' }),
      chunk({ content: 'Yes.' }),
      end('stop'),
      totals,
    ],
    output: [{ type: 'reasoning', content: '', summary: 'Hm €', sealed: 'Hm €', status: 'completed' }, text('Yes.')],
  },
  'a text, then two calls after each other': {
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
    output: [text('I look.'), called('call_0', 'a', '{"x":1}'), called('call_1', 'b', '{}')],
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
    output: [called('call_0', 'a', '{"x":1}'), called('call_1', 'b', '{"y":2}'), text(' ')],
  },
  'calls without numbers, with their ids in each piece': {
    chunks: [
      begin,
      chunk({ tool_calls: [{ id: 'call_9', function: { name: 'a', arguments: '{' } }] }),
      chunk({ tool_calls: [{ id: 'call_9', function: { arguments: '}' } }] }),
      chunk({ tool_calls: [{ id: 'call_8', function: { name: 'b', arguments: '{}' } }] }),
      end('tool_calls'),
      totals,
    ],
    output: [called('call_9', 'a', '{}'), called('call_8', 'b', '{}')],
  },
  'a refusal': {
    chunks: [begin, chunk({ refusal: 'No' }), chunk({ refusal: '.' }), end('stop'), totals],
    output: [{ type: 'message', refusal: 'No.', status: 'completed' }],
  },
  'a text that reaches its bound': {
    chunks: [begin, chunk({ content: 'One' }), end('length'), totals],
    output: [{ type: 'message', text: 'One', status: 'incomplete' }],
    status: 'incomplete',
  },
  'a call that reaches the bound within its arguments': {
    chunks: [begin, chunk({ content: 'So:' }), chunk(call(0, 'a', '{"x":')), end('length'), totals],
    output: [text('So:'), called('call_0', 'a', '{"x":', 'incomplete')],
    status: 'incomplete',
  },
  'nothing at all': { chunks: [begin, end('stop'), totals], output: [] },
  'totals beside the last finish reason, and on no other event': {
    chunks: [chunk({ content: 'x' }), chunk({}, { usage: usage(20, 5, 8) }, { finish_reason: 'stop' })],
    output: [text('x')],
  },
}

const wire = (chunks: readonly Json[]) =>
  Buffer.from([...chunks.map((one) => JSON.stringify(one)), '[DONE]'].map((data) => `data: ${data}\n\n`).join(''))

function streamOf(asked: Json = {}): ResponseStream {
  const request = readResponseRequest({ model: 'm', input: 'Hello', stream: true, ...asked })
  return new ResponseStream({ request, requestId: ID, createdAtMs: 1_700_000_000_000, store: false })
}

/** What comes out when the network cuts the engine's bytes at these places. */
function streamed(bytes: Buffer, cuts: readonly number[], asked: Json = {}): string {
  const splitter = new SseSplitter()
  const stream = streamOf(asked)
  let told = ''
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    for (const { data } of splitter.push(bytes.subarray(from, cut))) if (data !== null) told += stream.push(data)
    from = cut
  }
  return told + stream.last(stream.response(false, 1_700_000_001_000))
}

type Part = { type: string; text?: string; refusal?: string }
type Item = Json & { id: string; type: string; content?: Part[]; summary?: Part[] }
type Seen = Json & {
  type: string
  output_index?: number
  item?: Item
  item_id?: string
  part?: Part
  delta?: string
  response?: Json & { output: Item[]; status: string; usage?: Json }
}

function eventsIn(told: string): Seen[] {
  return told
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event, index) => {
      const [, name, data] = /^event: (\S+)\ndata: (.*)$/.exec(event) ?? assert.fail(event)
      const value = JSON.parse(data as string) as Seen
      assert.equal(value.type, name)
      assert.equal(value.sequence_number, index)
      return value
    })
}

/** What the deltas of a stream add up to, by item; each item's events are checked to be in their order. */
function addUp(events: readonly Seen[]): Map<string, string> {
  const said = new Map<string, string>()
  const open = new Set<string>()
  const parts = new Map<string, string>()
  let items = 0
  for (const event of events) {
    const { type } = event
    const id = event.item_id ?? event.item?.id
    if (id === undefined) continue
    if (type === 'response.output_item.added') {
      assert.equal(event.output_index, items++)
      open.add(id)
      said.set(id, '')
    } else {
      assert.ok(open.has(id), `${type} of an item that is not open`)
      if (/part\.added$/.test(type)) {
        assert.equal(parts.get(id), undefined)
        parts.set(id, '')
      } else if (/part\.done$/.test(type)) {
        assert.equal(event.part?.text ?? event.part?.refusal, parts.get(id))
        parts.delete(id)
      } else if (type.endsWith('.delta')) {
        said.set(id, said.get(id) + (event.delta ?? ''))
        if (parts.has(id)) parts.set(id, parts.get(id) + (event.delta ?? ''))
      } else if (type === 'response.output_item.done') {
        assert.equal(parts.get(id), undefined)
        open.delete(id)
      } else assert.equal(event.text ?? event.refusal ?? event.arguments, said.get(id), type)
    }
  }
  assert.equal(open.size, 0)
  return said
}

function short(item: Item): Json {
  const { type, status, content = [], summary = [], call_id, name } = item
  if (type === 'function_call') return { type, call_id, name, arguments: item.arguments, status }
  const joined = (parts: Part[]) => parts.map((part) => part.text ?? '').join('')
  if (type === 'reasoning') {
    const sealed = openedReasoning(item.encrypted_content as string | undefined)
    return { type, content: joined(content), summary: joined(summary), ...(sealed === null ? {} : { sealed }), status }
  }
  const [part] = content
  return { type, ...(part?.type === 'refusal' ? { refusal: part.refusal } : { text: part?.text }), status }
}

describe('a stream of chunks becomes a response:', () => {
  for (const [name, { chunks, output, status = 'completed', asked = {} }] of Object.entries(CORPUS)) {
    const bytes = wire(chunks)
    it(name, () => {
      const events = eventsIn(streamed(bytes, [], asked))
      assert.deepEqual(
        events.slice(0, 2).map(({ type }) => type),
        ['response.created', 'response.in_progress'],
      )
      const last = events.at(-1)
      assert.equal(last?.type, `response.${status}`)
      const response = last?.response ?? assert.fail()
      assert.equal(response.id, 'resp_1')
      assert.equal(response.status, status)
      assert.deepEqual(response.incomplete_details, status === 'incomplete' ? { reason: 'max_output_tokens' } : null)
      assert.deepEqual(response.output.map(short), output)
      assert.deepEqual(response.usage, {
        input_tokens: 20,
        input_tokens_details: { cached_tokens: 8, cache_write_tokens: 0 },
        output_tokens: 5,
        output_tokens_details: { reasoning_tokens: 1 },
        total_tokens: 25,
      })
      const said = addUp(events)
      for (const item of response.output) {
        const { text, refusal, content, summary, arguments: args } = short(item) as Record<string, string>
        assert.equal(said.get(item.id), args ?? text ?? refusal ?? ((content || summary) as string))
      }
      for (const { item } of events.filter(({ type }) => type === 'response.output_item.done'))
        assert.deepEqual(
          item,
          response.output.find(({ id }) => id === item?.id),
        )
    })

    it(`${name}: each event as OpenAI describes it`, { skip: schema === null && OPENAI_SCHEMA_MISSING }, () => {
      for (const event of eventsIn(streamed(bytes, [], asked)))
        assert.deepEqual(schema?.check('ResponseStreamEvent', event), [], JSON.stringify(event))
    })

    it(`${name}, cut at every byte`, () => {
      const whole = streamed(bytes, [], asked)
      for (let cut = 1; cut < bytes.length; cut++) assert.equal(streamed(bytes, [cut], asked), whole)
    })

    it(`${name}, cut anywhere any number of times`, () => {
      const whole = streamed(bytes, [], asked)
      const anyCuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 40 })
      fc.assert(
        fc.property(anyCuts, (cuts) => {
          const ordered = cuts.toSorted((a, b) => a - b)
          assert.equal(streamed(bytes, ordered, asked), whole)
        }),
        { numRuns: 60 },
      )
    })

    it(`${name}, broken off after any chunk, is never told as completed`, () => {
      for (let count = 1; count <= chunks.length; count++) {
        const stream = streamOf(asked)
        let told = ''
        for (const one of chunks.slice(0, count)) told += stream.push(JSON.stringify(one))
        told += stream.broken({ status: 502, code: 'engine_lost', message: 'Gone.' })
        const events = eventsIn(told)
        assert.equal(events.at(-1)?.type, 'response.failed')
        const response = events.at(-1)?.response
        assert.equal(response?.status, 'failed')
        assert.deepEqual(response?.error, { code: 'server_error', message: 'Gone. (engine_lost)' })
        assert.ok(!told.includes('response.completed') && !told.includes('response.incomplete"'))
        assert.equal(stream.push('[DONE]'), '')
        assert.equal(stream.broken({ status: 502, code: 'x', message: 'x' }), '')
        assert.equal(stream.isWhole, false)
        if (schema !== null)
          for (const event of events) assert.deepEqual(schema.check('ResponseStreamEvent', event), [])
      }
    })
  }

  it('probabilities come with the text that they are of', () => {
    const logprobs = {
      content: [{ token: 'x', logprob: -0.5, bytes: [120], top_logprobs: [{ token: 'y', logprob: -1, bytes: null }] }],
    }
    const events = eventsIn(streamed(wire([begin, chunk({ content: 'x' }, {}, { logprobs }), end('stop')]), []))
    const delta = events.find(({ type }) => type === 'response.output_text.delta')
    assert.deepEqual(delta?.logprobs, [{ token: 'x', logprob: -0.5, top_logprobs: [{ token: 'y', logprob: -1 }] }])
    const [part] = events.at(-1)?.response?.output[0]?.content ?? []
    assert.deepEqual((part as Json).logprobs, [
      { token: 'x', logprob: -0.5, bytes: [120], top_logprobs: [{ token: 'y', logprob: -1, bytes: [] }] },
    ])
  })

  it('pieces are counted where the engine counts nothing', () => {
    const events = eventsIn(streamed(wire([chunk({ content: 'a' }), chunk({ content: 'b' }), end('stop')]), []))
    assert.equal(events.at(-1)?.response?.usage?.output_tokens, 2)
  })
})

describe('a stream that goes wrong', () => {
  it('with a word of the engine fails with that word', () => {
    const stream = streamOf()
    stream.push(JSON.stringify(begin))
    const error = { message: 'A step failed.', type: 'server_error', param: null, code: 'engine.step_failed' }
    const told = stream.push(JSON.stringify({ error }))
    assert.match(told, /^event: response\.failed\n.*A step failed\. \(engine\.step_failed\)/)
    assert.equal(stream.push('[DONE]'), '')
  })

  it('by ending without a finish reason fails', () => {
    const stream = streamOf()
    stream.push(JSON.stringify(chunk({ content: 'Hel' })))
    assert.match(stream.push('[DONE]'), /^event: response\.failed\n/)
    assert.equal(stream.isWhole, false)
  })

  it('before its first chunk is begun before it fails', () => {
    const events = eventsIn(streamOf().push(JSON.stringify({ error: { message: 'No.', code: 'x' } })))
    assert.deepEqual(
      events.map(({ type }) => type),
      ['response.created', 'response.in_progress', 'response.failed'],
    )
  })
})

it('a whole answer says what its stream says', () => {
  const message = {
    content: 'I look.',
    reasoning_content: 'Hm.',
    tool_calls: [{ id: 'call_1', function: { name: 'a', arguments: '{"x":1}' } }],
  }
  const stream = streamOf()
  stream.takeWhole({
    model: 'm',
    choices: [{ index: 0, finish_reason: 'tool_calls', message }],
    usage: usage(20, 5, 8),
  })
  assert.ok(stream.isWhole)
  const response = stream.response(true, 1_700_000_001_500)
  assert.deepEqual((response.output as Item[]).map(short), [
    { type: 'reasoning', content: 'Hm.', summary: '', status: 'completed' },
    text('I look.'),
    called('call_1', 'a', '{"x":1}'),
  ])
  assert.equal(response.completed_at, 1_700_000_001)
  assert.equal(response.store, true)
  if (schema !== null) assert.deepEqual(schema.check('Response', response), [])
})
