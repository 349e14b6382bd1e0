import assert from 'node:assert/strict'
import { it } from 'node:test'
import { changesOf, nameWithin, spelled } from './trail-diff.ts'

it('what changed comes first, what stayed after it, and what was not there is not there', () => {
  assert.deepEqual(
    changesOf({ name: 'ci', ips: null }, { name: 'ci', ips: ['10.0.0.0/8'], expiresAt: '2027-03-01T00:00:00.000Z' }),
    [
      { field: 'ips', before: { kind: 'nothing' }, after: { kind: 'list', is: ['10.0.0.0/8'] }, changed: true },
      {
        field: 'expiresAt',
        before: null,
        after: { kind: 'time', is: new Date('2027-03-01T00:00:00Z') },
        changed: true,
      },
      { field: 'name', before: { kind: 'text', is: 'ci' }, after: { kind: 'text', is: 'ci' }, changed: false },
    ],
  )
})

it('things within are said by their names, or field by field', () => {
  const [owner, keys, project] = changesOf(
    { owner: { kind: 'person', id: 'usr_1' }, keys: [{ id: 'key_1', name: 'ci' }], project: { id: 'p', name: 'desk' } },
    null,
  ).filter(({ field }) => field !== 'owner.id')
  assert.deepEqual([owner?.field, owner?.before], ['owner.kind', { kind: 'text', is: 'person' }])
  assert.deepEqual(keys?.before, { kind: 'list', is: ['ci'] })
  assert.deepEqual(project?.before, { kind: 'text', is: 'desk' })
})

it('an empty list is nothing, and numbers and yes or no stay what they are', () => {
  const kinds = changesOf(null, { a: [], b: 0, c: false, d: {} }).map(({ after }) => after?.kind)
  assert.deepEqual(kinds, ['nothing', 'number', 'yes-no'], 'an object with nothing in it has no field to show')
})

it('a field without words of its own is spelled', () => {
  assert.equal(spelled('oldSecretEndsAt'), 'old secret ends at')
  assert.equal(spelled('owner.share_of'), 'owner, share of')
})

it('a thing that is gone is called as the trail calls it', () => {
  assert.equal(nameWithin({ name: 'old' }, { name: 'new' }), 'new')
  assert.equal(nameWithin({ email: 'ada@example.com' }, null), 'ada@example.com')
  assert.equal(nameWithin(null, { name: 7 }), null)
})
