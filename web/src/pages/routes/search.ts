export type RoutesSearch = {
  q?: string
  /** The dialog that makes one is open. */
  add?: true
  /** The route whose dialog is open. */
  route?: string
}

/** What the address of this page may say. What it does not know is left out. */
export function parseRoutesSearch(raw: Record<string, unknown>): RoutesSearch {
  const text = (name: 'q' | 'route') => (typeof raw[name] === 'string' && raw[name] !== '' ? { [name]: raw[name] } : {})
  return { ...text('q'), ...text('route'), ...(raw.add === true ? { add: true } : {}) }
}
