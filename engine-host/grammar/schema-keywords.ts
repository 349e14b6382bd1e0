/** The keywords of JSON Schema that grammars here know, and their values read and checked. */
import type { Schema } from './merge-schemas.ts'
import { SchemaRefused } from './schema-refused.ts'

const NOTES = new Set([
  'title',
  'description',
  'default',
  'examples',
  'example',
  'deprecated',
  'readOnly',
  'writeOnly',
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'discriminator',
])
const GENERAL = ['type', 'enum', 'const', 'anyOf', 'oneOf', 'allOf', '$ref', 'nullable']
const OF_TYPE = {
  object: ['properties', 'required', 'additionalProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
} as const
const SUPPORTED = new Set([...GENERAL, ...Object.values(OF_TYPE).flat()])
/** Keywords with a value that asks for nothing. */
const NEUTRAL: Record<string, unknown> = { uniqueItems: false, minProperties: 0, minContains: 0, multipleOf: 1 }

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'] as const
export type TypeName = (typeof TYPES)[number]

export function asSchema(value: unknown, path: string): Schema {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SchemaRefused(path, 'schema', 'must be an object or a boolean.')
  }
  return value as Schema
}

export function checkKeyword(keyword: string, value: unknown, path: string): void {
  if (SUPPORTED.has(keyword) || NOTES.has(keyword) || keyword.startsWith('x-')) return
  if (Object.hasOwn(NEUTRAL, keyword) && NEUTRAL[keyword] === value) return
  throw new SchemaRefused(path, keyword, 'is not supported.')
}

/** The keywords that ask for something. */
export function constraintsOf(schema: Schema): string[] {
  return Object.keys(schema).filter((keyword) => SUPPORTED.has(keyword) && schema[keyword] !== undefined)
}

export function listOf(value: unknown, keyword: string, path: string, mayBeEmpty = false): unknown[] {
  if (!Array.isArray(value) || (value.length === 0 && !mayBeEmpty)) {
    throw new SchemaRefused(path, keyword, 'must be a list with at least one entry.')
  }
  return value
}

export function readCount(schema: Schema, keyword: string, path: string): number | null {
  const value = schema[keyword]
  if (value === undefined) return null
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
    throw new SchemaRefused(path, keyword, 'must be a whole number of at least 0.')
  }
  return value
}

type BoundKeyword = (typeof OF_TYPE.number)[number]

export function readBounds(schema: Schema, path: string): Record<BoundKeyword, number | null> {
  const bounds = { minimum: null, maximum: null, exclusiveMinimum: null, exclusiveMaximum: null } as Record<
    BoundKeyword,
    number | null
  >
  for (const keyword of OF_TYPE.number) {
    const value = schema[keyword]
    if (value === undefined) continue
    if (typeof value !== 'number') throw new SchemaRefused(path, keyword, 'must be a number.')
    bounds[keyword] = value
  }
  return bounds
}

/** The types that a schema allows; where it names none, those that its keywords speak of; empty = any. */
export function typesOf(schema: Schema, path: string): TypeName[] {
  const given = schema.type
  let types: TypeName[]
  if (given === undefined) {
    types = (Object.keys(OF_TYPE) as (keyof typeof OF_TYPE)[]).filter((type) =>
      OF_TYPE[type].some((keyword) => schema[keyword] !== undefined),
    )
  } else {
    const names = Array.isArray(given) ? given : [given]
    for (const name of names) {
      if (!TYPES.includes(name)) throw new SchemaRefused(path, 'type', `must be one of ${TYPES.join(', ')}.`)
    }
    types = [...new Set(names as TypeName[])]
    if (types.length === 0) throw new SchemaRefused(path, 'type', 'must name at least one type.')
  }
  return schema.nullable === true && types.length > 0 && !types.includes('null') ? [...types, 'null'] : types
}

export function isOfType(value: unknown, type: TypeName): boolean {
  switch (type) {
    case 'null':
      return value === null
    case 'array':
      return Array.isArray(value)
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer':
      return Number.isInteger(value)
    default:
      return typeof value === type
  }
}
