/** What GET /api/me says: all that a console needs to begin. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull } from '../platform/wire-shapes.ts'
import { allowedOn } from './organization-schema.ts'
import { ACTIONS, type Caller, ORGANIZATION_ROLES, organizationsFor, type PersonCaller, roleIn } from './rules.ts'

const Role = orNull(oneOf(ORGANIZATION_ROLES))

export const Me = Type.Object({
  kind: oneOf(['person', 'machine']),
  person: orNull(Type.Object({ id: Type.String(), name: Type.String(), email: Type.String() })),
  operator: Type.Boolean({ description: 'Whether this caller runs the installation.' }),
  organizations: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      role: Type.Unsafe<Static<typeof Role>>({
        ...Role,
        description: 'In the whole of it; null = in single projects alone.',
      }),
      allowed: Type.Array(oneOf(ACTIONS), { description: 'Actions on this organisation as a whole.' }),
      projects: Type.Array(
        Type.Object({
          id: Type.String(),
          name: Type.String(),
          role: oneOf(ORGANIZATION_ROLES, { description: 'The one that counts here.' }),
          allowed: Type.Array(oneOf(ACTIONS), {
            description: 'Actions on what belongs to this project; they may be more or fewer than on the organisation.',
          }),
        }),
        { description: 'Those that exist for this person, by name.' },
      ),
    }),
    { description: 'Those where this person has a role, by name. Operators find the others at /api/organizations.' },
  ),
  allowed: Type.Array(oneOf(ACTIONS), {
    description: 'Actions on the installation, and those that reach every organisation.',
  }),
})

/** An organisation with the projects that exist for somebody. */
export type Home = { id: string; name: string; projects: { id: string; name: string }[] }

export function meOnWire(caller: Caller, homes: Home[]): Static<typeof Me> {
  const person = caller.kind === 'person' ? caller : null
  return {
    kind: person ? 'person' : 'machine',
    person: person && { id: person.userId, name: person.name, email: person.email },
    operator: person?.operator ?? true,
    organizations: person ? homes.map((home) => homeOnWire(person, home)) : [],
    allowed: ACTIONS.filter((action) => organizationsFor(caller, action) === 'all'),
  }
}

function homeOnWire(person: PersonCaller, { id, name, projects }: Home): Static<typeof Me>['organizations'][number] {
  return {
    id,
    name,
    role: roleIn(person, id),
    allowed: allowedOn(person, { organizationId: id }),
    projects: projects.flatMap((project) => {
      const role = roleIn(person, id, project.id)
      if (role === null) return []
      const allowed = allowedOn(person, { organizationId: id, projectId: project.id })
      return [{ id: project.id, name: project.name, role, allowed }]
    }),
  }
}
