/**
 * A growing text in pieces that do not change any more, and its tail. A page that streams draws each piece once and
 * draws again only the tail.
 *
 * A piece ends at blank lines outside a fence, once it is known that what follows is no continuation of a list. Only the
 * text behind the last cut is read again, so the cost of a token is that of its own paragraph.
 */

export type Chunks = { done: readonly string[]; tail: string }

export class ChunkedText {
  #done: string[] = []
  #tailAt = 0
  #text = ''

  /** @param text all there is so far; it begins with what the last call was given */
  grow(text: string): Chunks {
    this.#text = text
    for (;;) {
      const end = pieceEnd(text, this.#tailAt)
      if (end === null) break
      // A new array, so that who compares sees that there is more.
      this.#done = [...this.#done, text.slice(this.#tailAt, end)]
      this.#tailAt = end
    }
    return { done: this.#done, tail: this.#text.slice(this.#tailAt) }
  }
}

/** Where the piece that begins at `from` ends; null = that is not known yet. */
function pieceEnd(text: string, from: number): number | null {
  let fence: string | null = null
  let isList = false
  let hasText = false
  let blanks = 0
  for (let at = from; at < text.length; ) {
    const lineEnd = text.indexOf('\n', at)
    const line = text.slice(at, lineEnd === -1 ? text.length : lineEnd)
    const isBlank = line.trim() === ''
    if (blanks > 0 && !isBlank && !(isList && /^(\s{2,}|\t)/.test(line))) return at
    if (!isBlank) {
      blanks = 0
      if (!hasText) isList = LIST_ITEM.test(line)
      hasText = true
      fence = fenceAfter(fence, line)
    } else if (fence === null && hasText) blanks++
    if (lineEnd === -1) return null
    at = lineEnd + 1
  }
  return null
}

export const LIST_ITEM = /^(\s*)([-*+•]|\d{1,9}[.)])(?:[ \t]+|$)/
export const FENCE = /^\s*(`{3,}|~{3,})(.*)$/

/** The fence that is open after a line; null = none. */
export function fenceAfter(open: string | null, line: string): string | null {
  const found = FENCE.exec(line)
  if (!found) return open
  const mark = found[1]!
  const rest = found[2]!
  // Backticks behind the opening ones make it code within a line.
  if (open === null) return mark[0] === '`' && rest.includes('`') ? null : mark
  return mark[0] === open[0] && mark.length >= open.length && rest.trim() === '' ? null : open
}
