/**
 * Formats that give each parameter a tag of its own: Qwen3-Coder (and Qwen3.5 and later), and DeepSeek V3.2's DSML.
 *
 *   <tool_call>                          <｜DSML｜function_calls>
 *   <function=get_weather>               <｜DSML｜invoke name="get_weather">
 *   <parameter=city>                     <｜DSML｜parameter name="city" string="true">Oslo</｜DSML｜parameter>
 *   Oslo                                 </｜DSML｜invoke>
 *   </parameter>                         </｜DSML｜function_calls>
 *   </function>
 *   </tool_call>
 *
 * Values are bare text. DSML says itself which are strings; for Qwen the tool's schema says. Strings are streamed as
 * they are written; other values are read whole, and one that does not parse as the JSON it should be is passed on as
 * a string, so that the caller's own check names it. The pieces always join to JSON unless the text breaks off.
 */
import type { EventList, ToolSchemas } from './answer-event.ts'
import { MarkerScanner } from './marker-scanner.ts'
import { allowsOtherThanString, readBareValue } from './parameter-type.ts'
import { ToolCallMachine } from './tool-call-machine.ts'

export type TagDialect = {
  /** Opens a group of calls. */
  open: readonly string[]
  close: readonly string[]
  /** Opens a call; followed by the name and `nameEnd`. */
  call: string
  nameEnd: string
  callEnd: string
  /** Opens a parameter; followed by what `readHead` reads and `>`. */
  parameter: string
  parameterEnd: string
  /** What else may end a parameter when the model forgets its closing tag. */
  parameterEndForgiven: readonly string[]
  readHead(text: string): { name: string; isString: boolean | null } | null
  /** Whether one newline after the opening and before the closing tag belongs to the format, not to the value. */
  newlinesAround: boolean
}

export const QWEN3_CODER: TagDialect = {
  open: ['<tool_call>'],
  close: ['</tool_call>'],
  call: '<function=',
  nameEnd: '>',
  callEnd: '</function>',
  parameter: '<parameter=',
  parameterEnd: '</parameter>',
  parameterEndForgiven: ['\n</function>', '\n<parameter='],
  readHead: (text) => ({ name: text.trim(), isString: null }),
  newlinesAround: true,
}

const DSML_HEAD = /^\s*name="([^"]*)"(?:\s+string="(true|false)")?\s*$/

export const DSML: TagDialect = {
  // V4 says `tool_calls`, V3.2 `function_calls`.
  open: ['<｜DSML｜function_calls>', '<｜DSML｜tool_calls>'],
  close: ['</｜DSML｜function_calls>', '</｜DSML｜tool_calls>'],
  call: '<｜DSML｜invoke name="',
  nameEnd: '">',
  callEnd: '</｜DSML｜invoke>',
  parameter: '<｜DSML｜parameter',
  parameterEnd: '</｜DSML｜parameter>',
  parameterEndForgiven: ['</｜DSML｜invoke>'],
  readHead(text) {
    const head = DSML_HEAD.exec(text)
    return head === null
      ? null
      : { name: head[1] as string, isString: head[2] === undefined ? null : head[2] === 'true' }
  },
  newlinesAround: false,
}

/** A name longer than this is no name but text that merely begins like a call. */
const NAME_LENGTH_MAX = 256

type State =
  | { at: 'text' | 'group' | 'call' | 'after'; scanner: MarkerScanner; seen: string }
  | { at: 'name' | 'parameter-head'; raw: string; before: string }
  | { at: 'value'; scanner: MarkerScanner; key: string; streams: boolean; raw: string; begun: boolean }

export class TaggedParametersParser extends ToolCallMachine<State> {
  #dialect: TagDialect
  #schemas: ToolSchemas
  #calls = 0
  #name = ''
  #parameters = 0

  constructor(dialect: TagDialect, schemas: ToolSchemas) {
    super(() => textState(dialect))
    this.#dialect = dialect
    this.#schemas = schemas
  }

  protected finish(state: State, out: EventList, cut: boolean): void {
    switch (state.at) {
      case 'text':
        out.content(state.scanner.finish(cut))
        break
      case 'group':
        if (!cut) out.content(state.seen + state.scanner.end())
        break
      case 'name':
        if (!cut) out.content(state.before + this.#dialect.call + state.raw)
        break
      case 'value':
        // Of a value that was cut, even a lone `<` or line break is more likely its closing tag's.
        this.#value(state, cut ? '' : state.scanner.end(), out)
        // A value that broke off stays open: the caller sees unfinished JSON beside finish reason `length`.
        out.endCall(this.#calls - 1)
        break
      case 'call':
      case 'parameter-head':
        out.endCall(this.#calls - 1)
        break
      case 'after':
        break
      default:
        state satisfies never
    }
  }

  protected advance(state: State, text: string, out: EventList): string {
    switch (state.at) {
      case 'text':
        return this.#readText(state.scanner, text, out)
      case 'group':
        return this.#readGroup(state, text, out)
      case 'name':
        return this.#readName(state, text, out)
      case 'call':
        return this.#readCall(state.scanner, text, out)
      case 'parameter-head':
        return this.#readParameterHead(state, text, out)
      case 'value':
        return this.#readValue(state, text, out)
      case 'after':
        return this.#readAfter(state, text)
      default:
        return state satisfies never
    }
  }

  #readText(scanner: MarkerScanner, text: string, out: EventList): string {
    const found = scanner.scan(text)
    out.content(found.text)
    if (found.marker === this.#dialect.call) this.state = { at: 'name', raw: '', before: '' }
    else if (found.marker !== null) {
      this.state = { at: 'group', scanner: new MarkerScanner([this.#dialect.call]), seen: found.marker }
    }
    return text.slice(found.consumed)
  }

  /** Inside a group and before its first call only white space may stand. */
  #readGroup(state: Extract<State, { scanner: MarkerScanner; seen: string }>, text: string, out: EventList): string {
    const found = state.scanner.scan(text)
    state.seen += found.text
    if (/\S/.test(found.text)) {
      // Not a call after all. What the scanner has just matched or holds is looked at again as text.
      const space = found.text.search(/\S/)
      const held = found.marker ?? state.scanner.end()
      const kept = state.seen.length - (found.text.length - space)
      out.content(state.seen.slice(0, kept))
      this.state = textState(this.#dialect)
      return found.text.slice(space) + held + text.slice(found.consumed)
    }
    if (found.marker !== null) this.state = { at: 'name', raw: '', before: state.seen }
    return text.slice(found.consumed)
  }

  #readName(state: Extract<State, { raw: string; before: string }>, text: string, out: EventList): string {
    for (let index = 0; index < text.length; index++) {
      state.raw += text[index]
      if (state.raw.endsWith(this.#dialect.nameEnd)) {
        this.#name = state.raw.slice(0, -this.#dialect.nameEnd.length).trim()
        this.#parameters = 0
        out.startCall(this.#calls++, this.#name)
        this.state = this.#call()
        return text.slice(index + 1)
      }
      if (text[index] === '\n' || state.raw.length > NAME_LENGTH_MAX) {
        out.content(state.before + this.#dialect.call + state.raw)
        this.state = textState(this.#dialect)
        return text.slice(index + 1)
      }
    }
    return ''
  }

  #call(): State {
    const { parameter, callEnd, close } = this.#dialect
    return { at: 'call', scanner: new MarkerScanner([parameter, callEnd, ...close]), seen: '' }
  }

  #readCall(scanner: MarkerScanner, text: string, out: EventList): string {
    const found = scanner.scan(text)
    if (found.marker === this.#dialect.parameter) this.state = { at: 'parameter-head', raw: '', before: '' }
    else if (found.marker !== null) this.#endCall(found.marker, out)
    return text.slice(found.consumed)
  }

  #endCall(marker: string, out: EventList): void {
    out.arguments(this.#calls - 1, this.#parameters === 0 ? '{}' : '}')
    out.endCall(this.#calls - 1)
    this.state = this.#dialect.close.includes(marker) ? textState(this.#dialect) : this.#after()
  }

  #after(): State {
    return { at: 'after', scanner: new MarkerScanner([]), seen: '' }
  }

  /** After a call: the group's end, a next call, or text again. */
  #readAfter(state: Extract<State, { scanner: MarkerScanner; seen: string }>, text: string): string {
    const { open, close, call } = this.#dialect
    for (let index = 0; index < text.length; index++) {
      const seen = (state.seen + text[index]).trimStart()
      if (seen === call || open.includes(seen) || close.includes(seen)) {
        if (seen === call) this.state = { at: 'name', raw: '', before: '' }
        else if (open.includes(seen)) {
          this.state = { at: 'group', scanner: new MarkerScanner([call]), seen }
        } else this.state = textState(this.#dialect)
        return text.slice(index + 1)
      }
      if (![call, ...open, ...close].some((tag) => tag.startsWith(seen))) {
        this.state = textState(this.#dialect)
        return seen + text.slice(index + 1)
      }
      state.seen = seen
    }
    return ''
  }

  #readParameterHead(state: Extract<State, { raw: string; before: string }>, text: string, out: EventList): string {
    const end = text.indexOf('>')
    state.raw += end < 0 ? text : text.slice(0, end)
    if (end < 0) return ''
    const head = this.#dialect.readHead(state.raw)
    if (head === null) {
      this.state = this.#call()
      return text.slice(end + 1)
    }
    const schema = this.#parameterSchema(head.name)
    const streams = head.isString ?? (schema === null || !allowsOtherThanString(schema))
    out.arguments(this.#calls - 1, `${this.#parameters++ === 0 ? '{' : ', '}${JSON.stringify(head.name)}: `)
    if (streams) out.arguments(this.#calls - 1, '"')
    this.state = {
      at: 'value',
      // The newline before the closing tag is held back with it: it is the format's, not the value's.
      scanner: new MarkerScanner([
        this.#dialect.parameterEnd,
        ...(this.#dialect.newlinesAround ? [`\n${this.#dialect.parameterEnd}`] : []),
        ...this.#dialect.parameterEndForgiven,
      ]),
      key: head.name,
      streams,
      raw: '',
      begun: false,
    }
    return text.slice(end + 1)
  }

  #parameterSchema(key: string): unknown {
    const schema = this.#schemas.get(this.#name)
    if (typeof schema !== 'object' || schema === null) return null
    const properties = (schema as { properties?: unknown }).properties
    if (typeof properties !== 'object' || properties === null) return null
    return (properties as Record<string, unknown>)[key] ?? null
  }

  #readValue(state: Extract<State, { at: 'value' }>, text: string, out: EventList): string {
    const found = state.scanner.scan(text)
    this.#value(state, found.text, out)
    if (found.marker === null) return text.slice(found.consumed)
    if (state.streams) out.arguments(this.#calls - 1, '"')
    else {
      const schema = this.#parameterSchema(state.key)
      out.arguments(this.#calls - 1, JSON.stringify(readBareValue(state.raw, schema)))
    }
    const forgiven = found.marker.trimStart()
    if (forgiven === this.#dialect.callEnd) this.#endCall(forgiven, out)
    else if (forgiven === this.#dialect.parameter) this.state = { at: 'parameter-head', raw: '', before: '' }
    else this.state = this.#call()
    return text.slice(found.consumed)
  }

  #value(state: Extract<State, { at: 'value' }>, text: string, out: EventList): void {
    if (text === '') return
    let kept = text
    if (!state.begun && this.#dialect.newlinesAround && kept.startsWith('\n')) kept = kept.slice(1)
    state.begun = true
    if (state.streams) out.arguments(this.#calls - 1, JSON.stringify(kept).slice(1, -1))
    else state.raw += kept
  }
}

function textState({ open, call }: TagDialect): State {
  return { at: 'text', scanner: new MarkerScanner([...open, call]), seen: '' }
}
