/**
 * Regular expressions of JSON Schema's `pattern` as grammars.
 *
 * Read: literals, `.`, classes, `\d \w \s` and their opposites, `\uXXXX`, groups (capturing or not), `|`, `* + ? {m,n}`
 * (lazy or not: the same texts match), `^` at the very start and `$` at the very end of a branch of the whole pattern. Refused: look-around, back
 * references, `\b`, `\p{…}`, anchors elsewhere. Without an anchor the pattern may match anywhere, as the standard says.
 */
import {
  type CodeRange,
  choice,
  complement,
  type Expression,
  normalize,
  repeat,
  sequence,
  single,
  text,
  timesAtMost,
  unrolledRules,
} from './gbnf.ts'
import { anyCharacter, oneOf, type StringForm } from './json-text.ts'

/** A pattern that is not one, or that no grammar here can keep; `message` completes "'pattern' …". */
export class PatternRefused extends Error {}

/** Repetitions beyond this would make a grammar too large to sample with. */
const TIMES_MAX = 1000
/** Of repetitions within repetitions, the product; llama.cpp refuses a grammar from 2,000 on. */
const PRODUCT_MAX = 1999
const GROUP_DEPTH_MAX = 20
/** What may stand before and after a pattern without anchors. */
const AROUND_MAX = 64

export function patternGrammar(pattern: string, form: StringForm): Expression {
  return new PatternReader(pattern, form).read()
}

const DIGITS: CodeRange[] = [[0x30, 0x39]]
const WORD: CodeRange[] = [[0x30, 0x39], [0x41, 0x5a], single('_'), [0x61, 0x7a]]
const SPACE: CodeRange[] = [
  [9, 0x0d],
  single(' '),
  single('\u00a0'),
  single('\u1680'),
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  single('\u202f'),
  single('\u205f'),
  single('\u3000'),
  single('\ufeff'),
]
const LINE_ENDS: CodeRange[] = [single('\n'), single('\r'), [0x2028, 0x2029]]
const CONTROL_ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', 0: '\0' }

class PatternReader {
  #units: string[]
  #at = 0
  #depth = 0
  #form: StringForm

  constructor(pattern: string, form: StringForm) {
    this.#units = [...pattern]
    this.#form = form
  }

  read(): Expression {
    const branches: Expression[] = []
    do {
      const anchoredStart = this.#take('^')
      const body = this.#branch()
      const anchoredEnd = this.#take('$')
      if (this.#at < this.#units.length && this.#units[this.#at] !== '|') {
        throw new PatternRefused(`has '${this.#units[this.#at]}' where none is expected.`)
      }
      const around = repeat(anyCharacter(this.#form), 0, AROUND_MAX)
      branches.push(sequence(anchoredStart ? text('') : around, body, anchoredEnd ? text('') : around))
    } while (this.#take('|'))
    return choice(...branches)
  }

  #peek(): string | undefined {
    return this.#units[this.#at]
  }

  #take(unit: string): boolean {
    if (this.#peek() !== unit) return false
    this.#at++
    return true
  }

  #next(): string {
    const unit = this.#units[this.#at++]
    if (unit === undefined) throw new PatternRefused('ends in the middle of something.')
    return unit
  }

  #alternatives(): Expression {
    const branches = [this.#branch()]
    while (this.#take('|')) branches.push(this.#branch())
    return choice(...branches)
  }

  #branch(): Expression {
    const items: Expression[] = []
    for (;;) {
      const unit = this.#peek()
      if (unit === undefined || unit === '|' || unit === ')' || unit === '$') break
      items.push(this.#quantified(this.#atom()))
    }
    return sequence(...items)
  }

  #quantified(item: Expression): Expression {
    const times = this.#times()
    if (times === null) return item
    this.#take('?') // lazy: another order of trying, the same texts
    const product = Math.max(1, unrolledRules(item)) * timesAtMost(times.min, times.max)
    if (product > PRODUCT_MAX) {
      throw new PatternRefused(
        `repeats what repeats or branches, ${product} parts in all, above the limit of ${PRODUCT_MAX}.`,
      )
    }
    return repeat(item, times.min, times.max)
  }

  #times(): { min: number; max: number | null } | null {
    if (this.#take('*')) return { min: 0, max: null }
    if (this.#take('+')) return { min: 1, max: null }
    if (this.#take('?')) return { min: 0, max: 1 }
    if (this.#peek() !== '{') return null
    const end = this.#units.indexOf('}', this.#at)
    const inner = end < 0 ? '' : this.#units.slice(this.#at + 1, end).join('')
    const match = /^(\d+)(?:(,)(\d*))?$/.exec(inner)
    if (match === null) throw new PatternRefused("has a '{' that is no repetition; write '\\{'.")
    this.#at = end + 1
    const min = Number(match[1])
    const max = match[2] === undefined ? min : match[3] === '' ? null : Number(match[3])
    if (min > TIMES_MAX || (max ?? 0) > TIMES_MAX) throw new PatternRefused(`repeats more than ${TIMES_MAX} times.`)
    if (max !== null && max < min) throw new PatternRefused('repeats at most fewer times than at least.')
    return { min, max }
  }

  #atom(): Expression {
    const unit = this.#next()
    switch (unit) {
      case '(':
        return this.#group()
      case '[':
        return this.#written(this.#class())
      case '.':
        return this.#written(complement(LINE_ENDS))
      case '\\':
        return this.#written(this.#escape(false))
      case '^':
        throw new PatternRefused("has '^' in another place than its start.")
      case '*':
      case '+':
      case '?':
      case '{':
      case '}':
      case ']':
        throw new PatternRefused(`has a '${unit}' with nothing to go with; write '\\${unit}'.`)
      default:
        return this.#written([single(unit)])
    }
  }

  #written(ranges: readonly CodeRange[]): Expression {
    const expression = oneOf(ranges, this.#form)
    if (expression === null) throw new PatternRefused('asks for a character that cannot be written here.')
    return expression
  }

  #group(): Expression {
    if (++this.#depth > GROUP_DEPTH_MAX) throw new PatternRefused(`nests groups deeper than ${GROUP_DEPTH_MAX}.`)
    if (this.#take('?')) {
      if (this.#take('<') && !['=', '!'].includes(this.#peek() ?? '')) {
        while (this.#next() !== '>');
      } else if (!this.#take(':')) {
        throw new PatternRefused('looks ahead or behind, which a grammar cannot.')
      }
    }
    const inner = this.#alternatives()
    if (!this.#take(')')) throw new PatternRefused("has a '(' that never closes, or '$' inside a group.")
    this.#depth--
    return inner
  }

  #class(): CodeRange[] {
    const negated = this.#take('^')
    const ranges: CodeRange[] = []
    while (!this.#take(']')) {
      const first = this.#classMember()
      if (this.#peek() !== '-' || this.#units[this.#at + 1] === ']') {
        ranges.push(...first)
        continue
      }
      this.#at++
      const last = this.#classMember()
      const [from, to] = [first[0]?.[0], last[0]?.[1]]
      const isRange = first.length === 1 && last.length === 1 && first[0]?.[0] === first[0]?.[1]
      if (!isRange || from === undefined || to === undefined || from > to) {
        throw new PatternRefused('has a class with a range that is none.')
      }
      ranges.push([from, to])
    }
    return negated ? complement([...ranges, [1, 0x1f]]) : normalize(ranges)
  }

  #classMember(): CodeRange[] {
    const unit = this.#next()
    return unit === '\\' ? this.#escape(true) : [single(unit)]
  }

  #escape(inClass: boolean): CodeRange[] {
    const unit = this.#next()
    switch (unit) {
      case 'd':
        return DIGITS
      case 'D':
        return complement([...DIGITS, [1, 0x1f]])
      case 'w':
        return WORD
      case 'W':
        return complement([...WORD, [1, 0x1f]])
      case 's':
        return SPACE
      case 'S':
        return complement([...SPACE, [1, 0x1f]])
      case 'u':
        return [single(this.#codePoint())]
      case 'x':
        return [single(String.fromCharCode(this.#hex(2)))]
      case 'b':
        if (inClass) return [single('\b')]
        break
      default: {
        const control = CONTROL_ESCAPES[unit]
        if (control !== undefined) return [single(control)]
        if (!/[a-zA-Z0-9]/.test(unit)) return [single(unit)]
      }
    }
    throw new PatternRefused(`uses '\\${unit}', which is outside the supported part of regular expressions.`)
  }

  #codePoint(): string {
    if (this.#take('{')) {
      const end = this.#units.indexOf('}', this.#at)
      const code = Number.parseInt(this.#units.slice(this.#at, end).join(''), 16)
      if (end < 0 || !(code <= 0x10ffff)) throw new PatternRefused("has a '\\u{' that names no character.")
      this.#at = end + 1
      return String.fromCodePoint(code)
    }
    return String.fromCharCode(this.#hex(4))
  }

  #hex(length: number): number {
    const digits = this.#units.slice(this.#at, this.#at + length).join('')
    if (digits.length !== length || !/^[0-9a-fA-F]+$/.test(digits)) {
      throw new PatternRefused('has a character number that is none.')
    }
    this.#at += length
    return Number.parseInt(digits, 16)
  }
}
