import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { AppError } from '../../../platform/errors.ts'
import { SseSplitter } from '../../sse.ts'
import { isObject, type Json } from '../fields.ts'
import { embeddingsOf, generationOf } from './answer.ts'
import { askGeneration, askMultimodalGeneration, askTextEmbedding } from './dashscope.ts'
import { dashScopeRefusal } from './errors.ts'
import type { AnswerForm } from './request.ts'
import { GenerationStream } from './stream.ts'

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value))
const user = { role: 'user', content: 'Hello' }
const asked = (body: object, headers = {}) => {
  const { body: chat, head } = askGeneration(bytes({ model: 'm', ...body }), headers)
  return { chat: JSON.parse(chat.toString()) as Json, head }
}

describe('a request', () => {
  it('becomes a chat completion with the same parameters', () => {
    const parameters = { top_k: 3, seed: 7, stop: ['x'], n: 2, max_tokens: 4, unheard_of: true, text_type: 'query' }
    assert.deepEqual(asked({ input: { messages: [user] }, parameters }).chat, {
      model: 'm',
      messages: [user],
      max_tokens: 4,
      top_k: 3,
      seed: 7,
      stop: ['x'],
      n: 2,
    })
    assert.deepEqual(asked({ input: { prompt: 'Hello' } }).chat.messages, [user])
    const thinking = asked({ input: { prompt: 'a' }, parameters: { enable_thinking: true, thinking_budget: 9 } }).chat
    assert.deepEqual(thinking.chat_template_kwargs, { enable_thinking: true, thinking: true, thinking_budget: 9 })
  })

  it('streams where a header says so', () => {
    for (const [headers, stream] of [
      [{ 'x-dashscope-sse': 'Enable' }, true],
      [{ accept: 'application/json, text/event-stream' }, true],
      [{ 'x-dashscope-sse': 'disable', accept: '*/*' }, false],
    ] as const) {
      assert.equal(asked({ input: { messages: [user] } }, headers).head.stream, stream)
    }
  })

  it('with parts becomes text where all is text, and carries pictures where some are', () => {
    const of = (content: unknown) => {
      const { body } = askMultimodalGeneration(
        bytes({ model: 'm', input: { messages: [{ role: 'user', content }] } }),
        {},
      )
      return (JSON.parse(body.toString()) as { messages: [Json] }).messages[0].content
    }
    assert.equal(of([{ text: 'a' }, { type: 'text', text: 'b' }]), 'a\nb')
    assert.deepEqual(of([{ image: 'https://pictures.example/a.png' }, { text: 'What?' }]), [
      { type: 'image_url', image_url: { url: 'https://pictures.example/a.png' } },
      { type: 'text', text: 'What?' },
    ])
  })

  it('that cannot be honoured is refused by the name of its field', () => {
    const messages = [user]
    for (const [body, code, param] of [
      [{}, 'missing_required_parameter', 'input'],
      [{ input: {} }, 'missing_required_parameter', 'input.messages'],
      [{ input: { messages: [] } }, 'invalid_value', 'input.messages'],
      [{ input: { messages: [{ role: 'bot' }] } }, 'invalid_value', 'input.messages.0.role'],
      [{ input: { messages, history: [{}] } }, 'unsupported_parameter', 'input.history'],
      [{ input: { messages: [{ ...user, partial: true }] } }, 'unsupported_parameter', 'input.messages.0.partial'],
      [
        { input: { messages: [{ role: 'user', content: [{ video: 'a' }] }] } },
        'unsupported_parameter',
        'input.messages.0.content.0',
      ],
      [{ input: { messages }, parameters: 1 }, 'invalid_type', 'parameters'],
      [{ input: { messages }, parameters: { result_format: 'xml' } }, 'invalid_value', 'parameters.result_format'],
      [{ input: { prompt: 'a' }, parameters: { n: 2 } }, 'invalid_value', 'parameters.n'],
      [
        { input: { messages }, parameters: { enable_search: true } },
        'unsupported_parameter',
        'parameters.enable_search',
      ],
    ] as const) {
      assert.throws(
        () => asked(body),
        (error) => error instanceof AppError && error.code === code && error.data.param === param,
        JSON.stringify(body),
      )
    }
    const async = { 'x-dashscope-async': 'enable' }
    assert.throws(() => asked({ input: { messages } }, async), /X-DashScope-Async/)
    assert.throws(() => askTextEmbedding(bytes({ model: 'm', input: { texts: ['a'] } }), async), /X-DashScope-Async/)
  })

  it('for embeddings becomes one of the same texts', () => {
    const of = (parameters: object) =>
      JSON.parse(askTextEmbedding(bytes({ model: 'm', input: { texts: ['a'] }, parameters }), {}).body.toString())
    assert.deepEqual(of({ dimension: 64, text_type: 'query' }), { model: 'm', input: ['a'], dimensions: 64 })
    assert.throws(() => of({ output_type: 'sparse' }), /output_type/)
    assert.throws(() => of({ instruct: 'Find it.' }), /instruct/)
    const list = { data: [{ index: 0, embedding: [1, 0] }], usage: { prompt_tokens: 3, total_tokens: 3 } }
    assert.deepEqual(embeddingsOf(list, 'req_1'), {
      output: { embeddings: [{ text_index: 0, embedding: [1, 0] }] },
      usage: { total_tokens: 3 },
      request_id: 'req_1',
    })
  })
})

const chunk = (delta: Json, choice: Json = {}) => ({ choices: [{ index: 0, delta, finish_reason: null, ...choice }] })
const call = (index: number, args: string, first: Json = {}) => ({
  tool_calls: [{ index, ...first, function: { arguments: args, ...(first.id ? { name: `f${index}` } : {}) } }],
})
const usage = {
  prompt_tokens: 9,
  completion_tokens: 5,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
}

/** Streams that engines send, each beside the completion that says the same. */
const CORPUS: Record<string, { chunks: Json[]; choices: Json[] }> = {
  'text, told in pieces': {
    chunks: [chunk({ role: 'assistant', content: '' }), chunk({ content: 'Grü' }), chunk({ content: 'ße – ✓' })],
    choices: [{ index: 0, message: { content: 'Grüße – ✓' }, finish_reason: 'stop' }],
  },
  'thoughts, then text': {
    chunks: [chunk({ reasoning_content: 'Hm' }), chunk({ reasoning: '.' }), chunk({ content: 'Yes' })],
    choices: [{ index: 0, message: { content: 'Yes', reasoning_content: 'Hm.' }, finish_reason: 'stop' }],
  },
  'two calls, mixed': {
    chunks: [
      chunk(call(0, '{"a"', { id: 'c0' })),
      chunk(call(1, '{', { id: 'c1' })),
      chunk(call(0, ':1}')),
      chunk(call(1, '}')),
    ],
    choices: [
      {
        index: 0,
        message: {
          content: null,
          tool_calls: [
            { id: 'c0', type: 'function', function: { name: 'f0', arguments: '{"a":1}' } },
            { id: 'c1', type: 'function', function: { name: 'f1', arguments: '{}' } },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ],
  },
  'two choices, mixed': {
    chunks: [
      chunk({ content: 'b' }, { index: 1 }),
      chunk({ content: 'a' }),
      chunk({ content: 'B' }, { index: 1 }),
      chunk({ content: 'A' }),
    ],
    choices: [
      { index: 0, message: { content: 'aA' }, finish_reason: 'length' },
      { index: 1, message: { content: 'bB' }, finish_reason: 'stop' },
    ],
  },
  'nothing at all': { chunks: [], choices: [{ index: 0, message: { content: '' }, finish_reason: 'stop' }] },
}

function engineBytes({ chunks, choices }: { chunks: Json[]; choices: Json[] }): Buffer {
  const ends = choices.map(({ index, finish_reason }) => chunk({}, { index, finish_reason }))
  const events = [...chunks, ...ends, { choices: [], usage }].map((event) => JSON.stringify(event))
  return Buffer.from([...events, '[DONE]'].map((data) => `data: ${data}\n\n`).join(''))
}

function told(bytesSent: Buffer, cuts: number[], form: AnswerForm): string {
  const splitter = new SseSplitter()
  const stream = new GenerationStream('req_1', form)
  let out = ''
  const edges = [0, ...cuts.filter((cut) => cut < bytesSent.length).sort((a, b) => a - b), bytesSent.length]
  for (const [at, edge] of edges.slice(1).entries()) {
    for (const piece of splitter.push(bytesSent.subarray(edges[at], edge))) {
      if (!piece.tail && piece.data !== null) out += stream.push(piece.data)
    }
  }
  return out
}

const eventsIn = (text: string) =>
  text
    .split('\n\n')
    .slice(0, -1)
    .map((event, at) => {
      const [id, name, status, data = ''] = event.split('\n')
      assert.deepEqual([id, name, status], [`id:${at + 1}`, 'event:result', ':HTTP_STATUS/200'])
      return JSON.parse(data.slice('data:'.length)) as { output: { choices: Json[]; text: string }; usage: Json }
    })

/** What a client has that joins the pieces. */
function joined(value: unknown, more: unknown): unknown {
  if (typeof value === 'string' && typeof more === 'string') return value + more
  if (!isObject(value) || !isObject(more)) return more
  const all = { ...value }
  for (const [name, piece] of Object.entries(more)) {
    if (name === 'finish_reason' || name === 'role' || name === 'type' || !(name in all)) all[name] = piece
    else if (Array.isArray(piece) && Array.isArray(all[name])) {
      const list = [...(all[name] as Json[])]
      for (const item of piece as Json[]) {
        const at = list.findIndex(({ index }) => index === item.index)
        if (at < 0) list.push(item)
        else list[at] = joined(list[at], item) as Json
      }
      all[name] = list.sort((a, b) => Number(a.index) - Number(b.index))
    } else all[name] = joined(all[name], piece)
  }
  return all
}

describe('a stream', () => {
  for (const [name, { chunks, choices }] of Object.entries(CORPUS)) {
    const sent = engineBytes({ chunks, choices })
    const whole = (form: AnswerForm) => generationOf({ choices, usage }, form, 'req_1')

    it(`of ${name} says the same as the whole, repeating and incremental`, () => {
      const form = { format: 'message', incremental: false } as const
      const repeating = eventsIn(told(sent, [], form))
      assert.deepEqual(repeating.at(-1), whole(form))
      const incremental = eventsIn(told(sent, [], { ...form, incremental: true }))
      const together = incremental.map(({ output }) => output).reduce((all, more) => joined(all, more) as typeof all)
      assert.deepEqual(together, whole(form).output)
      assert.deepEqual(incremental.at(-1)?.usage, whole(form).usage)
      for (const { output } of [...repeating.slice(0, -1), ...incremental.slice(0, -1)])
        for (const choice of output.choices) assert.equal(choice.finish_reason, 'null')
      const text = { format: 'text', incremental: false } as const
      assert.deepEqual(eventsIn(told(sent, [], text)).at(-1), whole(text))
    })

    it(`of ${name} is the same wherever its bytes are cut`, () => {
      const form = fc.record({ format: fc.constantFrom('text', 'message', 'parts'), incremental: fc.boolean() })
      fc.assert(
        fc.property(form, fc.array(fc.nat(sent.length)), (asked, cuts) => {
          assert.equal(told(sent, cuts, asked as AnswerForm), told(sent, [], asked as AnswerForm))
        }),
        { numRuns: 50 },
      )
      const everywhere = Array.from(sent, (_, at) => at).slice(1)
      const message = { format: 'message', incremental: true } as const
      assert.equal(told(sent, everywhere, message), told(sent, [], message))
    })
  }

  it('that repeats a long answer stays below 130 times its length, and tells all', () => {
    const text = 'word '.repeat(20_000)
    const chunks = Array.from({ length: 20_000 }, () => chunk({ content: 'word ' }))
    const choices = [{ index: 0, message: { content: text }, finish_reason: 'stop' }]
    const out = told(engineBytes({ chunks, choices }), [], { format: 'parts', incremental: false })
    assert.ok(out.length < 135 * text.length, `${out.length / text.length}`)
    assert.deepEqual(eventsIn(out).at(-1)?.output.choices[0]?.message, { role: 'assistant', content: [{ text }] })
  })

  it('that breaks off ends in an error, once', () => {
    const stream = new GenerationStream('req_1', { format: 'text', incremental: true })
    stream.push(JSON.stringify(chunk({ content: 'a' })))
    const end = stream.push(JSON.stringify({ error: { code: 'engine_timeout', message: 'Too slow.' } }))
    assert.equal(
      end,
      'id:2\nevent:error\n:HTTP_STATUS/504\ndata:{"code":"InternalError.Timeout","message":"Too slow.","request_id":"req_1"}\n\n',
    )
    assert.equal(stream.push('[DONE]'), '')
    assert.equal(stream.broken({ status: 502, code: 'engine_lost', message: '' }), '')
  })
})

it('trouble is told by the codes that DashScope has', () => {
  for (const [status, code, wanted] of [
    [401, 'invalid_api_key', 'InvalidApiKey'],
    [403, 'ip_not_authorized', 'AccessDenied'],
    [404, 'model_not_found', 'ModelNotFound'],
    [400, 'context_length_exceeded', 'InvalidParameter'],
    [400, 'constructor', 'InvalidParameter'],
    [429, 'rate_limit_exceeded', 'Throttling.RateQuota'],
    [503, 'engine_unavailable', 'ModelUnavailable'],
    [502, 'engine_lost', 'InternalError'],
  ] as const) {
    const refused = dashScopeRefusal({ status, code, message: 'm' }, 'req_1')
    assert.deepEqual(refused, { status, body: { code: wanted, message: 'm', request_id: 'req_1' } })
  }
})
