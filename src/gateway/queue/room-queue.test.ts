import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { ClientLeft } from '../errors.ts'
import { createRoomQueue, type RoomQueue } from './room-queue.ts'

const open: RoomQueue[] = []
afterEach(() => {
  for (const queue of open.splice(0)) queue.stop()
})
function queueOf(change: { waitingMax?: number; waitingPerKeyMax?: number } = {}) {
  const waits: string[] = []
  const queue = createRoomQueue(
    { waitingMax: 10, waitingPerKeyMax: 10, ...change },
    { waited: (outcome) => waits.push(outcome) },
  )
  open.push(queue)
  const place = (share: string, { ms = 60_000, signal = new AbortController().signal, model = 'small' } = {}) =>
    queue.place({ model, keyId: share, share, deadlineMs: performance.now() + ms, signal })
  return { queue, waits, place }
}

describe('a request that waits for room', () => {
  it('tries when another one of its model has ended', async () => {
    const { queue, place, waits } = queueOf()
    const ended = queue.began('small')
    const waited = place('a').waitForRoom(0)
    assert.deepEqual([queue.isBusy('small'), queue.isBusy('other')], [true, false])
    ended(true)
    assert.equal(await waited, 'room')
    assert.deepEqual([waits, queue.waiting()], [['room'], 0])
  })

  it('leaves an engine alone for as long as it said, whoever ends', async () => {
    const { queue, place } = queueOf()
    const waited = place('a').waitForRoom(30_000)
    queue.began('small')(true)
    queue.stop() // nobody waits for an engine of a worker that ends
    assert.equal(await waited, 'deadline')
  })

  it('tries in turn with other keys, whoever asked more', async () => {
    const { queue, place } = queueOf()
    const order: string[] = []
    const note = (name: string, waited: Promise<string>) => waited.then((outcome) => order.push(`${name} ${outcome}`))
    const all = [
      note('a1', place('a').waitForRoom(0)),
      note('a2', place('a').waitForRoom(0)),
      note('a3', place('a').waitForRoom(0)),
      note('b1', place('b').waitForRoom(0)),
    ]
    for (let n = 0; n < 4; n++) queue.began('small')(true)
    await Promise.all(all)
    assert.deepEqual(order, ['a1 room', 'b1 room', 'a2 room', 'a3 room'])
    assert.equal(queue.waiting(), 0)
  })

  it('keeps its place where the try was in vain', async () => {
    const { queue, place } = queueOf()
    const first = place('a')
    const tried = first.waitForRoom(0)
    queue.began('small')(true)
    assert.equal(await tried, 'room')
    const order: string[] = []
    const later = place('a')
      .waitForRoom(0)
      .then(() => order.push('later'))
    const again = first.waitForRoom(0).then(() => order.push('first'))
    queue.began('small')(true)
    queue.began('small')(true)
    await Promise.all([later, again])
    assert.deepEqual(order, ['first', 'later'])
    assert.ok(first.waitedMs >= 0)
  })

  it('is told so at its deadline, and at once where the engine wants to be left alone for longer', async () => {
    const { place, waits, queue } = queueOf()
    const waited = place('a', { ms: 20 })
    // Nothing ends here, and the first pause is longer than its deadline.
    assert.equal(await waited.waitForRoom(0), 'deadline')
    assert.ok(waited.waitedMs > 0 && waited.retryAfterMs() >= 100)
    assert.equal(await place('a', { ms: 1_000 }).waitForRoom(5_000), 'deadline')
    assert.equal(queue.waiting(), 0)
    assert.deepEqual(waits, ['deadline'])
  })

  it('is let go when its client leaves, and the next one moves up', async () => {
    const { queue, place, waits } = queueOf()
    const left = new AbortController()
    const gone = place('a', { signal: left.signal }).waitForRoom(0)
    const next = place('a').waitForRoom(0)
    left.abort()
    await assert.rejects(gone, ClientLeft)
    queue.began('small')(true)
    assert.equal(await next, 'room')
    assert.deepEqual(waits, ['left', 'room'])
    await assert.rejects(place('a', { signal: left.signal }).waitForRoom(0), ClientLeft)
  })

  it('is refused where too many wait, of one key or of all', async () => {
    const { place } = queueOf({ waitingMax: 3, waitingPerKeyMax: 2 })
    const one = new AbortController()
    const waits = [place('a', { signal: one.signal }), place('a', { signal: one.signal })].map((each) =>
      each.waitForRoom(0).catch(() => 'left'),
    )
    assert.equal(await place('a').waitForRoom(0), 'crowded')
    const other = place('b', { signal: one.signal })
      .waitForRoom(0)
      .catch(() => 'left')
    assert.equal(await place('c').waitForRoom(0), 'crowded')
    one.abort()
    assert.deepEqual(await Promise.all([...waits, other]), ['left', 'left', 'left'])
  })

  it('learns from requests that ended when room is likely', () => {
    let nowMs = 0
    const queue = createRoomQueue({ waitingMax: 10, waitingPerKeyMax: 10 }, { waited() {} }, () => nowMs)
    open.push(queue)
    const place = queue.place({
      model: 'small',
      keyId: 'a',
      share: 'a',
      deadlineMs: 1e6,
      signal: new AbortController().signal,
    })
    const ended = queue.began('small')
    nowMs = 8_000
    ended(true)
    queue.began('small')
    queue.began('small')
    assert.equal(place.retryAfterMs(), 4_000) // two places, eight seconds each
    queue.began('small')(false) // one that was turned away says nothing of how long they take
    assert.equal(place.retryAfterMs(), 4_000)
  })
})
