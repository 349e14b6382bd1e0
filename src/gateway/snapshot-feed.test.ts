import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../platform/clock.ts'
import { createLog } from '../platform/log.ts'
import type { Snapshot, SnapshotKey } from './snapshot.ts'
import { createSnapshotFeed } from './snapshot-feed.ts'

const key = (id: string): SnapshotKey => ({
  id,
  sha256: id,
  organizationId: 'org_1',
  projectId: 'proj_1',
  scopes: ['inference'],
  models: null,
  ips: null,
  expiresAtMs: null,
  salt: 's',
  share: id,
  kind: 'key',
  contentOnDisk: false,
  contentLogging: null,
  limits: null,
})

function feedOf(keys: () => SnapshotKey[]) {
  return createSnapshotFeed({
    keys: async () => keys(),
    routes: () => [],
    routing: () => ({ aliases: [], draining: [] }),
    clock: systemClock,
    log: createLog('test', 'silent'),
  })
}

test('a worker that connects gets the present state, and each later one in rising versions', async () => {
  let keys = [key('key_1')]
  const feed = feedOf(() => keys)
  const got: Snapshot[] = []
  const disconnect = await feed.connect({
    worker: 'worker-0',
    write: (line) => line.trim() && got.push(JSON.parse(line)),
  })
  keys = [key('key_1'), key('key_2')]
  await feed.push()
  assert.deepEqual(
    got.map((snapshot) => snapshot.keys.length),
    [1, 2],
  )
  assert.ok(got[1]!.version > got[0]!.version)
  disconnect()
  await feed.push()
  assert.equal(got.length, 2)
  feed.close()
})

test('a change during a build is not lost', async () => {
  let keys: SnapshotKey[] = []
  const feed = feedOf(() => keys)
  let last: Snapshot | null = null
  await feed.connect({
    worker: 'worker-0',
    write: (line) => {
      if (line.trim()) last = JSON.parse(line)
    },
  })
  const pushes = Array.from({ length: 20 }, (_, index) => {
    keys = [...keys, key(`key_${index}`)]
    return feed.push()
  })
  await Promise.all(pushes)
  assert.equal((last as Snapshot | null)?.keys.length, 20)
  feed.close()
})

test('waiting for a revoke ends when every worker has it in force, and says how many have', async () => {
  const feed = feedOf(() => [])
  await feed.connect({
    worker: 'quick',
    write: (line) => line.trim() && setImmediate(() => feed.noteSeen('quick', JSON.parse(line).version)),
  })
  assert.deepEqual(await feed.inForceEverywhere(), { inForce: 1, workers: 1 })
  await feed.connect({ worker: 'dead', write: () => undefined })
  assert.deepEqual(await feed.inForceEverywhere(50), { inForce: 1, workers: 2 })
  feed.close()
})
