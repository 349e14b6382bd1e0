import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { AppError } from '../platform/errors.ts'
import { scanBody } from './scan-body.ts'

const scan = (text: string) => scanBody(Buffer.from(text))
const code = (text: string | Buffer): string => {
  try {
    scanBody(typeof text === 'string' ? Buffer.from(text) : text)
  } catch (error) {
    return (error as AppError).code
  }
  return 'accepted'
}

describe('scanBody', () => {
  it('finds the fields wherever they stand', () => {
    const { noted, ...head } = scan(
      '{"messages":[{"role":"user","content":"hi"}],"stream":true,"n":2,"max_tokens":16,"model":"small"}',
    )
    assert.deepEqual([...noted], [['messages', { start: 12, end: 44, length: 1 }]])
    assert.deepEqual(head, {
      model: 'small',
      modelAt: { start: 89, end: 96 },
      stream: true,
      maxTokens: 16,
      maxCompletionTokens: null,
      n: 2,
      includeUsage: false,
      streamOptions: null,
    })
  })

  it('reads include_usage, and says where stream_options lies', () => {
    const text = '{"model":"m","stream_options": {"x":[1,{"include_usage":false}],"include_usage":true} ,"stream":true}'
    const head = scan(text)
    assert.equal(head.includeUsage, true)
    assert.equal(
      text.slice(head.streamOptions?.start, head.streamOptions?.end),
      '{"x":[1,{"include_usage":false}],"include_usage":true}',
    )
  })

  it('notes where other fields lie and how long their lists are, and of one given twice the last', () => {
    const text = '{"stop":[ "a" , {"b":[1,2]}, [] ],"tools":[],"temperature":0.5,"model":"m","temperature": 1e-1 }'
    const { noted } = scan(text)
    const seen = [...noted].map(([name, { start, end, length }]) => [name, text.slice(start, end), length])
    assert.deepEqual(seen, [
      ['stop', '[ "a" , {"b":[1,2]}, [] ]', 2 + 1],
      ['tools', '[]', 0],
      ['temperature', '1e-1', null],
    ])
    for (const broken of ['[1 2]', '[1,]', '[', '[1', '[}'])
      assert.equal(code(`{"model":"m","stop":${broken}}`), 'invalid_json')
  })

  it('ignores nested fields of the same name', () => {
    const head = scan('{"a":{"model":"x","stream":true},"b":[{"model":"y","model":"z"}],"model":"real"}')
    assert.equal(head.model, 'real')
    assert.equal(head.stream, false)
  })

  it('takes an escaped key for what it means', () => {
    assert.equal(scan('{"mod\\u0065l":"a\\u00e9\\n\\"b"}').model, 'aé\n"b')
    assert.equal(code('{"mod\\u0065l":"a","model":"b"}'), 'duplicate_parameter')
  })

  it('refuses a field given twice, also within stream_options', () => {
    for (const field of [
      '"model":"a"',
      '"stream":true',
      '"n":1',
      '"max_tokens":1',
      '"max_completion_tokens":1',
      '"stream_options":{}',
    ])
      assert.equal(code(`{"model":"m",${field},"x":1,${field}}`), 'duplicate_parameter', field)
    assert.equal(
      code('{"model":"m","stream_options":{"include_usage":false,"include_usage":true}}'),
      'duplicate_parameter',
    )
    assert.equal(code('{"model":"m","seed":1,"seed":2}'), 'accepted')
  })

  it('wants a model that is a string and a stream that is a boolean', () => {
    assert.equal(code('{}'), 'missing_required_parameter')
    assert.equal(code('{"model":null}'), 'missing_required_parameter')
    assert.equal(code('{"model":1}'), 'invalid_type')
    assert.equal(code('{"model":"m","stream":"true"}'), 'invalid_type')
    assert.equal(scan('{"model":"m","stream":null}').stream, false)
    assert.equal(scan('{"model":"m","max_tokens":"many","n":1.5}').maxTokens, null)
  })

  it('refuses what is not one JSON object of UTF-8', () => {
    for (const text of [
      '',
      ' ',
      '[]',
      '"model"',
      'null',
      '{"model":"m"}x',
      '{"model":"m",}',
      '\ufeff{"model":"m"}',
      "{'model':'m'}",
    ])
      assert.equal(code(text), 'invalid_json', JSON.stringify(text))
    assert.equal(code(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])), 'invalid_json')
  })

  it('says where bytes are that are no UTF-8', () => {
    const body = Buffer.concat([Buffer.from('{"model":"é'), Buffer.from([0xff]), Buffer.from('"}')])
    assert.throws(() => scanBody(body), { message: /not UTF-8 at byte 12/ })
    const cut = Buffer.from('{"model":"€').subarray(0, -1)
    assert.throws(() => scanBody(cut), { message: /not UTF-8 at byte 10/ })
  })

  it('does not fall over deep nesting', () => {
    const deep = (depth: number) => `{"model":"m","x":${'['.repeat(depth)}${']'.repeat(depth)}}`
    assert.equal(code(deep(900)), 'accepted')
    assert.equal(code(deep(100_000)), 'invalid_json')
  })

  it('reads what JSON.parse reads, in any spacing', () => {
    const value = fc.jsonValue({ maxDepth: 3 })
    const body = fc.record(
      {
        model: fc.string({ unit: 'grapheme' }),
        stream: fc.boolean(),
        max_tokens: fc.integer(),
        n: fc.integer(),
        stream_options: fc.oneof(fc.record({ include_usage: fc.boolean(), x: value }), value),
        messages: value,
        nested: fc.record({ model: fc.string(), stream: value }),
      },
      { requiredKeys: ['model'] },
    )
    fc.assert(
      fc.property(body, fc.nat(4), (object, indent) => {
        const text = JSON.stringify(object, null, indent)
        const head = scan(text)
        const parsed = JSON.parse(text)
        assert.equal(head.model, parsed.model)
        assert.equal(head.stream, parsed.stream ?? false)
        assert.equal(head.maxTokens, parsed.max_tokens ?? null)
        assert.equal(head.n, parsed.n ?? null)
        const options = parsed.stream_options
        assert.equal(head.includeUsage, options?.include_usage === true)
      }),
    )
  })

  it('accepts and refuses exactly as JSON.parse does', () => {
    const scraps = [
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '"a"',
      '\\u12',
      '\\u0041',
      'true',
      'null',
      'fals',
      '-',
      '0',
      '01',
      '1.5',
      '1.',
      'e',
      '+9',
      '1E-2',
      ' ',
      '\n',
      '\u0001',
      'é',
      '""',
      '[]',
      '{}',
    ]
    const text = fc.array(fc.constantFrom(...scraps), { maxLength: 12 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(text, (middle) => {
        const body = `{"model":"m","x":${middle}}`
        const accepted = code(body) !== 'invalid_json'
        assert.equal(accepted, isJson(body), body)
      }),
      { numRuns: 3000 },
    )
  })

  it('refuses a valid body with any one byte gone bad, unless it stays valid', () => {
    const body = Buffer.from('{"model":"m","x":[1,-2.5e+3,"a\\n\\u00e9",true,false,null,{"y":{}}],"stream":true}')
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.nat(127), (at, byte) => {
        const bad = Buffer.from(body)
        bad[at] = byte
        const verdict = code(bad)
        // A wrong type or a repeated key is refused where it stands, before the rest has been read.
        if (verdict === 'accepted') assert.equal(isJson(bad.toString()), true, bad.toString())
        if (verdict === 'invalid_json') assert.equal(isJson(bad.toString()), false, bad.toString())
      }),
      { numRuns: 2000 },
    )
  })

  it('sees what ends or spoils a long string at each of its bytes, wherever the body begins in memory', () => {
    const memory = Buffer.alloc(2_000)
    for (const found of ['"', '\\', '\\n', '\n', '\u0000', '\u001f', '\u00e9', '\u007f', ' '])
      for (let at = 250; at < 280; at++)
        for (let start = 0; start < 5; start++) {
          const text = `{"x":"${'é~ a'.repeat(100).slice(0, at)}${found}${'z'.repeat(at % 9)}","model":"m"}`
          const body = memory.subarray(start, start + memory.write(text, start))
          assert.equal(code(body) === 'accepted', isJson(text), JSON.stringify([found, at, start]))
        }
  })
})

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
