/** The document and the page as the running product serves them, and their samples run as printed. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { testModel } from '../../test/models/test-model.ts'
import { type Product, STARTER, startProduct } from '../../test/product.ts'
import { ERRORS, isAnswered } from './docs/error-guide.ts'
import { nameInRef, type OpenApiDocument, operationsOf, type Schema } from './docs/openapi.ts'
import { LANGUAGES } from './docs/samples.ts'
import { SAMPLE_EMBEDDING_MODEL } from './docs-routes.ts'

let product: Product
let document: OpenApiDocument
let page: string
before(async () => {
  product = await startProduct()
  document = await json('/openapi.json')
  page = await (await fetch(`${product.url}/docs`)).text()
})
after(() => product?.stop())

const operations = () => [...operationsOf(document)]

it('what is only local is not told to a name that another site let lead here', async () => {
  const statusFor = (path: string, host: string) =>
    new Promise<number | undefined>((resolve, reject) =>
      request(`${product.url}${path}`, { headers: { host } }, (answer) => resolve(answer.resume().statusCode))
        .once('error', reject)
        .end(),
    )
  const port = new URL(product.url).port
  assert.equal(await statusFor('/healthz', `localhost:${port}`), 200)
  assert.equal(await statusFor('/healthz', `evil.example:${port}`), 404)
  assert.equal(await statusFor('/metrics', `localhost:${port}`), 403) // whoever it is that is on this machine
})

describe('the document is OpenAPI 3.1:', () => {
  it('it says which, and what it describes', () => {
    assert.match(document.openapi, /^3\.1\.\d$/)
    assert.deepEqual(document.servers, [{ url: product.url.replace('127.0.0.1', 'localhost') }])
    for (const field of ['title', 'version', 'description'] as const) assert.ok(document.info[field])
  })

  it('every schema is JSON Schema 2020-12', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false })
    let count = 0
    for (const schema of schemasIn(document)) {
      count++
      // References lead into this document, which is not a schema; that they lead somewhere is the next test.
      assert.ok(ajv.validateSchema(schema), `${JSON.stringify(ajv.errors)} in ${JSON.stringify(schema)}`)
    }
    assert.ok(count > 100)
  })

  it('every reference leads somewhere, and every named shape is used', () => {
    const refs = [...JSON.stringify({ ...document }).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1] as string)
    for (const ref of refs)
      assert.ok(document.components.schemas[nameInRef(ref)] && ref.startsWith('#/components/schemas/'), ref)
    assert.deepEqual(Object.keys(document.components.schemas).sort(), [...new Set(refs.map(nameInRef))].sort())
    assert.ok(!JSON.stringify(document).includes('"$id"'), 'an $id would change what references mean')
  })

  it('every operation has an id of its own, a summary, a known tag, answers in words, and says who may', () => {
    const ids = operations().map(({ operation }) => operation.operationId)
    assert.deepEqual(ids, [...new Set(ids)])
    const tags = document.tags.map(({ name }) => name)
    for (const { operation } of operations()) {
      assert.match(operation.operationId, /^[a-z][A-Za-z]+$/)
      assert.ok(operation.summary, operation.operationId)
      assert.ok(operation.tags.length === 1 && tags.includes(operation.tags[0] ?? ''), operation.operationId)
      assert.ok(operation['x-who-may'] && !operation.description?.includes('Who may'), operation.operationId)
      assert.ok(
        Object.keys(operation.responses).some((status) => status.startsWith('2')),
        operation.operationId,
      )
      for (const [status, { description }] of Object.entries(operation.responses)) {
        assert.match(status, /^[1-5]\d\d$/)
        assert.ok(description && description !== 'Default Response', `${operation.operationId} ${status}`)
      }
    }
    for (const tag of document.tags)
      assert.ok(tag.description, `${tag.name} is not described: see TAGS in openapi-document.ts`)
  })

  it('the parameters of every path are declared, once and required', () => {
    for (const { path, operation } of operations()) {
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1])
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
      assert.deepEqual(declared.map(({ name }) => name).sort(), inPath.sort(), path)
      assert.ok(
        declared.every(({ required }) => required),
        path,
      )
      const names = (operation.parameters ?? []).map(({ in: place, name }) => `${place} ${name}`)
      assert.deepEqual(names, [...new Set(names)], path)
    }
  })

  it('every security scheme that is asked for is there', () => {
    for (const { operation } of operations())
      for (const wanted of operation.security)
        for (const scheme of Object.keys(wanted)) assert.ok(document.components.securitySchemes[scheme], scheme)
  })

  it('it lists the codes of the guide, all of them, and says of each answer which it can carry', () => {
    assert.deepEqual(document['x-errors'].map(({ code }) => code).sort(), Object.keys(ERRORS).sort())
    const answered = new Set<string>()
    for (const { operation } of operations())
      for (const [status, response] of Object.entries(operation.responses))
        for (const code of response['x-codes'] ?? []) {
          answered.add(code)
          const ours = status === '529' ? 503 : Number(status) // what Anthropic's clients know it as
          assert.ok(ERRORS[code]?.statuses.includes(ours), `${operation.operationId} ${status} ${code}`)
          assert.ok(response.description.includes(`\`${code}\``))
        }
    const expected = Object.entries(ERRORS)
      .filter(([, entry]) => isAnswered(entry))
      .map(([code]) => code)
    assert.deepEqual([...answered].sort(), expected.sort())
  })

  it('every operation that the guide of errors names is there', () => {
    const ids = new Set(operations().map(({ operation }) => operation.operationId))
    const named = Object.values(ERRORS).flatMap(({ at }) => at.filter((place) => place.startsWith('operation:')))
    for (const place of named) assert.ok(ids.has(place.slice('operation:'.length)), place)
  })
})

describe('what is served is what is described:', () => {
  it('every operation answers a stranger as it says it would', async () => {
    for (const { method, path, operation } of operations()) {
      const answer = await fetch(product.url + path.replaceAll(/\{[^}]+\}/g, 'x'), { method: method.toUpperCase() })
      await answer.body?.cancel()
      const statuses = Object.keys(operation.responses)
      const isDescribed = statuses.includes(String(answer.status)) || (statuses.includes('4XX') && answer.status < 500)
      assert.ok(isDescribed, `${method} ${path} answered ${answer.status}`)
      if (operation.security.length > 0) assert.equal(answer.status, 401, `${method} ${path}`)
    }
  })

  it('a body that may be left out may be', async () => {
    const load = document.paths['/api/models/{id}/load']?.post
    assert.equal(load?.requestBody?.required, false)
    assert.equal(document.paths['/api/keys']?.post?.requestBody?.required, true)
    assert.equal((await product.ask('POST', `/api/models/${STARTER}/load`)).status, 200)
    const refused = await product.ask('POST', '/api/keys')
    assert.equal(refused.status, 400)
    assert.deepEqual((refused.body as { error: object }).error, {
      message: 'The body must be an object.',
      type: 'invalid_request_error',
      param: null,
      code: 'invalid_request',
    })
  })

  it('what Fastify refuses has our codes', async () => {
    const post = async (type: string, body: string) => {
      const answer = await fetch(`${product.url}/api/auth/sign-in/email`, {
        method: 'POST',
        headers: { 'content-type': type, origin: product.url },
        body,
      })
      const { error } = (await answer.json()) as { error: { code: string } }
      return [answer.status, error.code]
    }
    assert.deepEqual(await post('application/x-www-form-urlencoded', 'a=b'), [415, 'unsupported_media_type'])
    assert.deepEqual(await post('application/json', JSON.stringify('x'.repeat(20_000))), [413, 'request_too_large'])
    const { error } = (await json('/api/nowhere')) as unknown as { error: { code: string } }
    assert.equal(error.code, 'not_found')
  })

  it('models that are shown have a name in the document', () => {
    const list = document.paths['/api/models']?.get?.responses['200']?.content?.['application/json']?.schema
    assert.match(JSON.stringify(list), /"\$ref":"#\/components\/schemas\/Model"/)
  })
})

describe('the page', () => {
  it('runs no script and loads nothing but its files, and says so to the browser', async () => {
    const { headers } = await fetch(`${product.url}/docs`)
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'; style-src 'self'; script-src 'self'; img-src data:;/)
    assert.ok(!/unsafe|https?:|\*/.test(policy), policy)
    assert.ok(
      !/<script(?! src="(\/theme\.js"|\/docs\/page\.js\?v=[\w-]+" defer)><\/script>)|<style|\sstyle=|\son\w+=/.test(
        page,
      ),
    )
    const loaded = [...page.matchAll(/<(?:link|script|img)[^>]+(?:href|src)="([^"]+)"/g)].map(
      (match) => match[1] as string,
    )
    assert.equal(loaded.length, 4)
    for (const url of loaded.filter((one) => !one.startsWith('data:'))) {
      const file = await fetch(product.url + url)
      assert.equal(file.status, 200, url)
      // The script that sets the theme is the console's, under a name that does not change with it.
      if (url !== '/theme.js') assert.match(file.headers.get('cache-control') ?? '', /immutable/)
      assert.match(file.headers.get('content-type') ?? '', /^(text|application)\/(css|javascript)/)
    }
  })

  it('is sent once to who keeps it', async () => {
    for (const path of ['/docs', '/openapi.json']) {
      const tag = (await fetch(product.url + path)).headers.get('etag') ?? ''
      assert.equal((await fetch(product.url + path, { headers: { 'if-none-match': tag } })).status, 304, path)
      assert.equal((await fetch(product.url + path, { headers: { 'if-none-match': '"other"' } })).status, 200, path)
    }
  })

  it('shows every operation and every error, and its links lead somewhere', () => {
    const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1] as string)
    assert.deepEqual(ids, [...new Set(ids)], 'two things have one id')
    for (const { operation } of operations()) assert.ok(ids.includes(operation.operationId), operation.operationId)
    for (const code of Object.keys(ERRORS)) assert.ok(ids.includes(`error-${code}`), code)
    for (const match of page.matchAll(/href="#([^"]+)"|\bfor="([^"]+)"|aria-labelledby="([^"]+)"/g))
      assert.ok(ids.includes(match[1] ?? match[2] ?? match[3] ?? ''), match[0])
  })

  it('has landmarks, a language, and headings that skip no level', () => {
    for (const tag of ['<html lang="en">', '<main id="main">', '<nav ', '<header ']) assert.ok(page.includes(tag), tag)
    const levels = [...page.matchAll(/<h([1-6])[ >]/g)].map((match) => Number(match[1]))
    assert.equal(levels.filter((level) => level === 1).length, 1)
    levels.reduce((before, level) => {
      assert.ok(level <= before + 1, `an h${level} follows an h${before}`)
      return level
    })
  })

  it('shows inference first, and names what runs here', () => {
    assert.equal(document.tags[0]?.name, 'Inference')
    assert.ok(page.includes(`http://localhost:${new URL(product.url).port}/v1/chat/completions`))
    assert.ok(page.includes(`&quot;model&quot;: &quot;${STARTER}&quot;`))
  })
})

describe('the samples run as they are printed:', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'tw-samples-'))
  before(async () => {
    symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(scratch, 'node_modules'))
    writeFileSync(join(scratch, 'package.json'), '{"type": "module"}')
    mkdirSync(join(scratch, 'home'))
    await product.importModel('tiny-bert', await testModel('bert'))
  })
  after(() => rmSync(scratch, { recursive: true }))

  const python = process.env.TEST_PYTHON ?? 'python3'
  const noPython =
    spawnSync(python, ['-c', 'import openai']).status === 0
      ? false
      : `${python} has no openai package; TEST_PYTHON can name one that has`

  for (const language of LANGUAGES)
    it(`in ${language}`, { skip: language === 'Python' && noPython }, async () => {
      const samples = operations()
        .flatMap(({ operation }) => operation['x-codeSamples'] ?? [])
        .filter(({ lang }) => lang === language)
      assert.ok(samples.length >= 8)
      for (const { label, source } of samples) {
        // The catalogue's embedding model is not here; a tiny one of its kind is.
        const said = await run(language, source.replaceAll(SAMPLE_EMBEDDING_MODEL, 'tiny-bert'))
        assert.ok(said.trim().length > 0 && !said.includes('"error"'), `${label} said: ${said}`)
      }
    })

  async function run(language: string, source: string): Promise<string> {
    const file = join(scratch, 'sample.ts')
    writeFileSync(file, source)
    const [command, args] =
      language === 'curl'
        ? ['sh', ['-c', source.replace('curl ', 'curl -sS ')]]
        : language === 'Python'
          ? [python, ['-c', source]]
          : [process.execPath, [file]]
    const env = { ...process.env, OPENAI_API_KEY: product.key }
    return (await promisify(execFile)(command as string, args as string[], { env, cwd: scratch })).stdout
  }
})

async function json(path: string): Promise<OpenApiDocument> {
  return (await (await fetch(product.url + path)).json()) as OpenApiDocument
}

/** Every schema of the document: named ones, and those of parameters, bodies and answers. */
function* schemasIn({ components, paths }: OpenApiDocument): Generator<Schema> {
  yield* Object.values(components.schemas)
  for (const { operation } of operationsOf({ paths })) {
    for (const { schema } of operation.parameters ?? []) yield schema
    const contents = [
      operation.requestBody?.content,
      ...Object.values(operation.responses).map(({ content }) => content),
    ]
    for (const content of contents) for (const { schema } of Object.values(content ?? {})) yield schema
  }
}
