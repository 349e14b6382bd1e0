/**
 * Two schemas that must both hold, as one. Covers what `allOf`, keywords beside `$ref` and keywords beside `anyOf` are
 * used for in practice: objects put together from parts, and bounds added to a type.
 */
import { isDeepStrictEqual } from 'node:util'
import { SchemaRefused } from './schema-refused.ts'

export type Schema = Record<string, unknown>

/** @throws SchemaRefused for two values of one keyword that cannot be told as one */
export function mergeSchemas(left: Schema, right: Schema, path: string): Schema {
  const merged: Schema = { ...left }
  for (const [keyword, value] of Object.entries(right)) {
    if (keyword === 'properties' || keyword === 'additionalProperties') continue
    const mine = merged[keyword]
    merged[keyword] = mine === undefined ? value : mergeKeyword(keyword, mine, value, path)
  }
  return mergeObjects(merged, left, right, path)
}

function mergeKeyword(keyword: string, left: unknown, right: unknown, path: string): unknown {
  if (isDeepStrictEqual(left, right)) return left
  const numbers = typeof left === 'number' && typeof right === 'number'
  switch (keyword) {
    case 'title':
    case 'description':
    case 'default':
    case 'examples':
    case '$defs':
    case 'definitions':
      return right
    case 'type':
      return commonTypes(left, right, path)
    case 'required':
      if (Array.isArray(left) && Array.isArray(right)) return [...new Set([...left, ...right])]
      break
    case 'enum':
      if (Array.isArray(left) && Array.isArray(right)) {
        return left.filter((value) => right.some((other) => isDeepStrictEqual(value, other)))
      }
      break
    case 'allOf':
      if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right]
      break
    case 'minimum':
    case 'exclusiveMinimum':
    case 'minLength':
    case 'minItems':
      if (numbers) return Math.max(left, right)
      break
    case 'maximum':
    case 'exclusiveMaximum':
    case 'maxLength':
    case 'maxItems':
      if (numbers) return Math.min(left, right)
      break
    case 'nullable':
      return left === true && right === true
  }
  throw new SchemaRefused(path, keyword, 'is given twice in ways that cannot be combined here.')
}

function commonTypes(left: unknown, right: unknown, path: string): unknown {
  const wanted = asList(left).flatMap((type) => {
    if (asList(right).includes(type)) return [type]
    if (type === 'number' && asList(right).includes('integer')) return ['integer']
    return type === 'integer' && asList(right).includes('number') ? ['integer'] : []
  })
  if (wanted.length === 0) throw new SchemaRefused(path, 'type', 'leaves no type that all parts allow.')
  return wanted.length === 1 ? wanted[0] : wanted
}

function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}

function mergeObjects(merged: Schema, left: Schema, right: Schema, path: string): Schema {
  const { properties: leftProperties, additionalProperties: leftMore } = left as { [name: string]: unknown }
  const { properties: rightProperties, additionalProperties: rightMore } = right as { [name: string]: unknown }
  delete merged.properties
  delete merged.additionalProperties
  const mine = asProperties(leftProperties, path)
  const theirs = asProperties(rightProperties, path)
  const names = [...new Set([...Object.keys(mine), ...Object.keys(theirs)])]
  const properties: [name: string, schema: unknown][] = []
  for (const name of names) {
    // What a closed part does not declare, the whole may not have.
    if ((leftMore === false && !Object.hasOwn(mine, name)) || (rightMore === false && !Object.hasOwn(theirs, name)))
      continue
    const constraints = [
      Object.hasOwn(mine, name) ? mine[name] : leftMore,
      Object.hasOwn(theirs, name) ? theirs[name] : rightMore,
    ].filter((schema) => schema !== undefined && schema !== true)
    properties.push([name, constraints.length === 1 ? constraints[0] : { allOf: constraints }])
  }
  // Not by assignment: a property may be named `__proto__`.
  if (names.length > 0) merged.properties = Object.fromEntries(properties)
  const more = [leftMore, rightMore].filter((schema) => schema !== undefined && schema !== true)
  if (more.includes(false)) merged.additionalProperties = false
  else if (more.length > 0) merged.additionalProperties = more.length === 1 ? more[0] : { allOf: more }
  else if (leftMore === true || rightMore === true) merged.additionalProperties = true
  return merged
}

function asProperties(value: unknown, path: string): Schema {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SchemaRefused(path, 'properties', 'must be an object.')
  }
  return value as Schema
}
