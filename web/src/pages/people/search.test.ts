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

it('an address of the trail takes a time and actions, and drops the rest', () => {
  assert.deepEqual(parseTrailSearch({ of: 'installation', action: 'key', range: '7d', from: 'x', actor: 'machine' }), {
    of: 'installation',
    action: 'key',
    range: '7d',
    actor: 'machine',
  })
  assert.deepEqual(parseTrailSearch({ of: 'elsewhere', action: "key' or 1=1", from: 'yesterday' }), {})
})
