export type ModelsSearch = Record<never, never>

/** What the address of this page may say. What it does not know is left out. */
export function parseModelsSearch(_raw: Record<string, unknown>): ModelsSearch {
  return {}
}
