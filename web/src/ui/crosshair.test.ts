import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCrosshair } from './crosshair.ts'

test('a crosshair tells its charts when it moves, and not when it rests', () => {
  const cross = createCrosshair()
  const told: (number | undefined)[] = []
  const stop = cross.subscribe(() => told.push(cross.get()?.at))
  cross.set({ at: 5, from: 'a' })
  cross.set({ at: 5, from: 'a' })
  cross.set({ at: 5, from: 'b' })
  cross.set(null)
  stop()
  cross.set({ at: 9, from: 'a' })
  assert.deepEqual(told, [5, 5, undefined])
})

test('charts under each other leave the room that the widest needs, until it goes', () => {
  const { rooms } = createCrosshair()
  rooms.ask(30, 0)
  const leave = rooms.ask(44, 120)
  assert.deepEqual([rooms.axis(), rooms.ends()], [44, 120])
  leave()
  assert.deepEqual([rooms.axis(), rooms.ends()], [30, 0])
})
