/** Wire shapes of people: members of organisations and projects, everybody who can sign in, operators. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, pageShape, Time } from '../platform/wire-shapes.ts'
import type { Departure, Member } from './members.ts'
import type { Person } from './operators.ts'
import { RevokedKeyShape, revokedKeyOnWire } from './organization-schema.ts'
import type { ProjectMember } from './project-members.ts'
import { type Caller, may, ORGANIZATION_ROLES, PROJECT_ROLES } from './rules.ts'

const LastSeen = orNull(
  Type.String({
    format: 'date-time',
    description: 'UTC. When a session was last prolonged, so up to a day behind; null = no session is left.',
  }),
)

// ── members of an organisation ──────────────────────────

export const MemberShape = Type.Object({
  user_id: Type.String(),
  name: Type.String(),
  email: Type.String(),
  role: orNull(oneOf(ORGANIZATION_ROLES)),
  joined_at: Time,
  last_seen_at: LastSeen,
  keys: Type.Integer({
    description:
      'Keys that can be used now and are revoked when this person is taken out; those of service accounts stay.',
  }),
  projects: Type.Array(Type.Object({ id: Type.String(), name: Type.String(), role: oneOf(PROJECT_ROLES) }), {
    description: 'Roles in single projects, which go before the role in the organisation.',
  }),
  may_change: Type.Boolean({ description: 'Whether the caller may change the role or take this person out.' }),
})
export const MemberPage = pageShape(MemberShape)

export const RoleChange = Type.Object({ role: oneOf(ORGANIZATION_ROLES) }, { additionalProperties: false })

const KeysOfRole = Type.Array(RevokedKeyShape, {
  description: 'Keys that this person owns in projects where prompts are refused to them now.',
})
export const MemberChangedShape = Type.Object({ ...MemberShape.properties, keys_revoked: KeysOfRole })

export const DepartureShape = Type.Object({
  user_id: Type.String(),
  keys_revoked: Type.Array(RevokedKeyShape, { description: 'Keys that this person made and no service account owns.' }),
  invitations_revoked: Type.Integer({ description: 'Open invitations that this person had made.' }),
})

/** The last owner cannot be changed either; that is found out when it is tried, since it takes counting. */
export function memberOnWire(member: Member, caller: Caller, organizationId: string): Static<typeof MemberShape> {
  return {
    user_id: member.userId,
    name: member.name,
    email: member.email,
    role: member.role,
    joined_at: member.joinedAt.toISOString(),
    last_seen_at: member.lastSeenAt?.toISOString() ?? null,
    keys: member.keys,
    projects: member.projects,
    may_change:
      may(caller, 'members.change', { organizationId }) &&
      (member.role !== 'owner' || may(caller, 'owners.change', { organizationId })),
  }
}

export function departureOnWire(userId: string, gone: Departure): Static<typeof DepartureShape> {
  return {
    user_id: userId,
    keys_revoked: gone.keysRevoked.map(revokedKeyOnWire),
    invitations_revoked: gone.invitationsRevoked,
  }
}

// ── members of a project ────────────────────────────────

export const ProjectMemberShape = Type.Object({
  user_id: Type.String(),
  name: Type.String(),
  email: orNull(Type.String({ description: 'Null where the caller is a guest of this project.' })),
  role: oneOf(ORGANIZATION_ROLES),
  organization_role: orNull(oneOf(ORGANIZATION_ROLES)),
  project_role: orNull(oneOf(PROJECT_ROLES)),
})
export const ProjectMemberPage = pageShape(ProjectMemberShape)

export const ProjectMemberChangedShape = Type.Object({ ...ProjectMemberShape.properties, keys_revoked: KeysOfRole })

export const ProjectRoleChange = Type.Object({ role: oneOf(PROJECT_ROLES) }, { additionalProperties: false })

export const ProjectDepartureShape = Type.Object({
  user_id: Type.String(),
  keys_revoked: KeysOfRole,
})

export function projectMemberOnWire(member: ProjectMember): Static<typeof ProjectMemberShape> {
  const { userId, name, email, role, organizationRole, projectRole } = member
  return { user_id: userId, name, email, role, organization_role: organizationRole, project_role: projectRole }
}

// ── everybody, and operators ────────────────────────────

export const PersonShape = Type.Object({
  user_id: Type.String(),
  name: Type.String(),
  email: Type.String(),
  operator: Type.Boolean(),
  created_at: Time,
  last_seen_at: LastSeen,
  organizations: Type.Integer({ description: 'How many this person has a role in.' }),
})
export const PersonPage = pageShape(PersonShape)

export const OperatorWanted = Type.Object(
  { email: Type.String({ minLength: 3, maxLength: 254, description: 'Of somebody who can sign in here.' }) },
  { additionalProperties: false },
)

export function personOnWire({ userId, createdAt, lastSeenAt, ...rest }: Person): Static<typeof PersonShape> {
  return {
    user_id: userId,
    ...rest,
    created_at: createdAt.toISOString(),
    last_seen_at: lastSeenAt?.toISOString() ?? null,
  }
}
