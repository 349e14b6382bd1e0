/**
 * Chunks of a chat or text completion into lines of JSON, the last of which says `done: true`.
 *
 * Arguments of a tool are an object here, so that calls wait until all is said, and come in one line before the last. A
 * stream that breaks off ends in a line with `error`, and none that says `done: true`; so does one whose engine says that
 * it is over without saying why. Pure module.
 */
import type { Trouble } from '../dialect.ts'
import { isObject, type Json, objectIn } from '../fields.ts'
import { type AnswerOptions, endOf, logprobsIn, pieceOf, type Said, SILENCE, textIn, toolCall } from './answer.ts'
import { ollamaRefusal } from './errors.ts'

const BROKEN = 'The engine stopped in the middle of this answer.'

/** A call, as far as it has come. */
type BegunCall = { id: unknown; name: string; arguments: string }

export class LineStream {
  readonly #options: AnswerOptions
  #calls = new Map<number, BegunCall>()
  #pieces = 0
  #finish: unknown = null
  #usage: unknown = null
  #timings: unknown = null
  #isOver = false

  constructor(options: AnswerOptions) {
    this.#options = options
  }

  /**
   * @param data of one whole event
   * @returns lines, ready to be sent; '' = none yet
   */
  push(data: string): string {
    if (this.#isOver) return ''
    if (data === '[DONE]') return this.#end()
    const chunk = objectIn(data)
    if (chunk === null) return ''
    if (isObject(chunk.error)) return this.broken({ message: textIn(chunk.error.message) || BROKEN })
    if (isObject(chunk.usage)) this.#usage = chunk.usage
    if (isObject(chunk.timings)) this.#timings = chunk.timings
    const choices = Array.isArray(chunk.choices) ? (chunk.choices as unknown[]) : []
    return choices.map((choice) => (isObject(choice) && (choice.index ?? 0) === 0 ? this.#take(choice) : '')).join('')
  }

  /** The engine is gone, or said what went wrong. */
  broken({ message }: Pick<Trouble, 'message'>): string {
    if (this.#isOver) return ''
    this.#isOver = true
    return line(ollamaRefusal({ status: 500, message }).body)
  }

  #take(choice: Json): string {
    this.#finish = choice.finish_reason ?? this.#finish
    const delta = isObject(choice.delta) ? choice.delta : { content: choice.text }
    const calls = Array.isArray(delta.tool_calls) ? delta.tool_calls.filter(isObject) : []
    for (const call of calls) this.#takeCall(call)
    const said: Said = {
      ...SILENCE,
      text: textIn(delta.content) + textIn(delta.refusal),
      thoughts: textIn(delta.reasoning_content ?? delta.reasoning),
      logprobs: logprobsIn(choice),
    }
    const isSilent = said.text === '' && said.thoughts === '' && said.logprobs.length === 0
    if (!isSilent || calls.length > 0) this.#pieces++
    return isSilent ? '' : line(pieceOf(this.#options, said))
  }

  /** Some engines leave out the number of a call: an id that is new begins one then. */
  #takeCall({ index, id, function: called }: Json): void {
    const last = this.#calls.size - 1
    const isNew = id !== undefined && id !== null && id !== '' && id !== this.#calls.get(last)?.id
    const number = typeof index === 'number' ? index : isNew ? last + 1 : Math.max(0, last)
    const call = this.#calls.get(number) ?? { id, name: '', arguments: '' }
    if (isObject(called)) {
      call.name ||= textIn(called.name)
      call.arguments += textIn(called.arguments)
    }
    this.#calls.set(number, call)
  }

  #end(): string {
    if (this.#finish === null) return this.broken({ message: BROKEN })
    this.#isOver = true
    const calls = [...this.#calls.values()].flatMap((call, index) => toolCall(index, call.id, call) ?? [])
    const called = calls.length === 0 ? '' : line(pieceOf(this.#options, { ...SILENCE, calls }))
    const totals = { usage: this.#usage, timings: this.#timings }
    return called + line(endOf(this.#options, SILENCE, this.#finish, totals, this.#pieces))
  }
}

function line(value: Json): string {
  return `${JSON.stringify(value)}\n`
}
