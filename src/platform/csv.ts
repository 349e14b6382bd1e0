/**
 * Comma-separated values (RFC 4180), for people who open them in a spreadsheet. A spreadsheet runs a cell that begins
 * with `=`, `+`, `-` or `@` as a formula, so text that does gets an apostrophe before it, which it shows as text; numbers are
 * left alone. https://owasp.org/www-community/attacks/CSV_Injection
 * Pure module.
 */
export type CsvCell = string | number | boolean | null

/** One record, with its line end. */
export function csvLine(cells: readonly CsvCell[]): string {
  return `${cells.map(cellText).join(',')}\r\n`
}

function cellText(cell: CsvCell): string {
  if (cell === null) return ''
  if (typeof cell !== 'string') return String(cell)
  const harmless = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}
