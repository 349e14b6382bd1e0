export const KEY_STATES = ['live', 'expired', 'revoked'] as const
export const KEY_SORTS = ['name', 'created', 'last_used', 'expires'] as const

export type KeysSearch = {
  q?: string
  state?: (typeof KEY_STATES)[number]
  model?: string
  /** Id of a person or a service account; with `create`, whose the new key is. */
  owner?: string
  sort?: (typeof KEY_SORTS)[number]
  order?: 'asc' | 'desc'
  /** The dialog that makes a key is open. */
  create?: true
  /** The dialog that finds a leaked one is open. */
  leaked?: true
}

const oneOf = <Word extends string>(words: readonly Word[], value: unknown): Word | undefined =>
  words.find((word) => word === value)

/** What the address of this page may say. What it does not know is left out. */
export function parseKeysSearch(raw: Record<string, unknown>): KeysSearch {
  const state = oneOf(KEY_STATES, raw.state)
  const sort = oneOf(KEY_SORTS, raw.sort)
  const order = oneOf(['asc', 'desc'] as const, raw.order)
  return {
    ...(typeof raw.q === 'string' && raw.q !== '' ? { q: raw.q } : {}),
    ...(state ? { state } : {}),
    ...(typeof raw.model === 'string' && raw.model !== '' ? { model: raw.model } : {}),
    ...(typeof raw.owner === 'string' && raw.owner !== '' ? { owner: raw.owner } : {}),
    ...(sort ? { sort } : {}),
    ...(order ? { order } : {}),
    ...(raw.create === true ? { create: true } : {}),
    ...(raw.leaked === true ? { leaked: true } : {}),
  }
}
