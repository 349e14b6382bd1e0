/**
 * How long things took, kept so that it can be added up: counts in bins whose bounds grow by a fixed factor.
 *
 *     bin 0 holds 0–1 ms · bin n holds 2^((n-1)/4) – 2^(n/4) ms · the last begins at 90 minutes
 *
 * The sum of two periods is the sum of their bins, so that a percentile of any range comes from bins that were written
 * long before anybody asked. Its price is a bounded error: a quantile is told as the geometric middle of its bin, at
 * most 9.1 % away from the true one. Kept as JSON of the bins that hold something, `{"31": 4}`: a minute of one key has
 * a few. A t-digest would be nearer at the far tail; it cannot be added by an upsert, and does not add up the same way in
 * every order.
 *
 * Pure module.
 */

/** Bin number to count. */
export type LatencyBins = Record<string, number>

const BINS_PER_DOUBLING = 4
/** Where the last bin begins: 2^22.5 ms. */
const BIN_MAX = 90

/** How far a quantile may be from the true one, as a share of it. */
export const LATENCY_ERROR_MAX = 2 ** (1 / BINS_PER_DOUBLING / 2) - 1

export function latencyBin(ms: number): number {
  if (!(ms > 1)) return 0
  return Math.min(BIN_MAX, Math.floor(Math.log2(ms) * BINS_PER_DOUBLING) + 1)
}

/** Adds `count` to one bin, in place. */
export function addToBin(bins: LatencyBins, bin: number | string, count: number): void {
  bins[bin] = (bins[bin] ?? 0) + count
}

export type Percentiles = { p50: number; p95: number }

/** Median and 95th percentile, ms. Null where nothing was measured. */
export function percentilesOf(bins: LatencyBins): Percentiles | null {
  const counts = Object.entries(bins)
    .map(([bin, count]) => ({ bin: Number(bin), count }))
    .sort((a, b) => a.bin - b.bin)
  const all = counts.reduce((sum, { count }) => sum + count, 0)
  if (all === 0) return null
  /** Nearest rank: the smallest value that at least `share` of all do not exceed. */
  const at = (share: number) => {
    let left = Math.max(1, Math.ceil(share * all))
    for (const { bin, count } of counts) {
      left -= count
      if (left <= 0) return middleOf(bin)
    }
    return middleOf(BIN_MAX)
  }
  return { p50: at(0.5), p95: at(0.95) }
}

function middleOf(bin: number): number {
  return bin === 0 ? 0.5 : round(2 ** ((bin - 0.5) / BINS_PER_DOUBLING))
}

/** To three digits: more would claim what the bins do not know. */
function round(ms: number): number {
  return Number(ms.toPrecision(3))
}
