/**
 * DeepSeek's tool calls of V3, R1 and V3.1.
 *
 *   V3, R1  <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>NAME
 *           ```json
 *           {…}
 *           ```<｜tool▁call▁end｜><｜tool▁calls▁end｜>
 *   V3.1    <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>NAME<｜tool▁sep｜>{…}<｜tool▁call▁end｜><｜tool▁calls▁end｜>
 *
 * The outer pair may be missing (distilled models forget it). Arguments are streamed as they are written. A head that
 * is no head falls back to content.
 */
import type { EventList } from './answer-event.ts'
import { JsonValueScanner } from './json-value-scanner.ts'
import { MarkerScanner } from './marker-scanner.ts'
import { ToolCallMachine } from './tool-call-machine.ts'

const CALLS_BEGIN = '<｜tool▁calls▁begin｜>'
const CALLS_END = '<｜tool▁calls▁end｜>'
const CALL_BEGIN = '<｜tool▁call▁begin｜>'
const CALL_END = '<｜tool▁call▁end｜>'
const SEPARATOR = '<｜tool▁sep｜>'

type State =
  | { at: 'text' | 'between'; scanner: MarkerScanner }
  /** From the call's tag to the first brace of its arguments. */
  | { at: 'head'; raw: string }
  | { at: 'arguments'; json: JsonValueScanner }
  /** From the end of the arguments (or from where they stopped being JSON) to the closing tag. */
  | { at: 'tail'; scanner: MarkerScanner; broken: boolean }

/** What a head may look like up to the first brace; the name is its first group. */
const HEADS = {
  deepseek_v3: /^[^<\n]*<｜tool▁sep｜>([^<\n]+)\n```(?:json)?\s*\{$/,
  deepseek_v31: /^\s*([^<\n]+)<｜tool▁sep｜>\s*\{$/,
} as const

export class DeepSeekParser extends ToolCallMachine<State> {
  #head: RegExp
  #calls = 0

  constructor(format: keyof typeof HEADS) {
    super(textState)
    this.#head = HEADS[format]
  }

  protected finish(state: State, out: EventList, cut: boolean): void {
    if (state.at === 'text') out.content(state.scanner.finish(cut))
    else if (state.at === 'head' && !cut) out.content(CALL_BEGIN + state.raw)
    else if (state.at === 'arguments') out.endCall(this.#calls - 1)
    else if (state.at === 'tail' && state.broken) {
      out.arguments(this.#calls - 1, state.scanner.finish(cut))
      out.endCall(this.#calls - 1)
    }
  }

  protected advance(state: State, text: string, out: EventList): string {
    switch (state.at) {
      case 'text':
      case 'between': {
        const found = state.scanner.scan(text)
        // Between two calls only white space is written; anything else there is not worth showing.
        if (state.at === 'text') out.content(found.text)
        if (found.marker === CALL_BEGIN) this.state = { at: 'head', raw: '' }
        else if (found.marker === CALLS_BEGIN) this.state = betweenState()
        else if (found.marker === CALLS_END) this.state = textState()
        return text.slice(found.consumed)
      }
      case 'head':
        return this.#readHead(state, text, out)
      case 'arguments': {
        for (let index = 0; index < text.length; index++) {
          const scan = state.json.push(text[index] as string)
          if (scan.state === 'broken') {
            this.state = { at: 'tail', scanner: new MarkerScanner([CALL_END]), broken: true }
            return text.slice(index)
          }
          out.arguments(this.#calls - 1, scan.text)
          if (scan.state === 'complete') {
            out.endCall(this.#calls - 1)
            this.state = { at: 'tail', scanner: new MarkerScanner([CALL_END, CALLS_END]), broken: false }
            return text.slice(index + 1)
          }
        }
        return ''
      }
      case 'tail': {
        const found = state.scanner.scan(text)
        if (state.broken) out.arguments(this.#calls - 1, found.text)
        if (found.marker !== null) {
          if (state.broken) out.endCall(this.#calls - 1)
          this.state = found.marker === CALLS_END ? textState() : betweenState()
        }
        return text.slice(found.consumed)
      }
      default:
        return state satisfies never
    }
  }

  #readHead(state: Extract<State, { at: 'head' }>, text: string, out: EventList): string {
    for (let index = 0; index < text.length; index++) {
      state.raw += text[index]
      const isCallEnd = state.raw.endsWith(CALL_END)
      if (text[index] !== '{' && !isCallEnd) continue
      const name = this.#head.exec(state.raw)?.[1]?.trim()
      if (name !== undefined && name !== '') {
        out.startCall(this.#calls++, name)
        this.state = { at: 'arguments', json: new JsonValueScanner() }
        return text.slice(index)
      }
      out.content(CALL_BEGIN + state.raw)
      this.state = textState()
      return text.slice(index + 1)
    }
    return ''
  }
}

function textState(): State {
  return { at: 'text', scanner: new MarkerScanner([CALLS_BEGIN, CALL_BEGIN, CALLS_END]) }
}

function betweenState(): State {
  return { at: 'between', scanner: new MarkerScanner([CALL_BEGIN, CALLS_END]) }
}

/** The format's fixed parts, for whoever has to write a call (grammars). */
export const DEEPSEEK_TAGS = { CALLS_BEGIN, CALLS_END, CALL_BEGIN, CALL_END, SEPARATOR } as const
