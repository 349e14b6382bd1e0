/** What GET /api/me says. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull } from '../platform/wire-shapes.ts'
import { ACTIONS, type Caller, may, ORGANIZATION_ROLES, organizationsFor } from './rules.ts'

export const Me = Type.Object({
  kind: oneOf(['person', 'machine']),
  person: orNull(Type.Object({ id: Type.String(), name: Type.String(), email: Type.String() })),
  operator: Type.Boolean({ description: 'Whether this caller runs the installation.' }),
  organizations: Type.Array(
    Type.Object({
      id: Type.String(),
      role: oneOf(ORGANIZATION_ROLES),
      allowed: Type.Array(oneOf(ACTIONS), { description: 'Actions on this organisation.' }),
    }),
  ),
  allowed: Type.Array(oneOf(ACTIONS), {
    description: 'Actions on the installation, and those that reach every organisation.',
  }),
})

export function meOnWire(caller: Caller): Static<typeof Me> {
  const person = caller.kind === 'person' ? caller : null
  return {
    kind: person ? 'person' : 'machine',
    person: person && { id: person.userId, name: person.name, email: person.email },
    operator: person?.operator ?? true,
    organizations: (person?.memberships ?? []).map(({ organizationId, role }) => ({
      id: organizationId,
      role,
      allowed: ACTIONS.filter((action) => may(caller, action, { organizationId })),
    })),
    allowed: ACTIONS.filter((action) => organizationsFor(caller, action) === 'all'),
  }
}
