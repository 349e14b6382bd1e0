/**
 * Traces by OpenTelemetry's SDK, over OTLP/HTTP. Its own variables hold: endpoint, headers, `OTEL_TRACES_SAMPLER`,
 * `OTEL_BSP_*`. Loaded only where an endpoint is set (`tracing.ts`).
 *
 * Spans wait in a queue of 2,048 (`OTEL_BSP_MAX_QUEUE_SIZE`) for a timer of their own; where nobody takes them they are
 * dropped. So a collector that is away costs no request anything, and no more memory than that.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base'
import type { UsageRecord } from '../../billing/usage-record.ts'
import { attributesOfAttempt, attributesOfRecord, operationOf } from './genai-attributes.ts'
import type { RequestTrace, Tracing } from './tracing.ts'

const STOP_MS = 2_000

export function createOtelTracing({ version, instance }: { version: string; instance: string }): Tracing {
  const ours = resourceFromAttributes({
    'service.name': 'tradewind-gateway',
    'service.version': version,
    'service.instance.id': instance,
  })
  const provider = new BasicTracerProvider({
    resource: ours.merge(detectResources({ detectors: [envDetector] })), // OTEL_SERVICE_NAME and its like win
    spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
  })
  const tracer = provider.getTracer('tradewind', version)
  return {
    begin: (request) => beginTrace(tracer, request),
    async stop() {
      const patience = new AbortController()
      const late = sleep(STOP_MS, undefined, { signal: patience.signal }).catch(() => {})
      await Promise.race([provider.shutdown().catch(() => {}), late])
      patience.abort()
    },
  }
}

function beginTrace(
  tracer: Tracer,
  { method, route, headers, startedAt }: Parameters<Tracing['begin']>[0],
): RequestTrace {
  const operation = operationOf(route)
  const options: SpanOptions = {
    kind: SpanKind.SERVER,
    startTime: epochMs(startedAt),
    attributes: { 'http.request.method': method, 'http.route': route, 'gen_ai.operation.name': operation },
  }
  const span = tracer.startSpan(operation, options, contextIn(headers))
  const within = trace.setSpan(ROOT_CONTEXT, span)
  let record: UsageRecord | null = null
  let requestedModel = ''
  return {
    of(opened) {
      record = opened
      requestedModel = opened.requestedModel ?? opened.model
      span.updateName(`${operation} ${requestedModel}`)
    },
    waited(phase, ms) {
      const now = performance.now()
      tracer.startSpan(phase, { startTime: epochMs(now - ms) }, within).end(epochMs(now))
    },
    attempt(model, replica) {
      const attributes = attributesOfAttempt(operation, model, replica)
      const attempt = tracer.startSpan(`${operation} ${model}`, { kind: SpanKind.CLIENT, attributes }, within)
      return {
        headers: headersOf(attempt),
        end(status, error) {
          if (status !== null) attempt.setAttribute('http.response.status_code', status)
          endWith(attempt, error, error !== null)
        },
      }
    },
    end(error) {
      const status = error?.status ?? record?.status ?? 0
      const code = error?.code ?? record?.errorCode ?? null
      if (record !== null) span.setAttributes(attributesOfRecord(record, requestedModel))
      if (status > 0) span.setAttribute('http.response.status_code', status)
      // A request that was wrong is no trouble of the server's.
      endWith(span, code, status >= 500 || (status === 200 && code !== null))
    },
  }
}

function endWith(span: Span, error: string | null, isFailure: boolean): void {
  if (error !== null) span.setAttribute('error.type', error)
  if (isFailure) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}

/** W3C Trace Context: what is not well-formed begins a trace of its own. */
function contextIn(headers: IncomingHttpHeaders): Context {
  const parent = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(String(headers.traceparent ?? ''))
  if (parent === null || parent[0].startsWith('ff')) return ROOT_CONTEXT
  const [, traceId = '', spanId = '', flags = '00'] = parent
  const { tracestate } = headers
  const spanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED,
    isRemote: true,
    ...(typeof tracestate === 'string' ? { traceState: createTraceState(tracestate) } : {}),
  }
  return trace.isSpanContextValid(spanContext) ? trace.setSpanContext(ROOT_CONTEXT, spanContext) : ROOT_CONTEXT
}

function headersOf(span: Span): string[] {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const flags = traceFlags.toString(16).padStart(2, '0')
  const state = traceState?.serialize() ?? ''
  return ['traceparent', `00-${traceId}-${spanId}-${flags}`, ...(state === '' ? [] : ['tracestate', state])]
}

function epochMs(at: number): number {
  return performance.timeOrigin + at
}
