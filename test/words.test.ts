/** The console says everything in both languages: the same keys, the same things filled in, nothing left in English. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRORS } from '../src/control/docs/error-guide.ts'
import { ACTIONS } from '../src/identity/rules.ts'
import { SETTINGS } from '../src/platform/config.ts'
import { wordsFiles } from './console/words.ts'

const files = wordsFiles()
const ofLanguage = (language: string) =>
  [...files].flatMap(([name, { path, words }]) =>
    name.endsWith(`.${language}`) ? [{ name: name.slice(0, -3), path, words }] : [],
  )
const chineseOf = (name: string) => files.get(`${name}.zh`)?.words ?? {}

/** What i18next fills in: `{name}`. */
const filledIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '').sort()

test('each file of words is there in both languages, under one key each', () => {
  assert.ok(files.size > 20, `only ${files.size} files of words were found`)
  for (const { name, words } of ofLanguage('en')) {
    // Chinese knows one plural form.
    const wanted = Object.keys(words).filter((key) => !key.endsWith('_one'))
    assert.deepEqual(Object.keys(chineseOf(name)).sort(), wanted.sort(), name)
  }
  // What one may do, what a setting does and why something failed is said in English by the server itself.
  const alone = ofLanguage('zh').filter(({ name }) => !files.has(`${name}.en`))
  assert.deepEqual(
    alone.map(({ name }) => name),
    ['rules', 'settings-does', 'kept-trouble'],
  )
  assert.deepEqual(Object.keys(chineseOf('rules')).sort(), [...ACTIONS].sort())
  const kept = Object.keys(chineseOf('kept-trouble'))
  for (const [code, { at }] of Object.entries(ERRORS))
    if (at.includes('pull') || at.includes('health'))
      assert.ok(kept.includes(code), `web/src/ui/kept-trouble.zh.json wants a line for ${code}`)
  assert.deepEqual(
    kept.filter((code) => !(code in ERRORS) && code !== 'engine_died'),
    [],
  )
  const settings = Object.values(SETTINGS).map(({ env }) => env)
  assert.deepEqual(Object.keys(chineseOf('settings-does')).sort(), settings.sort())
})

test('both languages fill in the same things', () => {
  for (const { name, words } of ofLanguage('en'))
    for (const [key, text] of Object.entries(words)) {
      if (key.endsWith('_one')) continue
      assert.deepEqual(filledIn(chineseOf(name)[key] ?? ''), filledIn(text), `${name}: ${key}`)
    }
})

test('a plural has both of its English forms, and counts something', () => {
  for (const { name, words } of ofLanguage('en'))
    for (const key of Object.keys(words)) {
      const [, stem, form] = /^(.+)_(one|other)$/.exec(key) ?? []
      if (stem === undefined) continue
      const other = `${stem}_${form === 'one' ? 'other' : 'one'}`
      assert.ok(words[other] !== undefined, `${name}: ${key} without ${other}`)
    }
})

test('no words are empty, and none of the Chinese ones is English', () => {
  for (const { name, words } of ofLanguage('en'))
    for (const [key, text] of Object.entries(words)) {
      if (/^\W*$/.test(text)) continue // what stands between two things
      assert.notEqual(chineseOf(name)[key.replace(/_one$/, '_other')]?.trim(), '', `${name}: ${key}`)
    }
  const english = ofLanguage('zh').flatMap(({ name, words }) =>
    Object.entries(words).flatMap(([key, text]) =>
      !/\p{Script=Han}/u.test(text) && /[a-z]{3}/.test(text.replaceAll(SAME_IN_BOTH, ''))
        ? [`${name}: ${key}: ${text}`]
        : [],
    ),
  )
  assert.deepEqual(english, [])
})

/** Names, code and units. */
const SAME_IN_BOTH =
  /\{\w+\}|curl|Python|TypeScript|JavaScript|JSON Schema|JSON|llama-server|Anthropic|Ollama|x-api-key|def fibonacci|.*English.*|Top p|Top k|Min p/g
