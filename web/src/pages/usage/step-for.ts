import type { UsageOnWire } from '../../../../src/billing/usage-schema.ts'
import type { Range } from '../../ui/range.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

/** Steps long enough to be told apart in a chart, short enough to show what happened. */
export function stepFor({ from, to }: Range): UsageOnWire['step'] {
  const length = to - from
  if (length <= 3 * HOUR) return '1m'
  if (length <= 12 * HOUR) return '5m'
  if (length <= 2 * DAY) return '15m'
  if (length <= 14 * DAY) return '1h'
  return '1d'
}
