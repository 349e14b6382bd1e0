/**
 * What a parser makes of a model's raw text, piece by piece.
 *
 *   raw text ─► ReasoningSplitter ─► tool-call parser ─► AnswerEvent…
 *
 * Every parser is a machine over characters: how the text was cut into pieces never changes the result (each is
 * property-tested for that). What a parser cannot read as a call stays what it was: content. Nothing is dropped.
 */

export type AnswerEvent =
  | { type: 'reasoning-delta'; text: string }
  | { type: 'content-delta'; text: string }
  /** A call's name is known. Calls are numbered from 0 in the order of the text. */
  | { type: 'tool-call-start'; index: number; name: string }
  /** A piece of the JSON text of the call's arguments; the pieces of one call join to the whole. */
  | { type: 'tool-call-arguments-delta'; index: number; text: string }
  | { type: 'tool-call-end'; index: number }

/** Where in the answer the parser stands: which part of the bill and of the log-probabilities a token belongs to. */
export type AnswerSection = 'reasoning' | 'content' | 'tool'

export interface AnswerParser {
  readonly section: AnswerSection
  push(text: string): AnswerEvent[]
  /**
   * The text has ended, perhaps in the middle of something.
   * @param cut whether it was cut off rather than ended by the model: half a marker is then no text but the beginning
   *   of one, and is dropped
   */
  end(cut: boolean): AnswerEvent[]
}

/** A tool's parameters as the caller declared them: JSON Schema, or null where it declared none. */
export type ToolSchemas = ReadonlyMap<string, unknown>

/** Collects events and joins neighbours of one kind, so that a piece of text gives as few events as it can. */
export class EventList {
  readonly events: AnswerEvent[] = []

  reasoning(text: string): void {
    if (text === '') return
    const last = this.events.at(-1)
    if (last?.type === 'reasoning-delta') last.text += text
    else this.events.push({ type: 'reasoning-delta', text })
  }

  content(text: string): void {
    if (text === '') return
    const last = this.events.at(-1)
    if (last?.type === 'content-delta') last.text += text
    else this.events.push({ type: 'content-delta', text })
  }

  startCall(index: number, name: string): void {
    this.events.push({ type: 'tool-call-start', index, name })
  }

  arguments(index: number, text: string): void {
    if (text === '') return
    const last = this.events.at(-1)
    if (last?.type === 'tool-call-arguments-delta' && last.index === index) last.text += text
    else this.events.push({ type: 'tool-call-arguments-delta', index, text })
  }

  endCall(index: number): void {
    this.events.push({ type: 'tool-call-end', index })
  }

  add(event: AnswerEvent): void {
    switch (event.type) {
      case 'reasoning-delta':
        this.reasoning(event.text)
        break
      case 'content-delta':
        this.content(event.text)
        break
      case 'tool-call-arguments-delta':
        this.arguments(event.index, event.text)
        break
      case 'tool-call-start':
      case 'tool-call-end':
        this.events.push(event)
        break
      default:
        event satisfies never
    }
  }
}
