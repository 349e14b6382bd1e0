import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { schemaProblem, toolNames, toolsProblem } from './check-json.ts'
import { columnFor, columnsOf, modelOf, ordinalOf } from './columns.ts'
import { addressOf, modelsIn, parsePlaygroundSearch } from './search.ts'
import { cosine, linesIn, similarities } from './similarity.ts'
import { piecesOf } from './token-pieces.ts'

describe('the address', () => {
  it('says which models, at most four, and forgets what it does not know', () => {
    assert.deepEqual(parsePlaygroundSearch({ models: 'a,b, c,,d,e', mode: 'tokens', beside: 'saved', other: 1 }), {
      models: 'a,b,c,d',
      mode: 'tokens',
      beside: 'saved',
    })
    assert.deepEqual(parsePlaygroundSearch({ models: ' , ', mode: 'chat', beside: 'x', find: '' }), {})
  })
})

describe('columns', () => {
  it('of one model have names of their own, which the address does not say', () => {
    assert.deepEqual(modelsIn('a,b,a,a'), ['a', 'b', 'a#2', 'a#3'])
    assert.equal(addressOf(['a', 'b', 'a#2', 'a#3']), 'a,b,a,a')
    assert.equal(parsePlaygroundSearch({ models: 'a,a' }).models, 'a,a')
    assert.deepEqual(columnsOf(['a', 'a']).map(modelOf), ['a', 'a'])
  })

  it('take the first name that is free, and are numbered as they stand', () => {
    assert.equal(columnFor('a', ['a#2', 'b']), 'a')
    assert.equal(columnFor('a', ['a', 'b']), 'a#2')
    assert.deepEqual(
      ['a#2', 'b', 'a'].map((column) => ordinalOf(column, ['a#2', 'b', 'a'])),
      [' · 1', '', ' · 2'],
    )
  })
})

describe('JSON that somebody types', () => {
  it('says where it is no JSON', () => {
    assert.deepEqual(toolsProblem('[\n  {"type": "function",}\n]'), { code: 'syntax', line: 2, column: 23 })
    assert.deepEqual(schemaProblem(''), { code: 'syntax', line: 1, column: 1 })
  })

  it('says what is no tool', () => {
    const tool = (name: string, rest = '') => `{"type":"function","function":{"name":"${name}"${rest}}}`
    assert.equal(toolsProblem(`[${tool('a')},${tool('b', ',"parameters":{}')}]`), null)
    assert.deepEqual(toolNames(`[${tool('a')},${tool('b')}]`), ['a', 'b'])
    assert.deepEqual(toolsProblem('{}'), { code: 'not-array' })
    assert.deepEqual(toolsProblem(`[${tool('a')},{"name":"b"}]`), { code: 'not-tool', at: '2' })
    assert.deepEqual(toolsProblem(`[${tool('a b')}]`), { code: 'tool-name', at: '1' })
    assert.deepEqual(toolsProblem(`[${tool('a', ',"parameters":[]')}]`), { code: 'tool-parameters', at: '1' })
    assert.deepEqual(toolsProblem(`[${tool('a')},${tool('a')}]`), { code: 'tool-twice', at: 'a' })
    assert.deepEqual(schemaProblem('[]'), { code: 'not-object' })
  })
})

describe('likeness', () => {
  it('is the cosine: 1 with itself, 0 across, −1 against, 0 with nothing', () => {
    assert.deepEqual(
      similarities([
        [3, 4],
        [-4, 3],
      ]),
      [
        [1, 0],
        [0, 1],
      ],
    )
    assert.equal(cosine([1, 2], [-2, -4]), -1)
    assert.equal(cosine([0, 0], [1, 1]), 0)
    assert.deepEqual(linesIn(' a \n\n b\r\n'), ['a', 'b'])
  })
})

describe('tokens', () => {
  it('show what cannot be seen, and say what is special or a part of a character', () => {
    assert.deepEqual(
      piecesOf([1, 2, 3, 4, 5], ['<|im_start|>', ' are', '\n\n', '\uFFFD', '<b>x']).map(({ text, kind }) => [
        kind,
        text,
      ]),
      [
        ['special', '<|im_start|>'],
        ['text', '·are'],
        ['space', '↵↵'],
        ['part', ''],
        ['text', '<b>x'],
      ],
    )
  })
})
