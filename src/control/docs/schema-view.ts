/** A JSON Schema as people read it: a list of fields with types, bounds and words, and what is inside folded away. */
import { html, type Markup } from '../../platform/markup.ts'
import { nameInRef, type OpenApiDocument, resolve, type Schema } from './openapi.ts'
import { prose } from './prose.ts'

/** Deeper than any shape of ours; a shape that holds itself ends here. */
const DEPTH_MAX = 8

type Fields = { name: string; schema: Schema; required: boolean }[]

/** The fields of an object, each with its own inside folded under it. */
export function fieldList(document: OpenApiDocument, schema: Schema, depth = 0): Markup {
  const fields = fieldsOf(resolve(document, schema))
  return html`<dl class="fields">${fields.map((field) => fieldRow(document, field, depth))}</dl>`
}

function fieldRow(document: OpenApiDocument, { name, schema, required }: Fields[number], depth: number): Markup {
  const { description, default: otherwise } = resolve(document, schema)
  const within = depth < DEPTH_MAX ? shapesWithin(document, schema) : []
  return html`<div><dt><code>${name}</code> <span class="type">${typeInWords(document, schema)}</span>${required ? html` <span class="must">required</span>` : null}${otherwise === undefined ? null : html` <span class="type">default <code>${JSON.stringify(otherwise)}</code></span>`}</dt>
<dd>${typeof (schema.description ?? description) === 'string' ? prose(String(schema.description ?? description)) : null}${within.map((shape) => html`<details><summary>Fields${within.length > 1 ? html` of ${typeInWords(document, shape)}${constantOf(document, shape)}` : html` of <code>${name}</code>`}</summary>${fieldList(document, shape, depth + 1)}</details>`)}</dd></div>`
}

function fieldsOf(schema: Schema): Fields {
  const required = (schema.required ?? []) as string[]
  return Object.entries((schema.properties ?? {}) as Record<string, Schema>)
    .map(([name, field]) => ({ name, schema: field, required: required.includes(name) }))
    .sort((a, b) => Number(b.required) - Number(a.required))
}

/** The objects with fields that a value of this schema can be, or hold as entries. */
function shapesWithin(document: OpenApiDocument, schema: Schema): Schema[] {
  const here = resolve(document, schema)
  if (here.properties !== undefined) return [schema]
  const alternatives = (here.anyOf ?? here.oneOf ?? here.allOf ?? []) as Schema[]
  const parts = [...alternatives, here.items as Schema | undefined].filter((part) => part !== undefined)
  return parts.flatMap((part) => shapesWithin(document, part))
}

/** Tells alternatives apart by the field that has one value. */
function constantOf(document: OpenApiDocument, shape: Schema): Markup | null {
  const properties = Object.entries((resolve(document, shape).properties ?? {}) as Record<string, Schema>)
  const [name, schema] = properties.find(([, field]) => field.const !== undefined || field.enum !== undefined) ?? []
  if (schema === undefined) return null
  return html` with ${name} ${typeInWords(document, schema)}`
}

/** `list of text or list of integers`, `number from 0 to 2`, `"auto" or "none"`. */
export function typeInWords(document: OpenApiDocument, schema: Schema): string {
  const here = resolve(document, schema)
  if (here.const !== undefined) return JSON.stringify(here.const)
  if (Array.isArray(here.enum)) return inWords(here.enum.map((value) => JSON.stringify(value)))
  const alternatives = (here.anyOf ?? here.oneOf) as Schema[] | undefined
  if (alternatives) return inWords([...new Set(alternatives.map((one) => typeInWords(document, one)))])
  switch (here.type) {
    case 'array':
      return `list of ${plural(typeInWords(document, (here.items ?? {}) as Schema))}${between(here.minItems, here.maxItems, ' entries')}`
    case 'object':
      return mapInWords(document, here) ?? (typeof schema.$ref === 'string' ? nameInRef(schema.$ref) : 'object')
    case 'string':
      return `${typeof here.format === 'string' ? here.format : 'text'}${between(here.minLength, here.maxLength, ' characters')}`
    case 'number':
    case 'integer':
      return `${here.type}${between(here.minimum, here.maximum, '')}`
    case undefined:
      return 'anything'
    default:
      return String(here.type)
  }
}

function mapInWords(document: OpenApiDocument, schema: Schema): string | null {
  if (schema.properties !== undefined) return null
  const values = Object.values((schema.patternProperties ?? {}) as Record<string, Schema>)[0]
  return values === undefined ? null : `map of ${plural(typeInWords(document, values))}`
}

function between(least: unknown, most: unknown, unit: string): string {
  if (most === undefined) return typeof least === 'number' && least > 0 ? `, at least ${spaced(least)}${unit}` : ''
  if (least === undefined || (least === 0 && unit !== '')) return `, at most ${spaced(most)}${unit}`
  return ` from ${spaced(least)} to ${spaced(most)}${unit}`
}

function spaced(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en-GB') : String(value)
}

function plural(words: string): string {
  return words
    .replace(/^(integer|number|object|boolean)\b/, '$1s')
    .replace(/^text\b/, 'texts')
    .replace(/^list\b/, 'lists')
}

function inWords(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
