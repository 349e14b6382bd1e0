/** The inside of an object: declared members in order, and others whose keys must differ from theirs. */
import {
  type CodeRange,
  choice,
  complement,
  type Expression,
  intersect,
  optional,
  repeat,
  rule,
  sequence,
  set,
  single,
  text,
} from './gbnf.ts'
import { PLAIN } from './json-text.ts'

/** `pair` is the key, the colon and the value. */
export type Member = { pair: Expression; isRequired: boolean }

/** Gives an expression a rule of its own, so that it can be referred to instead of repeated. */
export type NameRule = (expression: Expression) => Expression

/**
 * Members in order, commas between those that are there. Two rules per member: one for "nothing before it yet", one
 * for "after a comma", so the size stays linear however many are optional.
 */
export function membersExpression(members: readonly Member[], extra: Expression | null, named: NameRule): Expression {
  const comma = sequence(text(','), rule('ws'))
  const moreExtras = extra === null ? text('') : repeat(sequence(comma, extra), 0, null)
  let first: Expression = extra === null ? text('') : optional(sequence(extra, moreExtras))
  let later: Expression = moreExtras
  for (const { pair, isRequired } of [...members].reverse()) {
    const afterThis = later
    first = named(isRequired ? sequence(pair, afterThis) : choice(sequence(pair, afterThis), first))
    later = named(sequence(isRequired ? sequence(comma, pair) : optional(sequence(comma, pair)), afterThis))
  }
  return first
}

/** Any key but these, without escapes, so that none of them can be written in disguise. */
export function otherKey(names: readonly string[], named: NameRule): Expression {
  const tail = named(repeat(set(...PLAIN), 0, 40))
  const build = (prefix: string, rest: readonly string[]): Expression => {
    const initials = [...new Set(rest.filter((name) => name !== '').map((name) => [...name][0] as string))]
    const items: Expression[] = initials
      .filter((initial) => intersect(PLAIN, [single(initial)]).length > 0)
      .map((initial) => {
        const under = rest.filter((name) => name.startsWith(initial)).map((name) => name.slice(initial.length))
        return sequence(set(single(initial)), build(prefix + initial, under))
      })
    const others: CodeRange[] = intersect(PLAIN, complement(initials.map(single)))
    items.unshift(sequence(set(...others), tail))
    const body = named(choice(...items))
    // An empty key is legal and useless; a declared name must not end here.
    return prefix === '' || rest.includes('') ? body : optional(body)
  }
  return build('', names)
}
