/** Which saved session each mode of a project showed last in this tab, so that another mode may be looked at meanwhile. */
import { useSyncExternalStore } from 'react'
import { forgetMine, keepMine, keptMine } from '../../app/whose-tab.ts'
import type { Mode } from './search.ts'

const PREFIX = 'playground.opened.'
const opened = new Map<string, string | null>()
const listeners = new Set<() => void>()

/** @param session null = what is shown is not saved */
export function keepOpened(projectId: string, mode: Mode, session: string | null): void {
  put(`${projectId}.${mode}`, session)
}

/** A session that is deleted is not gone back to. */
export function forgetOpened(session: string): void {
  for (const [key, one] of opened) if (one === session) put(key, null)
}

export function useOpened(projectId: string, mode: Mode): string | null {
  return useSyncExternalStore(subscribe, () => openedIn(`${projectId}.${mode}`))
}

function openedIn(key: string): string | null {
  const known = opened.get(key)
  if (known !== undefined) return known
  const kept = keptMine(PREFIX + key)
  opened.set(key, kept)
  return kept
}

function put(key: string, session: string | null): void {
  if (openedIn(key) === session) return
  opened.set(key, session)
  if (session === null) forgetMine(PREFIX + key)
  else keepMine(PREFIX + key, session)
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
