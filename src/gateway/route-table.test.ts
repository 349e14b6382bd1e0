import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { keyOf, routeOf } from './control-stand-in.ts'
import { createRouteTable } from './route-table.ts'
import type { SnapshotAlias } from './snapshot.ts'

const alias = (name: string, models: string[][], change: Partial<SnapshotAlias> = {}): SnapshotAlias => ({
  name,
  createdS: 7,
  tiers: models.map((tier) => ({ targets: tier.map((model) => ({ model, weight: 1 })) })),
  retries: 2,
  firstTokenMs: null,
  silenceMs: null,
  shadow: null,
  ...change,
})
const routes = [routeOf('small', []), routeOf('large', [], { contextTokens: 8192 })]
const names = (found: { model: string }[]) => found.map(({ model }) => model)

describe('createRouteTable', () => {
  it('finds an alias with the models of it that are there, and shows it with the facts of the first', () => {
    const table = createRouteTable({ routes, aliases: [alias('chat', [['gone', 'large'], ['small']])], draining: [] })
    const found = table.find(keyOf('a'), 'chat')
    assert.deepEqual([found.model, found.contextTokens, found.createdS], ['chat', 8192, 7])
    assert.deepEqual(
      found.alias?.tiers.map((tier) => tier.map(({ leaf }) => leaf.model)),
      [['large'], ['small']],
    )
    assert.equal(table.find(keyOf('a'), 'small').alias, undefined)
  })

  it('lets a key that may name the alias use it, and not the models that it leads to', () => {
    const table = createRouteTable({ routes, aliases: [alias('chat', [['large']])], draining: [] })
    const key = keyOf('a', { models: ['chat'] })
    assert.equal(table.find(key, 'chat').model, 'chat')
    assert.throws(() => table.find(key, 'large'), { code: 'model_not_found' })
    assert.throws(() => table.find(keyOf('a', { models: ['large'] }), 'chat'), { code: 'model_not_found' })
    assert.deepEqual(names(table.visibleTo(key)), ['chat'])
  })

  it('hides an alias that leads to nothing, and keeps a name for the model that has it', () => {
    const table = createRouteTable({
      routes,
      aliases: [alias('chat', [['gone']]), alias('small', [['large']])],
      draining: ['large'],
    })
    assert.deepEqual(names(table.visibleTo(keyOf('a'))), ['small', 'large'])
    assert.equal(table.find(keyOf('a'), 'small').alias, undefined)
    assert.deepEqual(table.find(keyOf('a'), 'chat').alias?.tiers, [])
    assert.deepEqual(routes.map(table.isDraining), [false, true])
  })
})
