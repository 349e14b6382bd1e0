export type PlaygroundSearch = Record<never, never>

/** What the address of this page may say. What it does not know is left out. */
export function parsePlaygroundSearch(_raw: Record<string, unknown>): PlaygroundSearch {
  return {}
}
