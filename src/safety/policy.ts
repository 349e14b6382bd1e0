/**
 * What a project wants looked for in its requests and answers. Nothing is, unless somebody said so.
 *
 * Pure module: the gateway's workers get it as it is with their snapshot.
 */

export const PII_KINDS = ['email', 'phone', 'card', 'iban', 'ip', 'national_id'] as const
export type PiiKind = (typeof PII_KINDS)[number]

/** `mask`: something else stands in its place. `block`: the request is refused, the answer ends. */
export type SafetyAction = 'mask' | 'block'
export type SafetySide = 'requests' | 'answers' | 'both'

export type SafetyMatch =
  | { kind: 'pii'; pii: PiiKind[] }
  /** Whole words, in capitals or not; of writing without spaces, anywhere. */
  | { kind: 'keywords'; keywords: string[] }
  /** In the syntax of pattern.ts. */
  | { kind: 'pattern'; pattern: string }

export type SafetyRule = {
  /** What stands for what was masked, in brackets; of PII each kind's own name does. Unique within its project. */
  name: string
  match: SafetyMatch
  action: SafetyAction
  appliesTo: SafetySide
}

export type ModerationSetting = {
  /** Who judges where a request to `/v1/moderations` names no model. Null = nobody. */
  by: 'keywords' | 'model' | null
  /** A guard model; not null where `by` is `model`. */
  model: string | null
  /** Whether what a guard model calls controversial counts as unsafe. */
  flagsControversial: boolean
  /** Requests are judged before a model gets them. */
  requests: boolean
  /** Answers are judged as a whole before a client gets any of them. */
  answers: boolean
}

/** `public`: on the internet; `inline`: none at all, images come within the request. */
export type ImageUrls = 'any' | 'public' | 'inline'

export type SafetyPolicy = { rules: SafetyRule[]; moderation: ModerationSetting; imageUrls: ImageUrls }

export const NO_POLICY: SafetyPolicy = {
  rules: [],
  moderation: { by: null, model: null, flagsControversial: false, requests: false, answers: false },
  imageUrls: 'any',
}

export const RULES_MAX = 50
export const KEYWORDS_MAX = 1_000
export const KEYWORD_CHARACTERS_MAX = 100

/** Whether anything comes of it. */
export function isInForce({ rules, moderation, imageUrls }: SafetyPolicy): boolean {
  return rules.length > 0 || moderation.by !== null || imageUrls !== 'any'
}
