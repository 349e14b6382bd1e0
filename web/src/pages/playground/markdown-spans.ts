/**
 * Text within a line: strong, emphasis, struck, code, links, line breaks. One pass from left to right; a mark that finds
 * no partner is text, and is not looked for a second time, so no input takes more than its length. Pure.
 */

export type Span =
  | string
  | { kind: 'strong' | 'em' | 'struck'; spans: Span[] }
  | { kind: 'code'; text: string }
  | { kind: 'link'; href: string; spans: Span[] }
  | { kind: 'break' }

const DEPTH_MAX = 6
const MARKS = [
  ['**', 'strong'],
  ['__', 'strong'],
  ['~~', 'struck'],
  ['*', 'em'],
  ['_', 'em'],
] as const
const SPECIAL = /[\\`*_~[!\n]|https?:\/\//g
const ESCAPED = /^[\\`*_{}[\]()#+\-.!|~>]$/

export function spansOf(text: string): Span[] {
  return new Reader(text, 0).read()
}

class Reader {
  #text: string
  #depth: number
  #spans: Span[] = []
  #plain = ''
  /** Marks that have no partner behind the place where one was looked for. */
  #without = new Set<string>()

  constructor(text: string, depth: number) {
    this.#text = text
    this.#depth = depth
  }

  read(): Span[] {
    const text = this.#text
    if (this.#depth > DEPTH_MAX) return text === '' ? [] : [text]
    for (let at = 0; at < text.length; ) {
      SPECIAL.lastIndex = at
      const next = SPECIAL.exec(text)?.index ?? text.length
      this.#plain += text.slice(at, next)
      at = next === text.length ? next : this.#special(next)
    }
    this.#flush()
    return this.#spans
  }

  /** @returns where reading goes on */
  #special(at: number): number {
    const text = this.#text
    const character = text[at]!
    if (character === '\n') return this.#push({ kind: 'break' }, at + 1)
    if (character === '\\' && ESCAPED.test(text[at + 1] ?? '')) return this.#say(text[at + 1]!, at + 2)
    if (character === '`') return this.#code(at)
    if (character === 'h') return this.#address(at)
    if (character === '[' || (character === '!' && text[at + 1] === '[')) return this.#link(at)
    for (const [mark, kind] of MARKS) {
      if (!text.startsWith(mark, at)) continue
      const end = this.#partner(mark, at)
      if (end === null) continue
      const spans = new Reader(text.slice(at + mark.length, end), this.#depth + 1).read()
      return this.#push({ kind, spans }, end + mark.length)
    }
    return this.#say(character, at + 1)
  }

  /** Where a mark closes: with text at both its insides, and for `_` at the ends of words only. */
  #partner(mark: string, at: number): number | null {
    const text = this.#text
    const inside = at + mark.length
    if (this.#without.has(mark) || /\s|^$/.test(text[inside] ?? '')) return null
    if (mark[0] === '_' && /[\p{L}\p{N}]/u.test(text[at - 1] ?? '')) return null
    for (let end = inside; ; ) {
      end = text.indexOf(mark, end + 1)
      if (end === -1) {
        this.#without.add(mark)
        return null
      }
      if (/\s/.test(text[end - 1]!)) continue
      // A single mark is not the half of a double one.
      if (mark.length === 1 && text[end + 1] === mark) {
        end++
        continue
      }
      if (mark[0] === '_' && /[\p{L}\p{N}]/u.test(text[end + mark.length] ?? '')) continue
      return end
    }
  }

  #code(at: number): number {
    const mark = /^`+/.exec(this.#text.slice(at, at + 32))![0]
    const end = this.#without.has(mark) ? -1 : this.#text.indexOf(mark, at + mark.length)
    if (end === -1) {
      this.#without.add(mark)
      return this.#say(mark, at + mark.length)
    }
    const inner = this.#text.slice(at + mark.length, end).replaceAll('\n', ' ')
    const text = mark.length > 1 ? inner.trim() : inner
    return text === ''
      ? this.#say(mark + inner + mark, end + mark.length)
      : this.#push({ kind: 'code', text }, end + mark.length)
  }

  /** `[words](address)`; a picture is its words and where it is: nothing is fetched for an answer. */
  #link(at: number): number {
    const text = this.#text
    const opens = text[at] === '!' ? at + 2 : at + 1
    const middle = this.#without.has('](') ? -1 : text.indexOf('](', opens)
    const end = middle === -1 ? -1 : text.indexOf(')', middle)
    if (end === -1) {
      this.#without.add('](')
      return this.#say(text.slice(at, opens), opens)
    }
    const words = text.slice(opens, middle)
    const href = safeAddress(
      text
        .slice(middle + 2, end)
        .trim()
        .split(/\s/)[0] ?? '',
    )
    if (words.includes('\n') || words.includes('[') || href === null) return this.#say(text.slice(at, opens), opens)
    const spans = words === '' ? [href] : new Reader(words, this.#depth + DEPTH_MAX).read()
    return this.#push({ kind: 'link', href, spans }, end + 1)
  }

  #address(at: number): number {
    const found =
      /^https?:\/\/[^\s<>"'`|\\^{}[\]()（）。，；：！？、]+/u.exec(this.#text.slice(at, at + 2_000))?.[0] ?? ''
    const address = found.replace(/[.,;:!?*_~]+$/, '')
    const href = safeAddress(address)
    if (href === null) return this.#say('h', at + 1)
    return this.#push({ kind: 'link', href, spans: [address] }, at + address.length)
  }

  #say(text: string, next: number): number {
    this.#plain += text
    return next
  }

  #push(span: Span, next: number): number {
    this.#flush()
    this.#spans.push(span)
    return next
  }

  #flush(): void {
    if (this.#plain !== '') this.#spans.push(this.#plain)
    this.#plain = ''
  }
}

/** An address that a press may open: of the web, or a mailbox. Everything else stays text. */
export function safeAddress(text: string): string | null {
  if (!/^(https?:\/\/|mailto:)/i.test(text) || text.length > 2_000) return null
  try {
    const { protocol, href } = new URL(text)
    return protocol === 'https:' || protocol === 'http:' || protocol === 'mailto:' ? href : null
  } catch {
    return null
  }
}
