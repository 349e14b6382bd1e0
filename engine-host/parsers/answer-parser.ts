/** Reasoning, content and calls of one answer: the splitter and the tool-call parser, one after the other. */
import { type AnswerEvent, type AnswerParser, type AnswerSection, EventList, type ToolSchemas } from './answer-event.ts'
import { ReasoningSplitter } from './reasoning.ts'
import type { ToolCallParser } from './tool-call-machine.ts'
import { type ToolFormat, toolCallParser } from './tool-call-parser.ts'

export type AnswerParserOptions = {
  reasoning: 'think' | 'none'
  /** Whether the prompt already ends with an open `<think>`. */
  insideThoughts: boolean
  /** null = the caller offered no tools, so that what looks like a call is text. */
  tools: {
    format: ToolFormat
    schemas: ToolSchemas
    /** The answer is calls and nothing else: text outside them is the beginning of one. */
    forced?: boolean
  } | null
}

export function answerParser(options: AnswerParserOptions): AnswerParser {
  return new ComposedParser(options)
}

class ComposedParser implements AnswerParser {
  #splitter: ReasoningSplitter | null
  #calls: ToolCallParser | null
  #forced: boolean
  #callCount = 0
  /** White space at the end of the content so far: layout if a call follows, content otherwise. */
  #heldSpace = ''

  constructor({ reasoning, insideThoughts, tools }: AnswerParserOptions) {
    this.#splitter = reasoning === 'think' ? new ReasoningSplitter(insideThoughts) : null
    this.#forced = tools?.forced ?? false
    this.#calls = tools === null ? null : toolCallParser(tools.format, tools.schemas)
  }

  get section(): AnswerSection {
    if (this.#splitter?.inThoughts) return 'reasoning'
    return this.#calls?.inCall ? 'tool' : 'content'
  }

  push(text: string): AnswerEvent[] {
    const out = new EventList()
    for (const piece of this.#splitter?.push(text) ?? [{ kind: 'content' as const, text }]) {
      if (piece.kind === 'reasoning') out.reasoning(piece.text)
      else this.#content(piece.text, out)
    }
    return out.events
  }

  end(cut: boolean): AnswerEvent[] {
    const out = new EventList()
    for (const piece of this.#splitter?.end(cut) ?? []) {
      if (piece.kind === 'reasoning') out.reasoning(piece.text)
      else this.#content(piece.text, out)
    }
    for (const event of this.#calls?.end(cut) ?? []) {
      if (cut && this.#forced && event.type === 'content-delta') continue
      this.#fromCalls(event, out)
    }
    if (this.#callCount === 0) out.content(this.#heldSpace)
    this.#heldSpace = ''
    return out.events
  }

  #content(text: string, out: EventList): void {
    if (this.#calls === null) out.content(text)
    else for (const event of this.#calls.push(text)) this.#fromCalls(event, out)
  }

  #fromCalls(event: AnswerEvent, out: EventList): void {
    if (event.type === 'content-delta') {
      const text = this.#heldSpace + event.text
      const solid = text.trimEnd()
      this.#heldSpace = text.slice(solid.length)
      out.content(solid)
      return
    }
    if (event.type === 'tool-call-start') {
      this.#callCount++
      this.#heldSpace = ''
    }
    out.add(event)
  }
}
