/** Pages of a list, newest first. Ids sort by age, so the id of the last row seen is the place to go on from. */
import { AppError } from './errors.ts'

export class CursorMalformed extends AppError<{ cursor: string }> {
  static override code = 'cursor_malformed'
  static override status = 400
  static override say = (d: { cursor: string }) =>
    `"${d.cursor}" is not where a page of this list ends. Use the \`next\` of an earlier answer.`
}

export type Page = {
  /** Rows wanted, 1–200. */
  limit: number
  /** Id of the last row of the page before; null = the first page. */
  after: string | null
}

export type PageOf<Row> = {
  data: Row[]
  /** `after` of the next page; null = this is the last. */
  next: string | null
}

/** @throws CursorMalformed unless `after` is an id with this prefix */
export function pageFrom(query: { limit?: number; after?: string }, prefix: string): Page {
  const after = query.after ?? null
  if (after !== null && !new RegExp(`^${prefix}_[0-9a-z]{22}$`).test(after))
    throw new CursorMalformed({ cursor: after })
  return { limit: query.limit ?? 50, after }
}

/** @param rows one more than the limit, if there are more */
export function pageOf<Row extends { id: string }>(rows: Row[], page: Page): PageOf<Row> {
  const data = rows.slice(0, page.limit)
  return { data, next: rows.length > page.limit ? (data.at(-1)?.id ?? null) : null }
}
