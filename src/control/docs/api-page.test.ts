/** docs/api.md is written by hand; what it says that code says too is held equal here. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { jsonSchemaToGbnf } from '../../../engine-host/grammar/json-schema-to-gbnf.ts'
import { FORMATS } from '../../../engine-host/grammar/string-format.ts'
import { GATEWAY_LIMITS } from '../../gateway/limits.ts'
import { ERRORS } from './error-guide.ts'
import { GATEWAY_OPERATIONS } from './gateway-operations.ts'
import * as shapes from './inference-schemas.ts'
import { DOCUMENTED_FACTS, examplesOf, LANGUAGES } from './samples.ts'

const page = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8')
/** Without code blocks, whose fences would pair with other back-ticks. */
const words = page.replaceAll(/```[\s\S]*?```/g, '')
const wordsIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] as string)

it('it prints the samples of the reference', () => {
  const examples = GATEWAY_OPERATIONS.flatMap(({ operationId }) =>
    operationId === 'listServedModels' ? [] : examplesOf(operationId, DOCUMENTED_FACTS),
  )
  assert.ok(examples.length >= 7)
  for (const { title, code } of examples)
    for (const language of LANGUAGES) assert.ok(page.includes(`\n${code[language]}\n\`\`\``), `${title} in ${language}`)
})

it('its models are in the catalogue', () => {
  const catalogue = globSync('*.json', { cwd: join(import.meta.dirname, '../../catalog/models') })
    .map((file) => readFileSync(join(import.meta.dirname, '../../catalog/models', file), 'utf8'))
    .join('\n')
  for (const model of [DOCUMENTED_FACTS.chatModel, DOCUMENTED_FACTS.embeddingModel])
    assert.ok(catalogue.includes(`"id": "${model}"`), model)
})

it('it names every field of a chat, those without effect, and those that are refused', () => {
  const named = new Set(wordsIn(words))
  const fields = [...Object.keys(shapes.ChatRequest.properties), ...shapes.WITHOUT_EFFECT]
  const refused = GATEWAY_OPERATIONS.flatMap(
    ({ description }) => /((?:`\w+`(?:, | and )?)+) (?:are|is) refused/.exec(description)?.[1] ?? [],
  )
  assert.ok(refused.length >= 2)
  for (const field of [...fields, ...refused.flatMap(wordsIn)])
    assert.ok(named.has(field) || words.includes(`\`${field}:`), field)
})

it('every code that it names is one', () => {
  const codes = [...words.matchAll(/\b\d{3} `([a-z_]+)`|`((?:unsupported|invalid)_[a-z_]+)`/g)].map(
    (match) => match[1] ?? match[2] ?? '',
  )
  assert.ok(codes.length > 8)
  for (const code of codes) assert.ok(code in ERRORS, code)
})

it('its limits are those that are obeyed', () => {
  const MIB = 1024 * 1024
  const limits: [row: string, limit: string][] = [
    ['body of a request to a model', `${GATEWAY_LIMITS.bodyBytesMax / MIB} MiB`],
    [
      'headers',
      `${GATEWAY_LIMITS.headersMax}, together ${GATEWAY_LIMITS.headerBytesMax / 1024} KiB, within ${GATEWAY_LIMITS.headersMs / 1000} s`,
    ],
    ['pause within a body', `${GATEWAY_LIMITS.bodyIdleMs / 1000} s`],
    ['whole body to `/api`, but for a backup', `${GATEWAY_LIMITS.passedBodyMs / 1000} s`],
    ['bodies held at once by one worker', `${GATEWAY_LIMITS.heldBytesMax / MIB} MiB`],
    ['loading a model that a request names', `${GATEWAY_LIMITS.wakeMs / 1000} s`],
    ['restart of an engine that died before the first byte', `${GATEWAY_LIMITS.restartWaitMs / 1000} s`],
    ['first byte from an engine', `${GATEWAY_LIMITS.engineFirstByteMs / 1000} s`],
    ['pause within an answer', `${GATEWAY_LIMITS.engineSilenceMs / 1000} s`],
    ['a client that takes no byte', `${GATEWAY_LIMITS.clientStallMs / 1000} s`],
  ]
  for (const [row, limit] of limits) assert.ok(page.includes(`| ${row} | ${limit} |`), `${row}: ${limit}`)
})

describe('its part of JSON Schema is the part that is kept', () => {
  const table = /\| of \| keywords \|\n[^\n]+\n((?:\|[^\n]+\n)+)/.exec(page)?.[1] ?? ''
  const listed = new Set(wordsIn(table).filter((word) => /^\$?[a-zA-Z]+$/.test(word) && word !== 'true'))

  it('every keyword of the standard is listed or refused by name', () => {
    const standard = vocabulary()
    assert.ok(standard.length > 50 && listed.size > 30)
    for (const keyword of standard) {
      const message = refusalOf({ type: 'object', [keyword]: valueFor(keyword) }) ?? ''
      const isRefused = message.includes(`'${keyword}' is not supported`)
      assert.equal(isRefused, !listed.has(keyword), `${keyword}: ${message || 'accepted'}`)
    }
  })

  it('every format is listed, and no other', () => {
    const sentence = /- `format` is one of ([^\n]+)\./.exec(page)?.[1] ?? ''
    assert.deepEqual(wordsIn(sentence).sort(), [...FORMATS.keys()].sort())
  })

  it('what asks for nothing passes', () => {
    for (const schema of [
      { uniqueItems: false },
      { minProperties: 0 },
      { minContains: 0 },
      { multipleOf: 1 },
      { 'x-note': 1 },
      { nullable: true },
      { example: 1 },
      { discriminator: {} },
    ])
      assert.equal(refusalOf({ type: 'array', ...schema }), null, JSON.stringify(schema))
  })

  function refusalOf(schema: object): string | null {
    try {
      jsonSchemaToGbnf(schema, 'schema')
      return null
    } catch (error) {
      return (error as Error).message
    }
  }
})

/** Keywords of JSON Schema 2020-12, as its own meta-schemas list them, and `definitions`, which they keep for older ones. */
function vocabulary(): string[] {
  const folder = join(
    dirname(createRequire(import.meta.url).resolve('ajv/package.json')),
    'dist/refs/json-schema-2020-12',
  )
  const files = ['schema.json', ...globSync('meta/*.json', { cwd: folder })]
  const properties = files.map(
    (file) => (JSON.parse(readFileSync(join(folder, file), 'utf8')) as { properties?: object }).properties ?? {},
  )
  // Referred to by older documents only, and dropped by the standard itself: not keywords of 2020-12.
  const older = ['dependencies', '$recursiveAnchor', '$recursiveRef']
  return [...new Set(properties.flatMap(Object.keys))].filter((keyword) => !older.includes(keyword))
}

/** A value that a keyword may have. What is asked is only whether the keyword is known. */
function valueFor(keyword: string): unknown {
  if (keyword === 'type') return 'object'
  if (keyword === '$ref') return '#/$defs/none'
  if (['uniqueItems', 'deprecated', 'readOnly', 'writeOnly'].includes(keyword)) return true
  if (['enum', 'anyOf', 'oneOf', 'allOf', 'prefixItems', 'required', 'examples'].includes(keyword)) return [{}]
  return /^(min|max|multiple|exclusive)/.test(keyword) ? 2 : {}
}
