import { AppError } from '../platform/errors.ts'

/** Of a pattern that cannot be looked for in one step a character, or is none. */
export class PatternRefused extends AppError<{ rule: string; at: number; trouble: string }> {
  static override code = 'safety.pattern_refused'
  static override status = 400
  static override say = (d: { rule: string; at: number; trouble: string }) =>
    `The pattern of the rule ${d.rule} cannot be used: ${d.trouble} (at character ${d.at}).`
}

export class RuleNameTwice extends AppError<{ rule: string }> {
  static override code = 'safety.rule_name_twice'
  static override status = 400
  static override say = (d: { rule: string }) => `Two rules are called ${d.rule}. Give each its own name.`
}

export class RulesTooLarge extends AppError<{ size: number; sizeMax: number }> {
  static override code = 'safety.rules_too_large'
  static override status = 400
  static override say = (d: { size: number; sizeMax: number }) =>
    `All rules together have ${d.size} parts once their repetitions are written out; ${d.sizeMax} is the most.`
}

export class GuardNotNamed extends AppError {
  static override code = 'safety.guard_not_named'
  static override status = 400
  static override say = () => 'Name the guard model that is to moderate.'
}

export class ModeratorNotChosen extends AppError {
  static override code = 'safety.moderator_not_chosen'
  static override status = 400
  static override say = () =>
    'Requests and answers can be moderated only where somebody moderates: keywords, or a model.'
}
