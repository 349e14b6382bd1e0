/**
 * Every shape of stream that engines are known to send, recorded or written by hand, with what was counted in it: data for
 * tests of whatever reads such streams.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AnswerCounts } from './answer-watch.ts'

export type StreamShape = {
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
const delta = (delta: object) => event({ choices: [{ index: 0, delta, finish_reason: null }] })
const called = (index: number | undefined, id: string | undefined, name: string | undefined, args: string) => ({
  tool_calls: [{ index, id, type: 'function', function: { name, arguments: args } }],
})
const finish = (more: object = {}, index = 0, finish_reason = 'stop') =>
  event({ choices: [{ index, delta: {}, finish_reason }], ...more })
const DONE = 'data: [DONE]\n\n'
const two = piece('a') + piece('b')

const WRITTEN: Record<string, [stream: string, tokensOut: number, source: StreamShape['source'], isWhole?: boolean]> = {
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
  'no counts within totals': [two + finish() + event({ choices: [], usage: {} }) + DONE, 2, 'counted'],
  'a count below zero': [
    two + finish() + event({ choices: [], usage: { prompt_tokens: 9, completion_tokens: -7 } }) + DONE,
    2,
    'counted',
  ],
  'counts that hold more than their whole': [
    two +
      finish() +
      event({
        choices: [],
        usage: {
          ...usage(2),
          prompt_tokens_details: { cached_tokens: 80, image_tokens: 60 },
          completion_tokens_details: { reasoning_tokens: 50 },
        },
      }) +
      DONE,
    2,
    'engine',
  ],
  'thoughts under either name': [
    delta({ reasoning_content: 'Hm' }) + delta({ reasoning: '.' }) + two + finish({ usage: usage(5) }) + DONE,
    5,
    'engine',
  ],
  'a refusal': [delta({ refusal: 'No' }) + delta({ refusal: '.' }) + finish() + DONE, 2, 'counted'],
  'two calls whose pieces mix': [
    delta(called(0, 'call_0', 'a', '{"x":')) +
      delta(called(1, 'call_1', 'b', '{"y":')) +
      delta(called(0, undefined, undefined, '1}')) +
      delta(called(1, undefined, undefined, '2}')) +
      finish({}, 0, 'tool_calls') +
      event({ choices: [], usage: usage(12) }) +
      DONE,
    12,
    'engine',
  ],
  'calls without a number, whose id is on each piece': [
    delta(called(undefined, 'call_0', 'a', '{"x":')) +
      delta(called(undefined, 'call_0', '', '1}')) +
      finish({}, 0, 'tool_calls') +
      event({ choices: [], usage: usage(8) }) +
      DONE,
    8,
    'engine',
  ],
  'a finish reason and no more': [two + finish({ usage: usage(2) }), 2, 'engine'],
  'text of many bytes a letter': [piece('日本') + piece('🌊') + finish({ usage: usage(4) }) + DONE, 4, 'engine'],
}

/** Of the recorded streams that do not end with one count of the engine. */
const RECORDED: Record<string, Pick<StreamShape, 'tokensOut' | 'source'>> = {
  'llama-server-0.6.0-dev/chat-n2.sse': { tokensOut: 16, source: 'engine' },
}

export const RECORDED_ANSWERS = join(import.meta.dirname, 'recorded-answers')
export const STREAM_SHAPES: readonly StreamShape[] = [
  ...Object.entries(WRITTEN).map(([name, [text, tokensOut, source, isWhole]]) => ({
    name,
    stream: Buffer.from(text),
    tokensOut,
    source,
    ...(isWhole === undefined ? {} : { isWhole }),
  })),
  ...readdirSync(RECORDED_ANSWERS, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sse'))
    .map(recordedShape),
]

function recordedShape(name: string): StreamShape {
  const stream = readFileSync(join(RECORDED_ANSWERS, name))
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
