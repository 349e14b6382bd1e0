import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PreparationTurns } from './preparation.ts'

test('one turn of the event loop serves one request, and shares take turns', async () => {
  const turns = new PreparationTurns()
  const served: string[] = []
  const perTurn: number[] = []
  let open = 0
  const take = async (share: string) => {
    open++
    await turns.take(share)
    served.push(share)
    open--
  }
  for (const share of ['flood', 'flood', 'flood', 'flood', 'quiet']) void take(share)
  while (open > 0) {
    const before = served.length
    await new Promise((resolve) => setImmediate(resolve))
    perTurn.push(served.length - before)
  }
  assert.deepEqual(served.slice(0, 2), ['flood', 'quiet'])
  assert.equal(served.length, 5)
  assert.ok(
    perTurn.every((count) => count <= 1),
    `${perTurn}`,
  )
})
