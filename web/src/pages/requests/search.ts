export type RequestsSearch = Record<never, never>

/** What the address of this page may say. What it does not know is left out. */
export function parseRequestsSearch(_raw: Record<string, unknown>): RequestsSearch {
  return {}
}
