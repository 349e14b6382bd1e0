export type KeysSearch = Record<never, never>

/** What the address of this page may say. What it does not know is left out. */
export function parseKeysSearch(_raw: Record<string, unknown>): KeysSearch {
  return {}
}
