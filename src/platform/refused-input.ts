/** What is wrong with a request that a schema refuses, in words: by the keyword that refuses it. Pure module. */
import type { Language } from './languages.ts'
import { REFUSALS_IN_CHINESE } from './refused-input.zh.ts'

/** As Ajv tells it. */
export type InputFailure = {
  keyword?: string
  instancePath?: string
  params?: Record<string, unknown> & { missingProperty?: string }
}

/** One language's words. */
export type RefusalWords = {
  /** How a sentence begins: with the place (`body`, `querystring`, `params`, `headers`) and the field there; '' = none. */
  subject(place: string, field: string): string
  says: Readonly<Record<string, (params: Record<string, unknown>) => string>>
  join(said: string[]): string
}

const PLACES: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
}

const COMPARISONS: Readonly<Record<string, string>> = {
  '>=': 'at least',
  '<=': 'at most',
  '>': 'more than',
  '<': 'less than',
}

const several = (limit: unknown, what: string) => `${limit} ${what}${limit === 1 ? '' : 's'}`
const compared = (p: Record<string, unknown>) =>
  `must be ${COMPARISONS[String(p.comparison)] ?? String(p.comparison)} ${p.limit}`

const REFUSALS_IN_ENGLISH: RefusalWords = {
  subject: (place, field) =>
    field === '' ? `The ${PLACES[place] ?? 'request'} ` : `"${field}" in the ${PLACES[place] ?? 'request'} `,
  says: {
    required: (p) => `lacks "${p.missingProperty}"`,
    additionalProperties: (p) => `must not have "${p.additionalProperty}"`,
    type: (p) =>
      `must be ${[p.type]
        .flat()
        .map((one) => TYPES[String(one)] ?? String(one))
        .join(' or ')}`,
    minLength: (p) => `must have at least ${several(p.limit, 'character')}`,
    maxLength: (p) => `must have at most ${several(p.limit, 'character')}`,
    pattern: (p) => `must match ${p.pattern}`,
    format: (p) => `must have the form "${p.format}"`,
    enum: (p) => `must be one of ${[p.allowedValues].flat().map(String).join(', ')}`,
    const: (p) => `must be ${p.allowedValue}`,
    minimum: compared,
    maximum: compared,
    exclusiveMinimum: compared,
    exclusiveMaximum: compared,
    multipleOf: (p) => `must be a multiple of ${p.multipleOf}`,
    minItems: (p) => `must have at least ${several(p.limit, 'item')}`,
    maxItems: (p) => `must have at most ${several(p.limit, 'item')}`,
    uniqueItems: (p) => `has the same item twice, at ${Number(p.j) + 1} and ${Number(p.i) + 1}`,
    minProperties: (p) => `must have at least ${several(p.limit, 'field')}`,
    maxProperties: (p) => `must have at most ${several(p.limit, 'field')}`,
    propertyNames: (p) => `must not have a field named "${p.propertyName}"`,
  },
  join: (said) => `${said.join(', or ')}.`,
}

const WORDS: Readonly<Record<Language, RefusalWords>> = { en: REFUSALS_IN_ENGLISH, zh: REFUSALS_IN_CHINESE }

/** They only say that none of several shapes fits; what is wrong with each stands beside them. */
const OF_SEVERAL = new Set(['anyOf', 'oneOf'])

/** @returns null where a keyword is not known here, so that Ajv's own sentence is kept */
export function sayRefusedInput(place: string, failures: readonly InputFailure[], language: Language): string | null {
  const { subject, says, join } = WORDS[language]
  const said: string[] = []
  for (const { keyword = '', instancePath = '', params = {} } of failures) {
    if (failures.length > 1 && OF_SEVERAL.has(keyword)) continue
    const refusal = says[keyword]
    if (refusal === undefined) return null
    said.push(`${subject(place, instancePath.slice(1).replaceAll('/', '.'))}${refusal(params)}`)
  }
  return said.length === 0 ? null : join([...new Set(said)])
}
