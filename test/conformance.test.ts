/** docs/conformance.md promises nothing that no test proves: each test that it names is there. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')

test('each test that the page of conformance names is there', () => {
  const page = readFileSync(join(root, 'docs/conformance.md'), 'utf8')
  const rows = page.split('\n').filter((line) => line.startsWith('| ') && /\.(ts|py)`/.test(line))
  const named = rows.map((row) => /`([\w./-]+\.(?:ts|py))`: “(.+)” \|$/.exec(row))
  assert.ok(named.length > 40)
  for (const [at, match] of named.entries()) {
    const [, file = '', name = ''] = match ?? assert.fail(`names no test: ${rows[at]}`)
    const source = readFileSync(join(root, file), 'utf8').replaceAll("\\'", "'")
    assert.ok(source.includes(name), `${file} has no test “${name}”`)
  }
})
