/**
 * Every shape of stream that engines are known to send, recorded or written by hand, cut at every byte: what is recorded of
 * the whole is the engine's own count, and of no part is it more than was sent, or less than before.
 */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type AnswerCounts, AnswerWatch } from './answer-watch.ts'
import { SseSplitter } from './sse.ts'
import { STREAM_SHAPES as shapes } from './stream-shapes.ts'

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
