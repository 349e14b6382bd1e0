/** The parts of JSON's own grammar, and strings that stand bare outside it. */
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

/** How characters of a string are written: inside JSON quotes with its escapes, or bare as in tagged parameters. */
export type StringForm = 'json' | 'bare'

const CONTROLS: CodeRange = [0, 0x1f]
const QUOTE_AND_BACKSLASH = [single('"'), single('\\')]
/** Characters that stand in a JSON string as they are. */
export const PLAIN = complement([CONTROLS, [0x7f, 0x7f], ...QUOTE_AND_BACKSLASH])
const HEX = set([0x30, 0x39], [0x41, 0x46], [0x61, 0x66])

/** Any one character of a JSON string. Surrogate escapes are left out: their halves would count as characters. */
export function anyCharacter(form: StringForm): Expression {
  // A bare value ends at a tag, so it holds no '<'; new lines are fine there.
  if (form === 'bare') return set(...complement([single('<'), [1, 9], [0x0b, 0x1f], [0x7f, 0x7f]]))
  return rule('char')
}

export const CHAR_RULE: Expression = choice(
  set(...PLAIN),
  sequence(
    text('\\'),
    choice(
      set(...['"', '\\', '/', 'b', 'f', 'n', 'r', 't'].map(single)),
      sequence(
        text('u'),
        choice(
          sequence(set([0x30, 0x39], [0x41, 0x43], [0x45, 0x46], [0x61, 0x63], [0x65, 0x66]), repeat(HEX, 3, 3)),
          sequence(set([0x44, 0x44], [0x64, 0x64]), set([0x30, 0x37]), repeat(HEX, 2, 2)),
        ),
      ),
    ),
  ),
)

const ESCAPED: readonly [string, string][] = [
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]

/**
 * One character out of `ranges`, as it is written in this form; null = none of them can be written.
 * Other control characters are left out, which makes the set smaller and never wrong.
 */
export function oneOf(ranges: readonly CodeRange[], form: StringForm): Expression | null {
  if (form === 'bare') {
    const kept = intersect(ranges, complement([single('<'), [1, 8], [0x0b, 0x1f], [0x7f, 0x7f]]))
    return kept.length === 0 ? null : set(...kept)
  }
  const plain = intersect(ranges, PLAIN)
  const items: Expression[] = plain.length === 0 ? [] : [set(...plain)]
  for (const [character, written] of ESCAPED) {
    if (intersect(ranges, [single(character)]).length > 0) items.push(text(written))
  }
  return items.length === 0 ? null : choice(...items)
}

/** White space between tokens: none, one blank, or a new line with its indent. Bounded, or a small model never ends. */
export const SPACE_RULE: Expression = optional(
  choice(text(' '), sequence(text('\n'), repeat(set(single(' '), single('\t')), 0, 20))),
)

const DIGIT = set([0x30, 0x39])
const DIGIT_FROM_1 = set([0x31, 0x39])

/** Bounded in length: 15 digits are what a double keeps. */
export const NUMBER_RULE: Expression = sequence(
  optional(text('-')),
  choice(text('0'), sequence(DIGIT_FROM_1, repeat(DIGIT, 0, 14))),
  optional(sequence(text('.'), repeat(DIGIT, 1, 15))),
  optional(
    sequence(set(single('e'), single('E')), optional(set(single('+'), single('-'))), DIGIT_FROM_1, optional(DIGIT)),
  ),
)

export const BOOLEAN: Expression = choice(text('true'), text('false'))
export const NULL: Expression = text('null')
