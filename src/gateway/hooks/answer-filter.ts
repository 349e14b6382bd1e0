/**
 * Stands between an engine's answer and the client, or the dialect that the client speaks.
 *
 *   events ──► each choice's texts, looked through ──► events, less what may still become a match ──► dialect or client
 *
 * Where a rule blocks, every choice ends with the finish reason `content_filter`, the engine is told to stop, and the client
 * gets the counts of what was generated. Where a moderator judges answers, it needs the whole of one: all of it waits.
 *
 * Log-probabilities are left out: they name the tokens of what is masked.
 */

import { errorBody } from '../../platform/errors.ts'
import type { AnswerText } from '../answer-text.ts'
import type { AnswerCounts } from '../answer-watch.ts'
import type { AnswerRewrite, Trouble } from '../dialects/dialect.ts'
import { isObject, type Json, objectIn } from '../dialects/fields.ts'
import type { CompiledRules } from './compile-rules.ts'
import { blockWhole, ScannedChoice, saidIn, scanWhole } from './scanned-choice.ts'

export type AnswerFilterParts = {
  /** Null = only the moderator looks at it. */
  rules: CompiledRules | null
  /** Whether the answer may be handed out; never rejects. Null = nobody judges it. */
  judge: ((answer: string) => Promise<boolean>) | null
  /** The dialect; null = the client reads what an engine says. */
  inner: AnswerRewrite | null
  /** Leave out the event that carries only totals. */
  stripUsage: boolean
  /** Takes what is handed out, where that is kept. */
  text: AnswerText | null
  /** Of the engine, so far. */
  counts(): AnswerCounts
}

export class AnswerFilter implements AnswerRewrite {
  /** A rule or a moderator has blocked the answer. */
  isBlocked = false
  readonly #parts: AnswerFilterParts
  readonly #choices = new Map<number, ScannedChoice>()
  /** Fields that every event has, of the last one that had a choice. */
  #head: Json = {}
  #isCompletion = false
  /** The totals of the engine, once they came after a block. */
  #totals: Json | null = null
  /** What waits for the moderator: events, or one body. */
  #waiting: Json[] = []
  #waitingBody: Json | null = null
  #isEnded = false

  constructor(parts: AnswerFilterParts) {
    this.#parts = parts
  }

  get streamType(): string {
    return this.#parts.inner?.streamType ?? 'text/event-stream'
  }

  /** The engine's further words are for the counts only. */
  isCut(): boolean {
    return this.isBlocked && !this.#isEnded
  }

  event(data: string): Buffer | null {
    if (data === '[DONE]') return this.isBlocked ? null : this.#end()
    const event = objectIn(data)
    if (event === null) return null // what cannot be read cannot be looked through
    if (this.isBlocked) {
      if (isObject(event.usage)) this.#totals = event
      return null
    }
    if (isObject(event.error)) return joined([this.#flushed(), this.#toClient(data)])
    const choices = Array.isArray(event.choices) ? event.choices.filter(isObject) : []
    if (choices.length === 0) return this.#handOn(event)
    const { choices: _, usage: __, timings: ___, ...head } = event
    this.#head = head
    this.#isCompletion = choices.some((choice) => typeof choice.text === 'string')
    for (const choice of choices) this.#scan(choice)
    if (this.#blocks()) return this.#block(event)
    return this.#handOn(event)
  }

  whole(status: number, body: Buffer): { status: number; body: Buffer } {
    const answer = status === 200 ? objectIn(body.toString('utf8')) : null
    if (answer === null) return this.#parts.inner?.whole(status, body) ?? { status, body }
    const choices = Array.isArray(answer.choices) ? answer.choices.filter(isObject) : []
    const { rules } = this.#parts
    if (rules !== null) {
      const blocks = choices.map((choice) => scanWhole(choice, rules)).some((rule) => rule !== null)
      if (blocks) this.#blockAll(choices)
    }
    if (this.#parts.judge !== null && !this.isBlocked) {
      this.#waitingBody = answer
      return { status, body }
    }
    return { status, body: this.#wholeToClient(answer) }
  }

  broken(trouble: Trouble): Buffer | null {
    const { inner, judge } = this.#parts
    if (judge !== null) this.#waiting = [] // nobody has judged it
    const flushed = judge === null ? this.#flushed() : null
    const told =
      inner === null
        ? Buffer.from(`data: ${JSON.stringify(errorBody(trouble.code, trouble.status, trouble.message))}\n\n`)
        : inner.broken(trouble)
    return joined([flushed, told])
  }

  /** The end of an answer that was blocked: its counts, where the client wants them. */
  closing(): Buffer | null {
    this.#isEnded = true
    const { inner, stripUsage } = this.#parts
    const totals = inner === null && stripUsage ? null : JSON.stringify(this.#totals ?? this.#countedTotals())
    return joined([totals === null ? null : this.#toClient(totals), this.#toClient('[DONE]')])
  }

  keep(): Promise<Buffer> | null {
    const { judge, inner } = this.#parts
    const isWaiting = this.#waiting.length > 0 || this.#waitingBody !== null
    if (judge === null || !isWaiting) return inner?.keep?.() ?? null
    return this.#judged(judge)
  }

  #scan(choice: Json): void {
    const index = typeof choice.index === 'number' ? choice.index : 0
    const { rules } = this.#parts
    if (rules === null) {
      if (this.#parts.judge !== null && 'logprobs' in choice) choice.logprobs = null
      return
    }
    let scanned = this.#choices.get(index)
    if (scanned === undefined) {
      scanned = new ScannedChoice(index, rules)
      this.#choices.set(index, scanned)
    }
    scanned.take(choice)
  }

  #blocks(): boolean {
    return [...this.#choices.values()].some(({ blockedBy }) => blockedBy !== null)
  }

  /** Ends every choice with what of it could go out. */
  #block(event: Json): Buffer | null {
    this.isBlocked = true
    const sent = (event.choices as unknown[]).filter(isObject)
    for (const choice of sent) choice.finish_reason = 'content_filter'
    const indexes = new Set(sent.map(({ index }) => index ?? 0))
    const others = [...this.#choices.values()].filter(({ index, finished }) => !finished && !indexes.has(index))
    event.choices = [...sent, ...others.map(({ index }) => this.#ended(index))]
    delete event.usage
    if (this.#parts.judge === null) return this.#eventToClient(event)
    this.#waiting = [] // nobody will judge it any more
    return this.#eventToClient({ ...this.#head, choices: this.#endedAll(event.choices as Json[]) })
  }

  #endedAll(choices: readonly Json[]): Json[] {
    return choices.map(({ index }) => this.#ended(typeof index === 'number' ? index : 0))
  }

  #ended(index: number): Json {
    const finish = { index, finish_reason: 'content_filter', logprobs: null }
    return this.#isCompletion ? { ...finish, text: '' } : { ...finish, delta: {} }
  }

  /** What is held back goes out before the end, of an engine that never told a finish reason. */
  #end(): Buffer | null {
    const flushed = this.#flushed()
    if (this.isBlocked) return flushed
    this.#isEnded = true
    if (this.#parts.judge !== null) return null
    return joined([flushed, this.#toClient('[DONE]')])
  }

  #flushed(): Buffer | null {
    if (this.isBlocked) return null
    const choices = [...this.#choices.values()].flatMap((choice) => choice.rest(this.#isCompletion) ?? [])
    if (choices.length === 0 && !this.#blocks()) return null
    const event = { ...this.#head, choices }
    return this.#blocks() ? this.#block(event) : this.#handOn(event)
  }

  #handOn(event: Json): Buffer | null {
    if (this.#parts.judge === null) return this.#eventToClient(event)
    this.#waiting.push(event)
    return null
  }

  async #judged(judge: NonNullable<AnswerFilterParts['judge']>): Promise<Buffer> {
    const body = this.#waitingBody
    const events = this.#waiting.splice(0)
    const choices = body === null ? events.flatMap(choicesIn) : choicesIn(body)
    const mayGo = await judge(textsOf(choices).join('\n\n'))
    if (body !== null) {
      if (!mayGo) this.#blockAll(choicesIn(body))
      const sent = this.#wholeToClient(body)
      return (await this.#parts.inner?.keep?.()) ?? sent
    }
    const sent = mayGo ? events : this.#blockedEvents(events)
    const bytes = joined([...sent.map((event) => this.#eventToClient(event)), this.#toClient('[DONE]')])
    return joined([bytes, (await this.#parts.inner?.keep?.()) ?? null]) ?? Buffer.alloc(0)
  }

  #blockedEvents(events: readonly Json[]): Json[] {
    this.isBlocked = true
    const indexes = new Set(events.flatMap(choicesIn).map(({ index }) => (typeof index === 'number' ? index : 0)))
    const totals = events.filter((event) => choicesIn(event).length === 0)
    return [{ ...this.#head, choices: [...indexes].map((index) => this.#ended(index)) }, ...totals]
  }

  #blockAll(choices: readonly Json[]): void {
    this.isBlocked = true
    this.#isEnded = true
    for (const choice of choices) blockWhole(choice)
  }

  #countedTotals(): Json {
    const { tokensIn, tokensOut } = this.#parts.counts()
    const usage = { prompt_tokens: tokensIn, completion_tokens: tokensOut, total_tokens: tokensIn + tokensOut }
    return { ...this.#head, choices: [], usage }
  }

  #eventToClient(event: Json): Buffer | null {
    const { inner, stripUsage, text } = this.#parts
    const choices = choicesIn(event)
    text?.takeDeltas(choices)
    if (inner === null && stripUsage && choices.length === 0 && isObject(event.usage)) return null
    return this.#toClient(JSON.stringify(event))
  }

  #toClient(data: string): Buffer | null {
    const { inner } = this.#parts
    return inner === null ? Buffer.from(`data: ${data}\n\n`) : inner.event(data)
  }

  #wholeToClient(answer: Json): Buffer {
    this.#parts.text?.takeMessages(choicesIn(answer))
    const body = Buffer.from(JSON.stringify(answer))
    return this.#parts.inner?.whole(200, body).body ?? body
  }
}

function choicesIn({ choices }: Json): Json[] {
  return Array.isArray(choices) ? choices.filter(isObject) : []
}

/** Of each choice all that it says, put together from its pieces. */
function textsOf(choices: readonly Json[]): string[] {
  const texts = new Map<unknown, string>()
  for (const choice of choices) texts.set(choice.index, (texts.get(choice.index) ?? '') + saidIn(choice))
  return [...texts.values()].filter((text) => text !== '')
}

function joined(pieces: readonly (Buffer | null)[]): Buffer | null {
  const there = pieces.filter((piece) => piece !== null)
  return there.length === 0 ? null : Buffer.concat(there)
}
