/**
 * Finds fixed marker texts in a stream without ever releasing a part of one.
 *
 *   markers ['</think>']      push 'a </th'   → text 'a ', holds '</th'
 *                             push 'ick'      → text '</thick', holds ''      it was not the marker after all
 *                             push ' </think>' → text ' ', marker '</think>'
 *
 * Each marker is followed by its own Knuth–Morris–Pratt automaton, so a character costs one step per marker however
 * the stream is cut: the result depends on the text alone, never on the pieces it came in. Searching a buffer again on
 * each piece was the alternative; it is quadratic in the piece count and its answers depend on the cuts.
 */

/** A lone `<` at the end of a text that was cut is as likely a comparison. Characters. */
export const HALF_MARKER_MIN = 2

export type Scan = {
  /** Text that can no longer be a part of a marker. */
  text: string
  /** The marker that was just completed; null = the input is used up. */
  marker: string | null
  /** How many UTF-16 units of the input were consumed; the rest comes after the marker. */
  consumed: number
}

type Automaton = { marker: string; failure: Int32Array; matched: number }

export class MarkerScanner {
  #automata: Automaton[]
  #held = ''

  /** @param markers non-empty texts. Of several that end at the same character the longest wins. */
  constructor(markers: readonly string[]) {
    this.#automata = markers
      .filter((marker) => marker.length > 0)
      .map((marker) => ({ marker, failure: failureTable(marker), matched: 0 }))
  }

  /** Reads `input` from `from` up to and including the first marker that completes. */
  scan(input: string, from = 0): Scan {
    let text = ''
    for (let position = from; position < input.length; position++) {
      const unit = input[position] as string
      this.#held += unit
      let longestMatched = 0
      let complete: string | null = null
      for (const automaton of this.#automata) {
        const matched = step(automaton, unit)
        if (matched === automaton.marker.length && (complete === null || matched > complete.length)) {
          complete = automaton.marker
        }
        if (matched > longestMatched) longestMatched = matched
      }
      if (complete !== null) {
        text += this.#held.slice(0, this.#held.length - complete.length)
        this.#reset()
        return { text, marker: complete, consumed: position - from + 1 }
      }
      const safe = this.#held.length - longestMatched
      if (safe > 0) {
        text += this.#held.slice(0, safe)
        this.#held = this.#held.slice(safe)
      }
    }
    return { text, marker: null, consumed: input.length - from }
  }

  /** The stream has ended: what was held back is plain text. */
  end(): string {
    const rest = this.#held
    this.#reset()
    return rest
  }

  /** As `end`, but half a marker at the end of a stream that was `cut` is dropped. */
  finish(cut: boolean): string {
    const rest = this.end()
    return cut && rest.length >= HALF_MARKER_MIN ? '' : rest
  }

  #reset(): void {
    this.#held = ''
    for (const automaton of this.#automata) automaton.matched = 0
  }
}

/** For each prefix of `marker`, the length of its longest proper suffix that is also a prefix. */
export function failureTable(marker: string): Int32Array {
  const failure = new Int32Array(marker.length)
  for (let index = 1, matched = 0; index < marker.length; index++) {
    while (matched > 0 && marker[index] !== marker[matched]) matched = failure[matched - 1] as number
    if (marker[index] === marker[matched]) matched++
    failure[index] = matched
  }
  return failure
}

function step(automaton: Automaton, unit: string): number {
  const { marker, failure } = automaton
  let matched = automaton.matched
  while (matched > 0 && unit !== marker[matched]) matched = failure[matched - 1] as number
  if (unit === marker[matched]) matched++
  automaton.matched = matched
  return matched
}
