/** Unsaved work, kept by this browser for as long as the tab lives; a reload finds it. Nothing of it goes to the server. */

import type { Doc } from './document-turns.ts'
import type { Mode } from './search.ts'

export type Draft = {
  doc: Doc
  /** What stands in the box and was not sent. */
  asking: string
  /** The revision of the saved session that it began from; null = it was never saved. */
  revision: number | null
}

const PREFIX = 'tradewind.playground.'

/** A saved session has a draft of its own; so has each mode of a project. */
export const draftKey = (projectId: string, session: string | null, mode: Mode): string =>
  session ?? `${projectId}.${mode}`

export function keepDraft(key: string, draft: Draft): void {
  try {
    sessionStorage.setItem(PREFIX + key, JSON.stringify(draft))
  } catch {
    // Full, or none: the work is there until the page is reloaded.
  }
}

export function forgetDraft(key: string): void {
  try {
    sessionStorage.removeItem(PREFIX + key)
  } catch {
    // Then there is none.
  }
}

export function keptDraft(key: string): Draft | null {
  try {
    const text = sessionStorage.getItem(PREFIX + key)
    if (text === null) return null
    const draft = JSON.parse(text) as Draft
    return draft.doc.format === 1 && Array.isArray(draft.doc.turns) ? draft : null
  } catch {
    return null
  }
}
