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

type Shape = {
  name: string
  stream: Buffer
  /** The engine's own count, or of a stream without one the pieces that it sent. */
  tokensOut: number
  source: AnswerCounts['tokensOutSource']
  /** Whether all of it is a whole answer. Default: yes. */
  isWhole?: boolean
}

const event = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const usage = (completion_tokens: number) => ({
  prompt_tokens: 9,
  completion_tokens,
  total_tokens: 9 + completion_tokens,
})
const piece = (content: string, more: object = {}, index = 0) =>
  event({ choices: [{ index, delta: { content }, finish_reason: null }], ...more })
const finish = (more: object = {}, index = 0) =>
  event({ choices: [{ index, delta: {}, finish_reason: 'stop' }], ...more })
const DONE = 'data: [DONE]\n\n'
const two = piece('a') + piece('b')

const WRITTEN: Record<string, [stream: string, tokensOut: number, source: Shape['source'], isWhole?: boolean]> = {
  'totals in an event of their own': [two + finish() + event({ choices: [], usage: usage(4) }) + DONE, 4, 'engine'],
  'usage of null on each event before': [
    piece('a', { usage: null }) + finish({ usage: null }) + event({ choices: [], usage: usage(2) }) + DONE,
    2,
    'engine',
  ],
  'totals beside the last piece': [
    piece('a') +
      event({ choices: [{ index: 0, delta: { content: 'b' }, finish_reason: 'stop' }], usage: usage(2) }) +
      DONE,
    2,
    'engine',
  ],
  'totals beside the finish reason': [two + finish({ usage: usage(3) }) + DONE, 3, 'engine'],
  'choices of null beside totals': [two + finish() + event({ choices: null, usage: usage(5) }) + DONE, 5, 'engine'],
  'no choices beside totals': [two + finish() + event({ usage: usage(5) }) + DONE, 5, 'engine'],
  'running totals on each event': [
    piece('a', { usage: usage(1) }) + piece('b', { usage: usage(2) }) + finish({ usage: usage(3) }) + DONE,
    3,
    'engine',
  ],
  'counts of the prompt first, totals last': [
    event({ choices: [{ index: 0, delta: { role: 'assistant' } }], usage: usage(0) }) +
      two +
      finish() +
      event({ choices: [], usage: usage(3) }) +
      DONE,
    3,
    'engine',
  ],
  'counts of the prompt first, totals never': [
    event({ choices: [{ index: 0, delta: { role: 'assistant' } }], usage: usage(0) }) + two + finish() + DONE,
    2,
    'counted',
  ],
  'totals of an explicit zero': [two + finish() + event({ choices: [], usage: usage(0) }) + DONE, 0, 'engine'],
  'the same totals twice': [
    two + finish() + event({ choices: [], usage: usage(2) }) + event({ choices: [], usage: usage(2) }) + DONE,
    2,
    'engine',
  ],
  'totals that never come': [two + finish() + DONE, 2, 'counted'],
  'an error in the middle': [two + event({ error: { code: 'boom', message: 'no' } }) + DONE, 2, 'counted', false],
  'an error after totals': [
    two + finish() + event({ choices: [], usage: usage(2) }) + event({ error: { message: 'no' } }),
    2,
    'engine',
    false,
  ],
  'no finish reason': [two + DONE, 2, 'counted', false],
  'one choice of two without a finish reason': [two + finish() + piece('c', {}, 1) + DONE, 3, 'counted', false],
  'one sum for two choices': [
    two + piece('c', {}, 1) + finish() + finish({}, 1) + event({ choices: [], usage: usage(3) }) + DONE,
    3,
    'engine',
  ],
  'totals of each choice by itself': [
    `${two}${piece('c', {}, 1)}${finish({}, 1)}${event({ choices: [], usage: usage(1) })}` +
      `${piece('d')}${finish()}${event({ choices: [], usage: usage(3) })}${DONE}`,
    4,
    'engine',
  ],
  'comments, other fields, CR LF': [
    `: wait\r\n\r\nevent: message\r\nid: 1\r\n${piece('a').trimEnd()}\r\n\r\n${finish()}${event({ usage: usage(1) })}${DONE}`,
    1,
    'engine',
  ],
  'text of many bytes a letter': [piece('日本') + piece('🌊') + finish({ usage: usage(4) }) + DONE, 4, 'engine'],
}

/** Of the recorded streams that do not end with one count of the engine. */
const RECORDED: Record<string, Pick<Shape, 'tokensOut' | 'source'>> = {
  'llama-server-0.6.0-dev/chat-n2.sse': { tokensOut: 16, source: 'engine' },
}

const recorded = join(import.meta.dirname, 'recorded-answers')
const shapes: Shape[] = [
  ...Object.entries(WRITTEN).map(([name, [text, tokensOut, source, isWhole]]) => ({
    name,
    stream: Buffer.from(text),
    tokensOut,
    source,
    ...(isWhole === undefined ? {} : { isWhole }),
  })),
  ...readdirSync(recorded, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sse'))
    .map(recordedShape),
]

function recordedShape(name: string): Shape {
  const stream = readFileSync(join(recorded, name))
  const text = stream.toString()
  const total = [...text.matchAll(/"completion_tokens":(\d+)/g)].at(-1)?.[1]
  const pieces = text.match(/"(?:content|reasoning|reasoning_content)":"(?!")|"tool_calls":\[\{/g)?.length ?? 0
  return {
    name,
    stream,
    ...(total === undefined
      ? { tokensOut: pieces, source: 'counted' }
      : { tokensOut: Number(total), source: 'engine' }),
    ...RECORDED[name],
  }
}

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
