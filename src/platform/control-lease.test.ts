import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { takeControlLease } from './control-lease.ts'
import type { Database } from './database/database.ts'
import { scratchDatabase } from './database/scratch.ts'
import { controlLease } from './tables.ts'

let database: Database
before(async () => {
  database = await scratchDatabase()
})
after(() => database.close())

const never = () => assert.fail('the lease was lost')

test('a second control waits, says for whom, and goes on when the first lets go', async () => {
  const { db } = database
  const first = await takeControlLease({ db, holder: 'first', onWait: never, onLost: never })
  let waitsFor = ''
  const second = takeControlLease({
    db,
    holder: 'second',
    onLost: never,
    onWait: (other) => {
      waitsFor = other
      void first.release()
    },
  })
  const taken = await second
  assert.equal(waitsFor, 'first')
  assert.equal(taken.term, first.term + 1)
  await taken.release()
})

test('a lease that ran out is taken with a higher term', async () => {
  const { db } = database
  const first = await takeControlLease({ db, holder: 'gone', onWait: never, onLost: () => undefined })
  await db.update(controlLease).set({ heldUntil: sql`now() - interval '1 second'` })
  const second = await takeControlLease({ db, holder: 'next', onWait: never, onLost: never })
  assert.equal(second.term, first.term + 1)
  await second.release()
})

test('of three that start at once, never two hold the lease', async () => {
  const { db } = database
  await db.delete(controlLease)
  let active = 0
  const terms = await Promise.all(
    ['one', 'two', 'three'].map(async (holder) => {
      const lease = await takeControlLease({ db, holder, onWait: () => undefined, onLost: never })
      active++
      assert.equal(active, 1)
      await sleep(50)
      active--
      await lease.release()
      return lease.term
    }),
  )
  assert.deepEqual([...terms].sort(), [1, 2, 3])
})
