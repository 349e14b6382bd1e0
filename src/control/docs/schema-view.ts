/** A JSON Schema as people read it: a list of fields with types, bounds and words, and what is inside folded away. */
import { html, type Markup } from '../../platform/markup.ts'
import { nameInRef, type OpenApiDocument, resolve, type Schema } from './openapi.ts'
import { prose } from './prose.ts'

/** Deeper than any shape of ours; a shape that holds itself ends here. */
const DEPTH_MAX = 8

type Fields = { name: string; schema: Schema; required: boolean }[]

/** Whether fields are to be sent, where most may be left out, or come, where most are there. */
export type Direction = 'sent' | 'answered'

/** The fields of an object, each with its own inside folded under it. */
export function fieldList(document: OpenApiDocument, schema: Schema, direction: Direction, depth = 0): Markup {
  const fields = fieldsOf(resolve(document, schema))
  return html`<dl class="fields">${fields.map((field) => fieldRow(document, field, direction, depth))}</dl>`
}

function fieldRow(document: OpenApiDocument, field: Fields[number], direction: Direction, depth: number): Markup {
  const { name, schema, required } = field
  const { default: otherwise } = resolve(document, schema)
  const description = descriptionOf(document, schema)
  const within = depth < DEPTH_MAX ? shapesWithin(document, schema) : []
  const fold = (shape: Schema) =>
    html`<details><summary>Fields of ${
      within.length > 1 ? whichOf(document, shape) : html`<code>${name}</code>`
    }</summary>${fieldList(document, shape, direction, depth + 1)}</details>`
  return html`<div><dt><code>${name}</code> <span class="type">${typeInWords(document, schema)}</span>${
    required && direction === 'sent' ? html` <span class="must">required</span>` : null
  }${required || direction === 'sent' ? null : html` <span class="type">not always there</span>`}${
    otherwise === undefined ? null : html` <span class="type">default <code>${JSON.stringify(otherwise)}</code></span>`
  }</dt>
<dd>${description === null ? null : prose(description)}${within.map(fold)}</dd></div>`
}

/** Its own description, or that of the one alternative to null. */
function descriptionOf(document: OpenApiDocument, schema: Schema): string | null {
  const own = schema.description ?? resolve(document, schema).description
  if (typeof own === 'string') return own
  const alternatives = ((schema.anyOf ?? []) as Schema[]).filter((one) => one.type !== 'null')
  const [only] = alternatives
  return only !== undefined && alternatives.length === 1 ? descriptionOf(document, only) : null
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

/** Names one of several shapes by the field that has one value, or a few. */
function whichOf(document: OpenApiDocument, shape: Schema): Markup {
  const properties = Object.entries((resolve(document, shape).properties ?? {}) as Record<string, Schema>)
  const [name, schema] = properties.find(([, field]) => field.const !== undefined || field.enum !== undefined) ?? []
  if (name === undefined || schema === undefined) return html`${typeInWords(document, shape)}`
  return html`the one whose <code>${name}</code> is ${typeInWords(document, schema)}`
}

/** `list of text`, `number from 0 to 2`, `"auto" or "none"`. Bounds of what is within are left to those who look there. */
export function typeInWords(document: OpenApiDocument, schema: Schema, isWhole = true): string {
  const here = resolve(document, schema)
  if (here.const !== undefined) return JSON.stringify(here.const)
  const literals = literalsOf(document, schema)
  if (literals) return inWords(literals)
  const alternatives = (here.anyOf ?? here.oneOf ?? typesApart(here)) as Schema[] | undefined
  if (alternatives) {
    const isOne = alternatives.filter((one) => one.type !== 'null').length === 1
    const words = alternatives.flatMap(
      (one) => literalsOf(document, one) ?? typeInWords(document, one, isWhole && isOne),
    )
    return inWords([...new Set(words)])
  }
  const bounds = (least: unknown, most: unknown, unit: string) => (isWhole ? between(least, most, unit) : '')
  switch (here.type) {
    case 'array':
      return `list of ${plural(typeInWords(document, (here.items ?? {}) as Schema, false))}${bounds(here.minItems, here.maxItems, 'entries')}`
    case 'object':
      return mapInWords(document, here) ?? (typeof schema.$ref === 'string' ? nameInRef(schema.$ref) : 'object')
    case 'string':
      return `${typeof here.format === 'string' ? here.format : 'text'}${bounds(here.minLength, here.maxLength, 'characters')}`
    case 'number':
    case 'integer':
      return `${here.type}${bounds(here.minimum, here.maximum, '')}`
    case undefined:
      return 'anything'
    default:
      return String(here.type)
  }
}

/** A value of one of several types, as one schema for each. */
function typesApart(schema: Schema): Schema[] | undefined {
  return Array.isArray(schema.type) ? schema.type.map((type) => ({ ...schema, type })) : undefined
}

function literalsOf(document: OpenApiDocument, schema: Schema): string[] | null {
  const { enum: values } = resolve(document, schema)
  return Array.isArray(values) ? values.map((value) => JSON.stringify(value)) : null
}

function mapInWords(document: OpenApiDocument, schema: Schema): string | null {
  if (schema.properties !== undefined) return null
  const values = Object.values((schema.patternProperties ?? {}) as Record<string, Schema>)[0]
  return values === undefined ? null : `map of ${plural(typeInWords(document, values, false))}`
}

function between(least: unknown, most: unknown, unit: string): string {
  const counted = (count: unknown) => [spaced(count), count === 1 ? unit.replace(/ies$/, 'y') : unit].join(' ').trim()
  if (most === undefined) return typeof least === 'number' && least > 0 ? `, at least ${counted(least)}` : ''
  if (least === undefined || (least === 0 && unit !== '')) return `, at most ${counted(most)}`
  return `${unit === '' ? '' : ','} from ${spaced(least)} to ${counted(most)}`
}

function spaced(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en-GB').replace('-', '−') : String(value)
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
