import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { packedContent, unpackedContent } from '../billing/packed-content.ts'
import { CONTENT_BYTES_MAX } from '../billing/request-detail.ts'
import { AnswerText } from './answer-text.ts'
import { ANSWER_CHARACTERS_MAX, contentText } from './content-capture.ts'
import { detailOf } from './request-parameters.ts'
import { scanBody } from './scan-body.ts'

const captured = async (route: string, body: string, answer: AnswerText | null = null) => {
  const bytes = Buffer.from(body)
  const { text, truncated } = contentText(route, bytes, scanBody(bytes), answer)
  return { text: await unpackedContent(await packedContent(text)), truncated, bytes: text.length }
}

describe('what is kept of a request', () => {
  it('is the value that was sent, by route, and nothing else of the body', async () => {
    const sent =
      '{"model":"m","user":"ada","messages": [ {"role":"user","content":"Hé \\ud83c\\udf0d"} ],"tools":[{"x":1}]}'
    const chat = await captured('/v1/chat/completions', sent)
    assert.deepEqual(chat.text, {
      request: { messages: [{ role: 'user', content: 'Hé 🌍' }] },
      request_cut: null,
      answers: [],
    })
    const others = [
      ['/v1/completions', '{"prompt":["a","b"],"model":"m"}', { prompt: ['a', 'b'] }],
      ['/v1/embeddings', '{"model":"m","input":"x"}', { input: 'x' }],
      [
        '/v1/messages',
        '{"model":"m","messages":[{"role":"user","content":"x"}]}',
        { messages: [{ role: 'user', content: 'x' }] },
      ],
      ['/v1/messages/count_tokens', '{"model":"m","messages":[]}', {}],
      ['/v1/chat/completions', '{"model":"m","prompt":"x"}', {}],
    ] as const
    for (const [route, body, request] of others) assert.deepEqual((await captured(route, body)).text.request, request)
  })

  it('is cut between two characters where it is too long, and says so', async () => {
    const long = JSON.stringify({ model: 'm', prompt: '€'.repeat(CONTENT_BYTES_MAX) })
    const { text, truncated, bytes } = await captured('/v1/completions', long)
    assert.equal(truncated, true)
    assert.equal(text.request, null)
    assert.match(text.request_cut ?? '', /^"€+$/)
    assert.ok(bytes <= CONTENT_BYTES_MAX + 200 && bytes > CONTENT_BYTES_MAX * 0.99)
  })

  it('leaves the answer its place, and gets its own', async () => {
    const answer = new AnswerText(ANSWER_CHARACTERS_MAX)
    answer.takeDeltas([{ index: 0, delta: { content: '"'.repeat(2 * ANSWER_CHARACTERS_MAX) } }])
    const prompt = 'p'.repeat(CONTENT_BYTES_MAX)
    const { text, truncated } = await captured('/v1/completions', JSON.stringify({ model: 'm', prompt }), answer)
    assert.equal(truncated, true)
    assert.equal(text.answers[0]?.text, '"'.repeat(ANSWER_CHARACTERS_MAX - 64))
    assert.ok((text.request_cut ?? '').length >= 64 * 1024 - 2)
  })

  it('is what JSON.parse makes of the value, of any body that passes the scan; parameters come of each too', async () => {
    const body = fc.record({
      model: fc.string(),
      messages: fc.jsonValue(),
      tools: fc.jsonValue(),
      seed: fc.jsonValue(),
    })
    const more = fc.dictionary(fc.constantFrom('stop', 'reasoning', 'response_format', 'temperature'), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(body, more, fc.nat(3), async (value, others, spacing) => {
        const text = JSON.stringify({ ...value, ...others }, null, spacing)
        const wanted: unknown = JSON.parse(JSON.stringify(value.messages))
        assert.deepEqual((await captured('/v1/chat/completions', text)).text.request?.messages, wanted)
        const bytes = Buffer.from(text)
        assert.ok(JSON.stringify(detailOf(bytes, scanBody(bytes), undefined)).length < 1_000)
      }),
    )
  })
})
