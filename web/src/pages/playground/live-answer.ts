/** An answer while it comes: what is there so far, and what the clock says of it. Whoever draws it is told once a frame. */
import type { Answer, ToolCall } from './document-turns.ts'
import { inNextFrame } from './frame-batch.ts'
import type { StreamUsage } from './stream-events.ts'

/** Figures that change with each token cannot be read. */
const FIGURES_EVERY_MS = 250

export type Figures = {
  firstTokenMs: number | null
  tokensPerSecond: number | null
  tokensOut: number
  elapsedMs: number
}

export class LiveAnswer {
  readonly model: string
  readonly stopping = new AbortController()
  readonly startedAt = performance.now()
  text = ''
  reasoning = ''
  readonly toolCalls: ToolCall[] = []
  requestId: string | null = null
  figures: Figures = { firstTokenMs: null, tokensPerSecond: null, tokensOut: 0, elapsedMs: 0 }
  version = 0

  #firstAt: number | null = null
  #lastAt: number | null = null
  #thoughtFrom: number | null = null
  #thoughtUntil: number | null = null
  /** Pieces that came: each token is one, so this is close to the count that the end brings. */
  #pieces = 0
  #figuresAt = 0
  #listeners = new Set<() => void>()
  #tell = () => {
    const now = performance.now()
    if (now - this.#figuresAt > FIGURES_EVERY_MS) this.#figure(now)
    this.version++
    for (const listener of this.#listeners) listener()
  }

  constructor(model: string) {
    this.model = model
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly getVersion = (): number => this.version

  get phase(): 'waiting' | 'thinking' | 'answering' {
    if (this.#firstAt === null) return 'waiting'
    return this.#thoughtFrom !== null && this.#thoughtUntil === null ? 'thinking' : 'answering'
  }

  get reasoningMs(): number | null {
    if (this.#thoughtFrom === null) return null
    return (this.#thoughtUntil ?? this.#lastAt ?? performance.now()) - this.#thoughtFrom
  }

  think(text: string): void {
    this.#arrived()
    this.#thoughtFrom ??= this.#lastAt
    this.reasoning += text
  }

  say(text: string): void {
    this.#arrived()
    this.#answers()
    this.text += text
  }

  call(index: number, part: { id?: string; name?: string; arguments?: string }): void {
    this.#arrived()
    this.#answers()
    const known = this.toolCalls[index]
    if (known) known.arguments += part.arguments ?? ''
    else this.toolCalls[index] = { id: part.id ?? '', name: part.name ?? '', arguments: part.arguments ?? '' }
  }

  /** As it is kept. `finish` null = it is not over. */
  answer(finish: Answer['finish'], usage: StreamUsage | null = null, error: Answer['error'] = null): Answer {
    const total = (finish === null ? performance.now() : (this.#lastAt ?? performance.now())) - this.startedAt
    return {
      model: this.model,
      text: this.text,
      reasoning: this.reasoning === '' ? null : this.reasoning,
      tool_calls: this.toolCalls.filter(Boolean).map((call) => ({ ...call })),
      edited: false,
      finish,
      error,
      request_id: this.requestId,
      tokens: usage?.tokens ?? null,
      timings: {
        first_token_ms: this.#firstAt === null ? null : this.#firstAt - this.startedAt,
        reasoning_ms: this.reasoningMs,
        total_ms: total,
        queue_ms: usage?.timings?.queue_ms ?? null,
        prefill_ms: usage?.timings?.prefill_ms ?? null,
        decode_ms: usage?.timings?.decode_ms ?? null,
      },
    }
  }

  #arrived(): void {
    this.#pieces++
    this.#lastAt = performance.now()
    this.#firstAt ??= this.#lastAt
    inNextFrame(this.#tell)
  }

  #answers(): void {
    if (this.#thoughtFrom !== null) this.#thoughtUntil ??= performance.now()
  }

  #figure(now: number): void {
    this.#figuresAt = now
    const writtenMs = this.#firstAt === null ? 0 : now - this.#firstAt
    this.figures = {
      firstTokenMs: this.#firstAt === null ? null : this.#firstAt - this.startedAt,
      tokensPerSecond: writtenMs > 500 ? ((this.#pieces - 1) * 1_000) / writtenMs : null,
      tokensOut: this.#pieces,
      elapsedMs: now - this.startedAt,
    }
  }
}

/** Tokens a second of an answer that is over: of the engine's own time where it told, else of the time between tokens. */
export function speedOf({ tokens, timings }: Answer): number | null {
  if (tokens === null || timings === null || tokens.out < 2) return null
  const decodeMs =
    timings.decode_ms ?? (timings.first_token_ms === null ? 0 : timings.total_ms - timings.first_token_ms)
  return decodeMs > 0 ? ((timings.decode_ms === null ? tokens.out - 1 : tokens.out) * 1_000) / decodeMs : null
}
