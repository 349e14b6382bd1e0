import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filterQuery, isFiltered, narrowedTo } from './filter-search.ts'
import { parseUsageSearch } from './search.ts'

const PLACE = { organization: { id: 'org_1' }, project: { id: 'proj_1' } } as Parameters<typeof filterQuery>[1]

describe('the address of usage', () => {
  it('keeps what it knows and drops the rest', () => {
    assert.deepEqual(parseUsageSearch({ by: 'key', low: 'failed', compare: true, model: 'a/b', nonsense: 1 }), {
      by: 'key',
      low: 'failed',
      compare: true,
      model: 'a/b',
    })
    assert.deepEqual(parseUsageSearch({ by: 'colour', compare: 'yes', outcome: 'great', model: 7, at: 'now' }), {})
  })

  it('names another project only within the organisation', () => {
    assert.deepEqual(parseUsageSearch({ of: 'proj_2' }), {})
    assert.deepEqual(parseUsageSearch({ scope: 'organization', of: 'proj_2' }), {
      scope: 'organization',
      of: 'proj_2',
    })
  })

  it('asks the server for this project, or for the organisation', () => {
    const { project_id, organization_id } = filterQuery({}, PLACE)
    assert.deepEqual([project_id, organization_id], ['proj_1', undefined])
    const wider = filterQuery({ scope: 'organization', of: 'proj_2' }, PLACE)
    assert.deepEqual([wider.project_id, wider.organization_id], ['proj_2', 'org_1'])
  })

  it('is not filtered by its scope alone', () => {
    assert.equal(isFiltered({ scope: 'organization' }), false)
    assert.equal(isFiltered({ outcome: 'cut' }), true)
  })
})

describe('one group of a figure', () => {
  it('is a filter, where one thing is meant', () => {
    assert.deepEqual(narrowedTo('key', 'key_1'), { key: 'key_1' })
    assert.deepEqual(narrowedTo('project', 'proj_2'), { scope: 'organization', of: 'proj_2' })
    assert.equal(narrowedTo('model', null), null)
    assert.equal(narrowedTo('person', 'unknown'), null)
  })
})
