/** Middle of the values; the mean of the two middle ones where their number is even. */
export function median(values: number[]): number {
  return quantile(values, 0.5)
}

/** Linear between the two nearest ranks. @param share 0–1 */
export function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * share
  const low = sorted[Math.floor(at)] ?? Number.NaN
  const high = sorted[Math.ceil(at)] ?? Number.NaN
  return low + (high - low) * (at - Math.floor(at))
}

export type Row = {
  what: string
  unit: string
  ours: number[]
  peers: number[]
  /** The ratio must be at least or at most this. */
  bar: { atLeast: number } | { atMost: number }
}

/**
 * Prints medians, the range of each side, the ratio, and whether it clears its bar. The ratio is the median of the ratios
 * of those that ran one after the other: a shared machine is faster in one minute than in the next, for both alike.
 */
export function printRows(rows: Row[], names: { ours: string; peers: string }): void {
  const digits = (value: number) =>
    value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
  const side = (values: number[]) =>
    `${digits(median(values))} (${digits(Math.min(...values))}–${digits(Math.max(...values))})`
  const lines = rows.map((row) => {
    const ratio = median(row.ours.map((ours, pair) => ours / row.peers[pair]!))
    const clears = 'atLeast' in row.bar ? ratio >= row.bar.atLeast : ratio <= row.bar.atMost
    const bar = 'atLeast' in row.bar ? `≥ ${row.bar.atLeast}` : `≤ ${row.bar.atMost}`
    return [`${row.what}, ${row.unit}`, side(row.ours), side(row.peers), ratio.toFixed(2), bar, clears ? 'yes' : 'NO']
  })
  const heads = ['median (range)', names.ours, names.peers, 'ratio', 'bar', 'clears']
  const widths = heads.map((head, column) => Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)))
  for (const line of [heads, ...lines])
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
}
