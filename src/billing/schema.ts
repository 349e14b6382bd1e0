/** Wire shape of a usage record, and the one function that makes it. */
import { type Static, Type } from 'typebox'
import { orNull } from '../platform/wire-shapes.ts'
import type { UsageRow } from './billing.ts'

const Tokens = Type.Integer({ minimum: 0 })
const Milliseconds = Type.Number()
const Source = Type.Enum(['engine', 'upstream', 'counted', 'estimated', 'none'], {
  description: 'Who counted; `none` = nothing was there to count.',
})

export const UsageRecordShape = Type.Object({
  id: Type.String({ description: "The request's id, as its answer's x-request-id said." }),
  started_at: Type.String({ format: 'date-time', description: 'UTC.' }),
  organization_id: Type.String(),
  project_id: Type.String(),
  key_id: Type.String(),
  model: Type.String({ description: 'As the client named it.' }),
  adapter: orNull(Type.String()),
  deployment_id: orNull(Type.String()),
  engine_id: orNull(Type.String({ description: 'The engine that answered; null = none was reached.' })),
  route: Type.String(),
  stream: Type.Boolean(),
  status: Type.Integer({ description: 'HTTP status that the client saw; 499 = it left first.' }),
  error_code: orNull(Type.String()),
  tokens_in: Tokens,
  tokens_cached: Type.Integer({ minimum: 0, description: 'Of tokens_in, those that a shared prefix saved.' }),
  tokens_out: Tokens,
  tokens_reasoning: Type.Integer({ minimum: 0, description: 'Of tokens_out, those of the thoughts.' }),
  tokens_in_source: Source,
  tokens_out_source: Source,
  finish: orNull(Type.String({ description: 'Finish reason of the first choice.' })),
  cut_by: orNull(
    Type.Enum(['client', 'engine', 'gateway', 'upstream', 'timeout'], {
      description: 'Who ended the answer early; null = it came to its own end.',
    }),
  ),
  gateway_ms: Milliseconds,
  queue_ms: orNull(Milliseconds),
  prefill_ms: orNull(Milliseconds),
  decode_ms: orNull(Milliseconds),
  first_token_ms: orNull(Milliseconds),
  total_ms: Milliseconds,
  retries: Type.Integer({ minimum: 0, description: 'Engines tried in vain before the first byte.' }),
})

export type UsageRecordOnWire = Static<typeof UsageRecordShape>

export function usageRecordOnWire(row: UsageRow): UsageRecordOnWire {
  return {
    id: row.id,
    started_at: row.startedAt.toISOString(),
    organization_id: row.organizationId,
    project_id: row.projectId,
    key_id: row.keyId,
    model: row.model,
    adapter: row.adapter,
    deployment_id: row.deploymentId,
    engine_id: row.engineId,
    route: row.route,
    stream: row.stream,
    status: row.status,
    error_code: row.errorCode,
    tokens_in: row.tokensIn,
    tokens_cached: row.tokensCached,
    tokens_out: row.tokensOut,
    tokens_reasoning: row.tokensReasoning,
    tokens_in_source: row.tokensInSource,
    tokens_out_source: row.tokensOutSource,
    finish: row.finish,
    cut_by: row.cutBy,
    gateway_ms: row.gatewayMs,
    queue_ms: row.queueMs,
    prefill_ms: row.prefillMs,
    decode_ms: row.decodeMs,
    first_token_ms: row.firstTokenMs,
    total_ms: row.totalMs,
    retries: row.retries,
  }
}
