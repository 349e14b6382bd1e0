import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PII_KINDS, type SafetyRule } from '../../safety/policy.ts'
import { compileRules } from './compile-rules.ts'
import { MATCH_MAX, TextScanner } from './text-scanner.ts'

const rule = (match: SafetyRule['match'], more: Partial<SafetyRule> = {}): SafetyRule => ({
  name: 'RULE',
  match,
  action: 'mask',
  appliesTo: 'both',
  ...more,
})
const everyKind = rule({ kind: 'pii', pii: [...PII_KINDS] })
const words = rule({ kind: 'keywords', keywords: ['Bluebird', '蓝鸟', 'C++'] }, { name: 'PROJECT' })
const pattern = (text: string, more: Partial<SafetyRule> = {}) => rule({ kind: 'pattern', pattern: text }, more)

/** Looks through pieces; null marks where it was blocked. */
function through(rules: SafetyRule[], ...pieces: string[]): string {
  const compiled = compileRules(rules)
  assert.ok(compiled)
  const scanner = new TextScanner(compiled)
  const out = pieces.map((piece) => scanner.push(piece)).join('') + scanner.end()
  return scanner.blockedBy === null ? out : `${out}<${scanner.blockedBy}>`
}

const FOUND: [string, string][] = [
  ['Write to ann.lee+x@mail.example.co.uk, please.', 'Write to [EMAIL], please.'],
  ['not@here', 'not@here'],
  ['Call +49 (0)30 1234567 or +1-415-555-0134.', 'Call [PHONE] or [PHONE].'],
  ['手机13812345678。', '手机[PHONE]。'],
  ['(415) 555-0134', '[PHONE]'],
  ['in 2024 there were 1500', 'in 2024 there were 1500'],
  ['card 4111 1111 1111 1111 exp', 'card [CARD] exp'],
  ['card 4111 1111 1111 1112 exp', 'card 4111 1111 1111 1112 exp'],
  ['DE89 3704 0044 0532 0130 00 and GB82WEST12345698765432', '[IBAN] and [IBAN]'],
  ['DE88 3704 0044 0532 0130 00', 'DE88 3704 0044 0532 0130 00'],
  ['from 192.168.1.20:8080 and 2001:db8::1.', 'from [IP]:8080 and [IP].'],
  ['at 12:30 std::dec 300.1.1.1', 'at 12:30 std::dec 300.1.1.1'],
  ['身份证11010519491231002X号', '身份证[NATIONAL_ID]号'],
  ['身份证110105194912310021号', '身份证110105194912310021号'],
  ['CPF 529.982.247-25, DNI 12345678Z', 'CPF [NATIONAL_ID], DNI [NATIONAL_ID]'],
  ['PESEL 44051401359', 'PESEL [NATIONAL_ID]'],
  ['Steuer-ID 86095742719', 'Steuer-ID [NATIONAL_ID]'],
  ['NIR 2 55 08 14 168 025 38', 'NIR [NATIONAL_ID]'],
]

test('personal data is found by its form and its check digits, and nothing else is', () => {
  for (const [text, masked] of FOUND) assert.equal(through([everyKind], text), masked)
})

test('keywords are whole words in any capitals, and stand anywhere in writing without spaces', () => {
  assert.equal(through([words], 'bluebird, BLUEBIRD and bluebirds'), '[PROJECT], [PROJECT] and bluebirds')
  assert.equal(through([words], '代号蓝鸟计划'), '代号[PROJECT]计划')
  assert.equal(through([words], 'in C++, not C'), 'in [PROJECT], not C')
})

test('patterns of a project take the longest match that begins first', () => {
  assert.equal(through([pattern('AB-\\d+')], 'AB-1234 xAB-5'), '[RULE] x[RULE]')
  assert.equal(through([pattern('\\bAB-\\d{2}\\b')], 'AB-12 xAB-12 AB-123'), '[RULE] xAB-12 AB-123')
  assert.equal(through([pattern('(?i)secret|secret key')], 'a Secret Key!'), 'a [RULE]!')
  assert.equal(through([pattern('[^x]{3}')], 'abxabc'), 'abx[RULE]')
})

test('what blocks ends the text there, and goes before what masks the same', () => {
  const blocked = [pattern('bad thing'), pattern('bad', { name: 'BAD', action: 'block' })]
  assert.equal(through(blocked, 'a bad day'), 'a <BAD>')
  const same = [pattern('bad'), pattern('bad', { name: 'BAD', action: 'block' })]
  assert.equal(through(same, 'a bad day'), 'a <BAD>')
})

test('only what may still become a match is held back', () => {
  const scanner = new TextScanner(compileRules([everyKind, words])!)
  assert.equal(scanner.push('write to '), 'write to ')
  assert.equal(scanner.push('ann@exa'), '')
  assert.equal(scanner.push('mple.org'), '')
  assert.equal(scanner.push('. Bye'), '[EMAIL]. ')
  assert.equal(scanner.push('!'), 'Bye!')
  assert.equal(scanner.push(' blue'), ' ')
  assert.equal(scanner.push(' '), 'blue ')
  assert.equal(scanner.end(), '')
})

test('no more is held back than the longest match', () => {
  const scanner = new TextScanner(compileRules([pattern('a+b')])!)
  const out = scanner.push('a'.repeat(10_000))
  assert.ok(out.length >= 10_000 - MATCH_MAX - 1)
})

test('a text comes out the same wherever it is cut', () => {
  const fragments = [
    ...FOUND.map(([text]) => text),
    ...['bluebird', '蓝鸟', '😀', '\ud83d', 'aaab', 'AB-12', ' ', '4111', '@', '+', '.', 'x'],
  ]
  const rules = [everyKind, words, pattern('a{2,}b'), pattern('AB-\\d+\\b'), pattern('😀.', { name: 'FACE' })]
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...fragments), { maxLength: 8 }),
      fc.array(fc.nat(300), { maxLength: 12 }),
      (parts, cuts) => {
        const text = parts.join('')
        const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b)
        const pieces = [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length))
        assert.equal(through(rules, ...pieces), through(rules, text))
      },
    ),
    { numRuns: 400 },
  )
  for (const [text] of FOUND) assert.equal(through(rules, ...text), through(rules, text))
})

test('what comes out without a match is what went in', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (pieces) => {
      assert.equal(through([pattern('never to be found 123')], ...pieces), pieces.join(''))
    }),
  )
})

test('patterns that make other engines go back and try again take one step a character', () => {
  const hostile = ['(a+)+b', '(a|a)*b', '(a|aa)+b', '(.*)*x', '([a-z]+)*\\d']
  // Were the work exponential, this would not come to its end.
  for (const text of hostile.filter((one) => one !== '(.*)*x'))
    assert.equal(through([pattern(text)], 'a'.repeat(5_000)), 'a'.repeat(5_000))
})
