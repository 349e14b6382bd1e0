import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { starterModelPath } from '../../test/models/starter.ts'
import { type StartedHost, startHost } from '../started-host.ts'
import { SLICE_LENGTH_MAX, slicingFacts, textSlicer } from './text-slices.ts'
import { tokenBytesMax } from './vocabulary.ts'

let host: StartedHost

before(async () => {
  host = await startHost(await starterModelPath())
})

after(() => host?.close())

/** What cuts have to beware of: spaces in numbers, line breaks, tags, contractions, scripts without spaces. */
const PIECES = [
  ...['the', ' quick', 'Fox', ' ', '  ', '    if', '\n', '\n\n', '\r\n', '\t', 'é', ' naïve', '中文', '字，', '。'],
  ...[
    '123',
    ' 4567',
    "'s",
    " don't",
    '<|im_end|>',
    '<|im_start|>',
    'user\n',
    '<b>',
    '!!',
    ' (x)',
    '😀',
    'a b c d',
    ' Ω',
  ],
]

test('slices, tokenised one by one, give the tokens of the whole', () => {
  const { engine } = host
  const slices = engine.slices as ReturnType<typeof textSlicer>
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...PIECES), { minLength: 40, maxLength: 80 }),
      fc.boolean(),
      (pieces, special) => {
        const text = pieces.join('')
        const tokens = [...slices(text, special, 20)].flatMap((slice) => engine.tokenize(slice, special))
        assert.deepEqual(tokens, engine.tokenize(text, special))
      },
    ),
    { numRuns: 400 },
  )
})

test('text without a place to cut is cut all the same, and spells the same', () => {
  const { engine } = host
  const text = ' '.repeat(3 * SLICE_LENGTH_MAX) + '😀'.repeat(SLICE_LENGTH_MAX)
  const slices = [...engine.slices(text, true)]
  assert.equal(slices.join(''), text)
  assert.ok(slices.every((slice) => slice.length <= SLICE_LENGTH_MAX && slice.isWellFormed()))
})

test('a tokeniser that puts a space before each text gets its cut spaces back', () => {
  const slices = textSlicer({ joined: new Set(['z ']), tags: new Set(['<s>']), addsSpace: true, literal: false })
  assert.deepEqual([...slices('one two three four', true, 8)], ['one two', 'three', 'four'])
  assert.deepEqual([...slices('fizz buzz fizz', true, 5)].length, 1, 'a piece of the vocabulary goes across')
  assert.deepEqual([...slices('one<s>two<s>three', true, 7)], ['one', '<s>two', '<s>three'])
})

test('a vocabulary says how much text one token can hold, and what it joins', () => {
  const vocabulary = { kind: 'gpt2', texts: ['a', 'Ġab', 'xĠ', '<|end|>'], types: [1, 1, 1, 3] }
  assert.equal(tokenBytesMax(vocabulary), 7)
  assert.deepEqual([...slicingFacts(vocabulary, false).joined], ['x '])
  assert.deepEqual([...slicingFacts(vocabulary, false).tags], ['<|end|>'])
  // An unknown word is one token here, however long.
  assert.equal(tokenBytesMax({ ...vocabulary, kind: 'bert' }), Number.POSITIVE_INFINITY)
})
