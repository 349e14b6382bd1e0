/** An answer that a browser saves and a spreadsheet opens. */
import type { Readable } from 'node:stream'
import { Type } from 'typebox'
import { csvLine } from '../platform/csv.ts'

/** Without it, some spreadsheets take UTF-8 for the alphabet of the country they were sold in. */
const BYTE_ORDER_MARK = '\uFEFF'

export const csvShape = {
  description:
    'RFC 4180, in UTF-8 with a byte order mark. Text that begins like a formula has an apostrophe before it.',
  content: { 'text/csv': { schema: Type.Unsafe<Readable>(Type.String()) } },
}

export function csvHeaders(name: string) {
  return { 'content-type': 'text/csv; charset=utf-8', 'content-disposition': `attachment; filename="${name}.csv"` }
}

/** The heads, then whatever lines come: the next are asked for when the reader has room. */
export async function* csvDocument(
  heads: readonly string[],
  lines: Iterable<string> | AsyncIterable<string>,
): AsyncGenerator<string> {
  yield BYTE_ORDER_MARK + csvLine(heads)
  for await (const line of lines) if (line !== '') yield line
}
