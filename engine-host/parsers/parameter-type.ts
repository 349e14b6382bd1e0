/** Which JSON types a parameter's schema allows, for formats that write values as bare text. */

type TypeName = 'string' | 'number' | 'integer' | 'boolean' | 'object' | 'array' | 'null'

/** False = whatever is written is a string, so it can be streamed without waiting for its end. */
export function allowsOtherThanString(schema: unknown): boolean {
  return [...typesOf(schema)].some((type) => type !== 'string')
}

/**
 * Reads bare text as the schema wants it: `5` is a number where numbers are allowed, text where only strings are.
 * What fits no other allowed type is a string.
 */
export function readBareValue(text: string, schema: unknown): unknown {
  const types = typesOf(schema)
  const trimmed = text.trim()
  const value = parsed(trimmed)
  if (value !== undefined && types.has(typeOf(value))) return value
  if (typeOf(value) === 'number' && value !== undefined && types.has('integer') && Number.isInteger(value)) return value
  // Python's words, which models write often.
  if (types.has('boolean') && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === 'true'
  if (types.has('null') && /^(none|null)$/i.test(trimmed)) return null
  return text
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function typeOf(value: unknown): TypeName {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value as TypeName
}

function typesOf(schema: unknown): Set<TypeName> {
  if (typeof schema !== 'object' || schema === null) return new Set(['string'])
  const {
    type,
    enum: values,
    const: only,
    anyOf,
    oneOf,
    nullable,
    properties,
    items,
  } = schema as Record<string, unknown>
  const types = new Set<TypeName>()
  for (const name of Array.isArray(type) ? type : [type]) if (typeof name === 'string') types.add(name as TypeName)
  if (types.size === 0) {
    if (Array.isArray(values)) for (const value of values) types.add(typeOf(value))
    if (only !== undefined) types.add(typeOf(only))
    for (const branches of [anyOf, oneOf]) {
      if (Array.isArray(branches)) for (const branch of branches) for (const name of typesOf(branch)) types.add(name)
    }
    if (properties !== undefined) types.add('object')
    if (items !== undefined) types.add('array')
    // A reference or an empty schema may be anything.
    if (types.size === 0) for (const name of ANY) types.add(name)
  }
  if (nullable === true) types.add('null')
  return types
}

const ANY: readonly TypeName[] = ['string', 'number', 'boolean', 'object', 'array', 'null']
