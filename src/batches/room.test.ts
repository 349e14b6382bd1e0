import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Candidate, chooseBatch } from './choose-batch.ts'
import { linesAllowed } from './room.ts'

describe('how many lines may run', () => {
  const sequences = 4
  it('grows by one while nobody else asks, and leaves a place free', () => {
    const seen = [0]
    for (let look = 0; look < 6; look++) {
      const ours = seen.at(-1)!
      seen.push(linesAllowed({ running: ours, waiting: 0, sequences }, ours, ours, 10))
    }
    assert.deepEqual(seen, [0, 1, 2, 3, 3, 3, 3])
  })
  it('is one beside others, and none while they wait', () => {
    assert.equal(linesAllowed({ running: 4, waiting: 0, sequences }, 3, 3, 10), 1)
    assert.equal(linesAllowed({ running: 4, waiting: 1, sequences }, 3, 3, 10), 0)
  })
  it('is what an engine can take where lines wait for each other alone', () => {
    assert.equal(linesAllowed({ running: 2, waiting: 1, sequences }, 3, 3, 10), 2)
  })
  it('never passes the setting, and is the setting where no engine here can say', () => {
    assert.equal(linesAllowed({ running: 2, waiting: 0, sequences: 64 }, 2, 2, 2), 2)
    assert.equal(linesAllowed(null, 0, 0, 2), 2)
  })
  it('is one on an engine with one sequence', () => {
    assert.equal(linesAllowed({ running: 0, waiting: 0, sequences: 1 }, 0, 0, 4), 1)
  })
})

describe('whose line is next', () => {
  const at = (id: string, projectId: string, inFlight: number, servedAt: number): Candidate => ({
    id,
    projectId,
    model: 'm',
    inFlight,
    servedAt,
  })
  it('is a project’s with fewer lines in flight, however large another’s batches are', () => {
    const large = [at('batch_1', 'a', 2, 9), at('batch_2', 'a', 1, 8)]
    const small = at('batch_3', 'b', 0, 7)
    assert.equal(chooseBatch([...large, small], [...large, small])?.id, 'batch_3')
  })
  it('goes round between equals: three projects of one free place are served in turn', () => {
    const all = [at('batch_1', 'a', 0, 0), at('batch_2', 'b', 0, 0), at('batch_3', 'c', 0, 0), at('batch_4', 'c', 0, 0)]
    const turns: string[] = []
    for (let turn = 1; turn <= 6; turn++) {
      const chosen = chooseBatch(all, all)!
      chosen.servedAt = turn
      turns.push(chosen.projectId)
    }
    assert.deepEqual(turns, ['a', 'b', 'c', 'a', 'b', 'c'])
    assert.ok(
      all.every(({ servedAt }) => servedAt > 0),
      'also both batches of one project',
    )
  })
  it('is nobody’s where nobody is ready', () => {
    assert.equal(chooseBatch([], [at('batch_1', 'a', 1, 1)]), null)
  })
})
