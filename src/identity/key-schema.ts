/** Wire shapes of API keys. */
import { type Static, Type } from 'typebox'
import { nameShape, oneOf, orNull, PageQuery, pageShape, Time } from '../platform/wire-shapes.ts'
import type { ConsoleKey } from './console-keys.ts'
import type { CreateKey } from './insert-key.ts'
import { KEY_SORTS } from './key-list.ts'
import { OVERLAP_S_MAX } from './key-rotation.ts'
import { type ApiKey, KEY_STATES, type OldSecret } from './key-view.ts'
import type { FoundKey } from './keys.ts'
import { RateLimitsShape, rateLimitsOnWire } from './rate-limit-schema.ts'
import { type Caller, KEY_SCOPES, may } from './rules.ts'

export const KeyStateShape = oneOf(KEY_STATES)

/** What one may do to a single key. */
const KEY_ACTIONS = ['keys.update', 'keys.rotate', 'keys.revoke'] as const

// ── what is answered ────────────────────────────────────

export const OldSecretShape = Type.Object({
  prefix: Type.String({ description: 'First characters of the secret.' }),
  last4: Type.String({ description: 'Last characters of the secret.' }),
  replaced_at: Time,
  ends_at: Type.String({ format: 'date-time', description: 'UTC. It works until then, if the key does.' }),
  works: Type.Boolean({ description: 'Whether a request with it would be let in now.' }),
  last_used_at: orNull(
    Type.String({ format: 'date-time', description: 'UTC, since it was replaced; null = not used since.' }),
  ),
})

const keyFields = {
  id: Type.String(),
  kind: oneOf(['api', 'console']),
  organization_id: Type.String(),
  project_id: Type.String(),
  project_name: Type.String(),
  name: Type.String(),
  prefix: Type.String({ description: 'First characters of the secret.' }),
  last4: Type.String({ description: 'Last characters of the secret.' }),
  scopes: Type.Array(oneOf(KEY_SCOPES)),
  models: orNull(Type.Array(Type.String(), { description: 'Models it may name; null = all.' })),
  ips: orNull(
    Type.Array(Type.String(), { description: 'IP addresses and ranges that it may come from; null = anywhere.' }),
  ),
  limits: RateLimitsShape,
  state: KeyStateShape,
  owner: Type.Object({
    kind: oneOf(['person', 'service_account', 'machine']),
    id: Type.String({ description: 'Of the person or the service account; `machine` = the command line.' }),
    name: orNull(Type.String({ description: 'Null for the command line, and for who is gone.' })),
  }),
  created_at: Time,
  created_by: Type.String({ description: "A person's id, or `machine`." }),
  created_by_name: orNull(Type.String({ description: 'Null for the command line, and for who is gone.' })),
  expires_at: orNull(Time),
  revoked_at: orNull(Time),
  last_used_at: orNull(
    Type.String({
      format: 'date-time',
      description:
        'UTC, by any of its secrets. The first use shows within a second, later ones up to ten seconds late.',
    }),
  ),
  old_secrets: Type.Array(OldSecretShape, {
    description: 'Replaced by a rotation, the latest first. Those that have ended stay for 90 days.',
  }),
  allowed: Type.Array(oneOf(KEY_ACTIONS), { description: 'What the caller may do to this key, in its state.' }),
}
export const KeyShape = Type.Object(keyFields)
export const KeyPage = pageShape(KeyShape)
export const NewKeyShape = Type.Object({
  ...keyFields,
  secret: Type.String({ description: 'The key itself. Shown this once.' }),
})

export const FoundKeysShape = Type.Object({
  data: Type.Array(
    Type.Object({
      prefix: Type.String({ description: 'First characters of the secret that was found.' }),
      last4: Type.String({ description: 'Last characters of it.' }),
      key: orNull(KeyShape),
      secret: orNull(oneOf(['current', 'old'], { description: '`old`: a rotation has replaced it.' })),
      works: orNull(
        Type.Boolean({
          description:
            'Whether a request with it would be let in now; null where `key` is: it may well work elsewhere.',
        }),
      ),
    }),
    {
      description:
        'One for each different secret in the text, in their order. `key` is null where it is of no key that the caller can see.',
    },
  ),
})

export const ConsoleKeyShape = Type.Object({
  id: Type.String({ description: 'Of the key, as usage records carry it.' }),
  secret: Type.String({ description: 'For `Authorization: Bearer` on /v1. Keep it in memory only.' }),
  organization_id: Type.String(),
  project_id: Type.String(),
  scopes: Type.Array(oneOf(KEY_SCOPES)),
  expires_at: Type.String({ format: 'date-time', description: 'UTC, at most an hour from now.' }),
})

// ── what is asked ───────────────────────────────────────

const name = nameShape({ description: 'What it is for.' })
const models = orNull(
  Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
    minItems: 1,
    maxItems: 200,
    uniqueItems: true,
    description: 'Models it may name; null = all.',
  }),
)
const ips = orNull(
  Type.Array(Type.String({ minLength: 1, maxLength: 60 }), {
    minItems: 1,
    maxItems: 50,
    description:
      'Addresses and ranges that it may come from, such as `203.0.113.7`, `10.0.0.0/8`, `2001:db8::/32`; null = anywhere. Behind a proxy it is the proxy’s address that counts.',
  }),
)
const expires_at = orNull(Type.String({ format: 'date-time', description: 'Null = never.' }))
const id = Type.String({ maxLength: 64 })

export const KeyParams = Type.Object({ id })

export const KeyQuery = Type.Object(
  {
    ...PageQuery,
    organization_id: Type.Optional(id),
    project_id: Type.Optional(id),
    state: Type.Optional(KeyStateShape),
    owner_id: Type.Optional(
      Type.String({ maxLength: 64, description: "A person's or a service account's id, or `machine`." }),
    ),
    model: Type.Optional(Type.String({ maxLength: 200, description: 'Keys that may name this model.' })),
    search: Type.Optional(
      Type.String({
        maxLength: 100,
        description: 'Part of the name, first or last characters of the secret, or the whole id.',
      }),
    ),
    sort: Type.Optional(oneOf(KEY_SORTS, { default: 'created' })),
    order: Type.Optional(
      oneOf(['asc', 'desc'], { description: 'Default: `asc` for name and expires, `desc` for created and last_used.' }),
    ),
  },
  { additionalProperties: false },
)

export const KeyWanted = Type.Object(
  {
    name,
    project_id: Type.Optional(Type.String({ maxLength: 64, description: 'Not needed where there is one project.' })),
    scopes: Type.Optional(
      Type.Array(oneOf(KEY_SCOPES), { minItems: 1, uniqueItems: true, description: 'Default: all.' }),
    ),
    models: Type.Optional(models),
    ips: Type.Optional(ips),
    expires_at: Type.Optional(expires_at),
    service_account_id: Type.Optional(
      orNull(Type.String({ maxLength: 64, description: 'Who owns it; null = whoever makes it.' })),
    ),
  },
  { additionalProperties: false },
)

export const KeyChangeShape = Type.Object(
  {
    name: Type.Optional(name),
    models: Type.Optional(models),
    ips: Type.Optional(ips),
    expires_at: Type.Optional(expires_at),
  },
  { additionalProperties: false, minProperties: 1, description: 'What is left out stays as it is.' },
)

export const KeyRotation = Type.Object(
  {
    overlap_s: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: OVERLAP_S_MAX,
        description: 'Seconds for which old secrets go on working; 0 = not at all. Default: 86,400, a day.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const KeySearch = Type.Object(
  {
    text: Type.String({
      minLength: 1,
      maxLength: 262_144,
      description: 'A secret, or a text that holds some, such as a log. It is neither kept nor logged.',
    }),
  },
  { additionalProperties: false },
)

export const ConsoleKeyWanted = Type.Object({ project_id: id }, { additionalProperties: false })

// ── the one function for each ───────────────────────────

export function keyOnWire(key: ApiKey, caller: Caller): Static<typeof KeyShape> {
  return {
    id: key.id,
    kind: key.kind,
    organization_id: key.organizationId,
    project_id: key.projectId,
    project_name: key.projectName,
    name: key.name,
    prefix: key.prefix,
    last4: key.last4,
    scopes: key.scopes,
    models: key.models,
    ips: key.ips,
    limits: rateLimitsOnWire(key.limits),
    state: key.state,
    owner: key.owner,
    created_at: key.createdAt.toISOString(),
    created_by: key.createdBy,
    created_by_name: key.createdByName,
    expires_at: key.expiresAt?.toISOString() ?? null,
    revoked_at: key.revokedAt?.toISOString() ?? null,
    last_used_at: key.lastUsedAt?.toISOString() ?? null,
    old_secrets: key.oldSecrets.map(oldSecretOnWire),
    allowed: KEY_ACTIONS.filter((action) => isPossible(action, key) && may(caller, action, key)),
  }
}

function isPossible(action: (typeof KEY_ACTIONS)[number], { kind, state }: ApiKey): boolean {
  if (state === 'revoked') return false
  if (action === 'keys.revoke') return true
  return kind === 'api' && (action === 'keys.update' || state === 'live')
}

function oldSecretOnWire(old: OldSecret): Static<typeof OldSecretShape> {
  return {
    prefix: old.prefix,
    last4: old.last4,
    replaced_at: old.replacedAt.toISOString(),
    ends_at: old.endsAt.toISOString(),
    works: old.works,
    last_used_at: old.lastUsedAt?.toISOString() ?? null,
  }
}

export function foundOnWire(found: FoundKey[], caller: Caller): Static<typeof FoundKeysShape> {
  return { data: found.map((one) => ({ ...one, key: one.key && keyOnWire(one.key, caller) })) }
}

export function consoleKeyOnWire(key: ConsoleKey): Static<typeof ConsoleKeyShape> {
  return {
    id: key.id,
    secret: key.secret,
    organization_id: key.organizationId,
    project_id: key.projectId,
    scopes: key.scopes,
    expires_at: key.expiresAt.toISOString(),
  }
}

export function keyFromWire(body: Static<typeof KeyWanted>): CreateKey {
  return {
    name: body.name.trim(),
    projectId: body.project_id ?? null,
    ...(body.scopes ? { scopes: body.scopes } : {}),
    models: body.models ?? null,
    ips: body.ips ?? null,
    expiresAt: timeFrom(body.expires_at) ?? null,
    serviceAccountId: body.service_account_id ?? null,
  }
}

/** Undefined stays undefined, and null null: they mean different things in a change. */
export function timeFrom(text: string | null | undefined): Date | null | undefined {
  return text == null ? text : new Date(text)
}
