/**
 * Chunks of a chat completion into DashScope's events:
 *
 *   id:1
 *   event:result
 *   :HTTP_STATUS/200
 *   data:{"output":{…},"usage":{…},"request_id":"…"}
 *
 * Each tells all so far, or with `incremental_output` what is new. Until the end `finish_reason` is the text `null`; the
 * last event has the reasons and the engine's counts. One that breaks off ends in `event:error`.
 *
 * Pure module.
 */
import type { Trouble } from '../dialect.ts'
import { isObject, type Json, objectIn } from '../fields.ts'
import { NO_FINISH, troubleIn } from '../rewrite-answer.ts'
import { dashScopeRefusal } from './errors.ts'
import type { AnswerForm } from './request.ts'
import { Said } from './said.ts'
import { generationUsage } from './usage.ts'

/**
 * Events that repeat everything would grow with the square of an answer. So an event waits until there is 1/128 more to
 * tell than the one before had: what is sent stays below some 130 answers' length, and short answers come piece by piece.
 */
const NEWS_SHARE = 1 / 128

export class GenerationStream {
  readonly #requestId: string
  readonly #form: AnswerForm
  readonly #choices = new Map<number, Said>()
  #events = 0
  #over = false
  #pieces = 0
  #characters = 0
  #toldCharacters = 0
  #usage: unknown = null

  constructor(requestId: string, form: AnswerForm) {
    this.#requestId = requestId
    this.#form = form
  }

  /**
   * @param data of one whole event
   * @returns an event, ready to be sent; '' = none yet
   */
  push(data: string): string {
    if (this.#over) return ''
    if (data === '[DONE]') return this.#end()
    const chunk = objectIn(data)
    if (chunk === null) return ''
    if (isObject(chunk.error)) return this.broken(troubleIn(chunk.error))
    if (isObject(chunk.usage)) this.#usage = chunk.usage
    for (const choice of Array.isArray(chunk.choices) ? (chunk.choices as unknown[]) : []) {
      if (isObject(choice)) this.#take(choice)
    }
    return this.#hasNews() ? this.#tell(false) : ''
  }

  /** The engine is gone, or said what went wrong. */
  broken(trouble: Trouble): string {
    if (this.#over) return ''
    this.#over = true
    const { status, body } = dashScopeRefusal(trouble, this.#requestId)
    return this.#event('error', status, body)
  }

  #take(choice: Json): void {
    const index = typeof choice.index === 'number' ? choice.index : 0
    const said = this.#choices.get(index) ?? new Said()
    this.#choices.set(index, said)
    const characters = said.take(choice)
    if (characters > 0) this.#pieces++
    this.#characters += characters
  }

  #hasNews(): boolean {
    const news = this.#characters - this.#toldCharacters
    return news > 0 && (this.#form.incremental || news >= this.#toldCharacters * NEWS_SHARE)
  }

  #end(): string {
    if ([...this.#choices.values()].some(({ finish }) => finish === null)) return this.broken(NO_FINISH)
    this.#over = true
    if (this.#choices.size === 0) this.#choices.set(0, new Said())
    return this.#tell(true)
  }

  #tell(isLast: boolean): string {
    const output = this.#form.format === 'text' ? this.#text(isLast) : { choices: this.#messages(isLast) }
    this.#toldCharacters = this.#characters
    if (this.#form.incremental) for (const said of this.#choices.values()) said.clear()
    // An engine tells its count at the end; until then a piece counts as a token.
    const usage = generationUsage(this.#usage, isLast && isObject(this.#usage) ? 0 : this.#pieces)
    return this.#event('result', 200, { output, usage, request_id: this.#requestId })
  }

  #text(isLast: boolean): Json {
    const said = this.#choices.get(0) ?? new Said()
    return { text: said.text, finish_reason: finishOf(said, isLast) }
  }

  #messages(isLast: boolean): Json[] {
    const { format, incremental } = this.#form
    return [...this.#choices]
      .filter(([, said]) => isLast || !incremental || !said.isEmpty)
      .sort(([one], [other]) => one - other)
      .map(([index, said]) => ({
        index,
        message: said.message(format),
        finish_reason: finishOf(said, isLast),
        ...said.logprobs,
      }))
  }

  #event(name: 'result' | 'error', status: number, data: object): string {
    return `id:${++this.#events}\nevent:${name}\n:HTTP_STATUS/${status}\ndata:${JSON.stringify(data)}\n\n`
  }
}

/** A client that leaves at a reason has all, so none is told before everything is. */
function finishOf({ finish }: Said, isLast: boolean): string {
  return isLast ? (finish ?? 'stop') : 'null'
}
