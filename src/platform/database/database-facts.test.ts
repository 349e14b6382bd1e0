import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Database } from './database.ts'
import { databaseFacts, durabilityOf } from './database-facts.ts'
import { knownMigrations, migrationTimesIn } from './migrations-level.ts'
import { scratchDatabase } from './scratch.ts'

describe('what a database says of itself', () => {
  let database: Database
  before(async () => {
    database = await scratchDatabase()
  })
  after(() => database?.close())

  it('is its version, its size, and no more than the truth about a power cut', async () => {
    const facts = await databaseFacts(database)
    assert.match(facts.version, /^\d+\.\d+/)
    assert.ok(facts.sizeBytes > 1e6)
    if (database.kind === 'embedded') assert.deepEqual([facts.durability, facts.fsync], ['power_cut_can_damage', null])
    else assert.equal(typeof facts.fsync, 'boolean')
  })

  it('is how far it is migrated: as far as this version goes', async () => {
    const known = knownMigrations().map(({ madeAtMs }) => madeAtMs)
    assert.deepEqual(await migrationTimesIn(database.db), known)
  })
})

it('a server is as durable as it is set', () => {
  const safe = { fsync: true, synchronousCommit: 'on', fullPageWrites: true }
  assert.equal(durabilityOf(safe), 'power_cut_survived')
  assert.equal(durabilityOf({ ...safe, synchronousCommit: 'local' }), 'power_cut_survived')
  assert.equal(durabilityOf({ ...safe, synchronousCommit: 'off' }), 'server_delays_commits')
  assert.equal(durabilityOf({ ...safe, fsync: false }), 'server_without_fsync')
  assert.equal(durabilityOf({ ...safe, fullPageWrites: false }), 'server_without_fsync')
})
