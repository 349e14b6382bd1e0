/** The desks of this tab: one for each mode of a project, one for each saved session that was opened. */
import { createDesk, type Desk } from './desk.ts'
import { emptyDocument } from './document-turns.ts'
import { draftKey, keptDraft } from './drafts.ts'
import { freshParameters } from './fresh-parameters.ts'
import type { Session } from './playground-api.ts'
import type { Mode } from './search.ts'

const desks = new Map<string, Desk>()

export function deskFor(wanted: { session: Session } | { projectId: string; mode: Mode }): Desk {
  const session = 'session' in wanted ? wanted.session : null
  const projectId = 'session' in wanted ? wanted.session.project_id : wanted.projectId
  const mode = 'session' in wanted ? wanted.session.kind : wanted.mode
  const key = draftKey(projectId, session?.id ?? null, mode)
  const known = desks.get(key)
  // A desk whose work was saved has become that session's.
  if (known && (known.get().session?.id ?? null) === (session?.id ?? null)) return known
  const moved = session && [...desks].find(([, desk]) => desk.get().session?.id === session.id)
  if (moved) {
    desks.delete(moved[0])
    desks.set(key, moved[1])
    return moved[1]
  }
  const draft = keptDraft(key)
  const desk = createDesk({ key, projectId, mode, session, draft, doc: draft?.doc ?? session?.document ?? fresh(mode) })
  desks.set(key, desk)
  return desk
}

const fresh = (mode: Mode) => ({ ...emptyDocument([]), parameters: freshParameters(mode) })
