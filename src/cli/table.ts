import { plain } from '../platform/plain-name.ts'

/** Columns of text: words left, numbers right, as wide as they need to be. What others named cannot command the terminal. */
export function table(heads: string[], rows: string[][], right: number[] = []): string {
  const shown = rows.map((row) => row.map(plain))
  const widths = heads.map((head, column) => Math.max(width(head), ...shown.map((row) => width(row[column] ?? ''))))
  const line = (cells: string[]) =>
    cells
      .map((cell, column) => {
        const space = ' '.repeat(Math.max(0, (widths[column] ?? 0) - width(cell)))
        return right.includes(column) ? space + cell : cell + space
      })
      .join('  ')
      .trimEnd()
  return [line(heads), ...shown.map(line)].join('\n')
}

/** Characters that a terminal shows; names of models may be Chinese, which take two cells. */
function width(text: string): number {
  let cells = 0
  for (const character of text) cells += (character.codePointAt(0) ?? 0) >= 0x2e80 ? 2 : 1
  return cells
}

export function bytes(count: number | null): string {
  if (count === null) return '–'
  if (count < 1e6) return `${Math.round(count / 1e3)} kB`
  if (count < 1e9) return `${Math.round(count / 1e6)} MB`
  return `${(count / 1e9).toFixed(count < 10e9 ? 1 : 0)} GB`
}
