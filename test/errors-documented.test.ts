/**
 * Every code that the sources can answer with is in the guide, docs/errors.md and the OpenAPI document, and nothing else
 * is. Codes are found in the sources: classes by importing whatever module declares one, the rest where it is written.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { ERRORS, isAnswered, type Place } from '../src/control/docs/error-guide.ts'
import { ERRORS_PAGE, errorsPage } from '../src/control/docs/errors-page.ts'
import { GATEWAY_OPERATIONS } from '../src/control/docs/gateway-operations.ts'
import { AppError } from '../src/platform/errors.ts'

const ROOT = join(import.meta.dirname, '..')

type Found = { code: string; status: number | null; where: string }

const sources = globSync(['src/**/*.ts', 'engine-host/**/*.ts'], { cwd: ROOT })
  .filter((file) => !/\.(test|cases)\.ts$/.test(file) && !/(stand-in|scripted)/.test(file))
  .map((file) => ({ file, text: readFileSync(join(ROOT, file), 'utf8') }))

/** Classes of expected trouble, by importing each module that declares one. */
async function classes(): Promise<Found[]> {
  const found: Found[] = [{ code: AppError.code, status: AppError.status, where: 'src/platform/errors.ts AppError' }]
  for (const { file, text } of sources) {
    const declared = [...text.matchAll(/^(?:export )?class (\w+) extends AppError\b/gm)].map(
      (match) => match[1] as string,
    )
    if (declared.length === 0) continue
    const module = (await import(join(ROOT, file))) as Record<string, unknown>
    for (const name of declared) {
      const kind = module[name] as typeof AppError | undefined
      assert.ok(kind, `${file} does not export ${name}, so that nobody can look at its code`)
      found.push({ code: kind.code, status: kind.status, where: `${file} ${name}` })
    }
  }
  return found
}

/** What the two processes without classes of their own write: `errorBody('code', 404, …)`, `code: 'code'`. */
function literals(): Found[] {
  const found: Found[] = []
  const note = (file: string, code: string | undefined, status: string | undefined) => {
    if (code !== undefined) found.push({ code, status: status === undefined ? null : Number(status), where: file })
  }
  for (const { file, text } of sources) {
    if (file.startsWith('src/')) {
      for (const match of text.matchAll(/errorBody\(\s*'([a-z_.]+)',\s*(\d{3})/g)) note(file, match[1], match[2])
      for (const match of text.matchAll(/\[(\d{3}), '[^']+', '([a-z_]+)', '/g)) note(file, match[2], match[1])
      for (const match of text.matchAll(/^ +FST_ERR_\w+: '([a-z_]+)'/gm)) note(file, match[1], undefined)
      continue
    }
    // In the engine host: every `code:` that goes into a RequestError, with the status beside it where there is one.
    for (const match of text.matchAll(
      /(?:status: (\d{3}|CLIENT_CLOSED_REQUEST),?\s+)?\bcode: (?:'([a-z_.]+)'|`\$\{kind\}_(\w+)`)/g,
    )) {
      const status = match[1] === 'CLIENT_CLOSED_REQUEST' ? '499' : match[1]
      if (match[3] === undefined) note(file, match[2], status)
      else for (const kind of ['decimal', 'integer']) note(file, `${kind}_${match[3]}`, status)
    }
    for (const match of text.matchAll(/code: error\?\.code \?\? '([a-z_.]+)'/g)) note(file, match[1], '503')
  }
  return found
}

/** Codes that exist below the engine's seam and are told in other words above it. */
const TRANSLATED = [
  'engine.template_failed',
  'engine.grammar_invalid',
  'engine.context_exceeded',
  'engine.not_an_embedding_model',
]

const inCode = [...(await classes()), ...literals()].filter(({ code }) => !TRANSLATED.includes(code))

describe('the codes in the sources and the documented ones are the same', () => {
  it('and there are about as many as there should be', () => {
    assert.ok(new Set(inCode.map(({ code }) => code)).size > 80, 'the search itself is broken')
  })

  it('every code of the sources is documented', () => {
    const missing = inCode.filter(({ code }) => !(code in ERRORS)).map(({ code, where }) => `${code} (${where})`)
    assert.deepEqual(missing, [], 'add them to src/control/docs/error-guide.ts')
  })

  it('every documented code is in the sources', () => {
    const codes = new Set(inCode.map(({ code }) => code))
    const invented = Object.keys(ERRORS).filter((code) => !codes.has(code))
    assert.deepEqual(invented, [], 'take them out of src/control/docs/error-guide.ts')
  })

  it('with the same statuses', () => {
    for (const [code, { statuses }] of Object.entries(ERRORS)) {
      const used = inCode.filter((one) => one.code === code && one.status !== null).map(({ status }) => status)
      // Of one that Fastify throws only the name is ours; docs-routes.test.ts sees its status on the wire.
      if (used.length > 0) assert.deepEqual([...new Set(used)].sort(), [...statuses].sort(), code)
    }
  })

  it('a RequestError never takes a code that this search cannot see', () => {
    const unseen = sources
      .filter(({ file }) => file.startsWith('engine-host/'))
      .flatMap(({ file, text }) =>
        [...text.matchAll(/new RequestError\(\s*\{.{0,200}/gs)]
          .filter(([written]) => !/\bcode: ('[a-z_.]+'|`\$\{kind\}_|error\?\.code)|\.\.\.ENGINE_ERRORS/.test(written))
          .map(([written]) => `${file}: ${written}`),
      )
    assert.deepEqual(unseen, [])
  })
})

it('docs/errors.md says what the guide says', () => {
  assert.equal(readFileSync(ERRORS_PAGE, 'utf8'), errorsPage(), 'run: node src/control/docs/errors-page.ts')
})

it('every code is met somewhere, and each sentence says what and what to do', () => {
  for (const [code, { at, means, whatToDo }] of Object.entries(ERRORS)) {
    assert.ok(at.length > 0, code)
    assert.match(means, /\.$/, code)
    assert.match(whatToDo, /\.$/, code)
  }
})

it('what the gateway says by itself is said of its own operations', () => {
  const ofGateway: Place[] = [
    'any',
    'key',
    'inference',
    'text',
    'chat',
    'connection',
    ...GATEWAY_OPERATIONS.map(({ operationId }) => `operation:${operationId}` as const),
  ]
  for (const { code, where } of inCode.filter((one) => one.where.startsWith('src/gateway/')))
    assert.ok(
      ERRORS[code]?.at.some((place) => ofGateway.includes(place)),
      `${code} (${where}) is answered by no operation of the gateway`,
    )
})

it('only codes that no answer carries are kept from the operations', () => {
  const kept = Object.entries(ERRORS)
    .filter(([, entry]) => !isAnswered(entry))
    .map(([code]) => code)
  for (const code of ['invalid_api_key', 'internal', 'engine_lost']) assert.ok(!kept.includes(code))
})
