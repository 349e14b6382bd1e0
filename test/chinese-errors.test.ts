/**
 * What control answers in English it can say in Chinese: every class of expected error that it answers with has a Chinese
 * sentence, which says the same names and figures, and a request gets the language that it asks for.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { ERRORS, isAnswered, type Place } from '../src/control/docs/error-guide.ts'
import { GATEWAY_OPERATIONS } from '../src/control/docs/gateway-operations.ts'
import { ERRORS_IN_CHINESE } from '../src/control/errors-in-chinese.ts'
import { Forbidden, SetupFormRefused } from '../src/identity/errors.ts'
import { ACTIONS, RULES, whoMay } from '../src/identity/rules.ts'
import { FormErrorShape } from '../src/identity/sign-in-schema.ts'
import type { AppError } from '../src/platform/errors.ts'
import { createServer } from '../src/platform/http.ts'
import { createLog } from '../src/platform/log.ts'
import { sayError } from '../src/platform/sentences.ts'
import { translationsWith } from '../src/platform/wire-error.ts'
import { samplesOf } from './sample-data.ts'

const ROOT = join(import.meta.dirname, '..')

type Kind = { new (data: Record<string, unknown>): AppError; code: string; name: string }
type Found = { kind: Kind; file: string; data: Record<string, unknown>[] }

const translations = translationsWith(ERRORS_IN_CHINESE)

/** Of all houses but the gateway, whose answers are for programs. */
const found: Found[] = []
for (const file of globSync('src/**/*.ts', { cwd: ROOT }).sort()) {
  if (/\.test\.ts$/.test(file) || file.startsWith('src/gateway/')) continue
  const text = readFileSync(join(ROOT, file), 'utf8')
  const declared = [...text.matchAll(/^export class (\w+) extends AppError\b(?:<([\s\S]*?)>)? \{$/gm)]
  if (declared.length === 0) continue
  const module = (await import(join(ROOT, file))) as Record<string, Kind>
  for (const [, name = '', type = ''] of declared) {
    const kind = module[name]
    assert.ok(kind, `${file} does not export ${name}`)
    found.push({ kind, file, data: samplesOf(type, text) })
  }
}

const ofGateway = new Set<string>(GATEWAY_OPERATIONS.map(({ operationId }) => `operation:${operationId}`))
const OF_CONTROL: readonly Place[] = ['any', 'session', 'change', 'control', 'input', 'body']
const controlAnswers = (code: string) => {
  const entry = ERRORS[code]
  return (
    entry !== undefined &&
    isAnswered(entry) &&
    entry.at.some((place) => OF_CONTROL.includes(place) || (place.startsWith('operation:') && !ofGateway.has(place)))
  )
}
const answered = found.filter(({ kind }) => controlAnswers(kind.code))

/** Not thrown by a class of control: said by the platform for Fastify (wire-error.test.ts), or by the gateway in front of it. */
const WITHOUT_CLASS = ['internal', 'request_too_large', 'unsupported_media_type']
const BY_THE_GATEWAY = ['control_unavailable', 'request_timeout']

test('every error that control answers with has a Chinese sentence', () => {
  assert.ok(answered.length > 90, `only ${answered.length} classes were found: the search itself is broken`)
  const missing = answered
    .filter(({ kind }) => !translations.zh.has(kind))
    .map(({ kind, file }) => `${dirname(file)}/errors.zh.ts wants a line: sentence(${kind.name}, (d) => …)`)
  assert.deepEqual(missing, [])
})

test('every code that control answers with comes from such a class, or is said elsewhere', () => {
  const codes = new Set([...answered.map(({ kind }) => kind.code), ...WITHOUT_CLASS, ...BY_THE_GATEWAY])
  assert.deepEqual(
    Object.keys(ERRORS).filter((code) => controlAnswers(code) && !codes.has(code)),
    [],
  )
})

test('every Chinese sentence is Chinese and whole, and tells the names and figures that the English one tells', () => {
  const leftOut: Record<string, string[]> = {}
  for (const { kind, data } of found.filter((one) => translations.zh.has(one.kind)))
    for (const sample of data) {
      const error = new kind(sample)
      const { message, problems, language } = sayError(error, 'zh', translations)
      const told = `${kind.name}: ${message}`
      assert.equal(language, 'zh')
      for (const one of [message, ...Object.values(problems ?? {})]) {
        assert.match(one, /\p{Script=Han}/u, told)
        assert.doesNotMatch(one, /undefined|NaN|null\b|\[object/, told)
        assert.match(one, /(。|sample-\w+)$/, told) // or it ends with what somebody else said
      }
      const lost = telling(error.message).filter((word) => !message.includes(word))
      if (lost.length > 0) leftOut[kind.name] = lost
      assert.deepEqual(Object.keys(problems ?? {}), Object.keys(error.problems ?? {}), told)
    }
  assert.deepEqual(leftOut, LEFT_OUT)
})

/** What stands in a sentence whatever its language: what was filled in, figures, settings, addresses. */
const telling = (text: string) => [
  ...new Set(text.match(/sample-\w+|\d+(?:\.\d+)*|\b[A-Z]+_[A-Z_]+\b|\b[a-z]+_[a-z_]+\b|\/[a-z0-9-]+/g) ?? []),
]

/** English words within data, which a Chinese sentence does without. */
const LEFT_OUT: Record<string, string[]> = { Forbidden: ['sample-does'], WeightsInUse: ['sample-by'] }

test('who may do it is told in Chinese, for each action of the table', () => {
  for (const action of ACTIONS) {
    const error = new Forbidden({ action, does: RULES[action].says, who: whoMay(action) })
    const { message } = sayError(error, 'zh', translations)
    assert.ok(!message.includes(whoMay(action)), message)
    assert.match(message, new RegExp(`（${action}）。有权限的是：.*(命令行|运营者|所有者|管理员)`), message)
  }
})

test('a refused form is answered in the language that is asked for, and in English where none is', async () => {
  const server = await createServer({
    log: createLog('test', 'silent'),
    version: '0',
    publicUrl: 'http://localhost',
    inChinese: ERRORS_IN_CHINESE,
  })
  server.get('/form', { schema: { response: { 400: FormErrorShape } } }, async () => {
    throw new SetupFormRefused({ problems: { password: { kind: 'too_short', lengthMin: 12, length: 5 } } })
  })
  const answerTo = async (headers: Record<string, string>) => (await server.inject({ url: '/form', headers })).json()
  const english = 'Use at least 12 characters; these are 5.'
  const chinese = '至少要有 12 个字符，现在是 5 个。'
  const rest = { type: 'invalid_request_error', param: null, code: 'identity.setup_form_refused' }
  assert.deepEqual(await answerTo({}), { error: { message: english, ...rest, problems: { password: english } } })
  assert.deepEqual(await answerTo({ 'accept-language': 'zh-CN,zh;q=0.9,en;q=0.8' }), {
    error: { message: chinese, ...rest, problems: { password: chinese } },
  })
  await server.close()
})
