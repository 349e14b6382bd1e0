/**
 * Reads counts, timings and the finish reason from an answer on its way to the client, and changes none of it.
 *
 * The engine's own `usage` counts, a zero too; the last one wins, since some engines repeat it on each event. What came
 * after it, or all where none ever comes (an upstream that ignores `include_usage`, a stream that was cut), is counted by
 * the pieces of content: none of them holds less than a token, so that is never too much, and the record says `counted`.
 *
 * llama.cpp's server tells the totals of each of several choices apart, where others tell one sum. They are added up where
 * that is the only way to read them: fewer tokens than there were pieces, just after one of several choices ended.
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
type Choice = { pieces: number; uncounted: number; finished: boolean; told: boolean }
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
  /** By index: pieces of content, those of them that no `usage` covers yet, whether its finish reason came. */
  readonly #choices = new Map<number, Choice>()
  /** Totals of single choices, added up. */
  #ofSingleChoices = 0
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
    const choices = Array.isArray(event.choices) ? (event.choices as unknown[]) : []
    const hasContent = this.#readPieces(choices)
    this.#readFinish(choices)
    this.#readTotals(event) // after the pieces: it counts those of its own event too
    if (choices.length === 0) return isObject(event.usage) ? 'usage' : 'other'
    this.#text?.takeDeltas(choices)
    return hasContent ? 'content' : 'other'
  }

  /** Whether a stream has come to the end of all that is said: each choice has its finish reason, and no error came. */
  get hasAll(): boolean {
    return this.#choices.size > 0 && !this.isBroken
  }

  /** Whether a stream, should it end now, was cut: by an error, or within a choice. */
  get isBroken(): boolean {
    return this.errorCode !== null || [...this.#choices.values()].some(({ finished }) => !finished)
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
    const uncounted = [...this.#choices.values()].reduce((sum, choice) => sum + choice.uncounted, 0)
    return {
      ...(this.#usage ?? { tokensIn: 0, tokensCached: 0, tokensReasoning: 0 }),
      tokensOut: (this.#usage?.tokensOut ?? 0) + uncounted,
      tokensInSource: this.#usage === null ? 'none' : this.#source,
      tokensOutSource: uncounted > 0 ? 'counted' : this.#usage === null ? 'none' : this.#source,
      finish: this.#finish,
      ...this.#timings,
    }
  }

  #readError(json: Json): boolean {
    if (!isObject(json.error)) return false
    this.errorCode = String(json.error.code ?? json.error.type ?? 'engine_error')
    return true
  }

  /** @returns whether there were any */
  #readPieces(choices: unknown[]): boolean {
    let hasContent = false
    for (const choice of choices) {
      if (!isObject(choice)) continue
      const seen = this.#choiceAt(choice)
      if (!carriesContent(choice)) continue
      hasContent = true
      seen.pieces++
      seen.uncounted++
    }
    return hasContent
  }

  #choiceAt({ index }: Json): Choice {
    const at = typeof index === 'number' ? index : 0
    const known = this.#choices.get(at)
    if (known !== undefined) return known
    const choice = { pieces: 0, uncounted: 0, finished: false, told: false }
    this.#choices.set(at, choice)
    return choice
  }

  #readTotals(json: Json): void {
    if (isObject(json.usage)) {
      const usage = usageIn(json.usage)
      if (isCount(json.usage.completion_tokens)) this.#takeUsage(usage)
      // Without a count of what was said, the pieces go on counting; a zero is one.
      else this.#usage = { ...usage, tokensOut: this.#usage?.tokensOut ?? 0 }
    }
    if (isObject(json.timings)) {
      const timings = json.timings
      this.#timings = {
        queueMs: durationIn(timings.queue_ms),
        prefillMs: durationIn(timings.prefill_ms),
        decodeMs: durationIn(timings.decode_ms),
      }
    }
  }

  #takeUsage(usage: Usage): void {
    const choices = [...this.#choices.values()]
    const ended = choices.filter(({ finished, told }) => finished && !told)
    const pieces = choices.reduce((sum, choice) => sum + choice.pieces, 0)
    const isOfOne = choices.length > 1 && ended.length === 1 && usage.tokensOut < pieces
    if (isOfOne) this.#ofSingleChoices += usage.tokensOut
    this.#usage = isOfOne ? { ...usage, tokensOut: this.#ofSingleChoices } : usage
    for (const choice of isOfOne ? ended : choices) choice.uncounted = 0
    for (const choice of ended) choice.told = true
  }

  #readFinish(choices: unknown[]): void {
    for (const choice of choices) {
      if (!isObject(choice) || typeof choice.finish_reason !== 'string') continue
      this.#choiceAt(choice).finished = true
      if ((choice.index ?? 0) === 0) this.#finish = choice.finish_reason
    }
  }
}

/** Subsets never exceed their whole, and nothing is negative: a count that went wrong elsewhere must not become a credit. */
export function usageIn(usage: Json): Usage {
  const tokensIn = countIn(usage.prompt_tokens)
  const tokensOut = countIn(usage.completion_tokens)
  const detailsIn = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {}
  const detailsOut = isObject(usage.completion_tokens_details) ? usage.completion_tokens_details : {}
  return {
    tokensIn,
    // DeepSeek's own name lies beside the totals, not within their details.
    tokensCached: Math.min(tokensIn, countIn(detailsIn.cached_tokens ?? usage.prompt_cache_hit_tokens)),
    tokensOut,
    tokensReasoning: Math.min(tokensOut, countIn(detailsOut.reasoning_tokens)),
  }
}

function countIn(value: unknown): number {
  return isCount(value) ? value : 0
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
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
