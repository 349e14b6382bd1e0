import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { sampleGbnf } from './gbnf-sampler.ts'
import { jsonSchemaToGbnf } from './json-schema-to-gbnf.ts'
import { SchemaRefused } from './schema-refused.ts'

/** Independent checks of the formats, strict where the grammar claims to be. */
const FORMAT_CHECKS: Record<string, (text: string) => boolean> = {
  date: isDate,
  time: isTime,
  'date-time': (text) => isDate(text.slice(0, 10)) && text[10] === 'T' && isTime(text.slice(11)),
  duration: (text) =>
    /^P(?!$)(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?$/.test(text) &&
    (!text.includes('W') || /^P\d+W$/.test(text)),
  uuid: (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text),
  ipv4: (text) =>
    text.split('.').length === 4 &&
    text.split('.').every((part) => String(Number(part)) === part && Number(part) < 256),
  ipv6: (text) => /^([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}$/.test(text),
  hostname: (text) => text.length <= 253 && text.split('.').every((label) => /^[a-z0-9]{1,63}$/.test(label)),
  email: (text) => /^[a-z0-9]+([._+-][a-z0-9]+)*@[a-z0-9]+(\.[a-z0-9]+)+$/.test(text),
  uri: (text) => URL.canParse(text),
}

function isDate(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

function isTime(text: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)$/.test(text)
}

const ajv = new Ajv2020({ strict: false, allErrors: true })
for (const [name, check] of Object.entries(FORMAT_CHECKS)) ajv.addFormat(name, check)

/** Deterministic randomness: the property's own seed. */
function randomBelow(seed: number): (n: number) => number {
  let state = seed >>> 0
  return (n) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0
    return Math.floor(((state ^ (state >>> 13)) >>> 0) % n)
  }
}

function checkSamples(schema: unknown, seeds: readonly number[]): void {
  const grammar = jsonSchemaToGbnf(schema, 'schema')
  const validate = ajv.compile(schema as object)
  for (const seed of seeds) {
    const sample = sampleGbnf(grammar, randomBelow(seed))
    let value: unknown
    try {
      value = JSON.parse(sample)
    } catch {
      assert.fail(`not JSON: ${sample}\nschema: ${JSON.stringify(schema)}`)
    }
    assert.ok(
      validate(value),
      `${JSON.stringify(validate.errors)}\nsample: ${sample}\nschema: ${JSON.stringify(schema)}`,
    )
  }
}

const SEEDS = Array.from({ length: 40 }, (_, index) => index * 7919 + 1)

const bound = fc.integer({ min: -1200, max: 1200 })
const pair = (low: string, high: string, value: fc.Arbitrary<number>) =>
  fc.tuple(value, value, fc.integer({ min: 0, max: 3 })).map(([a, b, which]) => ({
    ...(which & 1 ? { [low]: Math.min(a, b) } : {}),
    ...(which & 2 ? { [high]: Math.max(a, b) } : {}),
  }))
const names = fc.constantFrom('a', 'ab', 'abc', 'b', 'name', 'Größe', 'with "quotes"', '', '-')
const literal = fc.oneof(
  fc.string({ maxLength: 5 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
  fc.constant({ a: [1] }),
)

const PATTERNS = [
  '^[A-Z]{2}-\\d{3,5}$',
  '^(yes|no|maybe)$',
  'x+y?',
  '^\\w+@\\w+\\.(com|org)$',
  '^[^"\\\\]*$',
  '^(?:a|b){2,}(?<tail>c*?)$',
  '^["\\\\/\\n]$',
  '^\\S+\\s\\S+$',
  '^.{0,3}$|^long$',
  '[\\u4e00-\\u9fff]',
  '^\\u{1F600}?$',
]

const schemas = fc.letrec<{ any: object }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(
      { type: 'boolean' },
      { type: 'null' },
      { type: 'number' },
      { type: ['string', 'null'] },
      { type: 'string', nullable: true },
    ),
    pair('minimum', 'maximum', bound).map((bounds) => ({ type: 'integer', ...bounds })),
    pair('minimum', 'maximum', fc.integer({ min: -30, max: 30 })).map((bounds) => ({ type: 'number', ...bounds })),
    fc
      .tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 1, max: 9 }), fc.boolean(), fc.boolean())
      .map(([from, length, low, high]) => ({
        type: 'number',
        [low ? 'exclusiveMinimum' : 'minimum']: from,
        [high ? 'exclusiveMaximum' : 'maximum']: from + length,
      })),
    pair('minLength', 'maxLength', fc.nat({ max: 12 })).map((bounds) => ({ type: 'string', ...bounds })),
    fc.constantFrom(...PATTERNS).map((pattern) => ({ type: 'string', pattern })),
    fc.constantFrom(...Object.keys(FORMAT_CHECKS)).map((format) => ({ type: 'string', format })),
    fc.array(literal, { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
    literal.map((value) => ({ const: value })),
    fc.array(tie('any'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.tuple(fc.constantFrom('a', 'b'), tie('any')).map(([, inner]) => ({
      oneOf: [
        { type: 'object', properties: { kind: { const: 'a' }, value: inner } },
        { type: 'object', properties: { kind: { enum: ['b', 'c'] }, value: inner }, required: ['value'] },
        { type: 'string' },
      ],
    })),
    fc
      .tuple(tie('any'), pair('minItems', 'maxItems', fc.nat({ max: 4 })))
      .map(([items, bounds]) => ({ type: 'array', items, ...bounds })),
    fc
      .tuple(
        fc.array(tie('any'), { minLength: 1, maxLength: 3 }),
        fc.constantFrom({}, { items: false }, { items: { type: 'integer' } }, { minItems: 4 }),
      )
      .map(([prefixItems, more]) => ({ type: 'array', prefixItems, ...more })),
    fc
      .tuple(
        fc.dictionary(names, tie('any'), { maxKeys: 4 }),
        fc.array(names, { maxLength: 3 }),
        fc.option(fc.oneof(fc.constant(false), fc.constant(true), tie('any')), { nil: undefined }),
      )
      .map(([properties, wanted, additionalProperties]) => ({
        type: 'object',
        properties,
        required: [...new Set(wanted)].filter(
          (name) => additionalProperties !== false || Object.hasOwn(properties, name),
        ),
        ...(additionalProperties === undefined ? {} : { additionalProperties }),
      })),
    fc.tuple(fc.dictionary(names, tie('any'), { maxKeys: 2 }), fc.constantFrom('x', 'y')).map(([properties, more]) => ({
      allOf: [
        { type: 'object', properties, required: Object.keys(properties) },
        { type: 'object', properties: { [more]: { type: 'integer' } }, required: [more] },
      ],
    })),
  ),
}))

test('whatever the grammar of a schema allows is valid under the schema', () => {
  fc.assert(
    fc.property(schemas.any, fc.array(fc.nat(), { minLength: 3, maxLength: 6 }), (schema, seeds) => {
      try {
        checkSamples(schema, seeds)
      } catch (error) {
        // Some random schemas cannot be met at all; saying so is the right answer.
        if (error instanceof SchemaRefused && /leaves no|leaves no type|asks for more/.test(error.message)) return
        throw error
      }
    }),
    { numRuns: 500 },
  )
})

test('references, recursion and definitions are followed', () => {
  checkSamples(
    {
      $defs: {
        node: {
          type: 'object',
          properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#/$defs/node' } } },
          required: ['value', 'children'],
        },
      },
      $ref: '#/$defs/node',
      description: 'a tree',
    },
    SEEDS,
  )
  checkSamples(
    { type: 'object', properties: { next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } }, required: ['next'] },
    SEEDS,
  )
  checkSamples(
    {
      definitions: { 'a/b': { type: 'string', maxLength: 3 } },
      type: 'array',
      items: { $ref: '#/definitions/a~1b', minLength: 2 },
    },
    SEEDS,
  )
})

test('keywords beside anyOf and allOf hold as well', () => {
  checkSamples(
    {
      type: 'object',
      properties: { a: { type: 'string', maxLength: 4 }, b: { type: 'integer' } },
      anyOf: [{ required: ['a'] }, { required: ['b'] }],
      additionalProperties: false,
    },
    SEEDS,
  )
  checkSamples(
    {
      allOf: [
        { type: 'number', minimum: 3 },
        { type: 'integer', maximum: 5 },
      ],
    },
    SEEDS,
  )
})

test('an empty schema is any JSON, and an object without properties is any object', () => {
  checkSamples({}, SEEDS)
  checkSamples({ type: 'object' }, SEEDS)
  checkSamples({ type: 'object', additionalProperties: { type: 'integer' } }, SEEDS)
})

test('integers reach both of their bounds and never pass them', () => {
  for (const [minimum, maximum] of [
    [0, 0],
    [-1, 1],
    [95, 105],
    [-250, -9],
    [-3, 1234],
    [7, 10007],
  ] as const) {
    const grammar = jsonSchemaToGbnf({ type: 'integer', minimum, maximum }, 'schema')
    const seen = new Set<number>()
    for (let seed = 0; seed < 3000; seed++) {
      const value = Number(sampleGbnf(grammar, randomBelow(seed * 31 + 7)))
      assert.ok(Number.isInteger(value) && value >= minimum && value <= maximum, `${value} in ${minimum}…${maximum}`)
      seen.add(value)
    }
    if (maximum - minimum < 20) assert.equal(seen.size, maximum - minimum + 1)
  }
})

const REFUSED: [schema: unknown, keyword: string, path: string][] = [
  [{ type: 'object', patternProperties: {} }, 'patternProperties', 'schema'],
  [{ type: 'object', properties: { a: { not: {} } } }, 'not', 'schema.properties.a'],
  [{ type: 'array', uniqueItems: true }, 'uniqueItems', 'schema'],
  [{ type: 'array', items: { type: 'number', multipleOf: 0.5 } }, 'multipleOf', 'schema.items'],
  [{ if: {}, else: {} }, 'if', 'schema'],
  [{ type: 'string', format: 'regex' }, 'format', 'schema'],
  [{ type: 'string', pattern: '(?=a)b' }, 'pattern', 'schema'],
  [{ type: 'string', pattern: '(a)\\1' }, 'pattern', 'schema'],
  [{ type: 'string', pattern: '\\bword' }, 'pattern', 'schema'],
  [{ type: 'string', pattern: '^a$b' }, 'pattern', 'schema'],
  [{ type: 'number', minimum: 0.5 }, 'minimum', 'schema'],
  [{ type: 'strin' }, 'type', 'schema'],
  [{ $ref: 'https://example.com/schema' }, '$ref', 'schema'],
  [{ $ref: '#/$defs/none' }, '$ref', 'schema'],
  [{ $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' }, '$ref', 'schema'],
  [{ type: 'object', properties: { self: { $ref: '#' } }, required: ['self'] }, '$ref', 'schema'],
  [{ oneOf: [{ type: 'number' }, { type: 'integer' }] }, 'oneOf', 'schema'],
  [
    {
      oneOf: [
        { type: 'object', properties: { a: {} } },
        { type: 'object', properties: { b: {} } },
      ],
    },
    'oneOf',
    'schema',
  ],
  [{ type: 'object', required: ['a'], additionalProperties: false }, 'required', 'schema'],
  [{ type: 'string', minLength: 5000 }, 'minLength', 'schema'],
  [{ enum: [] }, 'enum', 'schema'],
  [{ type: 'object', minProperties: 2 }, 'minProperties', 'schema'],
  [false, 'false', 'schema'],
]

test('what cannot be kept is refused, naming the keyword and its path', () => {
  for (const [schema, keyword, path] of REFUSED) {
    assert.throws(
      () => jsonSchemaToGbnf(schema, 'schema'),
      (error) => {
        assert.ok(error instanceof SchemaRefused, `${JSON.stringify(schema)} threw ${error}`)
        assert.equal(error.status, 400)
        assert.equal(error.param, path)
        assert.match(error.message, new RegExp(`'${keyword.replace('$', '\\$')}`))
        return true
      },
    )
  }
})

test('schemas that would exhaust the engine are refused', () => {
  let deep: object = { type: 'string' }
  for (let level = 0; level < 100; level++) deep = { type: 'array', items: deep }
  const wide = {
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`p${i}`, { type: 'string' }])),
  }
  const doubling: Record<string, object> = { d0: { type: 'string' } }
  for (let level = 1; level < 30; level++) {
    const part = { allOf: [{ $ref: `#/$defs/d${level - 1}` }] }
    doubling[`d${level}`] = { type: 'object', properties: { a: part, b: part } }
  }
  const long = {
    type: 'array',
    items: { type: 'string', maxLength: 1000 },
    prefixItems: Array.from({ length: 40 }, () => ({ type: 'string', maxLength: 1000 })),
  }
  for (const schema of [deep, wide, { $defs: doubling, $ref: '#/$defs/d29' }, long]) {
    assert.throws(() => jsonSchemaToGbnf(schema, 'schema'), SchemaRefused)
  }
})

test('an ordinary schema gives a small grammar', () => {
  const grammar = jsonSchemaToGbnf(
    {
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`optional_${i}`, { type: 'string' }])),
    },
    'schema',
  )
  assert.ok(grammar.length < 8000, `${grammar.length} characters`)
})
