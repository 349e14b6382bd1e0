/** A line 72 wide and 24 high, with room for its own thickness. A gap stays a gap. Pure. */
export function sparkPath(values: readonly (number | null)[]): string {
  const counted = values.filter((value) => value !== null)
  if (counted.length === 0) return ''
  const low = Math.min(0, ...counted)
  const span = Math.max(...counted) - low || 1
  const stepX = 72 / Math.max(1, values.length - 1)
  let path = ''
  let isOpen = false
  for (const [index, value] of values.entries()) {
    if (value !== null)
      path += `${isOpen ? 'L' : 'M'}${round(index * stepX)} ${round(22.5 - ((value - low) / span) * 21)}`
    isOpen = value !== null
  }
  return path
}

const round = (value: number) => Math.round(value * 10) / 10
