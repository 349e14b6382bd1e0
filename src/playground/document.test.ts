import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { documentProblem, storable } from './document.ts'
import { answer, documentOf, turn } from './test-document.ts'

describe('a document', () => {
  it('may branch anywhere, and show any of its turns', () => {
    const turns = [
      turn('u1', null, 'user', 'What is 18 % of 2,350?'),
      turn('a1', 'u1', 'assistant', '', [answer('left', '423'), answer('right', '42.3')]),
      turn('u2', 'a1', 'user', 'Sure?'),
      turn('u3', 'a1', 'user', 'Show the steps.'),
      turn('u4', null, 'user', 'Another beginning'),
    ]
    for (const { id } of turns) assert.equal(documentProblem(documentOf({ turns, shown: id })), null)
    assert.equal(documentProblem(documentOf({ turns, shown: null })), null)
  })

  it('is refused where a turn hangs on nothing, on itself, or on a later one', () => {
    for (const parent of ['nobody', 'a', 'b']) {
      const turns = [turn('a', parent, 'user', ''), turn('b', null, 'user', '')]
      assert.equal(documentProblem(documentOf({ turns }))?.path, 'document.turns.0.parent_id', parent)
    }
  })

  it('is refused where two turns share a name, or nothing has the name that is shown', () => {
    const twice = [turn('a', null, 'user', ''), turn('a', null, 'user', '')]
    assert.equal(documentProblem(documentOf({ turns: twice }))?.path, 'document.turns.1.id')
    assert.equal(documentProblem(documentOf({ shown: 'a' }))?.path, 'document.shown')
  })

  it('is refused where a person has answers, or a model answers one turn twice', () => {
    const user = [turn('a', null, 'user', 'Hi', [answer('m', 'Hi')])]
    assert.equal(documentProblem(documentOf({ turns: user }))?.path, 'document.turns.0.answers')
    const twice = [turn('a', null, 'assistant', '', [answer('m', 'Hi'), answer('m', 'Ho')])]
    assert.equal(documentProblem(documentOf({ turns: twice }))?.path, 'document.turns.0.answers')
  })

  it('keeps what the database cannot: half a pair and the character 0 become the sign for what is lost', () => {
    const half = documentOf({ system_prompt: 'cut \ud83d', inputs: ['a\u0000b', '👍'] })
    const kept = storable(half)
    assert.equal(kept.system_prompt, 'cut \ufffd')
    assert.deepEqual(kept.inputs, ['a\ufffdb', '👍'])
    assert.deepEqual(storable(kept), kept)
  })
})
