/**
 * Spans of requests to models, as the gateway sees them: a port, so that a worker without an exporter loads nothing of
 * OpenTelemetry and pays nothing.
 *
 *   chat qwen3-4b                     server, one a request
 *   ├─ limits                         waiting for control to count it
 *   ├─ queue                          waiting for room at an engine
 *   └─ chat qwen3-4b                  client, one an attempt at an engine
 *
 * What requests and answers say is in none of them, whatever a setting of OpenTelemetry asks for: what is kept of it is
 * each project's to decide, and stays in the database.
 *
 * Pure module, but for the load of the exporter.
 */
import type { IncomingHttpHeaders } from 'node:http'
import type { UsageRecord } from '../../billing/usage-record.ts'
import type { SnapshotReplica } from '../snapshot.ts'

export type Tracing = {
  /** @param startedAt by `performance.now()`, as all times here */
  begin(request: { method: string; route: string; headers: IncomingHttpHeaders; startedAt: number }): RequestTrace
  /** Sends what is left, for two seconds at most. */
  stop(): Promise<void>
}

export type RequestTrace = {
  /** It has reached a route. The record is read when the trace ends. */
  of(record: UsageRecord): void
  /** It waited, until now. */
  waited(phase: 'limits' | 'queue', ms: number): void
  attempt(model: string, replica: SnapshotReplica): AttemptTrace
  /** @param error of a request that reached no route, or failed in a way nobody expected */
  end(error: { status: number; code: string } | null): void
}

export type AttemptTrace = {
  /** For an engine of ours. */
  headers: readonly string[]
  /** @param error what went wrong; null = the client has its answer */
  end(status: number | null, error: string | null): void
}

/** Null unless OpenTelemetry's own variables name an endpoint. */
export async function openTracing(
  environment: Record<string, string | undefined>,
  resource: { version: string; instance: string },
): Promise<Tracing | null> {
  if (!wantsTracing(environment)) return null
  const { createOtelTracing } = await import('./otel-tracing.ts')
  return createOtelTracing(resource)
}

export function wantsTracing(environment: Record<string, string | undefined>): boolean {
  const said = (name: string) => environment[name]?.trim() ?? ''
  if (said('OTEL_SDK_DISABLED').toLowerCase() === 'true' || said('OTEL_TRACES_EXPORTER') === 'none') return false
  return said('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') !== '' || said('OTEL_EXPORTER_OTLP_ENDPOINT') !== ''
}
