/** Whatever the server writes into the trail is said in words: its actions are found in its sources. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import en from './trail.en.json' with { type: 'json' }

const SOURCES = join(import.meta.dirname, '../../../../src')

function actionsWritten(): Set<string> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  )
  const found = new Set<string>()
  for (const file of files) {
    const text = readFileSync(join(SOURCES, file), 'utf8')
    for (const [, action] of text.matchAll(/action: '([a-z_]+\.[a-z_]+)'/g)) found.add(action!)
    for (const [, one, other] of text.matchAll(/action: \w+ \? '([a-z_]+\.[a-z_]+)' : '([a-z_]+\.[a-z_]+)'/g)) {
      found.add(one!)
      found.add(other!)
    }
  }
  return found
}

it('every action of the trail has words, and each kind of thing a filter', () => {
  const actions = [...actionsWritten()]
  assert.ok(actions.length > 40, `found only ${actions.length}: the search has gone blind`)
  assert.deepEqual(
    actions.filter((action) => !(`act.${action}` in en)),
    [],
    'write them into trail.en.json and trail.zh.json',
  )
  assert.deepEqual(
    actions.filter((action) => !(`noun.${action.split('.')[0]}` in en)),
    [],
  )
})
