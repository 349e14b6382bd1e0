import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { keyOf } from './control-stand-in.ts'
import { createKeyUses } from './key-uses.ts'
import type { KeyUse } from './snapshot.ts'

function told(answer: (uses: readonly KeyUse[]) => Promise<boolean> = async () => true) {
  const batches: KeyUse[][] = []
  const clock = { now: 1_000_000, nowMs: () => clock.now }
  let heard = () => {}
  const uses = createKeyUses({
    clock,
    deliver(batch) {
      batches.push([...batch])
      heard()
      return answer(batch)
    },
  })
  return {
    clock,
    uses,
    batches,
    /** Resolves with the next batch. */
    next: () =>
      new Promise<KeyUse[]>((resolve) => {
        heard = () => resolve(batches.at(-1) as KeyUse[])
      }),
  }
}

describe('uses of keys', () => {
  it('the first one is told at once, many together, each secret of a key for itself', async () => {
    const { uses, next, batches } = told()
    const [a, old] = [keyOf('a'), keyOf('old', { id: 'key_a' })]
    const batch = next()
    for (const key of [a, a, old, a]) uses.note(key)
    assert.deepEqual(
      (await batch).map(({ keyId, sha256 }) => [keyId, sha256]),
      [
        ['key_a', a.sha256],
        ['key_a', old.sha256],
      ],
    )
    await uses.stop()
    assert.equal(batches.length, 1)
  })

  it('the next one is told ten seconds later and not before, with its own time', async () => {
    const { uses, clock, next, batches } = told()
    const first = next()
    uses.note(keyOf('a'))
    await first
    clock.now += 9_999
    uses.note(keyOf('a'))
    clock.now += 1
    const second = next()
    uses.note(keyOf('a'))
    assert.deepEqual(
      (await second).map(({ atMs }) => atMs),
      [1_010_000],
    )
    await uses.stop()
    assert.equal(batches.length, 2)
  })

  it('while control is away one a secret waits, the latest, and is told when it is back', async () => {
    let isAway = true
    const { uses, clock, next, batches } = told(async () => {
      if (isAway) throw new Error('away')
      return true
    })
    const first = next()
    uses.note(keyOf('a'))
    await first
    await setImmediate() // until then it is on its way
    clock.now += 5
    uses.note(keyOf('a'))
    isAway = false
    assert.deepEqual(
      (await next()).map(({ atMs }) => atMs),
      [1_000_005],
    )
    await uses.stop()
    assert.equal(batches.length, 2)
  })

  it('what waits at the end is told then', async () => {
    const { uses, batches } = told()
    uses.note(keyOf('a'))
    await uses.stop()
    assert.equal(batches.length, 1)
  })
})
