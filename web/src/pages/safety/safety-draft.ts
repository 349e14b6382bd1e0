/**
 * A project's safety as its page edits it: one rule of personal data, one of keywords, one of patterns each. What was made
 * over the API in another form stays as it is, behind them. Pure module.
 */
import type { Static } from 'typebox'
import type { PiiKind } from '../../../../src/safety/policy.ts'
import type { SafetyRuleShape, SafetyShape, SafetyWantedShape } from '../../../../src/safety/schema.ts'

export type Safety = Static<typeof SafetyShape>
export type SafetyWanted = Static<typeof SafetyWantedShape>
type Rule = Static<typeof SafetyRuleShape>
export type Does = 'nothing' | 'mask' | 'block'

/** Of personal data, in the order in which they are shown. */
export const KINDS = ['email', 'phone', 'card', 'iban', 'ip', 'national_id'] as const satisfies readonly PiiKind[]

export type SafetyDraft = {
  pii: PiiKind[]
  piiDoes: Does
  /** One a line. */
  keywords: string
  keywordsDo: Does
  patterns: string
  patternsDo: Does
  moderation: Safety['moderation']
  imageUrls: Safety['image_urls']
  others: Rule[]
}

const PII = 'Personal data'
const KEYWORDS = 'Keywords'
const PATTERN = /^Pattern(?: \d+)?$/

export function draftOf({ rules, moderation, image_urls }: Safety): SafetyDraft {
  const own = (rule: Rule) =>
    rule.applies_to === 'both' && (rule.name === PII || rule.name === KEYWORDS || PATTERN.test(rule.name))
  const pii = rules.find(({ name, match }) => name === PII && match.kind === 'pii')
  const keywords = rules.find(({ name, match }) => name === KEYWORDS && match.kind === 'keywords')
  const patterns = rules.filter(({ name, match }) => PATTERN.test(name) && match.kind === 'pattern')
  return {
    pii: pii?.match.kind === 'pii' ? pii.match.pii : [],
    piiDoes: pii?.action ?? 'nothing',
    keywords: keywords?.match.kind === 'keywords' ? keywords.match.keywords.join('\n') : '',
    keywordsDo: keywords?.action ?? 'nothing',
    patterns: patterns.map(({ match }) => (match.kind === 'pattern' ? match.pattern : '')).join('\n'),
    patternsDo: patterns[0]?.action ?? 'nothing',
    moderation,
    imageUrls: image_urls,
    others: rules.filter((rule) => !own(rule)),
  }
}

export function wantedOf(draft: SafetyDraft): SafetyWanted {
  const { pii, piiDoes, keywordsDo, patternsDo, moderation } = draft
  const words = linesOf(draft.keywords)
  const patterns = linesOf(draft.patterns)
  const rule = (name: string, action: Does, match: Rule['match']): Rule[] =>
    action === 'nothing' ? [] : [{ name, match, action, applies_to: 'both' }]
  return {
    rules: [
      ...(pii.length === 0 ? [] : rule(PII, piiDoes, { kind: 'pii', pii })),
      ...(words.length === 0 ? [] : rule(KEYWORDS, keywordsDo, { kind: 'keywords', keywords: words })),
      ...patterns.flatMap((pattern, index) => rule(`Pattern ${index + 1}`, patternsDo, { kind: 'pattern', pattern })),
      ...draft.others,
    ],
    moderation: {
      ...moderation,
      model: moderation.by === 'model' ? moderation.model : null,
      requests: moderation.by !== null && moderation.requests,
      answers: moderation.by !== null && moderation.answers,
    },
    image_urls: draft.imageUrls,
  }
}

function linesOf(text: string): string[] {
  return [...new Set(text.split('\n').map((line) => line.trim()))].filter((line) => line !== '')
}
