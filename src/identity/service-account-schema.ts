/** Wire shapes of service accounts. */
import { type Static, Type } from 'typebox'
import { orNull, pageShape, Time } from '../platform/wire-shapes.ts'
import { NameShape, RevokedKeyShape } from './organization-schema.ts'
import type { CountedServiceAccount } from './service-accounts.ts'

export const ServiceAccountShape = Type.Object({
  id: Type.String(),
  organization_id: Type.String(),
  project_id: orNull(Type.String({ description: 'Null = its keys may be of any project of the organisation.' })),
  project_name: orNull(Type.String()),
  name: Type.String(),
  created_at: Time,
  created_by: Type.String({ description: "A person's id, or `machine`." }),
  created_by_name: orNull(Type.String()),
  keys: Type.Integer({ description: 'Keys that can be used now.' }),
  last_used_at: orNull(Type.String({ format: 'date-time', description: 'UTC, up to ten seconds behind.' })),
})
export const ServiceAccountPage = pageShape(ServiceAccountShape)

export const ServiceAccountWanted = Type.Object(
  {
    organization_id: Type.String({ maxLength: 64 }),
    project_id: Type.Optional(
      orNull(Type.String({ maxLength: 64, description: 'Binds it to one project. Default: null.' })),
    ),
    name: NameShape,
  },
  { additionalProperties: false },
)
export const ServiceAccountDeleted = Type.Object({ id: Type.String(), keys_revoked: Type.Array(RevokedKeyShape) })

export function serviceAccountOnWire(row: CountedServiceAccount): Static<typeof ServiceAccountShape> {
  return {
    id: row.id,
    organization_id: row.organizationId,
    project_id: row.projectId,
    project_name: row.projectName,
    name: row.name,
    created_at: row.createdAt.toISOString(),
    created_by: row.createdBy,
    created_by_name: row.createdByName,
    keys: row.keys,
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
  }
}
