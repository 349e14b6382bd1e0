/** A project's rules, made ready for looking through text. Pure module. */
import { literal, type Node, parsePattern } from '../../safety/pattern.ts'
import { PII_FORMS } from '../../safety/pii.ts'
import type { SafetyRule } from '../../safety/policy.ts'
import { Automaton } from './automaton.ts'

export type Form = {
  /** Of its rule. */
  name: string
  /** What stands in its place; null = the text is blocked. */
  mask: string | null
  isReal: (found: string) => boolean
  /** `clear`: no word may touch it; `whole`: none may go on from its own letters; `none`: it may be part of a word. */
  before: Edge
  after: Edge
}
export type Edge = 'none' | 'whole' | 'clear'

export type CompiledRules = {
  automaton: Automaton
  forms: readonly Form[]
  /** Nothing matches in the middle of a word, so that most of a text is not looked at twice. */
  startsAtWords: boolean
}

type Written = { node: Node; ignoresCase: boolean; form: Form }

/** @returns null where there are none */
export function compileRules(rules: readonly SafetyRule[]): CompiledRules | null {
  // Of two forms that end at one place the first counts, and what blocks goes before what masks.
  const written = [...rules]
    .sort((a, b) => Number(b.action === 'block') - Number(a.action === 'block'))
    .flatMap(formsOf)
  if (written.length === 0) return null
  return {
    automaton: new Automaton(written.map(({ node, ignoresCase }, accept) => ({ node, ignoresCase, accept }))),
    forms: written.map(({ form }) => form),
    startsAtWords: written.every(({ form }) => form.before !== 'none'),
  }
}

function formsOf({ name, match, action }: SafetyRule): Written[] {
  const maskOf = (what: string) => (action === 'block' ? null : `[${what}]`)
  switch (match.kind) {
    case 'pii':
      return match.pii.flatMap((kind) =>
        PII_FORMS[kind].map(({ pattern, isReal }) => ({
          ...parsePattern(pattern),
          form: { name, mask: maskOf(kind.toUpperCase()), isReal, before: 'clear', after: 'clear' },
        })),
      )
    case 'keywords':
      return match.keywords.map((keyword) => ({
        node: literal(keyword),
        ignoresCase: true,
        form: { name, mask: maskOf(name), isReal: isAnything, before: 'whole', after: 'whole' },
      }))
    case 'pattern': {
      const { node, ignoresCase, startsWord, endsWord } = parsePattern(match.pattern)
      const form: Form = {
        name,
        mask: maskOf(name),
        isReal: isAnything,
        before: startsWord ? 'whole' : 'none',
        after: endsWord ? 'whole' : 'none',
      }
      return [{ node, ignoresCase, form }]
    }
    default:
      return match satisfies never
  }
}

function isAnything(): boolean {
  return true
}
