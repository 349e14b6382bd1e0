import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseKeysSearch } from './search.ts'

it('an address of Keys keeps what it knows and drops the rest', () => {
  assert.deepEqual(parseKeysSearch({ create: true, owner: 'sa_1', state: 'lost', sort: 'owner', q: '', leaked: 1 }), {
    create: true,
    owner: 'sa_1',
  })
  assert.deepEqual(parseKeysSearch({ state: 'live', model: 'm', sort: 'name', order: 'asc', owner: 7 }), {
    state: 'live',
    model: 'm',
    sort: 'name',
    order: 'asc',
  })
})
