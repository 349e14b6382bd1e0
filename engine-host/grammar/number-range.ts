/** Integers and decimals between bounds, as grammars over their digits. */
import { choice, type Expression, optional, repeat, sequence, set, text } from './gbnf.ts'

const digits = (first: number, last: number): Expression =>
  first === last ? text(String(first)) : set([0x30 + first, 0x30 + last])

/**
 * Every integer from `min` to `max`, written without leading zeros; minus zero is left out.
 * @param min at least −(2⁵³−1); `max` at most 2⁵³−1; min ≤ max
 */
export function integersBetween(min: number, max: number): Expression {
  const items: Expression[] = []
  if (min < 0) {
    const top = Math.min(max, -1)
    items.push(sequence(text('-'), naturalsBetween(-top, -min)))
  }
  if (max >= 0) items.push(naturalsBetween(Math.max(min, 0), max))
  return choice(...items)
}

function naturalsBetween(min: number, max: number): Expression {
  const items: Expression[] = []
  for (let length = String(min).length; length <= String(max).length; length++) {
    const first = length === 1 ? 0 : 10 ** (length - 1)
    const from = Math.max(min, first)
    // 10**16 − 1 is no safe integer; the digits are what counts.
    const to = String(max).length === length ? String(max) : '9'.repeat(length)
    items.push(sameLength(String(from), to))
  }
  return choice(...items)
}

/** Digit strings of one length from `min` to `max`, both inclusive. */
function sameLength(min: string, max: string): Expression {
  if (min === '') return text('')
  const low = Number(min[0])
  const high = Number(max[0])
  const rest = min.length - 1
  if (/^0*$/.test(min.slice(1)) && /^9*$/.test(max.slice(1))) {
    return rest === 0 ? digits(low, high) : sequence(digits(low, high), repeat(digits(0, 9), rest, rest))
  }
  if (low === high) return sequence(text(String(low)), sameLength(min.slice(1), max.slice(1)))
  const items: Expression[] = [sequence(text(String(low)), sameLength(min.slice(1), '9'.repeat(rest)))]
  if (high - low > 1) items.push(sequence(digits(low + 1, high - 1), repeat(digits(0, 9), rest, rest)))
  items.push(sequence(text(String(high)), sameLength('0'.repeat(rest), max.slice(1))))
  return choice(...items)
}

export type DecimalBounds = {
  /** Whole numbers; null = unbounded. */
  min: number | null
  max: number | null
  minExclusive: boolean
  maxExclusive: boolean
}

const LARGEST = Number.MAX_SAFE_INTEGER

/**
 * Decimals between whole bounds, without exponents.
 * An integer part is cut off towards zero, so both sides of zero are built from "n.…" with n ≥ 0.
 */
export function decimalsBetween(bounds: DecimalBounds): Expression {
  const min = bounds.min ?? -LARGEST
  const max = bounds.max ?? LARGEST
  const items: Expression[] = []
  if (min < 0) {
    const side = nonNegative(Math.max(0, -max), -min, max <= 0 && bounds.maxExclusive, bounds.minExclusive)
    if (side !== null) items.push(sequence(text('-'), side))
  }
  if (max >= 0) {
    const side = nonNegative(Math.max(0, min), max, min >= 0 && bounds.minExclusive, bounds.maxExclusive)
    if (side !== null) items.push(side)
  }
  return choice(...items)
}

const FRACTION = sequence(text('.'), repeat(digits(0, 9), 1, 12))
/** At least one digit that is not zero. */
const NONZERO_FRACTION = sequence(text('.'), repeat(text('0'), 0, 5), digits(1, 9), repeat(digits(0, 9), 0, 6))
const ZERO_FRACTION = sequence(text('.'), text('0'))

function nonNegative(min: number, max: number, minExclusive: boolean, maxExclusive: boolean): Expression | null {
  if (max < 0 || min > max) return null
  const items: Expression[] = []
  if (min === max)
    return minExclusive || maxExclusive ? null : sequence(integersBetween(min, min), optional(ZERO_FRACTION))
  items.push(
    minExclusive
      ? sequence(integersBetween(min, min), NONZERO_FRACTION)
      : sequence(integersBetween(min, min), optional(FRACTION)),
  )
  if (min + 1 <= max - 1) items.push(sequence(integersBetween(min + 1, max - 1), optional(FRACTION)))
  if (!maxExclusive) items.push(sequence(integersBetween(max, max), optional(ZERO_FRACTION)))
  return choice(...items)
}
