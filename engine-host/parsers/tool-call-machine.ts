/**
 * What the parsers of all formats share: a state, text that moves it, and text as the state between calls.
 *
 *   push ─► advance(state, text) ─► events, a next state, and the text that this one has to read ─┐
 *                 ▲──────────────────────── until nothing is left ───────────────────────────────┘
 */
import { type AnswerEvent, EventList } from './answer-event.ts'

export interface ToolCallParser {
  /** Whether the text so far ends inside a call, so that the next token belongs to it. */
  readonly inCall: boolean
  push(text: string): AnswerEvent[]
  /** @param cut see `AnswerParser.end` */
  end(cut: boolean): AnswerEvent[]
}

export abstract class ToolCallMachine<State extends { at: string }> implements ToolCallParser {
  protected state: State
  readonly #outsideCalls: () => State

  /** @param outsideCalls makes the state `text`, in which every answer begins */
  constructor(outsideCalls: () => State) {
    this.#outsideCalls = outsideCalls
    this.state = outsideCalls()
  }

  get inCall(): boolean {
    return this.state.at !== 'text'
  }

  push(text: string): AnswerEvent[] {
    const out = new EventList()
    let rest = text
    while (rest !== '') rest = this.advance(this.state, rest, out)
    return out.events
  }

  end(cut: boolean): AnswerEvent[] {
    const out = new EventList()
    this.finish(this.state, out, cut)
    this.state = this.#outsideCalls()
    return out.events
  }

  /** Reads `text` as far as this state goes, sets the next one, and gives back what that one has to read. */
  protected abstract advance(state: State, text: string, out: EventList): string

  /** The text has ended in this state, perhaps in the middle of a call. */
  protected abstract finish(state: State, out: EventList, cut: boolean): void
}
