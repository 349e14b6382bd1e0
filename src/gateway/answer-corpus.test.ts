/**
 * Every shape of stream that engines are known to send, recorded or written by hand, cut at every byte: what is recorded of
 * the whole is the engine's own count, and of no part is it more than was sent, or less than before.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type AnswerCounts, AnswerWatch } from './answer-watch.ts'
import { SseSplitter } from './sse.ts'
import { RECORDED_ANSWERS, STREAM_SHAPES as shapes } from './stream-shapes.ts'

/** Hands over a stream in chunks. @param seen told of the counts after each */
function watched(chunks: Iterable<Buffer>, seen: (counts: AnswerCounts, watch: AnswerWatch) => void = () => {}) {
  const events = new SseSplitter()
  const watch = new AnswerWatch('engine')
  for (const chunk of chunks) {
    for (const { data } of events.push(chunk)) if (data !== null) watch.readEvent(data)
    seen(watch.counts(), watch)
  }
  return watch
}

describe('a stream', () => {
  for (const { name, stream, tokensOut, source, isWhole = true } of shapes) {
    it(`with ${name}: whole it has the engine’s count; no cut has more, or less than the cut before`, () => {
      let before = 0
      const bytes = Array.from(stream, (_, at) => stream.subarray(at, at + 1))
      const isZero = source === 'engine' && tokensOut === 0
      const watch = watched(bytes, (counts, watch) => {
        if (!isZero) {
          assert.ok(counts.tokensOut <= tokensOut, `${counts.tokensOut} tokens of ${tokensOut}`)
          assert.ok(counts.tokensOut >= before, `${counts.tokensOut} tokens after ${before}`)
        }
        before = counts.tokensOut
        if (watch.done) assert.equal(watch.hasAll, isWhole)
      })
      const counts = watch.counts()
      assert.deepEqual([counts.tokensOut, counts.tokensOutSource, watch.hasAll], [tokensOut, source, isWhole])
      assert.ok(counts.tokensReasoning <= counts.tokensOut && counts.tokensCached <= counts.tokensIn)
    })
  }

  it('is counted alike however the network cuts it', () => {
    const cut = fc.tuple(fc.constantFrom(...shapes), fc.array(fc.nat(), { maxLength: 8 }))
    fc.assert(
      fc.property(cut, ([{ stream }, seeds]) => {
        const at = [0, ...seeds.map((seed) => seed % stream.length).sort((a, b) => a - b), stream.length]
        const chunks = at.slice(1).map((end, index) => stream.subarray(at[index], end))
        assert.deepEqual(watched(chunks).counts(), watched([stream]).counts())
      }),
    )
  })
})

const whole = (content: string, more: object = {}) => JSON.stringify({ choices: [said(content)], ...more })
const said = (content: string, index = 0) => ({ index, message: { content }, finish_reason: 'stop' })
const told = (prompt_tokens: number, completion_tokens: number, more: object = {}) => ({
  usage: { prompt_tokens, completion_tokens, ...more },
})

/** Answers that are no stream, with what their engine counted. */
const BODIES: Record<string, [body: string, tokensIn: number, tokensOut: number, tokensCached?: number]> = {
  'counts at its end': [whole('Hi', told(9, 2)), 9, 2],
  'counts before its text': [
    JSON.stringify({ ...told(9, 2), choices: [said('a "usage": {"completion_tokens": 900}')] }),
    9,
    2,
  ],
  'an explicit zero': [whole('', told(9, 0)), 9, 0],
  'no counts': [whole('Hi'), 0, 0],
  'a count below zero': [whole('Hi', told(-9, -2)), 0, 0],
  'one sum for two choices': [JSON.stringify({ choices: [said('a'), said('b', 1)], ...told(9, 5) }), 9, 5],
  'cached tokens that overlap pictures': [
    whole('Hi', told(9, 2, { prompt_tokens_details: { cached_tokens: 8, image_tokens: 7 } })),
    9,
    2,
    8,
  ],
  'cached tokens in DeepSeek’s words': [
    whole('Hi', told(9, 2, { prompt_cache_hit_tokens: 4, prompt_cache_miss_tokens: 5 })),
    9,
    2,
    4,
  ],
  'vectors and counts of the prompt alone': [
    JSON.stringify({ data: [], usage: { prompt_tokens: 7, total_tokens: 7 } }),
    7,
    0,
  ],
  'an error': [JSON.stringify({ error: { code: 'boom', message: 'no' }, ...told(9, 2) }), 0, 0],
  ...Object.fromEntries(
    readdirSync(RECORDED_ANSWERS, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.json'))
      .map((name): [string, [string, number, number, number]] => {
        const text = readFileSync(join(RECORDED_ANSWERS, name), 'utf8')
        const { usage } = JSON.parse(text)
        const cached = usage.prompt_tokens_details?.cached_tokens ?? 0
        return [name, [text, usage.prompt_tokens, usage.completion_tokens, cached]]
      }),
  ),
}

describe('a body', () => {
  for (const [name, [body, tokensIn, tokensOut, tokensCached = 0]] of Object.entries(BODIES)) {
    it(`with ${name}: whole it has the engine’s count, and no part of it has more`, () => {
      const bytes = Buffer.from(body)
      const read = (part: Buffer, isWhole: boolean) => {
        const watch = new AnswerWatch('engine')
        watch.readBody(part, isWhole)
        return watch.counts()
      }
      const counts = read(bytes, true)
      assert.deepEqual([counts.tokensIn, counts.tokensOut, counts.tokensCached], [tokensIn, tokensOut, tokensCached])
      for (let cut = 1; cut < bytes.length; cut++) {
        const { tokensOut: seen } = read(bytes.subarray(0, cut), true)
        assert.ok(seen <= tokensOut, `${seen} of ${tokensOut} at byte ${cut}`)
      }
    })
  }
})
