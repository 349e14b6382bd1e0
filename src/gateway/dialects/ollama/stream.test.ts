import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SseSplitter } from '../../sse.ts'
import type { Json } from '../fields.ts'
import { type AnswerOptions, chatShape, generateShape, loadedOf, wholeOf } from './answer.ts'
import { LineStream } from './stream.ts'

const AT = '2026-01-02T03:04:05.000Z'
const options: AnswerOptions = {
  model: 'm',
  shape: chatShape,
  now: () => ({ atMs: Date.parse(AT), sinceAskedMs: 12.5 }),
}
const chunk = (delta: Json, choice: Json = {}) => ({ choices: [{ index: 0, delta, finish_reason: null, ...choice }] })
const call = (index: number, name: string | null, args: string) =>
  chunk({
    tool_calls: [
      {
        index,
        ...(name === null ? {} : { id: `call_${name}` }),
        function: { ...(name === null ? {} : { name }), arguments: args },
      },
    ],
  })
const end = (finish_reason: string) => chunk({}, { finish_reason })
const totals = {
  choices: [],
  usage: { prompt_tokens: 20, completion_tokens: 5 },
  timings: { queue_ms: 1, prefill_ms: 2.5, decode_ms: 8 },
}
const piece = (message: Json) => ({
  model: 'm',
  created_at: AT,
  message: { role: 'assistant', content: '', ...message },
  done: false,
})
const last = (done_reason: string) => ({
  ...piece({}),
  done: true,
  done_reason,
  total_duration: 12_500_000,
  prompt_eval_count: 20,
  prompt_eval_duration: 2_500_000,
  eval_count: 5,
  eval_duration: 8_000_000,
})
const made = (index: number, name: string, args: Json) => ({
  id: `call_${name}`,
  function: { index, name, arguments: args },
})

/** Streams that engines send, each with the lines that it becomes. */
const CORPUS: Record<string, { chunks: Json[]; lines: Json[] }> = {
  'text in pieces': {
    chunks: [
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'Hel' }),
      chunk({ content: 'lo – ✓' }),
      end('stop'),
      totals,
    ],
    lines: [piece({ content: 'Hel' }), piece({ content: 'lo – ✓' }), last('stop')],
  },
  'thoughts, then text that is cut': {
    chunks: [
      chunk({ reasoning_content: 'Hm' }),
      chunk({ reasoning: '.' }),
      chunk({ content: 'Yes' }),
      end('length'),
      totals,
    ],
    lines: [piece({ thinking: 'Hm' }), piece({ thinking: '.' }), piece({ content: 'Yes' }), last('length')],
  },
  'calls whose arguments mix': {
    chunks: [
      chunk({ content: 'I look.' }),
      call(0, 'a', '{"x":'),
      call(1, 'b', ''),
      call(0, null, '1}'),
      end('tool_calls'),
      totals,
    ],
    lines: [
      piece({ content: 'I look.' }),
      piece({ tool_calls: [made(0, 'a', { x: 1 }), made(1, 'b', {})] }),
      last('stop'),
    ],
  },
  'a call that the end cut': {
    chunks: [call(0, 'a', '{}'), call(1, 'b', '{"x":'), end('length'), totals],
    lines: [piece({ tool_calls: [made(0, 'a', {})] }), last('length')],
  },
}

const wire = (chunks: readonly Json[], ending = 'data: [DONE]\n\n') =>
  Buffer.from(chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('') + ending)

/** What comes out when the network cuts the engine's bytes at these places. */
function streamed(bytes: Buffer, cuts: readonly number[] = [], given = options): string {
  const splitter = new SseSplitter()
  const stream = new LineStream(given)
  let text = ''
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    for (const { data } of splitter.push(bytes.subarray(from, cut))) if (data !== null) text += stream.push(data)
    from = cut
  }
  return text
}

function linesIn(text: string): Json[] {
  assert.ok(text === '' || text.endsWith('\n'))
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Json)
}

describe('a stream', () => {
  for (const [name, { chunks, lines }] of Object.entries(CORPUS)) {
    const bytes = wire(chunks)
    it(`of ${name} becomes lines`, () => assert.deepEqual(linesIn(streamed(bytes)), lines))

    it(`of ${name} becomes the same lines, cut at every byte`, () => {
      const whole = streamed(bytes)
      for (let cut = 1; cut < bytes.length; cut++) assert.equal(streamed(bytes, [cut]), whole)
    })

    it(`of ${name} becomes the same lines, cut anywhere any number of times`, () => {
      const whole = streamed(bytes)
      const anyCuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 40 })
      const isSame = (cuts: number[]) => {
        cuts.sort((a, b) => a - b)
        assert.equal(streamed(bytes, cuts), whole)
      }
      fc.assert(fc.property(anyCuts, isSame), { numRuns: 60 })
    })
  }

  it('of a text completion says the same words as a response', () => {
    const text = (words: string, finish_reason: string | null = null) => ({
      choices: [{ index: 0, text: words, finish_reason }],
    })
    const lines = linesIn(streamed(wire([text('One'), text(' two', 'stop')]), [], { ...options, shape: generateShape }))
    assert.deepEqual(
      lines.map(({ response, done }) => [response, done]),
      [
        ['One', false],
        [' two', false],
        ['', true],
      ],
    )
  })

  it('is counted by its pieces where the engine counts nothing, and has no times that nobody took', () => {
    const end_ = linesIn(streamed(wire([chunk({ content: 'a' }), chunk({ content: 'b' }), end('stop')]))).at(-1)
    assert.equal(end_?.eval_count, 2)
    assert.equal(end_?.eval_duration, undefined)
  })

  it('tells calls apart that an engine does not number', () => {
    const unnumbered = (id: string | null, args: string) =>
      chunk({ tool_calls: [{ ...(id === null ? {} : { id }), function: { name: id ?? '', arguments: args } }] })
    const chunks = [unnumbered('a', '{"x"'), unnumbered(null, ':1}'), unnumbered('b', '{}'), end('tool_calls')]
    const [calls] = linesIn(streamed(wire(chunks)))
    assert.deepEqual((calls?.message as Json | undefined)?.tool_calls, [
      { id: 'a', function: { index: 0, name: 'a', arguments: { x: 1 } } },
      { id: 'b', function: { index: 1, name: 'b', arguments: {} } },
    ])
  })

  it('passes log-probabilities on', () => {
    const entry = { token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs: [] }
    const [line] = linesIn(streamed(wire([chunk({ content: 'Hi' }, { logprobs: { content: [entry] } }), end('stop')])))
    assert.deepEqual(line?.logprobs, [entry])
  })

  it('that breaks off says so once, and is never done', () => {
    const begun = wire([chunk({ content: 'Hel' })], '')
    const stream = new LineStream(options)
    assert.equal(linesIn(stream.push(JSON.stringify(chunk({ content: 'Hel' })))).length, 1)
    assert.deepEqual(linesIn(stream.broken({ message: 'It is gone.' })), [{ error: 'It is gone.' }])
    assert.equal(stream.broken({ message: 'Again.' }) + stream.push('[DONE]'), '')
    const told = Buffer.concat([begun, wire([{ error: { message: 'A step failed.' } }])])
    assert.deepEqual(linesIn(streamed(told)).slice(1), [{ error: 'A step failed.' }])
    const unfinished = linesIn(streamed(wire([chunk({ content: 'Hel' })])))
    assert.deepEqual(Object.keys(unfinished.at(-1) ?? {}), ['error'])
  })
})

describe('a whole answer', () => {
  it('says in one what a stream says in lines', () => {
    const message = {
      content: 'I look.',
      reasoning_content: 'Hm',
      tool_calls: [{ id: 'call_a', function: { name: 'a', arguments: '{"x":1}' } }],
    }
    const completion = { ...totals, choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }
    assert.deepEqual(wholeOf(options, completion), {
      ...last('stop'),
      message: { role: 'assistant', content: 'I look.', thinking: 'Hm', tool_calls: [made(0, 'a', { x: 1 })] },
    })
    const continued = { choices: [{ text: 'two', finish_reason: 'length' }] }
    const { response, done_reason } = wholeOf({ ...options, shape: generateShape }, continued)
    assert.deepEqual([response, done_reason], ['two', 'length'])
  })

  it('to nothing is that the model is loaded', () => {
    assert.deepEqual(loadedOf({ ...options, shape: generateShape }), {
      model: 'm',
      created_at: AT,
      response: '',
      done: true,
      done_reason: 'load',
    })
  })
})
