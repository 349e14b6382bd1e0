import assert from 'node:assert/strict'
import { it } from 'node:test'
import { postgresCommands } from './postgres-commands.ts'

it('what to type is complete but for the password, and safe to paste', () => {
  const lines = postgresCommands("postgres://ada:Tr0ub4dor@db.example:5432/trade'wind?sslpassword=Tr0ub4dor").map(
    ({ line }) => line,
  )
  assert.equal(lines.length, 2)
  for (const line of lines) {
    assert.ok(line.includes("--dbname='postgres://ada@db.example:5432/trade%27wind'"), line)
    assert.ok(!line.includes('Tr0ub4dor'), line)
  }
})
