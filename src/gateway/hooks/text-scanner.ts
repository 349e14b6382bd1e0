/**
 * Looks for a project's rules in a text that comes in pieces, and lets go of it what is sure.
 *
 *   "write to ann@exa"  →  "write to "       ann@exa may still become an address: it is held back
 *   "mple.org. Bye"     →  "[EMAIL]. Bye"
 *
 * The first match wins, of those that begin together the longest; none is longer than `MATCH_MAX`, which is also the most
 * that is ever held back. Every character is looked at in its turn and nothing is decided by where the pieces end, so that
 * a text comes out the same however it was cut.
 *
 * Pure module.
 */
import type { State } from './automaton.ts'
import type { CompiledRules, Edge, Form } from './compile-rules.ts'

/** Code units of the longest match. */
export const MATCH_MAX = 256

export class TextScanner {
  /** The rule that blocks the text; nothing of it comes out from there on. Null = none does. */
  blockedBy: string | null = null
  readonly #rules: CompiledRules
  #held = ''
  /** The character before what is held; '' at the beginning. */
  #before = ''
  /** Of the match that may be growing at the beginning of what is held: how far it was read, and in which state. */
  #read = 0
  #state: State | null
  #found: { length: number; form: Form } | null = null

  constructor(rules: CompiledRules) {
    this.#rules = rules
    this.#state = rules.automaton.start
  }

  /** @returns what may go on */
  push(text: string): string {
    if (this.blockedBy !== null) return ''
    this.#held += text
    return this.#advance(false)
  }

  /** The text ends here. @returns what was held back of it */
  end(): string {
    return this.blockedBy === null ? this.#advance(true) : ''
  }

  #advance(isEnd: boolean): string {
    const { automaton } = this.#rules
    const held = this.#held
    let out = ''
    let plainFrom = 0
    let at = 0 // where the match would begin
    for (;;) {
      if (this.#read === 0 && at < held.length && this.#cannotBegin(held, at, isEnd)) {
        if (!isEnd && at + 1 === held.length && isHigh(held, at)) break
        at++
        continue
      }
      let end = at + this.#read
      // What ends here counts once it is known what follows.
      while (this.#state !== null && (end < held.length || isEnd)) {
        this.#note(held, at, end)
        this.#state =
          end < held.length && end - at < MATCH_MAX ? automaton.step(this.#state, held.charCodeAt(end)) : null
        if (this.#state !== null) end++
      }
      this.#read = end - at
      if (this.#state !== null) break // more of it may come
      if (at >= held.length) break
      const found = this.#found
      this.#forget()
      if (found === null) {
        at++
        continue
      }
      out += held.slice(plainFrom, at)
      if (found.form.mask === null) {
        this.blockedBy = found.form.name
        this.#held = ''
        return out
      }
      out += found.form.mask
      at += found.length
      plainFrom = at
    }
    if (isEnd) this.#forget()
    out += held.slice(plainFrom, at)
    this.#before = at === 0 ? this.#before : (held[at - 1] as string)
    this.#held = held.slice(at)
    return out
  }

  #forget(): void {
    this.#read = 0
    this.#state = this.#rules.automaton.start
    this.#found = null
  }

  /** Without reading on: most of a text is the middle of a word, or a character that begins nothing. */
  #cannotBegin(held: string, at: number, isEnd: boolean): boolean {
    const { automaton, startsAtWords } = this.#rules
    const unit = held.charCodeAt(at)
    if (isHigh(held, at) && at + 1 === held.length && !isEnd) return true // half a character, whose rest comes
    if (isLow(held, at) && isHigh(this.#characterBefore(held, at), 0)) return true
    if (startsAtWords && isWord(this.#characterBefore(held, at)) && isWord(held[at] as string)) return true
    return automaton.step(automaton.start, unit) === null
  }

  #note(held: string, at: number, end: number): void {
    const accepts = this.#state?.accepts
    if (accepts === undefined || accepts.length === 0) return
    if (isLow(held, end) && isHigh(held, end - 1)) return
    for (const accept of accepts) {
      const form = this.#rules.forms[accept] as Form
      const isAlone =
        mayTouch(form.before, this.#characterBefore(held, at), held[at] as string) &&
        mayTouch(form.after, held[end] ?? '', held[end - 1] as string)
      if (!isAlone || !form.isReal(held.slice(at, end))) continue
      this.#found = { length: end - at, form }
      return
    }
  }

  #characterBefore(held: string, at: number): string {
    return at === 0 ? this.#before : (held[at - 1] as string)
  }
}

/** @param outside the character beyond the edge, '' = none */
function mayTouch(edge: Edge, outside: string, inside: string): boolean {
  if (edge === 'none' || outside === '') return true
  return !isWord(outside) || (edge === 'whole' && !isWord(inside))
}

/** Letters of writing with spaces between its words, and digits. */
const WORD = /^[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Arabic}\p{Script=Hebrew}\p{N}_]$/u

function isWord(character: string): boolean {
  const unit = character.charCodeAt(0)
  if (unit < 0x80)
    return (
      (unit >= 0x61 && unit <= 0x7a) ||
      (unit >= 0x41 && unit <= 0x5a) ||
      (unit >= 0x30 && unit <= 0x39) ||
      unit === 0x5f
    )
  return character !== '' && WORD.test(character)
}

function isHigh(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLow(text: string, at: number): boolean {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff
}
