/**
 * JSON Schema → grammar: what a model may write so that its answer is valid.
 *
 * The supported part (2020-12 and the usual older spellings):
 *   any        type (one or several), enum, const, anyOf, oneOf (branches that exclude each other), allOf, nullable,
 *              $ref within the document ($defs, definitions, recursion), true, {}
 *   object     properties, required, additionalProperties
 *   array      items, prefixItems, minItems, maxItems
 *   string     minLength, maxLength, pattern (see `pattern.ts`), format (see `string-format.ts`)
 *   number     minimum, maximum, exclusiveMinimum, exclusiveMaximum (whole numbers); integer the same
 *   notes      title, description, default, examples, deprecated, readOnly, writeOnly, $schema, $id, $comment,
 *              discriminator, x-…
 * Everything else is refused by name and path, never ignored.
 *
 * The grammar may allow less than the schema, never more: properties come in declared order, an object without
 * `additionalProperties` holds its declared properties only, and lengths, digits and white space are bounded so that a
 * small model comes to an end. Sizes are bounded too: a schema must not be able to exhaust the engine.
 */
import { isDeepStrictEqual } from 'node:util'
import { exclusiveBranches } from './exclusive-branches.ts'
import {
  choice,
  type Expression,
  endlessRules,
  optional,
  printGbnf,
  type Rules,
  repeat,
  rule,
  sequence,
  text,
  unrolledRules,
} from './gbnf.ts'
import { anyCharacter, BOOLEAN, CHAR_RULE, NULL, NUMBER_RULE, SPACE_RULE, type StringForm } from './json-text.ts'
import { mergeSchemas, type Schema } from './merge-schemas.ts'
import { decimalsBetween, integersBetween } from './number-range.ts'
import { type Member, membersExpression, otherKey } from './object-members.ts'
import { PatternRefused, patternGrammar } from './pattern.ts'
import {
  asSchema,
  checkKeyword,
  constraintsOf,
  isOfType,
  listOf,
  readBounds,
  readCount,
  type TypeName,
  typesOf,
} from './schema-keywords.ts'
import { SchemaRefused } from './schema-refused.ts'
import { FORMATS } from './string-format.ts'

/** Levels of schemas within schemas; references do not count. */
const DEPTH_MAX = 40
/** Schemas visited in one request, after references and combinations are followed. */
const SCHEMAS_MAX = 4000
const RULES_MAX = 6000
/** Characters of the printed grammar. */
const GRAMMAR_LENGTH_MAX = 512 * 1024
/** Longer repetitions are cut to this, or refused where the schema insists; llama.cpp stops reading at 2,000. */
const REPEAT_MAX = 1000
/** Sum of all repetition counts: each is unrolled by the engine. */
const REPEAT_SUM_MAX = 20_000

/**
 * @param path names the schema in errors, as in `response_format.json_schema.schema`
 * @returns GBNF whose texts are all valid under the schema
 * @throws SchemaRefused
 */
export function jsonSchemaToGbnf(schema: unknown, path: string): string {
  const rules: Rules = new Map()
  rules.set('root', text(''))
  rules.set('root', schemaExpression(rules, schema, path))
  return checkedGbnf(rules, path)
}

/** Prints rules that schemas have been added to. @throws SchemaRefused if they are too many or can never end */
export function checkedGbnf(rules: Rules, path: string): string {
  if (endlessRules(rules).length > 0) {
    throw new SchemaRefused(path, '$ref', 'makes a value that must contain itself, so that it never ends.')
  }
  const grammar = rules.size > RULES_MAX ? '' : printGbnf(rules)
  if (grammar === '' || grammar.length > GRAMMAR_LENGTH_MAX) {
    throw new SchemaRefused(
      path,
      'schema',
      `is too large: more than ${RULES_MAX} rules or ${GRAMMAR_LENGTH_MAX} characters of grammar.`,
    )
  }
  return grammar
}

/**
 * Adds one schema to a grammar.
 * @param form how a string at the top of the schema is written; inside objects and arrays it is always JSON
 */
export function schemaExpression(rules: Rules, schema: unknown, path: string, form: StringForm = 'json'): Expression {
  return new SchemaReader(rules, schema, path).read(form)
}

/** Any JSON value, or any JSON object. */
export function anyJson(rules: Rules, kind: 'value' | 'object'): Expression {
  if (!rules.has('value')) {
    const comma = sequence(text(','), rule('ws'))
    const list = (item: Expression) => optional(sequence(item, repeat(sequence(comma, item), 0, null)))
    addCommonRules(rules)
    rules.set('member', sequence(rule('string'), text(':'), rule('ws'), rule('value')))
    rules.set('object', sequence(text('{'), rule('ws'), list(rule('member')), rule('ws'), text('}')))
    rules.set('array', sequence(text('['), rule('ws'), list(rule('value')), rule('ws'), text(']')))
    rules.set('value', choice(rule('object'), rule('array'), rule('string'), rule('number'), BOOLEAN, NULL))
  }
  return rule(kind)
}

function addCommonRules(rules: Rules): void {
  if (rules.has('ws')) return
  rules.set('ws', SPACE_RULE)
  rules.set('char', CHAR_RULE)
  rules.set('string', sequence(text('"'), repeat(rule('char'), 0, null), text('"')))
  rules.set('number', NUMBER_RULE)
}

type Place = { path: string; depth: number; form: StringForm }

class SchemaReader {
  #rules: Rules
  #document: unknown
  #path: string
  /** Rules of places that references lead to, by pointer. */
  #references = new Map<string, Expression>()
  #visited = 0
  #repeatSum = 0

  constructor(rules: Rules, document: unknown, path: string) {
    this.#rules = rules
    this.#document = document
    this.#path = path
    addCommonRules(rules)
  }

  read(form: StringForm): Expression {
    return this.#value(this.#document, { path: this.#path, depth: 0, form })
  }

  #value(value: unknown, place: Place): Expression {
    if (value === true) return anyJson(this.#rules, 'value')
    if (value === false) throw new SchemaRefused(place.path, 'false', 'allows no value at all.')
    const schema = asSchema(value, place.path)
    this.#count(place)
    for (const keyword of Object.keys(schema)) checkKeyword(keyword, schema[keyword], place.path)
    if (typeof schema.$ref === 'string' && constraintsOf(schema).length === 1)
      return this.#reference(schema.$ref, place)
    const flat = this.#flatten(schema, place.path, 0)
    if (flat.anyOf !== undefined || flat.oneOf !== undefined) return this.#alternatives(flat, place)
    if (flat.enum !== undefined || flat.const !== undefined) return this.#literals(flat, place)
    return this.#byType(flat, place)
  }

  #count(place: Place): void {
    if (place.depth > DEPTH_MAX) {
      throw new SchemaRefused(place.path, 'schema', `is nested deeper than ${DEPTH_MAX} levels.`)
    }
    if (++this.#visited > SCHEMAS_MAX) {
      throw new SchemaRefused(
        place.path,
        'schema',
        `has more than ${SCHEMAS_MAX} parts once its references are followed.`,
      )
    }
  }

  /** A rule of its own, so that what repeats refers to it instead of repeating it. */
  #named(expression: Expression): Expression {
    if (expression.kind === 'rule') return expression
    const name = `v-${this.#rules.size}`
    this.#rules.set(name, expression)
    return rule(name)
  }

  #reference(pointer: string, place: Place): Expression {
    const key = `${place.form} ${pointer}`
    const known = this.#references.get(key)
    if (known !== undefined) return known
    const name = `v-${this.#rules.size}`
    this.#rules.set(name, text(''))
    this.#references.set(key, rule(name))
    const target = this.#target(pointer, place.path)
    this.#rules.set(name, this.#value(target, { ...place, path: `${this.#path}${pointer.slice(1)}`, depth: 0 }))
    return rule(name)
  }

  #target(pointer: string, path: string): unknown {
    if (pointer !== '#' && !pointer.startsWith('#/')) {
      throw new SchemaRefused(
        path,
        '$ref',
        `must point into this schema, as in '#/$defs/name', not to '${pointer.slice(0, 200)}'.`,
      )
    }
    let target: unknown = this.#document
    for (const step of pointer.split('/').slice(1)) {
      const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')
      const has = typeof target === 'object' && target !== null && Object.hasOwn(target, key)
      target = has ? (target as Record<string, unknown>)[key] : undefined
    }
    if (target === undefined)
      throw new SchemaRefused(path, '$ref', `points to '${pointer.slice(0, 200)}', which is not there.`)
    return target
  }

  /** The schema without `$ref` and `allOf` at its top. */
  #flatten(schema: Schema, path: string, steps: number): Schema {
    if (steps > DEPTH_MAX) throw new SchemaRefused(path, '$ref', 'leads in a circle.')
    const { $ref, allOf, ...rest } = schema
    let flat: Schema = rest
    const parts: unknown[] = []
    if ($ref !== undefined) {
      if (typeof $ref !== 'string') throw new SchemaRefused(path, '$ref', 'must be a string.')
      parts.push(this.#target($ref, path))
    }
    if (allOf !== undefined) parts.push(...listOf(allOf, 'allOf', path))
    for (const value of parts) {
      if (value === true) continue
      const part = this.#flatten(asSchema(value, path), path, steps + 1)
      for (const keyword of Object.keys(part)) checkKeyword(keyword, part[keyword], path)
      // Parts come first: what is declared there is declared earlier.
      flat = mergeSchemas(flat, part, path)
    }
    return flat
  }

  #alternatives(schema: Schema, place: Place): Expression {
    const { anyOf, oneOf, ...rest } = schema
    if (anyOf !== undefined && oneOf !== undefined) {
      throw new SchemaRefused(place.path, 'oneOf', "cannot stand beside 'anyOf' here.")
    }
    const keyword = anyOf === undefined ? 'oneOf' : 'anyOf'
    const hasBase = constraintsOf(rest).length > 0
    const values = listOf(anyOf ?? oneOf, keyword, place.path)
    let branches = values.filter((value) => value !== false)
    if (hasBase || keyword === 'oneOf') {
      branches = branches.map((value, index) => {
        if (value === true) return rest
        const path = `${place.path}.${keyword}[${index}]`
        const branch = this.#flatten(asSchema(value, path), path, 0)
        return hasBase ? mergeSchemas(rest, branch, path) : branch
      })
    }
    if (keyword === 'oneOf') branches = exclusiveBranches(branches as Schema[], place.path)
    const items = branches.map((branch, index) =>
      this.#value(branch, { ...place, path: `${place.path}.${keyword}[${index}]`, depth: place.depth + 1 }),
    )
    return this.#named(choice(...items))
  }

  #literals(schema: Schema, place: Place): Expression {
    const others = constraintsOf(schema).filter((keyword) => !['enum', 'const', 'type', 'nullable'].includes(keyword))
    if (others.length > 0)
      throw new SchemaRefused(place.path, others[0] as string, "cannot stand beside 'enum' or 'const' here.")
    let values = schema.enum === undefined ? [schema.const] : listOf(schema.enum, 'enum', place.path)
    if (schema.enum !== undefined && schema.const !== undefined) {
      values = values.filter((value) => isDeepStrictEqual(value, schema.const))
    }
    if (schema.type !== undefined) {
      const types = typesOf(schema, place.path)
      values = values.filter((value) => types.some((type) => isOfType(value, type)))
    }
    if (values.length === 0) throw new SchemaRefused(place.path, 'enum', 'leaves no value.')
    const bare = place.form === 'bare'
    const items = values.map((value) => text(bare && typeof value === 'string' ? value : JSON.stringify(value)))
    return this.#named(choice(...items))
  }

  #byType(schema: Schema, place: Place): Expression {
    const types = typesOf(schema, place.path)
    if (types.length === 0) return anyJson(this.#rules, 'value')
    return this.#named(choice(...types.map((type) => this.#ofType(type, schema, place))))
  }

  #ofType(type: TypeName, schema: Schema, place: Place): Expression {
    switch (type) {
      case 'null':
        return NULL
      case 'boolean':
        return BOOLEAN
      case 'integer':
        return this.#integer(schema, place.path)
      case 'number':
        return this.#number(schema, place.path)
      case 'string':
        return this.#string(schema, place)
      case 'array':
        return this.#array(schema, place)
      case 'object':
        return this.#object(schema, place)
      default:
        return type satisfies never
    }
  }

  #integer(schema: Schema, path: string): Expression {
    const bounds = readBounds(schema, path)
    const fromMin = bounds.minimum === null ? null : Math.ceil(bounds.minimum)
    const fromExclusive = bounds.exclusiveMinimum === null ? null : Math.floor(bounds.exclusiveMinimum) + 1
    const toMax = bounds.maximum === null ? null : Math.floor(bounds.maximum)
    const toExclusive = bounds.exclusiveMaximum === null ? null : Math.ceil(bounds.exclusiveMaximum) - 1
    const limit = Number.MAX_SAFE_INTEGER
    // Integers past 2⁵³ change on their way through JSON; bounds beyond it ask for nothing more.
    const min = Math.max(fromMin ?? -limit, fromExclusive ?? -limit, -limit)
    const max = Math.min(toMax ?? limit, toExclusive ?? limit, limit)
    if (min > max) throw new SchemaRefused(path, 'maximum', `leaves no integer: at least ${min}, at most ${max}.`)
    return integersBetween(min, max)
  }

  #number(schema: Schema, path: string): Expression {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = readBounds(schema, path)
    for (const [keyword, value] of Object.entries({ minimum, maximum, exclusiveMinimum, exclusiveMaximum })) {
      if (value !== null && (!Number.isInteger(value) || Math.abs(value) > 1e9)) {
        throw new SchemaRefused(path, keyword, 'must be a whole number of at most 10⁹ for a number that is no integer.')
      }
    }
    const minExclusive = exclusiveMinimum !== null && (minimum === null || exclusiveMinimum >= minimum)
    const maxExclusive = exclusiveMaximum !== null && (maximum === null || exclusiveMaximum <= maximum)
    const min = minExclusive ? exclusiveMinimum : minimum
    const max = maxExclusive ? exclusiveMaximum : maximum
    if (min === null && max === null) return rule('number')
    if (min !== null && max !== null && (min > max || (min === max && (minExclusive || maxExclusive)))) {
      throw new SchemaRefused(path, 'maximum', `leaves no number between ${min} and ${max}.`)
    }
    return decimalsBetween({ min, max, minExclusive, maxExclusive })
  }

  #string(schema: Schema, place: Place): Expression {
    const body = this.#stringBody(schema, place)
    return place.form === 'bare' ? body : sequence(text('"'), body, text('"'))
  }

  #stringBody(schema: Schema, place: Place): Expression {
    const { format, pattern } = schema
    const hasLength = schema.minLength !== undefined || schema.maxLength !== undefined
    if (format !== undefined) {
      const known = typeof format === 'string' ? FORMATS.get(format) : undefined
      if (known === undefined) {
        throw new SchemaRefused(place.path, 'format', `must be one of ${[...FORMATS.keys()].join(', ')}.`)
      }
      if (pattern !== undefined) throw new SchemaRefused(place.path, 'pattern', "cannot stand beside 'format' here.")
      if (hasLength) throw new SchemaRefused(place.path, 'minLength or maxLength', "cannot stand beside 'format' here.")
      return known
    }
    if (pattern !== undefined) {
      if (hasLength)
        throw new SchemaRefused(place.path, 'minLength or maxLength', "cannot stand beside 'pattern' here.")
      return this.#pattern(pattern, place)
    }
    const { min, max } = this.#times(schema, 'minLength', 'maxLength', place.path)
    return repeat(anyCharacter(place.form), min, max)
  }

  #pattern(pattern: unknown, place: Place): Expression {
    if (typeof pattern !== 'string') throw new SchemaRefused(place.path, 'pattern', 'must be a string.')
    try {
      const expression = patternGrammar(pattern, place.form)
      this.#countRepeats(unrolledRules(expression), place.path, 'pattern')
      return expression
    } catch (error) {
      if (!(error instanceof PatternRefused)) throw error
      throw new SchemaRefused(place.path, 'pattern', error.message)
    }
  }

  /** Bounds of a repetition. A large maximum is cut, which only makes the grammar narrower; a large minimum is refused. */
  #times(schema: Schema, minKeyword: string, maxKeyword: string, path: string): { min: number; max: number | null } {
    const min = readCount(schema, minKeyword, path) ?? 0
    const given = readCount(schema, maxKeyword, path)
    if (min > REPEAT_MAX) throw new SchemaRefused(path, minKeyword, `must be at most ${REPEAT_MAX}.`)
    if (given !== null && given < min) throw new SchemaRefused(path, maxKeyword, `is less than ${minKeyword}.`)
    const max = given === null ? null : Math.min(given, REPEAT_MAX)
    this.#countRepeats(max ?? min, path, maxKeyword)
    return { min, max }
  }

  #countRepeats(count: number, path: string, keyword: string): void {
    this.#repeatSum += count
    if (this.#repeatSum > REPEAT_SUM_MAX) {
      throw new SchemaRefused(path, keyword, `brings the sum of all lengths and repetitions above ${REPEAT_SUM_MAX}.`)
    }
  }

  #array(schema: Schema, place: Place): Expression {
    const inner = (name: string): Place => ({ path: `${place.path}.${name}`, depth: place.depth + 1, form: 'json' })
    const prefix = schema.prefixItems === undefined ? [] : listOf(schema.prefixItems, 'prefixItems', place.path)
    if (Array.isArray(schema.items)) throw new SchemaRefused(place.path, 'items', "as a list is 'prefixItems' today.")
    const { min, max } = this.#times(schema, 'minItems', 'maxItems', place.path)
    const fixedCount = Math.min(prefix.length, max ?? prefix.length)
    const fixed = prefix.slice(0, fixedCount).map((item, index) => this.#value(item, inner(`prefixItems[${index}]`)))
    const moreMin = Math.max(0, min - fixedCount)
    // Without `items` anything may follow a prefix; nothing does unless the schema insists.
    const moreMax =
      schema.items === false || (prefix.length > 0 && schema.items === undefined)
        ? moreMin
        : max === null
          ? null
          : max - fixedCount
    if (schema.items === false && moreMin > 0) {
      throw new SchemaRefused(place.path, 'minItems', `asks for more than the ${fixedCount} items that there may be.`)
    }
    if (moreMax !== 0) {
      const item = this.#named(this.#value(schema.items ?? true, inner('items')))
      return bracketed('[', listExpression(fixed, item, moreMin, moreMax), ']')
    }
    return bracketed('[', listExpression(fixed, null, 0, 0), ']')
  }

  #object(schema: Schema, place: Place): Expression {
    const properties = schema.properties === undefined ? {} : asSchema(schema.properties, place.path)
    const required = schema.required === undefined ? [] : listOf(schema.required, 'required', place.path, true)
    const more = schema.additionalProperties
    const undeclared = required.filter((name) => !Object.hasOwn(properties, name as string)) as string[]
    if (undeclared.length > 0 && more === false) {
      throw new SchemaRefused(place.path, 'required', `names '${undeclared[0]}', which is no property.`)
    }
    const inner = (path: string): Place => ({ path, depth: place.depth + 1, form: 'json' })
    const named = (expression: Expression) => this.#named(expression)
    const members: Member[] = []
    for (const [name, value] of Object.entries(properties)) {
      const isRequired = required.includes(name)
      if (value === false && !isRequired) continue
      members.push({ pair: this.#pair(name, value, inner(`${place.path}.properties.${name}`)), isRequired })
    }
    for (const name of undeclared) {
      members.push({
        pair: this.#pair(name, more ?? true, inner(`${place.path}.additionalProperties`)),
        isRequired: true,
      })
    }
    if (more === undefined || more === false) {
      if (members.length === 0 && more === undefined && schema.properties === undefined)
        return anyJson(this.#rules, 'object')
      return bracketed('{', membersExpression(members, null, named), '}')
    }
    const value = this.#value(more, inner(`${place.path}.additionalProperties`))
    const key = otherKey([...Object.keys(properties), ...undeclared], named)
    const extra = this.#named(sequence(text('"'), key, text('":'), rule('ws'), value))
    return bracketed('{', membersExpression(members, extra, named), '}')
  }

  #pair(name: string, value: unknown, place: Place): Expression {
    return this.#named(sequence(text(`${JSON.stringify(name)}:`), rule('ws'), this.#value(value, place)))
  }
}

function bracketed(open: string, body: Expression, close: string): Expression {
  return sequence(text(open), rule('ws'), body, rule('ws'), text(close))
}

/** Fixed items, then `more` at least `min` and at most `max` times, commas between. */
function listExpression(
  fixed: readonly Expression[],
  more: Expression | null,
  min: number,
  max: number | null,
): Expression {
  const comma = sequence(text(','), rule('ws'))
  const head = fixed.flatMap((item, index) => (index === 0 ? [item] : [comma, item]))
  if (more === null) return sequence(...head)
  const next = sequence(comma, more)
  if (fixed.length > 0) return sequence(...head, repeat(next, min, max))
  const list = sequence(more, repeat(next, Math.max(0, min - 1), max === null ? null : max - 1))
  return min === 0 ? optional(list) : list
}
