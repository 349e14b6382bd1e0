/**
 * Hermes and Qwen tool calls: JSON between tags, one call per pair, as many pairs as the model likes.
 *
 *   <tool_call>
 *   {"name": "get_weather", "arguments": {"city": "Oslo"}}
 *   </tool_call>
 *
 * In the usual order (`name`, then an `arguments` object) the arguments are streamed as they are written. Any other
 * order, or arguments given as a JSON string, is read whole first. What is no such object falls back to content, tags
 * included. A missing closing tag, and `parameters` in place of `arguments`, are forgiven.
 */
import type { EventList } from './answer-event.ts'
import { JsonValueScanner } from './json-value-scanner.ts'
import { MarkerScanner } from './marker-scanner.ts'
import { ToolCallMachine } from './tool-call-machine.ts'

const OPEN = '<tool_call>'
const CLOSE = '</tool_call>'
/** Everything before the first brace of the arguments. */
const HEAD = /^\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"(?:arguments|parameters)"\s*:\s*\{$/

type State =
  | { at: 'text'; scanner: MarkerScanner }
  | { at: 'head'; raw: string; repaired: string; scanner: JsonValueScanner }
  | { at: 'arguments'; scanner: JsonValueScanner }
  | { at: 'broken-arguments'; scanner: MarkerScanner }
  | { at: 'tail'; scanner: MarkerScanner; held: string }

export class HermesParser extends ToolCallMachine<State> {
  #calls = 0

  constructor() {
    super(textState)
  }

  protected finish(state: State, out: EventList, cut: boolean): void {
    if (state.at === 'text') out.content(state.scanner.finish(cut))
    else if (state.at === 'head' && !cut) out.content(OPEN + state.raw)
    else if (state.at === 'broken-arguments') out.arguments(this.#calls - 1, state.scanner.finish(cut))
    if (state.at === 'arguments' || state.at === 'broken-arguments') out.endCall(this.#calls - 1)
  }

  protected advance(state: State, text: string, out: EventList): string {
    switch (state.at) {
      case 'text': {
        const found = state.scanner.scan(text)
        out.content(found.text)
        if (found.marker !== null) {
          this.state = { at: 'head', raw: '', repaired: '', scanner: new JsonValueScanner() }
        }
        return text.slice(found.consumed)
      }
      case 'head':
        return this.#readHead(state, text, out)
      case 'arguments':
        return this.#readArguments(state, text, out)
      case 'broken-arguments': {
        const found = state.scanner.scan(text)
        out.arguments(this.#calls - 1, found.text)
        if (found.marker !== null) {
          out.endCall(this.#calls - 1)
          this.state = textState()
        }
        return text.slice(found.consumed)
      }
      case 'tail':
        return this.#readTail(state, text)
      default:
        return state satisfies never
    }
  }

  #readHead(state: Extract<State, { at: 'head' }>, text: string, out: EventList): string {
    for (let index = 0; index < text.length; index++) {
      const character = text[index] as string
      const scan = state.scanner.push(character)
      state.raw += character
      state.repaired += scan.text
      if (scan.state === 'broken') {
        out.content(OPEN + state.raw)
        this.state = textState()
        return text.slice(index + 1)
      }
      if (scan.state === 'complete') {
        this.#wholeCall(state, out)
        return text.slice(index + 1)
      }
      const name = character === '{' ? nameInHead(state.raw) : null
      if (name !== null) {
        out.startCall(this.#calls++, name)
        this.state = { at: 'arguments', scanner: new JsonValueScanner() }
        return text.slice(index)
      }
    }
    return ''
  }

  #wholeCall(state: Extract<State, { at: 'head' }>, out: EventList): void {
    const call = readCall(state.repaired)
    if (call === null) {
      out.content(OPEN + state.raw)
      this.state = textState()
      return
    }
    out.startCall(this.#calls, call.name)
    out.arguments(this.#calls, call.arguments)
    out.endCall(this.#calls++)
    this.state = tailState()
  }

  #readArguments(state: Extract<State, { at: 'arguments' }>, text: string, out: EventList): string {
    for (let index = 0; index < text.length; index++) {
      const scan = state.scanner.push(text[index] as string)
      if (scan.state === 'broken') {
        this.state = { at: 'broken-arguments', scanner: new MarkerScanner([CLOSE]) }
        return text.slice(index)
      }
      out.arguments(this.#calls - 1, scan.text)
      if (scan.state === 'complete') {
        out.endCall(this.#calls - 1)
        this.state = tailState()
        return text.slice(index + 1)
      }
    }
    return ''
  }

  /** After the arguments: the object's own brace, perhaps more keys, the closing tag, or a next call without one. */
  #readTail(state: Extract<State, { at: 'tail' }>, text: string): string {
    for (let index = 0; index < text.length; index++) {
      const held = state.held + (text[index] as string)
      const word = held.replace(/^[\s}]+/, '')
      if (word === CLOSE) {
        this.state = textState()
        return text.slice(index + 1)
      }
      if (word === OPEN) {
        this.state = { at: 'head', raw: '', repaired: '', scanner: new JsonValueScanner() }
        return text.slice(index + 1)
      }
      if (word.startsWith(',')) {
        // More keys of the same object, which no client asked for: skipped up to the closing tag.
        const found = state.scanner.scan(text, index)
        state.held = ','
        if (found.marker === null) return ''
        this.state = textState()
        return text.slice(index + found.consumed)
      }
      if (!CLOSE.startsWith(word) && !OPEN.startsWith(word)) {
        this.state = textState()
        return word + text.slice(index + 1)
      }
      state.held = word
    }
    return ''
  }
}

function textState(): State {
  return { at: 'text', scanner: new MarkerScanner([OPEN]) }
}

function tailState(): State {
  return { at: 'tail', scanner: new MarkerScanner([CLOSE]), held: '' }
}

/** The call's name if `raw` is a complete head; null = not yet, or not in this order. */
function nameInHead(raw: string): string | null {
  const head = HEAD.exec(raw)
  if (head === null) return null
  try {
    return JSON.parse(head[1] as string)
  } catch {
    return null // an escape that JSON does not know
  }
}

/** Reads a complete call object in any order of keys; null = it is none. */
function readCall(json: string): { name: string; arguments: string } | null {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const { name, arguments: given, parameters } = value as Record<string, unknown>
  if (typeof name !== 'string') return null
  const args = given ?? parameters ?? {}
  return { name, arguments: typeof args === 'string' ? args : JSON.stringify(args) }
}
