/** What is wrong with a JSON Schema that a person types: what no schema can hold, and what it hardly means. Pure. */

/** `at`: where in the schema, such as `properties.city`; empty = the schema itself. */
export type SchemaProblem =
  | { code: 'schema-not-schema' | 'schema-list' | 'schema-map' | 'schema-names' | 'schema-enum'; at: string }
  | { code: 'schema-type' | 'schema-pattern' | 'schema-number'; at: string; value: string }

/** A name that is required and described nowhere: allowed, and nearly always a slip of the pen. */
export type UnknownRequired = { at: string; name: string }

const TYPES: readonly unknown[] = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']
const OF_ONE = ['items', 'additionalProperties', 'not', 'contains', 'propertyNames', 'if', 'then', 'else']
const OF_MANY = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const OF_NAMED = ['properties', 'patternProperties', '$defs', 'definitions']
const SIZES = ['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties']
const NUMBERS = [...SIZES, 'minimum', 'maximum', 'multipleOf']

type Json = Record<string, unknown>

export function problemInSchema(schema: unknown, at = ''): SchemaProblem | null {
  if (typeof schema === 'boolean') return null
  if (!isObject(schema)) return { code: 'schema-not-schema', at }
  return ownProblem(schema, at) ?? first(partsOf(schema, at), (part) => problemInSchema(part.schema, part.at))
}

/** Only of a schema in which there is no problem. */
export function unknownRequiredIn(schema: unknown, at = ''): UnknownRequired | null {
  if (!isObject(schema)) return null
  const { required, properties } = schema
  if (Array.isArray(required) && isObject(properties) && schema.patternProperties === undefined) {
    const name = required.find((one) => !Object.hasOwn(properties, one as string)) as string | undefined
    if (name !== undefined) return { at, name }
  }
  return first(partsOf(schema, at), (part) => unknownRequiredIn(part.schema, part.at))
}

/** What is wrong in the words of this schema itself. */
function ownProblem(schema: Json, at: string): SchemaProblem | null {
  const { type, required, pattern, enum: choices } = schema
  if (type !== undefined) {
    const types = Array.isArray(type) ? type : [type]
    const wrong = types.find((one) => !TYPES.includes(one))
    if (types.length === 0 || wrong !== undefined)
      return { code: 'schema-type', at, value: JSON.stringify(wrong ?? type) }
  }
  if (required !== undefined && !(Array.isArray(required) && required.every((name) => typeof name === 'string')))
    return { code: 'schema-names', at: under(at, 'required') }
  if (choices !== undefined && !(Array.isArray(choices) && choices.length > 0))
    return { code: 'schema-enum', at: under(at, 'enum') }
  if (pattern !== undefined && !isPattern(pattern))
    return { code: 'schema-pattern', at: under(at, 'pattern'), value: JSON.stringify(pattern) }
  for (const name of NUMBERS) {
    const value = schema[name]
    if (value !== undefined && !(typeof value === 'number' && (value >= 0 || !SIZES.includes(name))))
      return { code: 'schema-number', at: under(at, name), value: JSON.stringify(value) }
  }
  for (const name of OF_MANY)
    if (schema[name] !== undefined && !(Array.isArray(schema[name]) && schema[name].length > 0))
      return { code: 'schema-list', at: under(at, name) }
  for (const name of OF_NAMED)
    if (schema[name] !== undefined && !isObject(schema[name])) return { code: 'schema-map', at: under(at, name) }
  return null
}

/** The schemas within one, each with its place. */
function partsOf(schema: Json, at: string): { schema: unknown; at: string }[] {
  const parts: { schema: unknown; at: string }[] = []
  const take = (held: unknown, place: string) => {
    for (const [name, part] of Object.entries(held as Json)) parts.push({ schema: part, at: under(place, name) })
  }
  for (const name of [...OF_NAMED, ...OF_MANY]) if (schema[name] !== undefined) take(schema[name], under(at, name))
  for (const name of OF_ONE) {
    const held = schema[name]
    // Older drafts have a list of schemas in `items`.
    if (name === 'items' && Array.isArray(held)) take(held, under(at, name))
    else if (held !== undefined) parts.push({ schema: held, at: under(at, name) })
  }
  return parts
}

function first<Part, Found>(parts: readonly Part[], look: (part: Part) => Found | null): Found | null {
  for (const part of parts) {
    const found = look(part)
    if (found !== null) return found
  }
  return null
}

const under = (at: string, name: string): string => (at === '' ? name : `${at}.${name}`)

function isPattern(value: unknown): boolean {
  try {
    return typeof value === 'string' && new RegExp(value, 'u') instanceof RegExp
  } catch {
    return false
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
