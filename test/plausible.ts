/**
 * A value that a schema would take, made from nothing but the schema and a few facts: names say what belongs in them
 * (`project_id`, `email`), shapes say the rest. For tests that call every route, so that a new one needs no hand-made body.
 */
import type { Schema } from '../src/control/docs/openapi.ts'

export type Facts = {
  /** By name of the field: `organization_id`, `email` … */
  named: Record<string, unknown>
  /** What any other text says. */
  text: string
}

/** @param resolve finds what a `$ref` names */
export function plausible(schema: Schema, facts: Facts, resolve: (schema: Schema) => Schema, name = ''): unknown {
  const shape = resolve(schema)
  if (name in facts.named) return facts.named[name]
  if (shape.const !== undefined) return shape.const
  if (Array.isArray(shape.enum)) return shape.enum[0]
  const choices = (shape.anyOf ?? shape.oneOf) as Schema[] | undefined
  if (choices) {
    const some = choices.find((one) => resolve(one).type !== 'null') ?? choices[0]
    return some === undefined ? null : plausible(some, facts, resolve, name)
  }
  switch (Array.isArray(shape.type) ? shape.type[0] : shape.type) {
    case 'object': {
      const fields = (shape.properties ?? {}) as Record<string, Schema>
      const wanted = new Set((shape.required ?? []) as string[])
      // What names an organisation or project goes in even where it may be left out: that is what is tested.
      const names = Object.keys(fields)
      const given = names.filter((field) => wanted.has(field) || field in facts.named)
      if (given.length === 0) given.push(...names.slice(0, Number(shape.minProperties ?? 0)))
      return Object.fromEntries(given.map((field) => [field, plausible(fields[field] ?? {}, facts, resolve, field)]))
    }
    case 'array': {
      const count = Number(shape.minItems ?? 0)
      return Array.from({ length: count }, () => plausible((shape.items ?? {}) as Schema, facts, resolve, name))
    }
    case 'integer':
    case 'number':
      return shape.default ?? shape.minimum ?? 1
    case 'boolean':
      return false
    case 'null':
      return null
    default:
      return text(shape, facts)
  }
}

function text(shape: Schema, { text }: Facts): string {
  if (shape.format === 'date-time') return '2099-01-01T00:00:00.000Z'
  const least = Number(shape.minLength ?? 0)
  const most = Number(shape.maxLength ?? 1_000)
  return text.padEnd(least, 'x').slice(0, most)
}
