import type { Action } from '../../../../src/identity/rules.ts'
import { usePlace } from '../../app/session.ts'
import type { Of } from './people-api.ts'

/**
 * What somebody may do to the people of an organisation, or of the project alone: who has a role in a project alone sees
 * that project's people, and invites to it.
 */
export function useOrganization() {
  const place = usePlace()
  const { me, organization, project } = place
  const whole = new Set<Action>([...me.allowed, ...(organization?.allowed ?? [])])
  const mayAll = (action: Action) => whole.has(action)
  return {
    ...place,
    mayAll,
    /** What a list may be asked for: the organisation's, the project's alone, or nothing. */
    reach: (action: Action): Of | null =>
      organization?.allowed.includes(action)
        ? { organization_id: organization.id }
        : project?.allowed.includes(action)
          ? { project_id: project.id }
          : null,
  }
}
