import { isDeepStrictEqual } from 'node:util'
import type { Schema } from './merge-schemas.ts'
import { type TypeName, typesOf } from './schema-keywords.ts'
import { SchemaRefused } from './schema-refused.ts'

/**
 * `oneOf` wants exactly one branch to match, which a grammar can keep only if no value matches two: branches of other
 * types, of other literals, or objects told apart by a property of fixed values, which is then made required.
 */
export function exclusiveBranches(branches: readonly Schema[], path: string): Schema[] {
  const result = branches.map((branch) => ({ ...branch }))
  for (let left = 0; left < result.length; left++) {
    for (let right = left + 1; right < result.length; right++) {
      const a = result[left] as Schema
      const b = result[right] as Schema
      if (typesApart(a, b, path) || literalsApart(a, b)) continue
      const name = discriminator(a, b)
      if (name === null) {
        throw new SchemaRefused(
          path,
          'oneOf',
          `has branches ${left} and ${right} that one value may match both; use 'anyOf', or tell them apart by a property with fixed values.`,
        )
      }
      for (const branch of [a, b]) branch.required = [...new Set([...asArray(branch.required), name])]
    }
  }
  return result
}

function typesApart(a: Schema, b: Schema, path: string): boolean {
  const left = a.enum === undefined && a.const === undefined ? typesOf(a, path) : []
  const right = b.enum === undefined && b.const === undefined ? typesOf(b, path) : []
  if (left.length === 0 || right.length === 0 || a.type === undefined || b.type === undefined) return false
  const overlaps = (x: TypeName, y: TypeName) =>
    x === y || (x === 'integer' && y === 'number') || (x === 'number' && y === 'integer')
  return !left.some((x) => right.some((y) => overlaps(x, y)))
}

function literalsApart(a: unknown, b: unknown): boolean {
  const left = literalsOf(a)
  const right = literalsOf(b)
  if (left === null || right === null) return false
  return !left.some((value) => right.some((other) => isDeepStrictEqual(value, other)))
}

function literalsOf(schema: unknown): unknown[] | null {
  if (typeof schema !== 'object' || schema === null) return null
  const { const: only, enum: values } = schema as Schema
  if (only !== undefined) return [only]
  return Array.isArray(values) ? values : null
}

function discriminator(a: Schema, b: Schema): string | null {
  if (a.type !== 'object' || b.type !== 'object') return null
  const left = asRecord(a.properties)
  const right = asRecord(b.properties)
  return Object.keys(left).find((name) => Object.hasOwn(right, name) && literalsApart(left[name], right[name])) ?? null
}

function asRecord(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {}
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}
