/** Wire shapes of /api/routes and /api/route-models, and the functions that make them of what the door knows. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, PageQuery, pageShape, Time } from '../platform/wire-shapes.ts'
import { type AliasRules, RETRIES_MAX, TARGETS_MAX, TIERS_MAX, WEIGHT_MAX } from './alias.ts'
import type { ModelSeen, RouteSeen } from './routing.ts'

const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}$'
const RouteName = Type.String({ pattern: NAME_PATTERN, description: 'What clients put into `model`.' })
const ModelName = Type.String({ pattern: NAME_PATTERN, description: 'A model served here or by an upstream.' })
const Weight = Type.Integer({
  minimum: 0,
  maximum: WEIGHT_MAX,
  description: 'Its part of the sum of its tier. 0 = it gets nothing new.',
})
const Share = Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Of the requests, 0–1.' })
const Retries = Type.Integer({
  minimum: 0,
  maximum: RETRIES_MAX,
  description: 'How many attempts more than the first may reach an engine, for one request.',
})
const FirstTokenMs = orNull(
  Type.Integer({
    minimum: 100,
    maximum: 600_000,
    description: 'Longest wait of a stream for its first content, ms. Null = 600,000, to the first byte.',
  }),
)
const SilenceMs = orNull(
  Type.Integer({
    minimum: 100,
    maximum: 600_000,
    description: 'Longest silence within an answer, ms. Null = 300,000.',
  }),
)

export const MODEL_STATES = ['ready', 'asleep', 'unhealthy', 'missing'] as const
const ModelState = oneOf(MODEL_STATES, {
  description:
    '`asleep`: a request loads it. `unhealthy`: its upstream does not answer. `missing`: nothing of this name is served now.',
})
const Breaker = orNull(
  oneOf(['open', 'half_open', 'resting'], {
    description:
      'The worst that a gateway worker says of one of its engines: `open` = it failed and is left alone, `half_open` = one request tries it, `resting` = it asked to be left alone. Null = it is asked.',
  }),
)

const standing = {
  state: ModelState,
  draining: Type.Boolean({ description: 'It takes nothing new; running answers end.' }),
  breaker: Breaker,
}
export const RouteTargetShape = Type.Object({ model: ModelName, weight: Weight, ...standing })
export const RouteShape = Type.Object(
  {
    name: RouteName,
    enabled: Type.Boolean({ description: 'False: no client reaches it.' }),
    tiers: Type.Array(Type.Object({ targets: Type.Array(RouteTargetShape) })),
    retries: Retries,
    first_token_ms: FirstTokenMs,
    silence_ms: SilenceMs,
    shadow: orNull(Type.Object({ model: ModelName, share: Share, ...standing })),
    warnings: Type.Array(
      Type.Object({
        code: oneOf(['model_missing', 'name_taken', 'nothing_to_ask']),
        model: orNull(Type.String()),
        message: Type.String({ description: 'In English.' }),
      }),
    ),
    created_at: Time,
    updated_at: Time,
    updated_by: Type.String({ description: "A person's id, or `machine`." }),
    updated_by_name: orNull(Type.String({ description: 'Null for `machine`, and for who is gone.' })),
  },
  { $id: 'Route' },
)
export const RoutePage = pageShape(RouteShape)

export const RouteQuery = Type.Object(
  {
    ...PageQuery,
    after: Type.Optional(Type.String({ maxLength: 200, description: '`next` of the page before.' })),
    search: Type.Optional(
      Type.String({ maxLength: 200, description: "Part of its name, or of a model's, in any case." }),
    ),
  },
  { additionalProperties: false },
)
export const RouteParams = Type.Object({ name: RouteName })

export const RouteWantedShape = Type.Object(
  {
    enabled: Type.Optional(Type.Boolean({ default: true })),
    tiers: Type.Array(
      Type.Object(
        {
          targets: Type.Array(Type.Object({ model: ModelName, weight: Weight }, { additionalProperties: false }), {
            minItems: 1,
            maxItems: TARGETS_MAX,
          }),
        },
        { additionalProperties: false },
      ),
      {
        minItems: 1,
        maxItems: TIERS_MAX,
        description: 'Tried one after the other: the next when no model of the one before can answer.',
      },
    ),
    retries: Type.Optional({ ...Retries, default: 2 }),
    first_token_ms: Type.Optional(FirstTokenMs),
    silence_ms: Type.Optional(SilenceMs),
    shadow: Type.Optional(
      orNull(
        Type.Object(
          { model: ModelName, share: Share },
          {
            additionalProperties: false,
            description:
              'A copy of a share of the requests goes to this model, and its answer to nobody. Nobody pays for it.',
          },
        ),
      ),
    ),
  },
  { additionalProperties: false },
)

export const RouteModelShape = Type.Object(
  {
    name: ModelName,
    task: oneOf(['chat', 'embedding']),
    upstream: orNull(Type.String({ description: "The upstream's name; null = it is served here." })),
    state: oneOf(['ready', 'asleep', 'unhealthy']),
    replicas: Type.Integer({ description: 'Engines that serve it now.' }),
    breaker: Breaker,
    draining_since: orNull(Time),
    draining_by_name: orNull(Type.String({ description: 'Null for `machine`, and for who is gone.' })),
    routes: Type.Array(Type.String(), { description: 'That name it.' }),
  },
  { $id: 'RouteModel' },
)
export const RouteModelsShape = Type.Object({ data: Type.Array(RouteModelShape) })
export const RouteModelParams = Type.Object({ model: ModelName })
export const RouteModelChangeShape = Type.Object({ draining: Type.Boolean() }, { additionalProperties: false })

export type RouteOnWire = Static<typeof RouteShape>
export type RouteTargetOnWire = Static<typeof RouteTargetShape>
export type RouteWantedOnWire = Static<typeof RouteWantedShape>
export type RouteModelOnWire = Static<typeof RouteModelShape>

export function rulesIn(body: RouteWantedOnWire): AliasRules {
  return {
    tiers: body.tiers,
    retries: body.retries ?? 2,
    firstTokenMs: body.first_token_ms ?? null,
    silenceMs: body.silence_ms ?? null,
    shadow: body.shadow ?? null,
    enabled: body.enabled ?? true,
  }
}

export function routeOnWire(route: RouteSeen): RouteOnWire {
  const standingOf = (name: string) => {
    const model = route.models.get(name) ?? null
    return {
      state: model?.state ?? ('missing' as const),
      draining: model !== null && model.drain !== null,
      breaker: model?.breaker ?? null,
    }
  }
  return {
    name: route.name,
    enabled: route.enabled,
    tiers: route.tiers.map(({ targets }) => ({
      targets: targets.map(({ model, weight }) => ({ model, weight, ...standingOf(model) })),
    })),
    retries: route.retries,
    first_token_ms: route.firstTokenMs,
    silence_ms: route.silenceMs,
    shadow: route.shadow && { ...route.shadow, ...standingOf(route.shadow.model) },
    warnings: warningsOf(route),
    created_at: route.createdAt.toISOString(),
    updated_at: route.updatedAt.toISOString(),
    updated_by: route.updatedBy,
    updated_by_name: route.updatedByName,
  }
}

function warningsOf(route: RouteSeen): RouteOnWire['warnings'] {
  const missing = [...route.models].flatMap(([model, seen]) => (seen === null ? [model] : []))
  const targets = route.tiers.flatMap((tier) => tier.targets)
  const askable = targets.filter(({ model, weight }) => weight > 0 && (route.models.get(model) ?? null)?.drain === null)
  return [
    ...(route.hidden
      ? [
          {
            code: 'name_taken' as const,
            model: route.name,
            message: `A model that came later is called ${route.name} too, and clients reach that. Give the route another name.`,
          },
        ]
      : []),
    ...missing.map((model) => ({
      code: 'model_missing' as const,
      model,
      message: `Nothing called ${model} is served here now; it is passed over until it is.`,
    })),
    ...(askable.length === 0
      ? [{ code: 'nothing_to_ask' as const, model: null, message: 'No model of this route takes requests now.' }]
      : []),
  ]
}

export function routeModelOnWire(model: ModelSeen): RouteModelOnWire {
  return {
    name: model.name,
    task: model.task,
    upstream: model.upstream,
    state: model.state,
    replicas: model.engineIds.length,
    breaker: model.breaker,
    draining_since: model.drain?.since.toISOString() ?? null,
    draining_by_name: model.drain?.byName ?? null,
    routes: model.routes,
  }
}
