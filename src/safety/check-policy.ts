/** Whether a policy can be put in force. Pure module. */
import { GuardNotNamed, ModeratorNotChosen, PatternRefused, RuleNameTwice, RulesTooLarge } from './errors.ts'
import { literal, PatternTrouble, parsePattern, sizeOf } from './pattern.ts'
import { PII_FORMS } from './pii.ts'
import type { SafetyPolicy, SafetyRule } from './policy.ts'

/** Parts of all rules of a project: each worker holds them. */
const SIZE_MAX = 40_000

/** @throws PatternRefused · RuleNameTwice · RulesTooLarge · GuardNotNamed · ModeratorNotChosen */
export function checkPolicy({ rules, moderation }: SafetyPolicy): void {
  const names = new Set<string>()
  let size = 0
  for (const rule of rules) {
    if (names.has(rule.name)) throw new RuleNameTwice({ rule: rule.name })
    names.add(rule.name)
    size += sizeOfRule(rule)
  }
  if (size > SIZE_MAX) throw new RulesTooLarge({ size, sizeMax: SIZE_MAX })
  if (moderation.by === 'model' && moderation.model === null) throw new GuardNotNamed({})
  if (moderation.by === null && (moderation.requests || moderation.answers)) throw new ModeratorNotChosen({})
}

function sizeOfRule({ name, match }: SafetyRule): number {
  switch (match.kind) {
    case 'pii':
      return match.pii
        .flatMap((kind) => PII_FORMS[kind])
        .reduce((sum, { pattern }) => sum + sizeOf(parsePattern(pattern).node), 0)
    case 'keywords':
      return match.keywords.reduce((sum, keyword) => sum + sizeOf(literal(keyword)), 0)
    case 'pattern':
      try {
        return sizeOf(parsePattern(match.pattern).node)
      } catch (error) {
        if (!(error instanceof PatternTrouble)) throw error
        const { at, trouble } = error
        throw new PatternRefused({ rule: name, at, trouble })
      }
    default:
      return match satisfies never
  }
}
