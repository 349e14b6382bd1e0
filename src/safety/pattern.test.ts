import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PATTERN_SIZE_MAX, PatternTrouble, parsePattern, sizeOf } from './pattern.ts'

const troubleOf = (text: string): string => {
  try {
    parsePattern(text)
  } catch (error) {
    assert.ok(error instanceof PatternTrouble)
    return error.message
  }
  return 'none'
}

test('what needs more than one step a character, or means nothing here, is refused by name', () => {
  for (const [text, trouble] of [
    ['(a)\\1', /a reference back at character 4/],
    ['(?=a)', /looking around/],
    ['(?<name>a)', /named group/],
    ['a+?', /lazy or possessive/],
    ['a**', /repetition of a repetition/],
    ['^a', /anchor \^/],
    ['a\\bc', /\\b elsewhere/],
    ['(a', /never closed at character 2/],
    ['a)', /nothing opened/],
    ['[z-a]', /range that is none/],
    ['[a', /never closed/],
    ['a{3,2}', /least is more than its most/],
    ['a{9999}', /more than 256 times/],
    ['*a', /repetition of nothing/],
    ['\\q', /unknown escape/],
    ['a*', /match of nothing/],
    ['', /match of nothing/],
    ['((a{256}){256})', new RegExp(`more than ${PATTERN_SIZE_MAX} parts`)],
    ['a'.repeat(501), /more than 500 characters/],
  ] as const)
    assert.match(troubleOf(text), trouble, text)
})

test('edges of words and capitals are told beside the pattern', () => {
  const { startsWord, endsWord, ignoresCase } = parsePattern('(?i)\\bab\\b')
  assert.deepEqual([startsWord, endsWord, ignoresCase], [true, true, true])
  assert.equal(parsePattern('a\\\\b').endsWord, false) // a backslash, and a letter
})

test('whatever somebody writes is a pattern of bounded size, or refused with a place', () => {
  const piece = fc.constantFrom(
    'a',
    '[b-d]',
    '\\d',
    '(',
    ')',
    '|',
    '*',
    '+',
    '?',
    '{2,5}',
    '{7}',
    '\\b',
    '.',
    '[^x]',
    '\\',
    '[',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('')
      try {
        assert.ok(sizeOf(parsePattern(text).node) <= PATTERN_SIZE_MAX)
      } catch (error) {
        if (!(error instanceof PatternTrouble)) throw error
        assert.ok(error.at >= 0 && error.at <= text.length)
      }
    }),
    { numRuns: 2_000 },
  )
})
