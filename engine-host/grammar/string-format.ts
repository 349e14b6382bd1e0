/**
 * The string formats that a grammar can keep, each a (generous) part of what the format allows. Days are those that
 * every year has: a grammar cannot count leap years.
 */
import { choice, type Expression, optional, repeat, sequence, set, single, text } from './gbnf.ts'

const digit = set([0x30, 0x39])
const hex = set([0x30, 0x39], [0x61, 0x66])
const lower = set([0x61, 0x7a], [0x30, 0x39])
const between = (first: string, last: string): Expression => set([first.charCodeAt(0), last.charCodeAt(0)])
const any = (...texts: string[]): Expression => choice(...texts.map(text))

const day31 = choice(sequence(text('0'), between('1', '9')), sequence(between('1', '2'), digit), any('30', '31'))
const day30 = choice(sequence(text('0'), between('1', '9')), sequence(between('1', '2'), digit), text('30'))
const day28 = choice(
  sequence(text('0'), between('1', '9')),
  sequence(text('1'), digit),
  sequence(text('2'), between('0', '8')),
)

const date = sequence(
  repeat(digit, 4, 4),
  text('-'),
  choice(
    sequence(any('01', '03', '05', '07', '08', '10', '12'), text('-'), day31),
    sequence(any('04', '06', '09', '11'), text('-'), day30),
    sequence(text('02-'), day28),
  ),
)

const hour = choice(sequence(between('0', '1'), digit), sequence(text('2'), between('0', '3')))
const sixty = sequence(between('0', '5'), digit)
const zone = choice(text('Z'), sequence(set(single('+'), single('-')), hour, text(':'), sixty))
const time = sequence(
  hour,
  text(':'),
  sixty,
  text(':'),
  sixty,
  optional(sequence(text('.'), repeat(digit, 1, 6))),
  zone,
)

const octet = choice(
  digit,
  sequence(between('1', '9'), digit),
  sequence(text('1'), digit, digit),
  sequence(text('2'), between('0', '4'), digit),
  sequence(text('25'), between('0', '5')),
)

const label = sequence(lower, repeat(lower, 0, 20))
// The last label is of letters: one of digits would make the whole an (invalid) IPv4 address.
const hostname = sequence(label, repeat(sequence(text('.'), label), 0, 3), text('.'), repeat(set([0x61, 0x7a]), 2, 10))
const group = repeat(hex, 1, 4)
const count = sequence(between('1', '9'), repeat(digit, 0, 3))
const part = (unit: string): Expression => sequence(count, text(unit))
const timePart = sequence(
  text('T'),
  choice(
    sequence(part('H'), optional(sequence(part('M'), optional(part('S'))))),
    sequence(part('M'), optional(part('S'))),
    part('S'),
  ),
)
const pathCharacter = set([0x61, 0x7a], [0x41, 0x5a], [0x30, 0x39], single('-'), single('.'), single('_'), single('~'))

/** Characters that need no escape in JSON, so each stands in quotes and bare alike. */
export const FORMATS: ReadonlyMap<string, Expression> = new Map([
  ['date', date],
  ['time', time],
  ['date-time', sequence(date, text('T'), time)],
  [
    'duration',
    sequence(
      text('P'),
      choice(
        part('W'),
        timePart,
        sequence(part('D'), optional(timePart)),
        sequence(part('M'), optional(part('D')), optional(timePart)),
        sequence(part('Y'), optional(sequence(part('M'), optional(part('D')))), optional(timePart)),
      ),
    ),
  ],
  [
    'uuid',
    sequence(
      repeat(hex, 8, 8),
      text('-'),
      repeat(hex, 4, 4),
      text('-'),
      between('1', '5'),
      repeat(hex, 3, 3),
      text('-'),
      set(single('8'), single('9'), single('a'), single('b')),
      repeat(hex, 3, 3),
      text('-'),
      repeat(hex, 12, 12),
    ),
  ],
  ['ipv4', sequence(octet, repeat(sequence(text('.'), octet), 3, 3))],
  ['ipv6', sequence(group, repeat(sequence(text(':'), group), 7, 7))],
  ['hostname', hostname],
  [
    'email',
    sequence(
      label,
      repeat(sequence(set(single('.'), single('_'), single('+'), single('-')), label), 0, 3),
      text('@'),
      hostname,
    ),
  ],
  [
    'uri',
    sequence(
      any('https://', 'http://'),
      hostname,
      repeat(sequence(text('/'), repeat(pathCharacter, 0, 40)), 0, 8),
      optional(sequence(text('?'), repeat(choice(pathCharacter, any('=', '&')), 1, 80))),
    ),
  ],
])
