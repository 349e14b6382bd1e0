/** What the last crumb says where the address has an id that nobody reads: the page that knows the name sets it. */
import { useEffect, useSyncExternalStore } from 'react'

let crumb: { path: string; name: string } | null = null
const listeners = new Set<() => void>()

function set(next: typeof crumb): void {
  crumb = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Names the page of the moment. null = the address says enough. */
export function useCrumb(name: string | null): void {
  useEffect(() => {
    if (name === null) return
    set({ path: location.pathname, name })
    return () => set(null)
  }, [name])
}

/** The name that the page at a path gave itself. */
export function useCrumbOf(path: string): string | null {
  return useSyncExternalStore(subscribe, () => (crumb?.path === path ? crumb.name : null))
}
