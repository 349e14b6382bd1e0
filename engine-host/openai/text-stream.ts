/**
 * From tokens to readable text.
 *
 *   token ids ─► TokenText (bytes → whole characters) ─► parser ─► StopScanner (stop strings) ─► client
 *
 * Invariants, each property-tested: what is sent joins to the text of all bytes however tokens cut characters; no
 * piece ends inside a character; text before a stop string is sent, the stop string and what follows never are.
 */
import { MarkerScanner } from '../parsers/marker-scanner.ts'
import type { Token, TokenEngine } from '../token-engine.ts'

/** Turns tokens into text. Control tokens are hidden, except those that a parser has to see. */
export class TokenText {
  #engine: Pick<TokenEngine, 'tokenBytes'>
  #visibleControls: readonly string[]
  // A byte order mark in the middle of an answer is a character like any other.
  #decoder = new TextDecoder('utf-8', { ignoreBOM: true })

  /** @param visibleControls texts of control tokens that are shown, such as a parser's tags */
  constructor(engine: Pick<TokenEngine, 'tokenBytes'>, visibleControls: readonly string[] = []) {
    this.#engine = engine
    this.#visibleControls = visibleControls
  }

  /** The characters that this token completes; '' while one is unfinished. */
  push(token: Token): string {
    return this.#decoder.decode(this.#bytes(token), { stream: true })
  }

  #bytes(token: Token): Uint8Array {
    const bytes = this.#engine.tokenBytes(token, false)
    if (bytes.length > 0 || this.#visibleControls.length === 0) return bytes
    const control = this.#engine.tokenBytes(token, true)
    return this.#visibleControls.includes(Buffer.from(control).toString('utf8')) ? control : bytes
  }
}

/** Ends a text at the first of several stop strings. */
export class StopScanner {
  #scanner: MarkerScanner
  #found: string | null = null

  constructor(stops: readonly string[]) {
    this.#scanner = new MarkerScanner(stops)
  }

  /** Whether a stop string was found; everything after it is swallowed. */
  get stopped(): boolean {
    return this.#found !== null
  }

  /** The stop string that was found. */
  get found(): string | null {
    return this.#found
  }

  push(text: string): string {
    if (this.#found !== null) return ''
    const found = this.#scanner.scan(text)
    this.#found = found.marker
    return found.text
  }

  /** What was held back as the possible beginning of a stop string. */
  end(): string {
    return this.stopped ? '' : this.#scanner.end()
  }
}
