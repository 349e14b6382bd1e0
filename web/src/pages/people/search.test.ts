import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parsePeopleSearch, parseTrailSearch } from './search.ts'

it('an address of People keeps what it knows and drops the rest', () => {
  assert.deepEqual(parsePeopleSearch({ tab: 'roles', q: '', role: 'king', member: 'usr_1', make: 'true', more: 1 }), {
    tab: 'roles',
    member: 'usr_1',
  })
  assert.deepEqual(parsePeopleSearch({ tab: 'members', role: 'owner', make: true }), { role: 'owner', make: true })
})

it('an address of the trail takes whole days and actions only', () => {
  assert.deepEqual(
    parseTrailSearch({ of: 'installation', action: 'key', from: '2026-11-24', to: '2026-13-40', actor: 'machine' }),
    { of: 'installation', action: 'key', from: '2026-11-24', actor: 'machine' },
  )
  assert.deepEqual(parseTrailSearch({ of: 'elsewhere', action: "key' or 1=1", from: 'yesterday' }), {})
})
