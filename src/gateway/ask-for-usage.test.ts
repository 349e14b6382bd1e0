import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { askForUsage } from './ask-for-usage.ts'
import { scanBody } from './scan-body.ts'

const asked = (text: string) => askForUsage(Buffer.from(text), scanBody(Buffer.from(text))).toString()

describe('askForUsage', () => {
  it('leaves a body alone that needs no asking', () => {
    for (const text of [
      '{"model":"m"}',
      '{"model":"m","stream":false,"stream_options":{"include_usage":false}}',
      '{"model":"m","stream":true,"stream_options":{"include_usage":true}}',
      '{"model":"m","stream":true,"stream_options":"odd"}',
    ])
      assert.equal(asked(text), text)
  })

  it('asks, and changes nothing else', () => {
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
      fc.property(body, fc.nat(2), (object, indent) => {
        const text = ` ${JSON.stringify(object, null, indent)}`
        const before = JSON.parse(text)
        const options = { ...before.stream_options, include_usage: true }
        assert.deepEqual(JSON.parse(asked(text)), { ...before, stream_options: options })
      }),
    )
  })
})
