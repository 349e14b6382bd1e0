/**
 * One choice of an answer: a generation below the seam, read as it comes.
 *
 *   engine.generate ─► token text ─► parser ─► stop strings ─► onEvents(pieces, log-probabilities)
 *
 * `onToken` runs inside the engine's loop: it must neither wait nor throw, so trouble here cancels the generation and
 * rejects `done`.
 */
import type { AnswerEvent, AnswerParser } from '../parsers/answer-event.ts'
import { EventList } from '../parsers/answer-event.ts'
import type { GeneratedToken, GenerateRequest, GenerateResult, Generation, TokenEngine } from '../token-engine.ts'
import { StopScanner, TokenText } from './text-stream.ts'

export type ChoiceOptions = {
  parser: AnswerParser
  /** Matched in the content only: a stop string inside thoughts or a call's JSON would break them. */
  stops: readonly string[]
  /** Control tokens that the parser has to see. */
  visibleControls: readonly string[]
  /** After this many calls the answer ends; null = no bound. */
  callsMax: number | null
}

/** Pieces that became readable, with the tokens of content that they consist of. */
export type OnEvents = (events: AnswerEvent[], tokens: GeneratedToken[]) => void

/** `cancelled`: stopped from outside, so the answer has no finish reason. */
export type ChoiceFinish = 'stop' | 'length' | 'tool_calls' | 'cancelled'

export type ChoiceEnd = {
  finish: ChoiceFinish
  /** The stop string that ended it; null = something else did. */
  stop: string | null
  result: GenerateResult
  reasoningTokens: number
}

export type Choice = {
  /** Stops within one step; `done` then resolves with what was counted. */
  cancel(): void
  done: Promise<ChoiceEnd>
}

/**
 * @param onFirstToken called once, when the first token exists, readable or not; `cachedTokens` of the prompt were shared
 * @throws EngineError what `engine.generate` throws at once
 */
export function runChoice(
  engine: TokenEngine,
  request: GenerateRequest,
  options: ChoiceOptions,
  onFirstToken: (cachedTokens: number) => void,
  onEvents: OnEvents,
): Choice {
  const text = new TokenText(engine, options.visibleControls)
  const reader = new ChoiceReader(options, onEvents)
  let begun = false
  let failure: unknown = null
  let generation: Generation | null = null

  generation = engine.generate(request, (token) => {
    if (failure !== null || reader.ended) return
    try {
      if (!begun) {
        begun = true
        onFirstToken(generation?.cachedTokens ?? 0)
      }
      reader.push(token, engine.isEndOfGeneration(token.token) ? '' : text.push(token.token))
    } catch (error) {
      failure = error
    }
    if (failure !== null || reader.ended) generation?.cancel()
  })

  const running = generation
  const done = running.done.then((result) => {
    if (failure !== null) throw failure
    const ended = reader.ended
    reader.end(result.end !== 'eos')
    const { calls, stop, reasoningTokens } = reader
    return { finish: finishOf(result, ended, calls), stop, result, reasoningTokens }
  })
  return { cancel: () => running.cancel(), done }
}

function finishOf(result: GenerateResult, ended: boolean, calls: number): ChoiceFinish {
  if (!ended && result.end === 'cancelled') return 'cancelled'
  if (!ended && result.end === 'length') return 'length'
  return calls > 0 ? 'tool_calls' : 'stop'
}

class ChoiceReader {
  calls = 0
  reasoningTokens = 0
  #parser: AnswerParser
  #stops: StopScanner
  #callsMax: number | null
  #onEvents: OnEvents
  /** Tokens of content whose text is not readable yet. */
  #pending: GeneratedToken[] = []
  #callsDone = false

  constructor({ parser, stops, callsMax }: ChoiceOptions, onEvents: OnEvents) {
    this.#parser = parser
    this.#stops = new StopScanner(stops)
    this.#callsMax = callsMax
    this.#onEvents = onEvents
  }

  /** A stop string was found or the last wanted call is complete: nothing after it counts. */
  get ended(): boolean {
    return this.#stops.stopped || this.#callsDone
  }

  get stop(): string | null {
    return this.#stops.found
  }

  push(token: GeneratedToken, text: string): void {
    const before = this.#parser.section
    const events = text === '' ? [] : this.#parser.push(text)
    const after = this.#parser.section
    if (before === 'reasoning' || after === 'reasoning') this.reasoningTokens++
    if (after === 'content' && before === 'content') this.#pending.push(token)
    this.#pass(events)
    if (after !== 'content') this.#pending = []
  }

  /** @param cut whether the model was stopped before it had ended by itself */
  end(cut: boolean): void {
    const wasEnded = this.ended
    const events = this.#parser.end(cut)
    if (wasEnded) return
    const out = this.#filter(events)
    out.content(this.#stops.end())
    this.#emit(out.events)
  }

  #pass(events: AnswerEvent[]): void {
    this.#emit(this.#filter(events).events)
  }

  #filter(events: AnswerEvent[]): EventList {
    const out = new EventList()
    for (const event of events) {
      if (this.ended) break
      if (event.type === 'content-delta') out.content(this.#stops.push(event.text))
      else out.add(event)
      if (event.type === 'tool-call-start') this.calls++
      if (event.type === 'tool-call-end' && this.#callsMax !== null && this.calls >= this.#callsMax) {
        this.#callsDone = true
      }
    }
    return out
  }

  #emit(events: AnswerEvent[]): void {
    if (events.length === 0) return
    const isContent = events.some((event) => event.type === 'content-delta')
    const tokens = isContent ? this.#pending : []
    if (isContent) this.#pending = []
    this.#onEvents(events, tokens)
  }
}
