import assert from 'node:assert/strict'
import { it } from 'node:test'
import { only } from './search-only.ts'

it('unsays what the page does not know, and leaves the project to the frame', () => {
  const read = only((raw) => (raw.tab === 'roles' ? { tab: 'roles' } : {}))
  assert.deepEqual(
    { ...{ tab: 'zz', project: 'p' }, ...read({ tab: 'zz', project: 'p' }) },
    {
      tab: undefined,
      project: 'p',
    },
  )
  assert.deepEqual(read({ tab: 'roles' }), { tab: 'roles' })
})
