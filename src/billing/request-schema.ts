/** Wire shapes of requests, and the functions that make them. Times are UTC, durations milliseconds. */
import { type Static, Type } from 'typebox'
import { oneOf, orNull, pageShape, Time } from '../platform/wire-shapes.ts'
import type { ContentState } from './request-content.ts'
import {
  ContentStateShape,
  contentStateOnWire,
  RequestDetailShape,
  requestDetailOnWire,
} from './request-content-schema.ts'
import type { RequestDetail } from './request-detail.ts'
import type { RequestSeen } from './requests.ts'
import { FilterQuery, OutcomeShape } from './usage-schema.ts'

const Tokens = Type.Integer({ minimum: 0 })
const Milliseconds = Type.Number()
const Source = oneOf(['engine', 'upstream', 'counted', 'estimated', 'none'], {
  description: 'Who counted; `none` = nothing was there to count.',
})
const Name = orNull(Type.String({ description: 'Null = nobody knows it any more.' }))

const requestFields = {
  id: Type.String({ description: "The request's id, as its answer's x-request-id said." }),
  started_at: Time,
  organization_id: Type.String(),
  project_id: Type.String(),
  project_name: Name,
  key_id: Type.String(),
  key_name: Name,
  key_kind: orNull(oneOf(['api', 'console'], { description: '`console`: a key of the playground.' })),
  person_id: orNull(Type.String({ description: 'Whose key: a person, a service account, or `machine`.' })),
  person_name: Name,
  model: Type.String({ description: 'That answered, or was asked last.' }),
  requested_model: orNull(
    Type.String({ description: 'As the client named it, where that was a route to several models; null = the same.' }),
  ),
  adapter: orNull(Type.String()),
  deployment_id: orNull(Type.String()),
  engine_id: orNull(Type.String({ description: 'The engine that answered; null = none was reached.' })),
  route: Type.String(),
  stream: Type.Boolean(),
  outcome: OutcomeShape,
  status: Type.Integer({ description: 'HTTP status that the client saw; 499 = it left first.' }),
  error_code: orNull(Type.String({ description: 'Stable; see the list of errors.' })),
  tokens_in: Tokens,
  tokens_cached: Type.Integer({ minimum: 0, description: 'Of tokens_in, those that a shared prefix saved.' }),
  tokens_out: Tokens,
  tokens_reasoning: Type.Integer({ minimum: 0, description: 'Of tokens_out, those of the thoughts.' }),
  tokens_in_source: Source,
  tokens_out_source: Source,
  finish: orNull(Type.String({ description: 'Finish reason of the first choice.' })),
  cut_by: orNull(
    oneOf(['client', 'engine', 'gateway', 'upstream', 'timeout'], {
      description: 'Who ended the answer early; null = it came to its own end.',
    }),
  ),
  gateway_ms: Type.Number({ description: 'From the whole request to the engine.' }),
  queue_ms: orNull(Milliseconds),
  prefill_ms: orNull(Milliseconds),
  decode_ms: orNull(Milliseconds),
  first_token_ms: orNull(Milliseconds),
  total_ms: Milliseconds,
  retries: Type.Integer({ minimum: 0, description: 'Engines tried in vain before the first byte.' }),
}

export const RequestShape = Type.Object(requestFields)
export const RequestPage = pageShape(RequestShape)

export const RequestWholeShape = Type.Object({
  ...requestFields,
  detail: orNull(RequestDetailShape),
  content_kept: orNull(ContentStateShape),
})

export const RequestQuery = {
  ...FilterQuery,
  from: Type.Optional(Type.String({ format: 'date-time', description: 'Put back to a whole minute.' })),
  to: Type.Optional(Type.String({ format: 'date-time', description: 'Not in the range. Put off to a whole minute.' })),
  requested_model: Type.Optional(Type.String({ maxLength: 200, description: 'A route that clients named.' })),
  tokens_min: Type.Optional(Type.Integer({ minimum: 0, description: 'In and out together.' })),
  id: Type.Optional(Type.String({ pattern: '^[0-9a-z_]{1,64}$', description: "A request's id, or its beginning." })),
}

export type RequestOnWire = Static<typeof RequestShape>
export type RequestWholeOnWire = Static<typeof RequestWholeShape>

export function requestOnWire(request: RequestSeen): RequestOnWire {
  return {
    id: request.id,
    started_at: request.startedAt.toISOString(),
    organization_id: request.organizationId,
    project_id: request.projectId,
    project_name: request.projectName,
    key_id: request.keyId,
    key_name: request.keyName,
    key_kind: request.keyKind,
    person_id: request.personId,
    person_name: request.personName,
    model: request.model,
    requested_model: request.requestedModel,
    adapter: request.adapter,
    deployment_id: request.deploymentId,
    engine_id: request.engineId,
    route: request.route,
    stream: request.stream,
    outcome: request.outcome,
    status: request.status,
    error_code: request.errorCode,
    tokens_in: request.tokensIn,
    tokens_cached: request.tokensCached,
    tokens_out: request.tokensOut,
    tokens_reasoning: request.tokensReasoning,
    tokens_in_source: request.tokensInSource,
    tokens_out_source: request.tokensOutSource,
    finish: request.finish,
    cut_by: request.cutBy,
    gateway_ms: request.gatewayMs,
    queue_ms: request.queueMs,
    prefill_ms: request.prefillMs,
    decode_ms: request.decodeMs,
    first_token_ms: request.firstTokenMs,
    total_ms: request.totalMs,
    retries: request.retries,
  }
}

export type RequestExtrasSeen = {
  /** Null = not recorded. */
  detail: RequestDetail | null
  /** Null = nothing is kept. */
  contentState: ContentState | null
}

export function requestWholeOnWire(
  request: RequestSeen,
  { detail, contentState }: RequestExtrasSeen,
): RequestWholeOnWire {
  return {
    ...requestOnWire(request),
    detail: detail && requestDetailOnWire(detail),
    content_kept: contentState && contentStateOnWire(contentState),
  }
}
