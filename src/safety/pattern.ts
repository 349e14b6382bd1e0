/**
 * A pattern that somebody writes, read into something that takes one step a character, whatever the pattern and the text.
 *
 * A tenant's expression runs on the thread that serves everybody. JavaScript's own engine goes back and tries again, so
 * that `(a+)+b` takes for ever on thirty letters. A worker thread with a deadline was the alternative: it would bound the
 * harm and not the cost, and could not say how far a match may still grow, which a stream needs to know.
 *
 *   letters and escapes  \. \n \t \u4e2d          classes     [a-z0-9_-] [^,] \d \w \s \D \W \S .
 *   alternatives         a|b                      groups      (…) (?:…)
 *   repetition           ? * + {3} {3,} {3,9}     word edges  \b as the first or the last of the whole pattern
 *   capitals             (?i) at the start: they do not matter
 *
 * References back, looking around and lazy repetition need more than one step a character, or mean nothing where the
 * longest match wins; they are refused by name.
 *
 * Pure module.
 */

export const PATTERN_CHARACTERS_MAX = 500
/** Parts of one pattern once its repetitions are written out. */
export const PATTERN_SIZE_MAX = 2_000
const REPEAT_MAX = 256

/** Code units from … to, both within. */
export type CharRange = readonly [number, number]
export type Node =
  | { kind: 'class'; ranges: readonly CharRange[] }
  | { kind: 'sequence'; nodes: Node[] }
  | { kind: 'choice'; nodes: Node[] }
  | { kind: 'repeat'; node: Node; min: number /** Null = without end. */; max: number | null }

export type Pattern = {
  node: Node
  ignoresCase: boolean
  /** A word may not go on before it, or behind it. */
  startsWord: boolean
  endsWord: boolean
}

/** Not for the wire: whoever asked says it in words of its own. */
export class PatternTrouble extends Error {
  override name = 'PatternTrouble'
  readonly at: number
  readonly trouble: string
  constructor(at: number, trouble: string) {
    super(`${trouble} at character ${at}`)
    this.at = at
    this.trouble = trouble
  }
}

/** @throws PatternTrouble */
export function parsePattern(text: string): Pattern {
  if (text.length > PATTERN_CHARACTERS_MAX)
    throw new PatternTrouble(0, `more than ${PATTERN_CHARACTERS_MAX} characters`)
  const ignoresCase = text.startsWith('(?i)')
  let from = ignoresCase ? 4 : 0
  let to = text.length
  const startsWord = text.startsWith('\\b', from)
  if (startsWord) from += 2
  const endsWord = to - from >= 2 && text.endsWith('\\b') && !isEscaped(text, to - 2)
  if (endsWord) to -= 2
  const parser = new Parser(text, from, to)
  const node = parser.whole()
  if (sizeOf(node) > PATTERN_SIZE_MAX)
    throw new PatternTrouble(0, `more than ${PATTERN_SIZE_MAX} parts once its repetitions are written out`)
  if (canBeEmpty(node)) throw new PatternTrouble(0, 'a match of nothing, which would be everywhere')
  return { node, ignoresCase, startsWord, endsWord }
}

/** A text that is meant as it stands. */
export function literal(text: string): Node {
  return { kind: 'sequence', nodes: [...units(text)].map((unit) => ({ kind: 'class', ranges: [[unit, unit]] })) }
}

/** How many steps it is made of; repetitions count as often as they are. */
export function sizeOf(node: Node): number {
  switch (node.kind) {
    case 'class':
      return 1
    case 'sequence':
    case 'choice':
      return node.nodes.reduce((sum, one) => Math.min(sum + sizeOf(one), PATTERN_SIZE_MAX + 1), 1)
    case 'repeat':
      return Math.min(sizeOf(node.node) * Math.max(1, node.max ?? node.min + 1), PATTERN_SIZE_MAX + 1)
    default:
      return node satisfies never
  }
}

function canBeEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'class':
      return false
    case 'sequence':
      return node.nodes.every(canBeEmpty)
    case 'choice':
      return node.nodes.some(canBeEmpty)
    case 'repeat':
      return node.min === 0 || canBeEmpty(node.node)
    default:
      return node satisfies never
  }
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0
  while (text[at - 1 - slashes] === '\\') slashes++
  return slashes % 2 === 1
}

function* units(text: string): Generator<number> {
  for (let at = 0; at < text.length; at++) yield text.charCodeAt(at)
}

const LAST = 0xffff
const DIGIT: CharRange[] = [[0x30, 0x39]]
const WORD: CharRange[] = [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]
const SPACE: CharRange[] = [
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x3000, 0x3000],
]
const CLASSES: Readonly<Record<string, CharRange[]>> = {
  d: DIGIT,
  w: WORD,
  s: SPACE,
  D: allBut(DIGIT),
  W: allBut(WORD),
  S: allBut(SPACE),
}
const CONTROLS: Readonly<Record<string, number>> = { n: 0x0a, r: 0x0d, t: 0x09, f: 0x0c, v: 0x0b, 0: 0 }
const NO_LINE_END = allBut([[0x0a, 0x0a]])

function allBut(ranges: readonly CharRange[]): CharRange[] {
  const rest: CharRange[] = []
  let next = 0
  for (const [from, to] of [...ranges].sort(([a], [b]) => a - b)) {
    if (from > next) rest.push([next, from - 1])
    next = Math.max(next, to + 1)
  }
  if (next <= LAST) rest.push([next, LAST])
  return rest
}

class Parser {
  readonly #text: string
  readonly #to: number
  #at: number
  #depth = 0

  constructor(text: string, from: number, to: number) {
    this.#text = text
    this.#at = from
    this.#to = to
  }

  whole(): Node {
    const node = this.#choice()
    if (this.#at < this.#to) this.#refuse('a bracket that nothing opened')
    return node
  }

  #peek(): string | undefined {
    return this.#at < this.#to ? this.#text[this.#at] : undefined
  }

  #choice(): Node {
    if (++this.#depth > 50) this.#refuse('groups within groups, more than 50 deep')
    const nodes = [this.#sequence()]
    while (this.#peek() === '|') {
      this.#at++
      nodes.push(this.#sequence())
    }
    this.#depth--
    return nodes.length === 1 ? (nodes[0] as Node) : { kind: 'choice', nodes }
  }

  #sequence(): Node {
    const nodes: Node[] = []
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek())
      nodes.push(this.#repeated(this.#atom()))
    return { kind: 'sequence', nodes }
  }

  #repeated(node: Node): Node {
    const bounds = this.#bounds()
    if (bounds === null) return node
    const next = this.#peek()
    if (next === '?' || next === '+') this.#refuse('lazy or possessive repetition')
    if (next === '*') this.#refuse('a repetition of a repetition')
    const { min, max } = bounds
    if (max !== null && max < min) this.#refuse('a repetition whose least is more than its most')
    if (Math.max(min, max ?? 0) > REPEAT_MAX) this.#refuse(`a repetition of more than ${REPEAT_MAX} times`)
    return { kind: 'repeat', node, ...bounds }
  }

  #bounds(): { min: number; max: number | null } | null {
    const next = this.#peek()
    if (next === '?') return this.#past(1, { min: 0, max: 1 })
    if (next === '*') return this.#past(1, { min: 0, max: null })
    if (next === '+') return this.#past(1, { min: 1, max: null })
    if (next !== '{') return null
    const found = /^\{(\d{1,4})(?:(,)(\d{0,4}))?\}/.exec(this.#text.slice(this.#at, this.#to))
    if (found === null) this.#refuse('a brace that is no repetition; write \\{')
    const [whole, least = '', comma, most = ''] = found
    const max = comma === undefined ? Number(least) : most === '' ? null : Number(most)
    return this.#past(whole.length, { min: Number(least), max })
  }

  #past<Value>(characters: number, value: Value): Value {
    this.#at += characters
    return value
  }

  #atom(): Node {
    const next = this.#text[this.#at] as string
    if (next === '(') return this.#group()
    if (next === '[') return this.#class()
    if (next === '\\') return { kind: 'class', ranges: this.#escape() }
    if (next === '.') return this.#past(1, { kind: 'class', ranges: NO_LINE_END })
    if ('*+?{'.includes(next)) this.#refuse('a repetition of nothing')
    if (next === '^' || next === '$')
      this.#refuse(`the anchor ${next}; a text has no lines here, write \\${next} for the character`)
    this.#at++
    const unit = next.charCodeAt(0)
    return { kind: 'class', ranges: [[unit, unit]] }
  }

  #group(): Node {
    this.#at++
    if (this.#peek() === '?') {
      if (this.#text.startsWith('?:', this.#at)) this.#at += 2
      else this.#refuse('looking around, or a named group')
    }
    const node = this.#choice()
    if (this.#peek() !== ')') this.#refuse('a group that is never closed')
    this.#at++
    return node
  }

  #class(): Node {
    this.#at++
    const isNegated = this.#peek() === '^'
    if (isNegated) this.#at++
    const ranges: CharRange[] = []
    for (let next = this.#peek(); next !== ']'; next = this.#peek()) {
      if (next === undefined) this.#refuse('a class that is never closed')
      const first = this.#member()
      const isRange = this.#peek() === '-' && this.#text[this.#at + 1] !== ']'
      if (!isRange) {
        ranges.push(...first)
        continue
      }
      this.#at++
      const last = this.#member()
      const [from, to] = [first[0]?.[0] ?? 0, last[0]?.[0] ?? 0]
      if (!isOne(first) || !isOne(last) || from > to) this.#refuse('a range that is none')
      ranges.push([from, to])
    }
    this.#at++
    if (ranges.length === 0) this.#refuse('a class of nothing')
    return { kind: 'class', ranges: isNegated ? allBut(ranges) : ranges }
  }

  #member(): CharRange[] {
    const next = this.#peek()
    if (next === undefined) this.#refuse('a class that is never closed')
    if (next === '\\') return this.#escape()
    this.#at++
    const unit = next.charCodeAt(0)
    return [[unit, unit]]
  }

  #escape(): CharRange[] {
    this.#at++
    const letter = this.#peek()
    if (letter === undefined) this.#refuse('a backslash at the end')
    const known = CLASSES[letter]
    if (known !== undefined) return this.#past(1, known)
    const hex = /^(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/.exec(this.#text.slice(this.#at, this.#to))
    if (hex !== null) {
      const unit = Number.parseInt(hex[1] ?? hex[2] ?? '', 16)
      return this.#past(hex[0].length, [[unit, unit]])
    }
    if (letter === 'b') this.#refuse('\\b elsewhere than as the first or last of the pattern')
    if (/[1-9]/.test(letter)) this.#refuse('a reference back')
    const control = CONTROLS[letter]
    if (control === undefined && /[a-zA-Z0-9]/.test(letter)) this.#refuse(`an unknown escape \\${letter}`)
    const unit = control ?? letter.charCodeAt(0)
    return this.#past(1, [[unit, unit]])
  }

  #refuse(trouble: string): never {
    throw new PatternTrouble(this.#at, trouble)
  }
}

function isOne(ranges: readonly CharRange[]): boolean {
  return ranges.length === 1 && ranges[0]?.[0] === ranges[0]?.[1]
}
