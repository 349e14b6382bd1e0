/**
 * The texts of one choice of an answer, each looked through by itself: what is said, thoughts, a refusal, and the arguments
 * of each call of a tool.
 *
 * What is held back of one of them goes out before another one begins, since what reads a stream takes that for its end.
 *
 * Pure module.
 */
import { isObject, type Json } from '../dialects/fields.ts'
import type { CompiledRules } from './compile-rules.ts'
import { TextScanner } from './text-scanner.ts'

/** Names of text in a delta or message; `text` is that of a completion. */
const TEXTS = ['reasoning_content', 'reasoning', 'content', 'refusal'] as const
type TextName = (typeof TEXTS)[number] | 'text' | `call ${number}`

export class ScannedChoice {
  /** Its finish reason went out. */
  finished = false
  readonly index: number
  readonly #rules: CompiledRules
  #running: { name: TextName; scanner: TextScanner } | null = null
  #blockedBy: string | null = null

  constructor(index: number, rules: CompiledRules) {
    this.index = index
    this.#rules = rules
  }

  /** The rule that blocks it; null = none does. */
  get blockedBy(): string | null {
    return this.#blockedBy
  }

  /** Changes one choice of an event in place. */
  take(choice: Json): void {
    // The tokens of what is masked would stand there.
    if ('logprobs' in choice) choice.logprobs = null
    if (typeof choice.text === 'string') choice.text = this.#through('text', choice.text, choice)
    if (isObject(choice.delta)) this.#takeDelta(choice.delta)
    if (typeof choice.finish_reason !== 'string') return
    this.finished = true
    this.#flush(this.#placeFor(choice))
  }

  /** @returns what was held back, as the delta or text of one more choice; null = nothing was */
  rest(isCompletion: boolean): Json | null {
    if (this.#running === null) return null
    const choice: Json = { index: this.index, finish_reason: null, ...(isCompletion ? { text: '' } : { delta: {} }) }
    const place = this.#placeFor(choice)
    this.#flush(place)
    const isEmpty = isCompletion ? choice.text === '' : Object.keys(place).length === 0
    return isEmpty ? null : choice
  }

  #placeFor(choice: Json): Json {
    if (typeof choice.text === 'string') return choice
    if (!isObject(choice.delta)) choice.delta = {}
    return choice.delta as Json
  }

  #takeDelta(delta: Json): void {
    for (const name of TEXTS) {
      const text = delta[name]
      if (typeof text === 'string') delta[name] = this.#through(name, text, delta)
    }
    if (!Array.isArray(delta.tool_calls)) return
    for (const [at, call] of [...delta.tool_calls.entries()]) {
      if (!isObject(call) || !isObject(call.function)) continue
      const index = typeof call.index === 'number' ? call.index : at
      const text = call.function.arguments
      if (typeof text === 'string') call.function.arguments = this.#through(`call ${index}`, text, delta)
    }
  }

  /** @param place where the rest of another text goes */
  #through(name: TextName, text: string, place: Json): string {
    if (this.#blockedBy !== null) return ''
    if (text === '') return ''
    if (this.#running?.name !== name) {
      this.#flush(place)
      this.#running = { name, scanner: new TextScanner(this.#rules) }
    }
    const { scanner } = this.#running as { scanner: TextScanner }
    const out = scanner.push(text)
    this.#blockedBy = scanner.blockedBy
    return out
  }

  #flush(place: Json): void {
    if (this.#running === null) return
    const { name, scanner } = this.#running
    this.#running = null
    const rest = scanner.end()
    this.#blockedBy ??= scanner.blockedBy
    if (rest === '') return
    if (!name.startsWith('call ')) {
      place[name] = typeof place[name] === 'string' ? place[name] + rest : rest
      return
    }
    const index = Number(name.slice('call '.length))
    const calls = Array.isArray(place.tool_calls) ? place.tool_calls : []
    place.tool_calls = [{ index, function: { arguments: rest } }, ...calls]
  }
}

/**
 * Changes one choice of a whole answer in place.
 * @returns the rule that blocks it; null = none does
 */
export function scanWhole(choice: Json, rules: CompiledRules): string | null {
  let blockedBy: string | null = null
  const through = (text: unknown): unknown => {
    if (typeof text !== 'string' || blockedBy !== null) return text
    const scanner = new TextScanner(rules)
    const out = scanner.push(text) + scanner.end()
    blockedBy = scanner.blockedBy
    return out
  }
  if ('logprobs' in choice) choice.logprobs = null
  if (typeof choice.text === 'string') choice.text = through(choice.text)
  if (isObject(choice.message)) {
    for (const name of TEXTS) if (name in choice.message) choice.message[name] = through(choice.message[name])
    for (const call of Array.isArray(choice.message.tool_calls) ? choice.message.tool_calls : []) {
      if (isObject(call) && isObject(call.function)) call.function.arguments = through(call.function.arguments)
    }
  }
  if (blockedBy !== null) blockWhole(choice)
  return blockedBy
}

/** Of a whole answer that is not handed out. */
export function blockWhole(choice: Json): void {
  choice.finish_reason = 'content_filter'
  if (typeof choice.text === 'string') choice.text = ''
  if (isObject(choice.message)) choice.message = { role: choice.message.role ?? 'assistant', content: '' }
}

/** What a choice says, of a whole answer or of an event. */
export function saidIn(choice: unknown): string {
  if (!isObject(choice)) return ''
  const said = isObject(choice.message) ? choice.message : isObject(choice.delta) ? choice.delta : {}
  const calls = Array.isArray(said.tool_calls) ? said.tool_calls : []
  const texts = [choice.text, ...TEXTS.map((name) => said[name])]
  for (const call of calls) if (isObject(call) && isObject(call.function)) texts.push(call.function.arguments)
  return texts.filter((text) => typeof text === 'string').join('')
}
