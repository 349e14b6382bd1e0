import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { scanBody } from '../scan-body.ts'
import { bodyForUpstream } from './body-for-upstream.ts'

const sent = (text: string, model: string | null = null) =>
  bodyForUpstream(Buffer.from(text), scanBody(Buffer.from(text)), model).toString()

describe('a body for an upstream', () => {
  it('stays the same where nothing needs to be asked', () => {
    for (const text of [
      '{"model":"m"}',
      '{"model":"m","stream":false,"stream_options":{"include_usage":false}}',
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
      '{"model":"m","stream":true,"stream_options":"odd"}',
    ])
      assert.equal(sent(text, 'm'), text)
  })

  it('has the upstream’s name of the model, and every other byte is the client’s', () => {
    const before = '{ "messages" : [{"role":"user","content":"model \\u00e9"}],\n\t"n": 1.0e0, "model" : '
    const after = ' , "x": {"model":"vendor/one"}, "seed": 00.0}'.replace('00.0', '0.0')
    assert.equal(sent(`${before}"vendor/one"${after}`, 'one'), `${before}"one"${after}`)
    assert.equal(sent('{"m\\u006fdel":"vendor/\\u006fne"}', 'a"b'), '{"m\\u006fdel":"a\\"b"}')
  })

  it('asks for usage, and changes nothing else', () => {
    const body = fc.record(
      {
        model: fc.string(),
        stream: fc.constant(true),
        messages: fc.jsonValue(),
        stream_options: fc.oneof(fc.constant(null), fc.record({ include_usage: fc.boolean(), other: fc.jsonValue() })),
      },
      { requiredKeys: ['model', 'stream'] },
    )
    fc.assert(
      fc.property(body, fc.nat(2), fc.option(fc.string()), (object, indent, model) => {
        const text = ` ${JSON.stringify(object, null, indent)}`
        const before = JSON.parse(text)
        const options = { ...before.stream_options, include_usage: true }
        const expected = { ...before, model: model ?? before.model, stream_options: options }
        assert.deepEqual(JSON.parse(sent(text, model)), expected)
      }),
    )
  })
})
