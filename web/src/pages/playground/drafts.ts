/**
 * Unsaved work, kept by this browser for its person for as long as the tab lives; a reload finds it. Nothing of it goes
 * to the server.
 */
import { forgetMine, keepMine, keptMine } from '../../app/whose-tab.ts'
import type { Doc } from './document-turns.ts'
import type { Mode } from './search.ts'

export type Draft = {
  doc: Doc
  /** What stands in the box and was not sent. */
  asking: string
  /** The revision of the saved session that it began from; null = it was never saved. */
  revision: number | null
}

const PREFIX = 'playground.'

/** A saved session has a draft of its own; so has each mode of a project. */
export const draftKey = (projectId: string, session: string | null, mode: Mode): string =>
  session ?? `${projectId}.${mode}`

export const keepDraft = (key: string, draft: Draft): void => keepMine(PREFIX + key, JSON.stringify(draft))

export const forgetDraft = (key: string): void => forgetMine(PREFIX + key)

export function keptDraft(key: string): Draft | null {
  try {
    const text = keptMine(PREFIX + key)
    if (text === null) return null
    const draft = JSON.parse(text) as Draft
    return draft.doc.format === 1 && Array.isArray(draft.doc.turns) ? draft : null
  } catch {
    // Not a draft, or one of an older page.
    return null
  }
}
