/** What one choice of an answer says, put together from deltas, and written as DashScope writes it. Pure module. */
import { isObject, type Json } from '../fields.ts'
import type { AnswerForm } from './request.ts'

type Call = { index: number; id: string; name: string; arguments: string }

export class Said {
  /** OpenAI's; null until it has ended. */
  finish: string | null = null
  #content = ''
  #thoughts = ''
  /** Some engines send no number with the pieces of a call, but its id. */
  readonly #callIds: string[] = []
  #lastCall = 0
  #calls: Call[] = []
  #logprobs: unknown[] = []

  /** @returns how many characters are new */
  take(choice: Json): number {
    const delta = isObject(choice.delta) ? choice.delta : {}
    const content = textIn(delta.content) + textIn(delta.refusal)
    const thoughts = textIn(delta.reasoning_content ?? delta.reasoning)
    this.#content += content
    this.#thoughts += thoughts
    if (isObject(choice.logprobs) && Array.isArray(choice.logprobs.content)) {
      this.#logprobs.push(...(choice.logprobs.content as unknown[]))
    }
    this.finish = typeof choice.finish_reason === 'string' ? choice.finish_reason : this.finish
    let taken = content.length + thoughts.length
    const calls = Array.isArray(delta.tool_calls) ? (delta.tool_calls as unknown[]) : []
    for (const call of calls) if (isObject(call)) taken += this.#takeCall(call)
    return taken
  }

  get isEmpty(): boolean {
    return this.#content === '' && this.#thoughts === '' && this.#calls.length === 0
  }

  /** Forgets what has been told. */
  clear(): void {
    this.#content = ''
    this.#thoughts = ''
    this.#calls = []
    this.#logprobs = []
  }

  get text(): string {
    return this.#content
  }

  message(format: AnswerForm['format']): Json {
    return messageOf(
      format,
      this.#content,
      this.#thoughts,
      this.#calls.map((call) => ({
        index: call.index,
        id: call.id,
        type: 'function',
        function: { name: call.name, arguments: call.arguments },
      })),
    )
  }

  get logprobs(): Json {
    return this.#logprobs.length === 0 ? {} : { logprobs: { content: this.#logprobs } }
  }

  #takeCall(sent: Json): number {
    const index = this.#numberOf(sent)
    this.#lastCall = index
    const called = isObject(sent.function) ? sent.function : {}
    const [id, name, args] = [textIn(sent.id), textIn(called.name), textIn(called.arguments)]
    const known = this.#calls.find((call) => call.index === index)
    if (known === undefined) this.#calls.push({ index, id, name, arguments: args })
    else {
      known.id ||= id
      known.name ||= name
      known.arguments += args
    }
    return id.length + name.length + args.length
  }

  #numberOf({ index, id }: Json): number {
    if (typeof index === 'number' && Number.isSafeInteger(index) && index >= 0) return index
    if (typeof id !== 'string' || id === '') return this.#lastCall
    const known = this.#callIds.indexOf(id)
    return known >= 0 ? known : this.#callIds.push(id) - 1
  }
}

export function messageOf(format: AnswerForm['format'], content: string, thoughts: string, calls: unknown[]): Json {
  return {
    role: 'assistant',
    content: format !== 'parts' ? content : content === '' ? [] : [{ text: content }],
    ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
}

export function textIn(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
