export type AccountSearch = {
  /** Why single sign-on sent the browser back. */
  error?: string
  /** The dialog that is open; an address, so that one comes back to it after signing in again. */
  open?: 'passkey'
}

export function parseAccountSearch(raw: Record<string, unknown>): AccountSearch {
  return {
    ...(typeof raw.error === 'string' && raw.error !== '' ? { error: raw.error } : {}),
    ...(raw.open === 'passkey' ? { open: raw.open } : {}),
  }
}
