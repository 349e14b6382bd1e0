export type UsageSearch = Record<never, never>

/** What the address of this page may say. What it does not know is left out. */
export function parseUsageSearch(_raw: Record<string, unknown>): UsageSearch {
  return {}
}
