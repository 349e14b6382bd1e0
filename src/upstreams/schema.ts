/** Wire shapes of /api/upstreams, and the functions that make them of what the door knows. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, PageQuery, pageShape, Time } from '../platform/wire-shapes.ts'
import { AUTH_KINDS } from './credential.ts'
import { PROBE_TROUBLES, type ProbeResult, SAID } from './probe.ts'
import { UPSTREAM_KINDS } from './upstream-kinds.ts'
import type { TestedUpstream, UpstreamRoute } from './upstreams.ts'
import { UPSTREAM_STATES, type UpstreamView } from './view.ts'
import type { UpstreamDraft, UpstreamWanted } from './wanted.ts'

const Name = Type.String({
  pattern: '^[a-z0-9][a-z0-9._-]{0,62}$',
  description: 'The first part of its models’ names, such as `vendor` in `vendor/model-1`.',
})
const Kind = oneOf(UPSTREAM_KINDS, {
  description: '`anthropic` speaks Anthropic’s Messages; all others OpenAI’s API.',
})
const Url = Type.String({
  minLength: 1,
  maxLength: 500,
  description: '`https://host/path`, with or without `/v1` at its end. No user, no password, no query.',
})
const Network = oneOf(['public', 'private'], {
  description:
    '`public`: addresses of the internet only. `private`: this machine and its networks too. Link-local addresses and metadata services are never reached.',
})
const AuthKind = oneOf(AUTH_KINDS, {
  description:
    '`bearer`: `authorization: Bearer …`. `x_api_key`: Anthropic’s. `header`: the one that `auth_header` names.',
})
const AuthHeader = Type.String({ maxLength: 64, description: 'Name of the header, for `auth_kind: header`.' })
const Secret = Type.String({ minLength: 1, maxLength: 4096, description: 'Kept sealed, and never told again.' })
const Task = oneOf(['chat', 'embedding'])
const Remote = Type.String({ pattern: '^[\\x21-\\x7e]{1,200}$', description: 'What the upstream calls it.' })
const ContextTokens = Type.Integer({ minimum: 1, maximum: 100_000_000, description: 'Tokens of prompt and answer.' })

export const PublishedModelShape = Type.Object(
  {
    remote: Remote,
    name: Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}$',
      description: 'What clients call it.',
    }),
    task: Task,
    context_tokens: Type.Optional(orNull(ContextTokens)),
  },
  { additionalProperties: false },
)
const Published = orNull(
  Type.Array(PublishedModelShape, {
    maxItems: 2_000,
    description: 'Null: all that it lists, as `<name>/<its model>`.',
  }),
)

const ProbeTroubleShape = Type.Object({
  code: oneOf(PROBE_TROUBLES),
  message: Type.String({ description: 'The same in an English sentence.' }),
  status: orNull(Type.Integer({ description: 'HTTP status of its answer; null = there was none.' })),
})

export const UpstreamModelShape = Type.Object({
  remote: Type.String({ description: 'What the upstream calls it.' }),
  name: orNull(Type.String({ description: 'What clients call it; null = not published.' })),
  task: Task,
  context_tokens: orNull(Type.Integer({ description: 'Null = unknown, of a model that is not published.' })),
  listed: Type.Boolean({ description: 'Whether the upstream listed it when it was last asked.' }),
  hidden: Type.Boolean({ description: 'Something else has its name, so that no client reaches it by it.' }),
})

const rowFields = {
  id: Type.String(),
  name: Type.String(),
  kind: Kind,
  base_url: Type.String({ description: 'Without `/v1`.' }),
  network: Network,
  enabled: Type.Boolean(),
  state: oneOf(UPSTREAM_STATES, { description: '`checking`: enabled, and not looked at yet.' }),
  trouble: orNull(ProbeTroubleShape),
  state_since: orNull(Time),
  checked_at: orNull(Time),
  probe_ms: orNull(Type.Integer({ description: 'How long the last probe took, milliseconds.' })),
  models_published: Type.Integer(),
  models_listed: Type.Integer(),
}
export const UpstreamRowShape = Type.Object(rowFields, { $id: 'UpstreamRow' })
export const UpstreamShape = Type.Object(
  {
    ...rowFields,
    auth: Type.Object({
      kind: AuthKind,
      header: orNull(Type.String()),
      secret_last4: orNull(Type.String({ description: 'Null also where the secret is too short to show any of it.' })),
      has_secret: Type.Boolean(),
      readable: Type.Boolean({ description: 'False: it was sealed by another installation. Give it again.' }),
    }),
    publishes_all: Type.Boolean({ description: 'Whether all that it lists is published, and what it adds later too.' }),
    models: Type.Array(UpstreamModelShape),
    created_at: Time,
    created_by: Type.String({ description: "A person's id, or `machine`." }),
    created_by_name: orNull(Type.String({ description: 'Null for `machine`, and for who is gone.' })),
    updated_at: Time,
    updated_by: Type.String(),
    updated_by_name: orNull(Type.String()),
  },
  { $id: 'Upstream' },
)
export const UpstreamPage = pageShape(UpstreamRowShape)

export const UpstreamQuery = Type.Object(
  {
    ...PageQuery,
    search: Type.Optional(Type.String({ maxLength: 200, description: 'Part of the name or of the URL, in any case.' })),
    state: Type.Optional(oneOf(UPSTREAM_STATES)),
  },
  { additionalProperties: false },
)

export const UpstreamWantedShape = Type.Object(
  {
    name: Name,
    kind: Kind,
    base_url: Url,
    network: Type.Optional(Network),
    auth_kind: Type.Optional(AuthKind),
    auth_header: Type.Optional(orNull(AuthHeader)),
    secret: Type.Optional(Secret),
    enabled: Type.Optional(Type.Boolean()),
    published: Type.Optional(Published),
  },
  { additionalProperties: false },
)
export const UpstreamChangeShape = Type.Object(
  {
    name: Type.Optional(Name),
    base_url: Type.Optional(Url),
    network: Type.Optional(Network),
    auth_kind: Type.Optional(AuthKind),
    auth_header: Type.Optional(orNull(AuthHeader)),
    secret: Type.Optional(Secret),
    enabled: Type.Optional(Type.Boolean({ description: 'False: no new request goes there; running ones end.' })),
    published: Type.Optional(Published),
  },
  { additionalProperties: false },
)
export const UpstreamDraftShape = Type.Object(
  {
    upstream_id: Type.Optional(
      Type.String({ maxLength: 64, description: 'Whose secret is used where none is given, if the host is the same.' }),
    ),
    kind: Kind,
    base_url: Url,
    network: Network,
    auth_kind: AuthKind,
    auth_header: Type.Optional(orNull(AuthHeader)),
    secret: Type.Optional(Secret),
  },
  { additionalProperties: false },
)
export const UpstreamTestShape = Type.Object(
  {
    ok: Type.Boolean(),
    trouble: orNull(ProbeTroubleShape),
    took_ms: Type.Integer(),
    models: Type.Array(
      Type.Object({
        id: Type.String(),
        context_tokens: orNull(Type.Integer({ description: 'Null = it does not say.' })),
      }),
      { description: 'What it lists.' },
    ),
    upstream: orNull(UpstreamShape),
  },
  { $id: 'UpstreamTest' },
)

export const UpstreamModelRow = Type.Object(
  {
    name: Type.String({ description: 'What clients call it.' }),
    task: Task,
    context_tokens: Type.Integer(),
    upstream_id: Type.String(),
    upstream_name: Type.String(),
    healthy: Type.Boolean({ description: 'Whether its upstream was well when it was looked at last.' }),
  },
  { $id: 'UpstreamModelRow' },
)
export const UpstreamModelPage = pageShape(UpstreamModelRow)
export const UpstreamModelQuery = Type.Object(
  { ...PageQuery, after: Type.Optional(Type.String({ maxLength: 300, description: '`next` of the page before.' })) },
  { additionalProperties: false },
)

export type UpstreamModelOnWire = Static<typeof UpstreamModelRow>
export type UpstreamRowOnWire = Static<typeof UpstreamRowShape>
export type UpstreamOnWire = Static<typeof UpstreamShape>
export type UpstreamTestOnWire = Static<typeof UpstreamTestShape>
export type UpstreamChangeOnWire = Static<typeof UpstreamChangeShape>
export type UpstreamWantedOnWire = Static<typeof UpstreamWantedShape>
export type UpstreamDraftOnWire = Static<typeof UpstreamDraftShape>

export function upstreamRowOnWire(view: UpstreamView): UpstreamRowOnWire {
  const { health } = view
  return {
    id: view.id,
    name: view.name,
    kind: view.kind,
    base_url: view.baseUrl,
    network: view.network,
    enabled: view.enabled,
    state: view.state,
    trouble: health.trouble && { code: health.trouble, message: SAID[health.trouble], status: health.status },
    state_since: timeOrNull(health.sinceMs),
    checked_at: timeOrNull(health.checkedAtMs),
    probe_ms: health.tookMs,
    models_published: view.models.filter(({ name, hidden }) => name !== null && !hidden).length,
    models_listed: view.models.filter(({ listed }) => listed).length,
  }
}

export function upstreamOnWire(view: UpstreamView): UpstreamOnWire {
  return {
    ...upstreamRowOnWire(view),
    auth: {
      kind: view.authKind,
      header: view.authHeader,
      secret_last4: view.secretLast4,
      has_secret: view.hasSecret,
      readable: view.isReadable,
    },
    publishes_all: view.published === null,
    models: view.models.map(({ contextTokens, ...model }) => ({ ...model, context_tokens: contextTokens })),
    created_at: view.createdAt.toISOString(),
    created_by: view.createdBy,
    created_by_name: view.createdByName,
    updated_at: view.updatedAt.toISOString(),
    updated_by: view.updatedBy,
    updated_by_name: view.updatedByName,
  }
}

export function testOnWire({ result, upstream }: TestedUpstream): UpstreamTestOnWire {
  return {
    ok: result.kind === 'listed',
    trouble: troubleOnWire(result),
    took_ms: result.tookMs,
    models:
      result.kind === 'listed'
        ? result.models.map((model) => ({ id: model.id, context_tokens: model.contextTokens }))
        : [],
    upstream: upstream && upstreamOnWire(upstream),
  }
}

export function upstreamModelOnWire(route: UpstreamRoute): UpstreamModelOnWire {
  return {
    name: route.model,
    task: route.task,
    context_tokens: route.contextTokens,
    upstream_id: route.upstreamId,
    upstream_name: route.ownedBy,
    healthy: route.healthy,
  }
}

/** What a body names, in the door's words; what it does not name stays. */
export function changeIn(body: UpstreamChangeOnWire): Partial<UpstreamWanted> {
  return {
    ...(body.name === undefined ? {} : { name: body.name }),
    ...(body.base_url === undefined ? {} : { baseUrl: body.base_url }),
    ...(body.network === undefined ? {} : { network: body.network }),
    ...(body.auth_kind === undefined ? {} : { authKind: body.auth_kind }),
    ...(body.auth_header === undefined ? {} : { authHeader: body.auth_header }),
    ...(body.secret === undefined ? {} : { secret: body.secret }),
    ...(body.enabled === undefined ? {} : { enabled: body.enabled }),
    ...(body.published === undefined ? {} : { published: publishedIn(body.published) }),
  }
}

export function draftIn(body: UpstreamDraftOnWire): UpstreamDraft {
  return {
    upstream: body.upstream_id ?? null,
    kind: body.kind,
    baseUrl: body.base_url,
    network: body.network,
    authKind: body.auth_kind,
    authHeader: body.auth_header ?? null,
    secret: body.secret ?? null,
  }
}

function publishedIn(published: Static<typeof Published>): UpstreamWanted['published'] {
  return published?.map(({ context_tokens = null, ...model }) => ({ ...model, contextTokens: context_tokens })) ?? null
}

function troubleOnWire(result: ProbeResult): UpstreamTestOnWire['trouble'] {
  return result.kind === 'listed'
    ? null
    : { code: result.trouble, message: SAID[result.trouble], status: result.status }
}

function timeOrNull(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString()
}
