/**
 * Reads counts, timings and the finish reason from an answer on its way to the client, and changes none of it.
 *
 * The engine's own `usage` counts; the last one wins, since some engines repeat it on each event. Where none ever comes
 * (an upstream that ignores `include_usage`, a stream that was cut), the events that carried content are counted instead:
 * engines send one token an event, so that is near, and the record says `counted`.
 *
 * Pure module.
 */
import type { CountSource } from '../billing/usage-record.ts'
import type { AnswerText } from './answer-text.ts'

export type AnswerCounts = {
  tokensIn: number
  tokensCached: number
  tokensOut: number
  tokensReasoning: number
  tokensInSource: CountSource
  tokensOutSource: CountSource
  finish: string | null
  queueMs: number | null
  prefillMs: number | null
  decodeMs: number | null
}

/** What an event is to the relay: `usage` carries totals and nothing else, so it may be left out. */
export type EventKind = 'content' | 'usage' | 'error' | 'done' | 'other'

type Usage = { tokensIn: number; tokensCached: number; tokensOut: number; tokensReasoning: number }
type Timings = { queueMs: number | null; prefillMs: number | null; decodeMs: number | null }
type Json = Record<string, unknown>

/** Beyond this, the end of a body is searched for `"usage"` instead of reading it whole. */
export const BODY_READ_WHOLE_MAX = 256 * 1024

export class AnswerWatch {
  /** `[DONE]` was seen. */
  done = false
  /** The `code` of an error that the engine sent, as an event or as a body. */
  errorCode: string | null = null
  #source: CountSource
  #usage: Usage | null = null
  #timings: Timings = { queueMs: null, prefillMs: null, decodeMs: null }
  #finish: string | null = null
  #contentEvents = 0
  readonly #text: AnswerText | null

  /**
   * @param source who is believed when `usage` comes: our own `engine`, or an `upstream`
   * @param text takes what the answer says, where that is kept; null = nobody looks at it
   */
  constructor(source: 'engine' | 'upstream', text: AnswerText | null = null) {
    this.#source = source
    this.#text = text
  }

  /** @param data of one event */
  readEvent(data: string): EventKind {
    if (data === '[DONE]') {
      this.done = true
      return 'done'
    }
    const event = parsed(data)
    if (event === null) return 'other'
    if (this.#readError(event)) return 'error'
    this.#readTotals(event)
    const choices = Array.isArray(event.choices) ? (event.choices as unknown[]) : []
    if (choices.length === 0) return isObject(event.usage) ? 'usage' : 'other'
    this.#readFinish(choices)
    this.#text?.takeDeltas(choices)
    if (!choices.some(carriesContent)) return 'other'
    this.#contentEvents++
    return 'content'
  }

  /** @param body a whole JSON body, or the last part of one longer than `BODY_READ_WHOLE_MAX` */
  readBody(body: Buffer, isWhole: boolean): void {
    const text = body.toString('utf8')
    const whole = isWhole
      ? parsed(text)
      : { usage: lastObjectNamed(text, 'usage'), timings: lastObjectNamed(text, 'timings') }
    if (whole === null || this.#readError(whole)) return
    this.#readTotals(whole)
    if (!isWhole) this.#text?.noteUnread()
    if (!Array.isArray(whole.choices)) return
    this.#readFinish(whole.choices)
    this.#text?.takeMessages(whole.choices)
  }

  counts(): AnswerCounts {
    const ended = { finish: this.#finish, ...this.#timings }
    if (this.#usage !== null)
      return { ...this.#usage, tokensInSource: this.#source, tokensOutSource: this.#source, ...ended }
    return {
      tokensIn: 0,
      tokensCached: 0,
      tokensOut: this.#contentEvents,
      tokensReasoning: 0,
      tokensInSource: 'none',
      tokensOutSource: this.#contentEvents > 0 ? 'counted' : 'none',
      ...ended,
    }
  }

  #readError(json: Json): boolean {
    if (!isObject(json.error)) return false
    this.errorCode = String(json.error.code ?? json.error.type ?? 'engine_error')
    return true
  }

  #readTotals(json: Json): void {
    if (isObject(json.usage)) this.#usage = usageIn(json.usage)
    if (isObject(json.timings)) {
      const timings = json.timings
      this.#timings = {
        queueMs: durationIn(timings.queue_ms),
        prefillMs: durationIn(timings.prefill_ms),
        decodeMs: durationIn(timings.decode_ms),
      }
    }
  }

  #readFinish(choices: unknown[]): void {
    for (const choice of choices) {
      if (!isObject(choice) || typeof choice.finish_reason !== 'string') continue
      if ((choice.index ?? 0) === 0) this.#finish = choice.finish_reason
    }
  }
}

/** Subsets never exceed their whole, and nothing is negative: a count that went wrong elsewhere must not become a credit. */
function usageIn(usage: Json): Usage {
  const tokensIn = countIn(usage.prompt_tokens)
  const tokensOut = countIn(usage.completion_tokens)
  const detailsIn = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {}
  const detailsOut = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {}
  return {
    tokensIn,
    tokensCached: Math.min(tokensIn, countIn(detailsIn.cached_tokens)),
    tokensOut,
    tokensReasoning: Math.min(tokensOut, countIn(detailsOut.reasoning_tokens)),
  }
}

function countIn(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}

function durationIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null
}

function carriesContent(choice: unknown): boolean {
  if (!isObject(choice)) return false
  if (typeof choice.text === 'string') return choice.text !== ''
  const delta = choice.delta
  if (!isObject(delta)) return false
  return (
    [delta.content, delta.reasoning_content, delta.reasoning, delta.refusal].some(
      (text) => typeof text === 'string' && text !== '',
    ) ||
    (Array.isArray(delta.tool_calls) && delta.tool_calls.length > 0)
  )
}

/** The last `"name": { … }` in a text that may begin anywhere; null = none that is whole. */
function lastObjectNamed(text: string, name: string): Json | null {
  const key = text.lastIndexOf(`"${name}"`)
  const start = key < 0 ? -1 : text.indexOf('{', key)
  for (let end = text.indexOf('}', start); start >= 0 && end >= 0; end = text.indexOf('}', end + 1)) {
    const object = parsed(text.slice(start, end + 1))
    if (object !== null) return object
  }
  return null
}

function parsed(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : null
  } catch {
    return null
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
