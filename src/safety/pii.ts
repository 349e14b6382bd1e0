/**
 * What personal data looks like, and how to tell it from a number that only looks like it: by its check digits, wherever it
 * has some.
 *
 * Pure module.
 */
import { isIPv6 } from 'node:net'
import type { PiiKind } from './policy.ts'

/** One form of a kind. Words go on neither before it nor behind it. */
export type PiiForm = { pattern: string; isReal: (found: string) => boolean }

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const always = () => true

export const PII_FORMS: Readonly<Record<PiiKind, readonly PiiForm[]>> = {
  email: [{ pattern: '[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\\.){1,8}[A-Za-z]{2,24}', isReal: always }],
  phone: [
    // With its country, as everybody may write it; 15 digits are the most that there are (E.164).
    { pattern: '\\+[1-9](?:[ .\\-/]?\\(?\\d\\)?){6,14}', isReal: always },
    { pattern: '\\(?[2-9]\\d{2}\\)?[ .-]{1,2}\\d{3}[ .-]\\d{4}', isReal: always },
    { pattern: '1[3-9]\\d[ -]?\\d{4}[ -]?\\d{4}', isReal: always }, // mobile phones in China
  ],
  card: [{ pattern: '[2-6](?:[ -]?\\d){12,18}', isReal: isCard }],
  iban: [{ pattern: '[A-Z]{2}\\d{2}(?: ?[A-Z0-9]){11,30}', isReal: isIban }],
  ip: [
    { pattern: `(?:${OCTET}\\.){3}${OCTET}`, isReal: always },
    { pattern: '[0-9A-Fa-f:]{3,39}(?:\\.\\d{1,3}){0,3}', isReal: (found) => /[0-9a-f]/i.test(found) && isIPv6(found) },
  ],
  national_id: [
    { pattern: '[1-9]\\d{16}[0-9Xx]', isReal: isChineseId },
    { pattern: '\\d{3}\\.?\\d{3}\\.?\\d{3}-?\\d{2}', isReal: isBrazilianCpf },
    { pattern: '[0-9XYZ]\\d{7}-?[A-Z]', isReal: isSpanishId },
    { pattern: '[1-478] ?\\d{2} ?\\d{2} ?(?:\\d{2}|2[AB]) ?\\d{3} ?\\d{3} ?\\d{2}', isReal: isFrenchNir },
    { pattern: '\\d{11}', isReal: (found) => isPolishPesel(found) || isGermanTaxId(found) },
  ],
}

function digitsOf(text: string): number[] {
  return [...text.replaceAll(/\D/g, '')].map(Number)
}

/** Numbers of 14 and 15 digits are those of Diners and American Express only. */
function isCard(found: string): boolean {
  const digits = digitsOf(found)
  const short = { 14: [36, 38, 39], 15: [34, 37] }[digits.length]
  const issuer = (digits[0] ?? 0) * 10 + (digits[1] ?? 0)
  return (short === undefined || short.includes(issuer)) && passesLuhn(digits)
}

function passesLuhn(digits: readonly number[]): boolean {
  if (new Set(digits).size === 1) return false
  const sum = digits.toReversed().reduce((total, digit, index) => {
    const doubled = index % 2 === 0 ? digit : digit * 2
    return total + (doubled > 9 ? doubled - 9 : doubled)
  }, 0)
  return sum % 10 === 0
}

/** ISO 13616: the first four go to the end, letters become numbers, and the rest of a division by 97 is 1. */
function isIban(found: string): boolean {
  const text = found.replaceAll(' ', '')
  let rest = 0
  for (const character of text.slice(4) + text.slice(0, 4)) {
    const value = Number.parseInt(character, 36)
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97
  }
  return rest === 1
}

/** GB 11643: eight digits of it are a birthday. */
function isChineseId(found: string): boolean {
  const [month, day] = [Number(found.slice(10, 12)), Number(found.slice(12, 14))]
  if (month < 1 || month > 12 || day < 1 || day > 31) return false
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
  return found[17]?.toUpperCase() === '10X98765432'[weighed(digitsOf(found.slice(0, 17)), weights) % 11]
}

function isBrazilianCpf(found: string): boolean {
  const digits = digitsOf(found)
  if (new Set(digits).size === 1) return false
  const check = (count: number) => {
    const weights = Array.from({ length: count }, (_, index) => count + 1 - index)
    return ((weighed(digits.slice(0, count), weights) * 10) % 11) % 10
  }
  return check(9) === digits[9] && check(10) === digits[10]
}

function isSpanishId(found: string): boolean {
  const number = Number(found.slice(0, 8).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter))))
  return found.at(-1) === 'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]
}

function isFrenchNir(found: string): boolean {
  const text = found.replaceAll(' ', '')
  const month = Number(text.slice(3, 5))
  if (month < 1 || (month > 12 && month < 20) || month > 42) return false
  const number = Number(text.slice(0, 13).replace('2A', '19').replace('2B', '18'))
  return 97 - (number % 97) === Number(text.slice(13))
}

function isPolishPesel(found: string): boolean {
  const digits = digitsOf(found)
  const month = ((digits[2] ?? 0) * 10 + (digits[3] ?? 0)) % 20
  if (month < 1 || month > 12) return false
  return weighed(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0
}

/** ISO 7064, MOD 11,10; of the first ten digits one comes two or three times, and it begins with no zero. */
function isGermanTaxId(found: string): boolean {
  const digits = digitsOf(found)
  if (digits[0] === 0 || new Set(digits.slice(0, 10)).size > 9 || new Set(digits.slice(0, 10)).size < 8) return false
  let product = 10
  for (const digit of digits.slice(0, 10)) product = (((digit + product) % 10 || 10) * 2) % 11
  return (11 - product) % 10 === digits[10]
}

function weighed(digits: readonly number[], weights: readonly number[]): number {
  return digits.reduce((sum, digit, index) => sum + digit * (weights[index] ?? 0), 0)
}
