import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { leastLoaded } from './route-table.ts'
import type { SnapshotReplica } from './snapshot.ts'

const replica = (engineId: string): SnapshotReplica => ({
  engineId,
  speaks: 'tradewind',
  socketPath: '/x',
  baseUrl: null,
  authorization: null,
  remoteModel: null,
  network: 'private',
  healthy: true,
})
const replicas = ['a', 'b', 'c'].map(replica)

describe('leastLoaded', () => {
  it('takes the one with the fewest requests in hand', () => {
    const load: Record<string, number> = { a: 2, b: 1, c: 3 }
    for (let turn = 0; turn < 4; turn++)
      assert.equal(leastLoaded(replicas, (r) => load[r.engineId] ?? 0, turn)?.engineId, 'b')
  })

  it('lets equals take turns', () => {
    const order = [0, 1, 2, 3].map((turn) => leastLoaded(replicas, () => 0, turn)?.engineId)
    assert.deepEqual(order, ['a', 'b', 'c', 'a'])
  })

  it('says when there is nothing to choose from', () => {
    assert.equal(
      leastLoaded([], () => 0, 5),
      null,
    )
  })
})
