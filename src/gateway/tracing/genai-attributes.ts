/**
 * What spans say of a request, in OpenTelemetry's words for generative AI where it has some
 * (https://opentelemetry.io/docs/specs/semconv/gen-ai/), else under `tradewind.`.
 *
 * Pure module.
 */
import type { UsageRecord } from '../../billing/usage-record.ts'
import type { SnapshotReplica } from '../snapshot.ts'

export type Attributes = Record<string, string | number | boolean | string[]>

/** `gen_ai.operation.name` by the route that answers; it begins the name of a span. */
export function operationOf(route: string): string {
  if (/embed/.test(route)) return 'embeddings'
  if (/^\/v1\/completions$/.test(route)) return 'text_completion'
  if (/tokenize|count_tokens/.test(route)) return 'tokenize'
  if (/rerank|score/.test(route)) return 'rerank'
  return 'chat'
}

/** Of a closed record. Its ids are Tradewind's, so that whoever sees the span finds the request. */
export function attributesOfRecord(record: UsageRecord, requestedModel: string): Attributes {
  return {
    'gen_ai.operation.name': operationOf(record.route),
    'gen_ai.provider.name': 'tradewind',
    'gen_ai.request.model': requestedModel,
    'gen_ai.response.model': record.model,
    'gen_ai.usage.input_tokens': record.tokensIn,
    'gen_ai.usage.output_tokens': record.tokensOut,
    'gen_ai.usage.cache_read.input_tokens': record.tokensCached,
    ...(record.finish === null ? {} : { 'gen_ai.response.finish_reasons': [record.finish] }),
    'tradewind.request.id': record.id,
    'tradewind.organization.id': record.organizationId,
    'tradewind.project.id': record.projectId,
    'tradewind.key.id': record.keyId,
    'tradewind.stream': record.stream,
    'tradewind.retries': record.retries,
    ...(record.firstTokenMs === null ? {} : { 'tradewind.first_token_ms': record.firstTokenMs }),
    ...(record.cutBy === null ? {} : { 'tradewind.cut_by': record.cutBy }),
  }
}

/** A local engine has no address: it listens on a socket of this machine. */
export function attributesOfAttempt(operation: string, model: string, replica: SnapshotReplica): Attributes {
  const { engineId, baseUrl, speaks } = replica
  const server: Attributes = {}
  if (baseUrl !== null && URL.canParse(baseUrl)) {
    const { hostname, port, protocol } = new URL(baseUrl)
    server['server.address'] = hostname
    server['server.port'] = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
  }
  return {
    'gen_ai.operation.name': operation,
    'gen_ai.provider.name': speaks,
    'gen_ai.request.model': replica.remoteModel ?? model,
    'tradewind.engine.id': engineId,
    ...server,
  }
}
