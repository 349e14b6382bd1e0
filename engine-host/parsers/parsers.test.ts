import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AnswerEvent, EventList, type ToolSchemas } from './answer-event.ts'
import { type AnswerParserOptions, answerParser } from './answer-parser.ts'
import { detectReasoningParser, detectToolParser, templateDescribesTools } from './detect.ts'
import type { ToolFormat } from './tool-call-parser.ts'

const FORMATS: readonly ToolFormat[] = ['hermes', 'qwen3_coder', 'deepseek_v3', 'deepseek_v31', 'deepseek_v32']

const SCHEMAS: ToolSchemas = new Map<string, unknown>([
  [
    'f',
    {
      type: 'object',
      properties: {
        city: { type: 'string' },
        days: { type: 'integer' },
        tags: { type: 'array', items: { type: 'string' } },
        note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      },
    },
  ],
])

/** What an answer comes to once all of its pieces are put together. */
type Whole = { reasoning: string; content: string; calls: { name: string; arguments: string; ended: boolean }[] }

function parse(options: AnswerParserOptions, pieces: readonly string[], cut = false): Whole {
  const parser = answerParser(options)
  const whole: Whole = { reasoning: '', content: '', calls: [] }
  const take = (events: readonly AnswerEvent[]) => {
    for (const event of events) {
      if (event.type === 'reasoning-delta') whole.reasoning += event.text
      else if (event.type === 'content-delta') whole.content += event.text
      else if (event.type === 'tool-call-start') {
        assert.equal(event.index, whole.calls.length, 'calls are numbered in order')
        whole.calls.push({ name: event.name, arguments: '', ended: false })
      } else {
        const call = whole.calls[event.index]
        assert.ok(call, 'a call starts before anything else is said about it')
        assert.equal(call.ended, false, 'nothing comes after the end of a call')
        if (event.type === 'tool-call-end') call.ended = true
        else call.arguments += event.text
      }
    }
  }
  for (const piece of pieces) take(parser.push(piece))
  take(parser.end(cut))
  return whole
}

function options(format: ToolFormat | null, more: Partial<AnswerParserOptions> = {}): AnswerParserOptions {
  return {
    reasoning: 'none',
    insideThoughts: false,
    tools: format === null ? null : { format, schemas: SCHEMAS },
    ...more,
  }
}

const cutsOf = (text: string, positions: readonly number[]): string[] => {
  const at = [...new Set(positions.map((position) => position % (text.length + 1)))].sort((a, b) => a - b)
  const edges = [0, ...at, text.length]
  return edges.slice(1).map((edge, index) => text.slice(edges[index], edge))
}

/** Fragments that the formats are made of, so that random texts meet their corners. */
const FRAGMENTS = [
  '<tool_call>',
  '</tool_call>',
  '\n',
  ' ',
  '{"name": "f", "arguments": {"city": "Oslo"}}',
  '{"arguments": {"city": "a}b"}, "name": "f"}',
  '{"name": "f", "arguments": "{}"}',
  '{"name": "f", "arguments": {',
  '"city": "O\\"s',
  '}',
  '}}',
  ', "id": 7}',
  '<function=f>',
  '</function>',
  '<parameter=city>',
  '<parameter=days>',
  '</parameter>',
  'Oslo <b>',
  '12',
  '<｜tool▁calls▁begin｜>',
  '<｜tool▁calls▁end｜>',
  '<｜tool▁call▁begin｜>',
  '<｜tool▁call▁end｜>',
  '<｜tool▁sep｜>',
  'function',
  'f',
  '\n```json\n',
  '\n```',
  '<｜DSML｜function_calls>',
  '</｜DSML｜function_calls>',
  '<｜DSML｜invoke name="f">',
  '</｜DSML｜invoke>',
  '<｜DSML｜parameter name="city" string="true">',
  '<｜DSML｜parameter name="days" string="false">',
  '</｜DSML｜parameter>',
  '<think>',
  '</think>',
  'hello',
]

const anyAnswer = fc
  .array(fc.oneof(fc.constantFrom(...FRAGMENTS), fc.string({ maxLength: 4 })), { maxLength: 14 })
  .map((parts) => parts.join(''))

for (const format of FORMATS) {
  test(`${format}: any text, cut anywhere, is read as the whole is`, () => {
    fc.assert(
      fc.property(
        anyAnswer,
        fc.array(fc.nat(), { maxLength: 20 }),
        fc.constantFrom<'think' | 'none'>('think', 'none'),
        fc.boolean(),
        (text, positions, reasoning, insideThoughts) => {
          const chosen = options(format, { reasoning, insideThoughts })
          const whole = parse(chosen, [text])
          assert.deepEqual(parse(chosen, cutsOf(text, positions)), whole)
          assert.deepEqual(parse(chosen, [...text]), whole)
          for (const call of whole.calls) assert.ok(call.ended, 'every call is ended')
        },
      ),
      { numRuns: 400 },
    )
  })
}

const CALLS: Record<ToolFormat, { text: string; calls: { name: string; arguments: unknown }[] }> = {
  hermes: {
    text: '<tool_call>\n{"name": "f", "arguments": {"city": "Oslo", "days": 3}}\n</tool_call>\n<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>',
    calls: [
      { name: 'f', arguments: { city: 'Oslo', days: 3 } },
      { name: 'f', arguments: {} },
    ],
  },
  qwen3_coder: {
    text: '<tool_call>\n<function=f>\n<parameter=city>\nSão "Paulo"\nBR\n</parameter>\n<parameter=days>\n3\n</parameter>\n<parameter=tags>\n["a", "b"]\n</parameter>\n<parameter=note>\nnull\n</parameter>\n</function>\n</tool_call>\n<tool_call>\n<function=f>\n</function>\n</tool_call>',
    calls: [
      { name: 'f', arguments: { city: 'São "Paulo"\nBR', days: 3, tags: ['a', 'b'], note: null } },
      { name: 'f', arguments: {} },
    ],
  },
  deepseek_v3: {
    text: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{"city": "Oslo", "days": 3}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    calls: [
      { name: 'f', arguments: { city: 'Oslo', days: 3 } },
      { name: 'f', arguments: {} },
    ],
  },
  deepseek_v31: {
    text: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{"city": "Oslo", "days": 3}<｜tool▁call▁end｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    calls: [
      { name: 'f', arguments: { city: 'Oslo', days: 3 } },
      { name: 'f', arguments: {} },
    ],
  },
  deepseek_v32: {
    text: '<｜DSML｜function_calls>\n<｜DSML｜invoke name="f">\n<｜DSML｜parameter name="city" string="true">Oslo\n</｜DSML｜parameter>\n<｜DSML｜parameter name="days" string="false">3</｜DSML｜parameter>\n</｜DSML｜invoke>\n<｜DSML｜invoke name="f">\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
    calls: [
      { name: 'f', arguments: { city: 'Oslo\n', days: 3 } },
      { name: 'f', arguments: {} },
    ],
  },
}

for (const format of FORMATS) {
  const { text, calls } = CALLS[format]

  test(`${format}: two calls after a sentence are two calls and the sentence`, () => {
    const whole = parse(options(format), [`Let me look.\n\n${text}`])
    assert.equal(whole.content, 'Let me look.')
    assert.deepEqual(
      whole.calls.map((call) => ({ name: call.name, arguments: JSON.parse(call.arguments) })),
      calls,
    )
  })

  test(`${format}: what looks like a call is text when the caller offered no tools`, () => {
    assert.deepEqual(parse(options(null), [text]), { reasoning: '', content: text, calls: [] })
  })

  test(`${format}: text after a call is content again`, () => {
    assert.equal(parse(options(format), [`${text}\nDone.`]).content, '\nDone.')
  })

  test(`${format}: arguments arrive before the call is complete`, () => {
    const parser = answerParser(options(format))
    const out = new EventList()
    for (const character of text.slice(0, text.indexOf('Paulo') > 0 ? text.indexOf('Paulo') : text.indexOf('slo'))) {
      for (const event of parser.push(character)) out.add(event)
    }
    assert.deepEqual(
      out.events.map((event) => event.type),
      ['tool-call-start', 'tool-call-arguments-delta'],
    )
    assert.equal(parser.section, 'tool')
  })

  test(`${format}: an answer that breaks off inside a call keeps what came`, () => {
    for (let length = 0; length < text.length; length++) {
      const whole = parse(options(format), [text.slice(0, length)])
      assert.ok(whole.calls.length <= 2)
    }
  })
}

test('hermes: what is no call falls back to content, tags included', () => {
  for (const text of [
    '<tool_call>\nnot json\n</tool_call>',
    '<tool_call>\n{"tool": "f"}\n</tool_call>',
    '<tool_call>\n{"name": 5, "arguments": {}}\n</tool_call>',
    '<tool_call>\n{"name": "f", "argu',
  ]) {
    assert.deepEqual(parse(options('hermes'), [text]), { reasoning: '', content: text, calls: [] })
  }
})

test('hermes: other orders of keys, string arguments, missing arguments and a missing end are understood', () => {
  for (const [text, args] of [
    ['<tool_call>{"arguments": {"a": 1}, "name": "f"}</tool_call>', '{"a":1}'],
    ['<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}</tool_call>', '{"a": 1}'],
    ['<tool_call>{"name": "f"}</tool_call>', '{}'],
    ['<tool_call>{"name": "f", "parameters": {"a": 1}}', '{"a": 1}'],
    ['<tool_call>{"name": "f", "arguments": {"a": 1}, "id": "</b>"}</tool_call>', '{"a": 1}'],
    ['<tool_call>{"name": "f", "arguments": {"a": "</tool_call>"}}</tool_call>', '{"a": "</tool_call>"}'],
    ['<tool_call>{"name": "f", "arguments": {"a": "x\ny"}}</tool_call>', '{"a": "x\\ny"}'],
  ] as const) {
    const whole = parse(options('hermes'), [text])
    assert.deepEqual(whole.calls, [{ name: 'f', arguments: args, ended: true }], text)
    assert.equal(whole.content, '')
  }
})

test('qwen3_coder: a call without its outer tag and a parameter without its end are understood', () => {
  const whole = parse(options('qwen3_coder'), ['<function=f>\n<parameter=city>\nOslo\n</function>\n</tool_call>'])
  assert.deepEqual(whole.calls, [{ name: 'f', arguments: '{"city": "Oslo"}', ended: true }])
})

test('thoughts are split from the answer, opened by the model or by the template', () => {
  const expected = { reasoning: 'Two and two.', content: 'Four.', calls: [] }
  const think = { reasoning: 'think' } as const
  assert.deepEqual(parse(options(null, think), ['<think>\nTwo and two.\n</think>\n\nFour.']), expected)
  assert.deepEqual(
    parse(options(null, { ...think, insideThoughts: true }), ['Two and two.\n</think>\n\nFour.']),
    expected,
  )
  assert.deepEqual(parse(options(null, think), ['Four.']), { ...expected, reasoning: '' })
})

test('thoughts that never end are thoughts, not an answer', () => {
  const whole = parse(options('hermes', { reasoning: 'think', insideThoughts: true }), ['hm </thi <tool_call>'])
  assert.deepEqual(whole, { reasoning: 'hm </thi <tool_call>', content: '', calls: [] })
})

test('a thinking tag later in the answer is text', () => {
  const text = 'The tag <think> opens, </think> closes.'
  assert.equal(parse(options(null, { reasoning: 'think' }), [text]).content, text)
})

test('a call after thoughts is a call, and tokens are told apart by section', () => {
  const parser = answerParser(options('hermes', { reasoning: 'think' }))
  parser.push('<think>a')
  assert.equal(parser.section, 'reasoning')
  parser.push('</think>')
  assert.equal(parser.section, 'content')
  parser.push('<tool_call>')
  assert.equal(parser.section, 'tool')
})

test('the template decides which parsers read a model', () => {
  assert.equal(detectToolParser(null), 'hermes')
  assert.equal(detectToolParser("{{ '<tool_call>' }}"), 'hermes')
  assert.equal(detectToolParser("{{ '<tool_call>\n<function=' + name }}"), 'qwen3_coder')
  assert.equal(detectToolParser("{{ '<｜tool▁calls▁begin｜>' + '```json' }}"), 'deepseek_v3')
  assert.equal(detectToolParser("{{ '<｜tool▁calls▁begin｜>' }}"), 'deepseek_v31')
  assert.equal(detectToolParser("{{ '<｜DSML｜invoke' }}"), 'deepseek_v32')
  assert.equal(detectReasoningParser("{{ '<think>' }}"), 'think')
  assert.equal(detectReasoningParser("{{ messages[0]['content'] }}"), 'none')
  assert.equal(templateDescribesTools('{%- if tools %}'), true)
  assert.equal(templateDescribesTools("{{ message['tool_calls'] }}"), false)
})

const ONE_CALL: Record<ToolFormat, string> = {
  hermes: '<tool_call>\n{"name": "f", "arguments": {"city": "Oslo"}}\n</tool_call>',
  qwen3_coder: '<tool_call>\n<function=f>\n<parameter=city>\nOslo\n</parameter>\n</function>\n</tool_call>',
  deepseek_v3:
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{"city": "Oslo"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  deepseek_v31:
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{"city": "Oslo"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
  deepseek_v32:
    '<｜DSML｜function_calls>\n<｜DSML｜invoke name="f">\n<｜DSML｜parameter name="city" string="true">Oslo</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>',
}

for (const format of FORMATS) {
  test(`${format}: wherever a call is cut off, no half of a marker is shown`, () => {
    const call = ONE_CALL[format]
    for (let length = 0; length <= call.length; length++) {
      const forced = parse(
        { ...options(format), tools: { format, schemas: SCHEMAS, forced: true } },
        [call.slice(0, length)],
        true,
      )
      assert.equal(forced.content, '', `forced, after ${length}`)
      const free = parse(options(format), [`So: ${call.slice(0, length)}`], true)
      // A lone `<` may as well be a comparison, and stays.
      assert.equal(free.content.trimEnd(), length === 1 ? 'So: <' : 'So:', `free, after ${length}`)
      for (const { calls } of [forced, free]) {
        assert.ok(calls.length <= 1)
        // The arguments are the beginning of those of the whole call.
        for (const { arguments: given } of calls) assert.ok('{"city": "Oslo"}'.startsWith(given), given)
      }
    }
  })
}

test('thoughts that are cut off show no half of their tags', () => {
  const thinking = options(null, { reasoning: 'think' })
  for (let length = 2; length < '<think>'.length; length++)
    assert.deepEqual(parse(thinking, ['<think>'.slice(0, length)], true), { reasoning: '', content: '', calls: [] })
  for (let length = 2; length < '</think>'.length; length++)
    assert.equal(parse(thinking, [`<think>hm${'</think>'.slice(0, length)}`], true).reasoning, 'hm')
  assert.equal(parse(thinking, ['<th']).content, '<th', 'what the model itself ended with is its text')
})
