/**
 * Splits `<think>…</think>` from the answer.
 *
 * Three ways in: the model writes `<think>` itself (Qwen3), the template has already written it at the end of the
 * prompt so that only `</think>` ever appears (DeepSeek-R1, Qwen3-Thinking), or thinking is off and neither appears.
 * `<think>` counts only at the very start: later in an answer it is text about thinking. Thoughts that never close are
 * thoughts to the end: calling half of them the answer would be worse than an empty answer with finish reason `length`.
 * White space around the thoughts is trimmed, as DeepSeek's own API does.
 */
import { HALF_MARKER_MIN, MarkerScanner } from './marker-scanner.ts'

const OPEN = '<think>'
const CLOSE = '</think>'

export type ReasoningPiece = { kind: 'reasoning' | 'content'; text: string }

type State = 'start' | 'before-thoughts' | 'thoughts' | 'before-content' | 'content'

export class ReasoningSplitter {
  #state: State
  /** White space and perhaps the beginning of `<think>` while it is open whether thoughts will come. */
  #start = ''
  #close = new MarkerScanner([CLOSE])
  /** White space inside thoughts that is dropped if the thoughts end here. */
  #heldSpace = ''

  /** @param insideThoughts whether the prompt already ends with an open `<think>` */
  constructor(insideThoughts: boolean) {
    this.#state = insideThoughts ? 'before-thoughts' : 'start'
  }

  get inThoughts(): boolean {
    return this.#state === 'thoughts' || this.#state === 'before-thoughts'
  }

  push(text: string): ReasoningPiece[] {
    const pieces: ReasoningPiece[] = []
    let rest = text
    while (rest !== '') {
      if (this.#state === 'content') {
        pieces.push({ kind: 'content', text: rest })
        break
      }
      if (this.#state === 'start') rest = this.#readStart(rest, pieces)
      else if (this.#state === 'before-content') rest = this.#skipSpace(rest)
      else rest = this.#readThoughts(rest, pieces)
    }
    return pieces
  }

  end(cut: boolean): ReasoningPiece[] {
    if (this.#state === 'start' && this.#start !== '') {
      const isHalfMarker = this.#start.trimStart().length >= HALF_MARKER_MIN
      return cut && isHalfMarker ? [] : [{ kind: 'content', text: this.#start }]
    }
    if (!this.inThoughts) return []
    const pieces: ReasoningPiece[] = []
    this.#thoughts(this.#close.finish(cut), pieces)
    return pieces
  }

  #readStart(text: string, pieces: ReasoningPiece[]): string {
    for (let index = 0; index < text.length; index++) {
      this.#start += text[index]
      const word = this.#start.trimStart()
      if (word === OPEN) {
        this.#state = 'before-thoughts'
        return text.slice(index + 1)
      }
      if (!OPEN.startsWith(word)) {
        this.#state = 'content'
        pieces.push({ kind: 'content', text: this.#start })
        return text.slice(index + 1)
      }
    }
    return ''
  }

  #readThoughts(text: string, pieces: ReasoningPiece[]): string {
    const found = this.#close.scan(text)
    this.#thoughts(found.text, pieces)
    if (found.marker !== null) {
      this.#heldSpace = ''
      this.#state = 'before-content'
    }
    return text.slice(found.consumed)
  }

  #thoughts(text: string, pieces: ReasoningPiece[]): void {
    const kept = this.#state === 'before-thoughts' ? text.trimStart() : this.#heldSpace + text
    if (kept === '') return
    this.#state = 'thoughts'
    const solid = kept.trimEnd()
    this.#heldSpace = kept.slice(solid.length)
    if (solid !== '') pieces.push({ kind: 'reasoning', text: solid })
  }

  #skipSpace(text: string): string {
    const rest = text.trimStart()
    if (rest !== '') this.#state = 'content'
    return rest
  }
}
