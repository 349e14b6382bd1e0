/** Wire shapes of organisations and projects. */
import { type Static, Type } from 'typebox'
import { nameShape, oneOf, orNull, pageShape, Time } from '../platform/wire-shapes.ts'
import type { CountedOrganization } from './organizations.ts'
import type { CountedProject, ProjectChange as ProjectChangeWanted } from './projects.ts'
import { RateLimitsShape, rateLimitsOnWire } from './rate-limit-schema.ts'
import type { RevokedKey } from './revoke-keys.ts'
import { ACTIONS, type Caller, may, ORGANIZATION_ROLES, RULES, roleIn } from './rules.ts'

export const NameShape = nameShape()
const Allowed = Type.Array(oneOf(ACTIONS), { description: 'What the caller may do here.' })
const Role = orNull(oneOf(ORGANIZATION_ROLES))

// ── organisations ───────────────────────────────────────

export const OrganizationShape = Type.Object({
  id: Type.String(),
  name: Type.String(),
  created_at: Time,
  members: Type.Integer({
    description: 'People with a role in it; without those who have one in single projects alone.',
  }),
  projects: Type.Integer(),
  limits: RateLimitsShape,
  role: Type.Unsafe<Static<typeof Role>>({ ...Role, description: "The caller's; null = none in all of it." }),
  allowed: Allowed,
})
export const OrganizationPage = pageShape(OrganizationShape)

export const OrganizationWanted = Type.Object(
  {
    name: NameShape,
    become_owner: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Whether the caller owns it. Else invite an owner next; until one has come, an operator may.',
      }),
    ),
  },
  { additionalProperties: false },
)
export const OrganizationChange = Type.Object({ name: NameShape }, { additionalProperties: false })

/** To be sure. */
export const DeletionWanted = Type.Object(
  { name: Type.String({ maxLength: 100, description: 'Its name, typed exactly.' }) },
  { additionalProperties: false },
)
export const OrganizationDeleted = Type.Object({
  id: Type.String(),
  keys_revoked: Type.Integer({ description: 'Keys that could be used until now.' }),
})

export function organizationOnWire(row: CountedOrganization, caller: Caller): Static<typeof OrganizationShape> {
  const { id, name, createdAt, members, projects } = row
  return {
    id,
    name,
    created_at: createdAt.toISOString(),
    members,
    projects,
    limits: rateLimitsOnWire(row),
    role: caller.kind === 'person' ? roleIn(caller, id) : null,
    allowed: allowedOn(caller, { organizationId: id }),
  }
}

// ── projects ────────────────────────────────────────────

const contentFields = {
  content_on_disk: Type.Boolean({ description: 'Whether prompts of this project may reach a disk.' }),
  content_logging: Type.Boolean({
    description: 'Whether what its requests and answers say is kept, for people to read. Wants content_on_disk.',
  }),
  content_retention_days: Type.Integer({
    minimum: 1,
    maximum: 365,
    description: 'For how long it is kept. A longer time holds for what comes from then on, a shorter one for all.',
  }),
  content_client_address: Type.Boolean({
    description: 'Whether the address that a request came from is kept with it.',
  }),
}

export const ProjectShape = Type.Object({
  id: Type.String(),
  organization_id: Type.String(),
  organization_name: Type.String(),
  name: Type.String(),
  ...contentFields,
  limits: RateLimitsShape,
  created_at: Time,
  keys: Type.Integer({ description: 'Keys that can be used now.' }),
  role: Type.Unsafe<Static<typeof Role>>({ ...Role, description: "The caller's here; null = none." }),
  allowed: Allowed,
})
export const ProjectPage = pageShape(ProjectShape)

export const ProjectWanted = Type.Object(
  { organization_id: Type.String({ maxLength: 64 }), name: NameShape },
  { additionalProperties: false },
)
export const ProjectChange = Type.Object(
  {
    name: Type.Optional(NameShape),
    content_on_disk: Type.Optional(contentFields.content_on_disk),
    content_logging: Type.Optional(contentFields.content_logging),
    content_retention_days: Type.Optional(contentFields.content_retention_days),
    content_client_address: Type.Optional(contentFields.content_client_address),
  },
  { additionalProperties: false, minProperties: 1 },
)

export const RevokedKeyShape = Type.Object({ id: Type.String(), name: Type.String(), project_id: Type.String() })
export const ProjectDeleted = Type.Object({ id: Type.String(), keys_revoked: Type.Array(RevokedKeyShape) })

export function projectOnWire(row: CountedProject, caller: Caller): Static<typeof ProjectShape> {
  const { id, organizationId } = row
  return {
    id,
    organization_id: organizationId,
    organization_name: row.organizationName,
    name: row.name,
    content_on_disk: row.contentOnDisk,
    content_logging: row.contentLogging,
    content_retention_days: row.contentRetentionDays,
    content_client_address: row.contentClientAddress,
    limits: rateLimitsOnWire(row),
    created_at: row.createdAt.toISOString(),
    keys: row.keys,
    role: caller.kind === 'person' ? roleIn(caller, organizationId, id) : null,
    allowed: allowedOn(caller, { organizationId, projectId: id }),
  }
}

/** What a change names, and nothing of what it leaves as it is. */
export function projectChangeFrom(body: Static<typeof ProjectChange>): ProjectChangeWanted {
  const { name, content_on_disk, content_logging, content_retention_days, content_client_address } = body
  return {
    ...(name === undefined ? {} : { name: name.trim() }),
    ...(content_on_disk === undefined ? {} : { contentOnDisk: content_on_disk }),
    ...(content_logging === undefined ? {} : { contentLogging: content_logging }),
    ...(content_retention_days === undefined ? {} : { contentRetentionDays: content_retention_days }),
    ...(content_client_address === undefined ? {} : { contentClientAddress: content_client_address }),
  }
}

export function revokedKeyOnWire({ id, name, projectId }: RevokedKey): Static<typeof RevokedKeyShape> {
  return { id, name, project_id: projectId }
}

/** Actions on an organisation or a project, as `may` decides them; what ends at one's own things is not among them. */
export function allowedOn(caller: Caller, target: { organizationId: string; projectId?: string }) {
  return ACTIONS.filter((action) => RULES[action].on === 'organization' && may(caller, action, target))
}
