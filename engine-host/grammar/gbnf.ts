/**
 * Grammars as values, printed as GBNF, the notation that llama.cpp reads.
 *
 * Built as a tree and not as text, so that a rule can be checked (can it end at all?) and counted before anything is
 * printed, and so that nothing a caller wrote is ever pasted into a grammar unescaped.
 */

export type Expression =
  | { kind: 'text'; text: string }
  /** One character out of inclusive ranges of code points. */
  | { kind: 'set'; ranges: readonly CodeRange[] }
  | { kind: 'sequence'; items: readonly Expression[] }
  | { kind: 'choice'; items: readonly Expression[] }
  | { kind: 'repeat'; item: Expression; min: number; max: number | null }
  | { kind: 'rule'; name: string }

export type CodeRange = readonly [first: number, last: number]

/** Names are letters, digits and dashes. The grammar starts at `root`. */
export type Rules = Map<string, Expression>

export const text = (value: string): Expression => ({ kind: 'text', text: value })
export const set = (...ranges: CodeRange[]): Expression => ({ kind: 'set', ranges })
export const rule = (name: string): Expression => ({ kind: 'rule', name })
export const repeat = (item: Expression, min: number, max: number | null): Expression => ({
  kind: 'repeat',
  item,
  min,
  max,
})
export const optional = (item: Expression): Expression => repeat(item, 0, 1)

export function sequence(...items: Expression[]): Expression {
  const flat = items.flatMap((item) => (item.kind === 'sequence' ? item.items : [item]))
  const kept = flat.filter((item) => item.kind !== 'text' || item.text !== '')
  return kept.length === 1 ? (kept[0] as Expression) : { kind: 'sequence', items: kept }
}

export function choice(...items: Expression[]): Expression {
  return items.length === 1 ? (items[0] as Expression) : { kind: 'choice', items }
}

/** Rules that llama.cpp makes of an expression when it reads it: one per bracket, and one per time that something repeats. */
export function unrolledRules(expression: Expression): number {
  switch (expression.kind) {
    case 'text':
    case 'set':
    case 'rule':
      return 0
    case 'sequence':
      return expression.items.reduce((sum, item) => sum + unrolledRules(item), 1)
    case 'choice':
      // Its branches are written without brackets of their own.
      return expression.items.reduce((sum, item) => sum + unrolledRules(item) - (item.kind === 'sequence' ? 1 : 0), 1)
    case 'repeat':
      return unrolledRules(expression.item) + timesAtMost(expression.min, expression.max) + 1
    default:
      return expression satisfies never
  }
}

/** How often a repetition is written out; without an end, the last time refers to itself. */
export function timesAtMost(min: number, max: number | null): number {
  return max ?? min + 1
}

export function printGbnf(rules: Rules): string {
  const root = rules.get('root')
  if (root === undefined) throw new Error('a grammar needs a rule named root')
  const lines = [...rules].map(([name, expression]) => `${name} ::= ${print(expression, false)}`)
  return `${lines.join('\n')}\n`
}

function print(expression: Expression, nested: boolean): string {
  switch (expression.kind) {
    case 'text':
      return `"${[...expression.text].map((character) => escaped(character, '"\\')).join('')}"`
    case 'set':
      return `[${expression.ranges.map(printRange).join('')}]`
    case 'rule':
      return expression.name
    case 'sequence': {
      if (expression.items.length === 0) return '""'
      const items = expression.items.map((item) => print(item, true)).join(' ')
      return nested ? `(${items})` : items
    }
    case 'choice': {
      const items = expression.items.map((item) => print(item, item.kind === 'choice')).join(' | ')
      return nested ? `(${items})` : items
    }
    case 'repeat': {
      const item = print(expression.item, true)
      // A repetition of a repetition needs brackets: `x*{2}` is not GBNF.
      return `${expression.item.kind === 'repeat' ? `(${item})` : item}${printTimes(expression.min, expression.max)}`
    }
    default:
      return expression satisfies never
  }
}

function printTimes(min: number, max: number | null): string {
  if (min === 0 && max === null) return '*'
  if (min === 1 && max === null) return '+'
  if (min === 0 && max === 1) return '?'
  if (max === null) return `{${min},}`
  return min === max ? `{${min}}` : `{${min},${max}}`
}

function printRange([first, last]: CodeRange): string {
  const from = escaped(String.fromCodePoint(first), '\\]-^[')
  return first === last ? from : `${from}-${escaped(String.fromCodePoint(last), '\\]-^[')}`
}

/** Printable ASCII as it is, everything else by its code point, so that a grammar is plain ASCII. */
function escaped(character: string, specials: string): string {
  const code = character.codePointAt(0) as number
  if (code >= 0x20 && code < 0x7f && !specials.includes(character)) return character
  if (code === 0x5c) return '\\\\'
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0').toUpperCase()}`
  if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0').toUpperCase()}`
  return `\\U${code.toString(16).padStart(8, '0').toUpperCase()}`
}

/** Rules that can never come to an end, such as an object that must contain itself. */
export function endlessRules(rules: Rules): string[] {
  const ending = new Set<string>()
  const ends = (expression: Expression): boolean => {
    switch (expression.kind) {
      case 'text':
      case 'set':
        return true
      case 'rule':
        return ending.has(expression.name)
      case 'sequence':
        return expression.items.every(ends)
      case 'choice':
        return expression.items.some(ends)
      case 'repeat':
        return expression.min === 0 || ends(expression.item)
      default:
        return expression satisfies never
    }
  }
  for (let grew = true; grew; ) {
    grew = false
    for (const [name, expression] of rules) {
      if (ending.has(name) || !ends(expression)) continue
      ending.add(name)
      grew = true
    }
  }
  return [...rules.keys()].filter((name) => !ending.has(name))
}

/**
 * Any text in which none of `markers` occurs, possibly none at all: one rule per beginning of a marker that the text
 * so far may end with (the automaton of Aho and Corasick, written as rules).
 * @returns the rule to begin with
 */
export function addTextWithout(rules: Rules, name: string, markers: readonly string[]): Expression {
  const states = [...new Set(markers.flatMap((marker) => prefixesOf([...marker])))]
  const alphabet = [...new Set(markers.flatMap((marker) => [...marker]))]
  const stateName = (state: string) => (state === '' ? name : `${name}-${states.indexOf(state)}`)
  for (const state of states) {
    const followers = new Map<string, CodeRange[]>()
    for (const unit of alphabet) {
      const seen = state + unit
      if (markers.some((marker) => seen.endsWith(marker))) continue
      const next = states.filter((prefix) => seen.endsWith(prefix)).reduce((a, b) => (b.length > a.length ? b : a), '')
      followers.set(next, [...(followers.get(next) ?? []), single(unit)])
    }
    const steps = [...followers].map(([next, ranges]) => sequence(set(...ranges), rule(stateName(next))))
    const other = sequence(set(...complement(alphabet.map(single))), rule(name))
    rules.set(stateName(state), optional(choice(other, ...steps)))
  }
  return rule(name)
}

/** All beginnings of a marker but the whole: '', 'a', 'ab' of 'abc'. */
function prefixesOf(units: readonly string[]): string[] {
  return units.map((_, length) => units.slice(0, length).join(''))
}

export function single(character: string): CodeRange {
  const code = character.codePointAt(0) as number
  return [code, code]
}

const CODE_MAX = 0x10ffff
/** Halves of characters, which no text holds. */
const SURROGATES: CodeRange = [0xd800, 0xdfff]

/** Sorted, without overlaps, without surrogates. */
export function normalize(ranges: readonly CodeRange[]): CodeRange[] {
  const sorted = [...ranges].filter(([first, last]) => first <= last).sort((a, b) => a[0] - b[0])
  const merged: [number, number][] = []
  for (const [first, last] of sorted) {
    const previous = merged.at(-1)
    if (previous !== undefined && first <= previous[1] + 1) previous[1] = Math.max(previous[1], last)
    else merged.push([first, last])
  }
  return merged.flatMap(([first, last]) => without([first, last], SURROGATES))
}

function without([first, last]: CodeRange, [cutFirst, cutLast]: CodeRange): CodeRange[] {
  if (last < cutFirst || first > cutLast) return [[first, last]]
  const rest: CodeRange[] = []
  if (first < cutFirst) rest.push([first, cutFirst - 1])
  if (last > cutLast) rest.push([cutLast + 1, last])
  return rest
}

/** Every character but these; NUL is never text. */
export function complement(ranges: readonly CodeRange[]): CodeRange[] {
  const result: CodeRange[] = []
  let next = 1
  for (const [first, last] of normalize(ranges)) {
    if (first > next) result.push([next, first - 1])
    next = Math.max(next, last + 1)
  }
  if (next <= CODE_MAX) result.push([next, CODE_MAX])
  return normalize(result)
}

export function intersect(left: readonly CodeRange[], right: readonly CodeRange[]): CodeRange[] {
  const result: CodeRange[] = []
  for (const [first, last] of normalize(left)) {
    for (const [otherFirst, otherLast] of normalize(right)) {
      if (Math.max(first, otherFirst) <= Math.min(last, otherLast)) {
        result.push([Math.max(first, otherFirst), Math.min(last, otherLast)])
      }
    }
  }
  return normalize(result)
}
