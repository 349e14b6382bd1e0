/** Wire shapes of what a project wants looked for. */
import { type Static, Type } from 'typebox'
import { nameShape, oneOf, orNull, Time } from '../platform/wire-shapes.ts'
import { PATTERN_CHARACTERS_MAX } from './pattern.ts'
import { KEYWORD_CHARACTERS_MAX, KEYWORDS_MAX, PII_KINDS, RULES_MAX, type SafetyPolicy } from './policy.ts'
import type { SafetyOfProject } from './safety.ts'

const PiiMatch = Type.Object(
  {
    kind: Type.Literal('pii'),
    pii: Type.Array(oneOf(PII_KINDS), {
      minItems: 1,
      maxItems: PII_KINDS.length,
      description:
        'Cards, IBANs and national ids are told from other numbers by their check digits. National ids of Brazil, China, France, Germany, Poland and Spain.',
    }),
  },
  { additionalProperties: false },
)
const KeywordMatch = Type.Object(
  {
    kind: Type.Literal('keywords'),
    keywords: Type.Array(Type.String({ minLength: 1, maxLength: KEYWORD_CHARACTERS_MAX, pattern: '\\S' }), {
      minItems: 1,
      maxItems: KEYWORDS_MAX,
      description: 'Whole words or phrases, in capitals or not.',
    }),
  },
  { additionalProperties: false },
)
const PatternMatch = Type.Object(
  {
    kind: Type.Literal('pattern'),
    pattern: Type.String({
      minLength: 1,
      maxLength: PATTERN_CHARACTERS_MAX,
      description:
        'A regular expression without references back, looking around, anchors and lazy repetition. `\\b` may be its first and last, `(?i)` its beginning. The longest match wins; none is longer than 256 characters.',
    }),
  },
  { additionalProperties: false },
)

export const SafetyRuleShape = Type.Object(
  {
    name: Type.String({
      minLength: 1,
      maxLength: 40,
      pattern: '^[A-Za-z0-9_/ -]+$',
      description: 'Stands in brackets for what is masked; of personal data the kind does, such as `[EMAIL]`.',
    }),
    match: Type.Union([PiiMatch, KeywordMatch, PatternMatch]),
    action: oneOf(['mask', 'block'] as const, {
      description:
        'Something else stands in its place; or the request is refused and the answer ends (`content_filter`).',
    }),
    applies_to: oneOf(['requests', 'answers', 'both'] as const),
  },
  { additionalProperties: false },
)

const ModerationShape = Type.Object(
  {
    by: orNull(
      oneOf(['keywords', 'model'] as const, {
        description: 'Who judges for `/v1/moderations` where a request names no model. Null = nobody.',
      }),
    ),
    model: orNull(nameShape({ maxLength: 200, description: 'A guard model that answers as Qwen3Guard-Gen does.' })),
    flags_controversial: Type.Boolean({ description: 'Whether what the model calls controversial counts as unsafe.' }),
    requests: Type.Boolean({ description: 'Judge requests before a model gets them.' }),
    answers: Type.Boolean({ description: 'Judge whole answers. A stream comes all at once, at its end.' }),
  },
  { additionalProperties: false },
)

const fields = {
  rules: Type.Array(SafetyRuleShape, {
    maxItems: RULES_MAX,
    description: 'The first of those that match alike counts.',
  }),
  moderation: ModerationShape,
  image_urls: oneOf(['any', 'public', 'inline'] as const, {
    description: 'Where images may come from: anywhere, the public internet, or within the request only (`data:`).',
  }),
}

export const SafetyWantedShape = Type.Object(fields, { additionalProperties: false })

export const SafetyShape = Type.Object({
  project_id: Type.String(),
  ...fields,
  in_force: Type.Boolean({ description: 'Whether anything is looked for.' }),
  updated_at: orNull(Time),
  updated_by: orNull(
    Type.Object({ id: Type.String(), name: orNull(Type.String({ description: 'Null = gone, or the command line.' })) }),
  ),
  may_change: Type.Boolean(),
})

export function safetyOnWire(safety: SafetyOfProject): Static<typeof SafetyShape> {
  const { moderation, updatedBy, updatedByName } = safety
  return {
    project_id: safety.projectId,
    rules: safety.rules.map(({ appliesTo, ...rule }) => ({ ...rule, applies_to: appliesTo })),
    moderation: {
      by: moderation.by,
      model: moderation.model,
      flags_controversial: moderation.flagsControversial,
      requests: moderation.requests,
      answers: moderation.answers,
    },
    image_urls: safety.imageUrls,
    in_force: safety.inForce,
    updated_at: safety.updatedAt?.toISOString() ?? null,
    updated_by: updatedBy === null ? null : { id: updatedBy, name: updatedByName },
    may_change: safety.mayChange,
  }
}

export function policyFrom({ rules, moderation, image_urls }: Static<typeof SafetyWantedShape>): SafetyPolicy {
  return {
    rules: rules.map(({ name, match, action, applies_to }) => ({ name, match, action, appliesTo: applies_to })),
    moderation: {
      by: moderation.by,
      model: moderation.model,
      flagsControversial: moderation.flags_controversial,
      requests: moderation.requests,
      answers: moderation.answers,
    },
    imageUrls: image_urls,
  }
}
