/** Wire shapes of API keys. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, pageShape, Time } from '../platform/wire-shapes.ts'
import type { ApiKey } from './keys.ts'
import { KEY_SCOPES } from './rules.ts'

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
