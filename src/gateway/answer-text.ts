/**
 * Puts an answer together from its events, or takes it from a whole body: text, thoughts, refusals and tool calls of each
 * choice. Fed by `AnswerWatch`, which parses each event anyway, and only where the project keeps content.
 *
 * It stops taking when it is closed (the client is gone: what comes then was not sent), and when it holds as much as may
 * be kept; either way what it has stays. Pure module.
 */
import type { AnsweredChoice } from '../billing/request-detail.ts'

type Json = Record<string, unknown>
type Call = { id: string | null; name: string; arguments: string }
type Choice = { text: string; reasoning: string; refusal: string; calls: Map<number, Call>; seen: Set<string> }

/** What a choice or a tool call costs by itself: thousands of empty ones are a burden too. */
const ENTRY_CHARACTERS = 64

export class AnswerText {
  /** Something was left out because it was too long, or came in a form that is not read. */
  truncated = false
  /** What is held, in characters. */
  characters = 0
  readonly #charactersMax: number
  readonly #choices = new Map<number, Choice>()
  #closed = false

  constructor(charactersMax: number) {
    this.#charactersMax = charactersMax
  }

  /** Takes nothing more: the client has left. */
  close(): void {
    this.#closed = true
  }

  /** @param choices of one event of a stream */
  takeDeltas(choices: readonly unknown[]): void {
    for (const choice of choices) if (isObject(choice)) this.#take(choice, choice.delta)
  }

  /** @param choices of a whole answer */
  takeMessages(choices: readonly unknown[]): void {
    for (const choice of choices) if (isObject(choice)) this.#take(choice, choice.message)
  }

  /** A body that was too long to be read whole. */
  noteUnread(): void {
    if (!this.#closed) this.truncated = true
  }

  answers(): AnsweredChoice[] {
    return [...this.#choices]
      .sort(([a], [b]) => a - b)
      .map(([index, { text, reasoning, refusal, calls, seen }]) => ({
        index,
        text: seen.has('text') ? text : null,
        reasoning: seen.has('reasoning') ? reasoning : null,
        refusal: seen.has('refusal') ? refusal : null,
        tool_calls: [...calls].sort(([a], [b]) => a - b).map(([, call]) => call),
      }))
  }

  #take(choice: Json, said: unknown): void {
    if (this.#closed) return
    const kept = this.#choice(indexIn(choice, 0))
    if (kept === null) return
    this.#add(kept, 'text', choice.text)
    if (!isObject(said)) return
    this.#add(kept, 'text', said.content)
    // Engines name it one way or the other; one that sends both says the same twice.
    this.#add(kept, 'reasoning', said.reasoning_content ?? said.reasoning)
    this.#add(kept, 'refusal', said.refusal)
    if (!Array.isArray(said.tool_calls)) return
    for (const [at, call] of said.tool_calls.entries())
      if (isObject(call)) this.#takeCall(kept, call, indexIn(call, at))
  }

  #takeCall({ calls }: Choice, sent: Json, index: number): void {
    let call = calls.get(index)
    if (call === undefined) {
      if (!this.#hasRoom(ENTRY_CHARACTERS)) return
      call = { id: null, name: '', arguments: '' }
      calls.set(index, call)
    }
    if (typeof sent.id === 'string') call.id ??= this.#fitting(sent.id)
    if (!isObject(sent.function)) return
    if (typeof sent.function.name === 'string') call.name += this.#fitting(sent.function.name)
    if (typeof sent.function.arguments === 'string') call.arguments += this.#fitting(sent.function.arguments)
  }

  #choice(index: number): Choice | null {
    const known = this.#choices.get(index)
    if (known !== undefined) return known
    if (!this.#hasRoom(ENTRY_CHARACTERS)) return null
    const made = { text: '', reasoning: '', refusal: '', calls: new Map(), seen: new Set<string>() }
    this.#choices.set(index, made)
    return made
  }

  #add(choice: Choice, name: 'text' | 'reasoning' | 'refusal', piece: unknown): void {
    if (typeof piece !== 'string') return
    choice.seen.add(name)
    if (piece !== '') choice[name] += this.#fitting(piece)
  }

  #hasRoom(characters: number): boolean {
    if (this.truncated || this.characters + characters > this.#charactersMax) {
      this.truncated = true
      return false
    }
    this.characters += characters
    return true
  }

  /** As much of it as there is room for; once something was left out nothing more is taken, so that no text has a hole. */
  #fitting(piece: string): string {
    if (this.truncated) return ''
    const room = this.#charactersMax - this.characters
    if (piece.length <= room) {
      this.characters += piece.length
      return piece
    }
    this.truncated = true
    this.characters += room
    return withoutHalfCharacter(piece.slice(0, room))
  }
}

function withoutHalfCharacter(text: string): string {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text
}

function indexIn(json: Json, otherwise: number): number {
  return typeof json.index === 'number' && Number.isSafeInteger(json.index) ? json.index : otherwise
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
