/** Wire shapes of /api, and the one function for each that makes it of what a house knows. */
import { type Static, Type } from 'typebox'
import type { PageOf } from '../platform/paging.ts'
import { orNull, pageShape } from '../platform/wire-shapes.ts'
import type { AuditVerdict } from './audit.ts'
import type { AuditEvent } from './audit-chain.ts'
import type { ApiKey } from './keys.ts'
import type { Organization, Project } from './organizations.ts'
import { ACTIONS, type Caller, KEY_SCOPES, may, ORGANIZATION_ROLES, organizationsFor } from './rules.ts'

const Time = Type.String({ format: 'date-time', description: 'UTC.' })
const oneOf = <Word extends string>(words: readonly Word[]) => Type.Enum([...words])

// ── people ──────────────────────────────────────────────

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

// ── organisations and projects ──────────────────────────

export const OrganizationShape = Type.Object({ id: Type.String(), name: Type.String(), created_at: Time })
export const OrganizationPage = pageShape(OrganizationShape)

export const ProjectShape = Type.Object({
  id: Type.String(),
  organization_id: Type.String(),
  name: Type.String(),
  content_on_disk: Type.Boolean({ description: 'Whether prompts of this project may reach a disk.' }),
  created_at: Time,
})
export const ProjectPage = pageShape(ProjectShape)
export const ProjectChange = Type.Object({ content_on_disk: Type.Boolean() }, { additionalProperties: false })

export function organizationOnWire({ createdAt, ...rest }: Organization): Static<typeof OrganizationShape> {
  return { ...rest, created_at: createdAt.toISOString() }
}

export function projectOnWire({
  id,
  organizationId,
  name,
  contentOnDisk,
  createdAt,
}: Project): Static<typeof ProjectShape> {
  return {
    id,
    organization_id: organizationId,
    name,
    content_on_disk: contentOnDisk,
    created_at: createdAt.toISOString(),
  }
}

// ── keys ────────────────────────────────────────────────

export const KeyStateShape = oneOf(['live', 'expired', 'revoked'])

const keyFields = {
  id: Type.String(),
  organization_id: Type.String(),
  project_id: Type.String(),
  name: Type.String(),
  prefix: Type.String({ description: 'First characters of the secret.' }),
  last4: Type.String({ description: 'Last characters of the secret.' }),
  scopes: Type.Array(oneOf(KEY_SCOPES)),
  models: orNull(Type.Array(Type.String(), { description: 'Models it may name; null = all.' })),
  state: KeyStateShape,
  created_at: Time,
  created_by: Type.String({ description: "A person's id, or `machine`." }),
  expires_at: orNull(Time),
  revoked_at: orNull(Time),
  last_used_at: orNull(Type.String({ format: 'date-time', description: 'UTC, up to ten seconds behind.' })),
}
export const KeyShape = Type.Object(keyFields)
export const KeyPage = pageShape(KeyShape)
export const NewKeyShape = Type.Object({
  ...keyFields,
  secret: Type.String({ description: 'The key itself. Shown this once.' }),
})

export const KeyWanted = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 100, pattern: '\\S', description: 'What it is for.' }),
    project_id: Type.Optional(Type.String({ maxLength: 64, description: 'Not needed where there is one project.' })),
    scopes: Type.Optional(
      Type.Array(oneOf(KEY_SCOPES), { minItems: 1, uniqueItems: true, description: 'Default: all.' }),
    ),
    models: Type.Optional(
      orNull(
        Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
          minItems: 1,
          maxItems: 200,
          uniqueItems: true,
          description: 'Models it may name; null = all. Default: null.',
        }),
      ),
    ),
    expires_at: Type.Optional(
      orNull(Type.String({ format: 'date-time', description: 'Null = never. Default: null.' })),
    ),
  },
  { additionalProperties: false },
)

export function keyOnWire(key: ApiKey): Static<typeof KeyShape> {
  return {
    id: key.id,
    organization_id: key.organizationId,
    project_id: key.projectId,
    name: key.name,
    prefix: key.prefix,
    last4: key.last4,
    scopes: key.scopes,
    models: key.models,
    state: key.state,
    created_at: key.createdAt.toISOString(),
    created_by: key.createdBy,
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
  }
}

// ── the trail ───────────────────────────────────────────

const Change = orNull(Type.Record(Type.String(), Type.Unknown()))

export const AuditEventShape = Type.Object({
  id: Type.String(),
  sequence: Type.Integer(),
  at: Time,
  organization_id: orNull(Type.String()),
  actor: Type.Object({ kind: oneOf(['person', 'key', 'machine']), id: Type.String() }),
  action: Type.String(),
  target: Type.String(),
  address: orNull(Type.String()),
  before: Change,
  after: Change,
  previous_hash: Type.String(),
  hash: Type.String(),
})
export const AuditPage = pageShape(AuditEventShape)

export const AuditVerdictShape = Type.Object({
  intact: Type.Boolean(),
  events: Type.Integer({ description: 'Events that were checked and follow one another.' }),
  head: orNull(
    Type.String({ description: "The last event's hash. Noted elsewhere, it proves later what the trail was now." }),
  ),
  event: orNull(Type.String({ description: 'The first event that does not follow.' })),
  why: orNull(Type.String()),
})

export function auditEventOnWire(event: AuditEvent): Static<typeof AuditEventShape> {
  const { organizationId, previousHash, at, ...rest } = event
  return { ...rest, at: at.toISOString(), organization_id: organizationId, previous_hash: previousHash }
}

export function auditVerdictOnWire(verdict: AuditVerdict): Static<typeof AuditVerdictShape> {
  return verdict.intact ? { ...verdict, event: null, why: null } : { ...verdict, head: null }
}

export function pageOnWire<Row, Wire>(
  { data, next }: PageOf<Row>,
  onWire: (row: Row) => Wire,
): { data: Wire[]; next: string | null } {
  return { data: data.map(onWire), next }
}
