/**
 * Follows one JSON value character by character and says where it ends.
 *
 * It checks structure (brackets, strings, characters that JSON knows), not every rule of the grammar: the point is to
 * stream a call's arguments while they are written and to notice early that something is no JSON at all. Raw control
 * characters inside strings, which small models write often and JSON forbids, are escaped on the way.
 */

export type JsonScan = {
  /** The character as it should be passed on: itself, or its escape. */
  text: string
  state: 'open' | 'complete' | 'broken'
}

const OUTSIDE_STRINGS = /[\s\d{}[\],:"+\-.eEtrufalsn]/

export class JsonValueScanner {
  #stack: string[] = []
  #inString = false
  #escaped = false
  #begun = false

  /** Only objects, arrays and strings announce their own end; a bare number or literal never completes here. */
  push(character: string): JsonScan {
    if (this.#inString) return this.#inside(character)
    if (!OUTSIDE_STRINGS.test(character)) return { text: character, state: 'broken' }
    switch (character) {
      case '"':
        this.#inString = true
        this.#begun = true
        break
      case '{':
      case '[':
        this.#stack.push(character === '{' ? '}' : ']')
        this.#begun = true
        break
      case '}':
      case ']':
        if (this.#stack.pop() !== character) return { text: character, state: 'broken' }
        if (this.#stack.length === 0) return { text: character, state: 'complete' }
        break
      default:
        if (!this.#begun && /\S/.test(character)) return { text: character, state: 'broken' }
    }
    return { text: character, state: 'open' }
  }

  #inside(character: string): JsonScan {
    if (this.#escaped) {
      this.#escaped = false
      return { text: character, state: 'open' }
    }
    if (character === '\\') {
      this.#escaped = true
      return { text: character, state: 'open' }
    }
    if (character === '"') {
      this.#inString = false
      return { text: character, state: this.#stack.length === 0 ? 'complete' : 'open' }
    }
    return { text: character < ' ' ? JSON.stringify(character).slice(1, -1) : character, state: 'open' }
  }
}
