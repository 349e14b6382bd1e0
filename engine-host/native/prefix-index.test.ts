import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PrefixIndex } from './prefix-index.ts'

const tokens = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 0, maxLength: 8 })
const scope = fc.constantFrom('red', 'blue')
const action = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), holder: fc.integer({ min: 0, max: 6 }), scope, tokens }),
  fc.record({ kind: fc.constant('delete' as const), holder: fc.integer({ min: 0, max: 6 }), scope, tokens }),
)

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

test('the index finds the same common prefixes as comparing every list, and never another scope', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), scope, tokens, (actions, asked, query) => {
      const index = new PrefixIndex<number>()
      const lists = new Map<number, { scope: string; tokens: number[] }>()
      for (const one of actions) {
        if (one.kind === 'set') {
          index.set(one.holder, one.scope, one.tokens)
          lists.set(one.holder, { scope: one.scope, tokens: one.tokens })
        } else {
          index.delete(one.holder)
          lists.delete(one.holder)
        }
      }
      const expected = [...lists]
        .filter(([, list]) => list.scope === asked)
        .map(([holder, list]) => ({ holder, length: commonPrefix(list.tokens, query) }))
        .filter((match) => match.length > 0)
      const found = [...index.longestFirst(asked, query)]
      const order = (a: { holder: number }, b: { holder: number }) => a.holder - b.holder
      assert.deepEqual([...found].sort(order), expected.sort(order))
      for (let i = 1; i < found.length; i++) assert.ok(found[i]!.length <= found[i - 1]!.length)
      assert.equal(index.size, lists.size)
    }),
    { numRuns: 500 },
  )
})

test('a holder is covered exactly when another list begins with its whole list', () => {
  fc.assert(
    fc.property(fc.array(tokens, { minLength: 1, maxLength: 6 }), (lists) => {
      const index = new PrefixIndex<number>()
      for (const [holder, list] of lists.entries()) index.set(holder, 'red', list)
      for (const [holder, list] of lists.entries()) {
        const covered = lists.some((other, at) => at !== holder && commonPrefix(other, list) === list.length)
        assert.equal(index.isCovered(holder), covered)
      }
    }),
    { numRuns: 300 },
  )
})

test('an index whose holders are all gone holds nothing', () => {
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 8 }), (lists) => {
      const index = new PrefixIndex<number>()
      for (const [holder, list] of lists.entries()) index.set(holder, 'red', list)
      for (const holder of lists.keys()) index.delete(holder)
      assert.equal(index.size, 0)
      assert.deepEqual(index.scopes(), [])
    }),
  )
})
