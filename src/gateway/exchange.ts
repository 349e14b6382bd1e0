/** One request and its answer, as every part of the gateway sees them. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { AppError, type ErrorBody, errorBody } from '../platform/errors.ts'
import type { Refusal } from './control-client.ts'
import type { Dialect } from './dialects/dialect.ts'
import { codeIn, messageIn } from './engine-error.ts'
import { KeyExpired, KeyMissing, KeyUnknown } from './errors.ts'
import type { AskedFor } from './hooks/ask-within.ts'
import type { Replay } from './idempotency/idempotency.ts'
import type { KeyRing } from './key-ring.ts'
import { discardBody } from './read-body.ts'
import type { KeyKind, SnapshotKey } from './snapshot.ts'
import type { RequestTrace } from './tracing/tracing.ts'

/** What a page may read of an answer. */
const EXPOSED_HEADERS = [
  'x-request-id, request-id, retry-after, retry-after-ms, x-should-retry, x-tradewind-model, x-tradewind-attempts, idempotent-replayed',
  'server-timing, openai-processing-ms',
  ...['limit', 'remaining', 'reset'].map((what) => `x-ratelimit-${what}-requests, x-ratelimit-${what}-tokens`),
].join(', ')

/** How long a refused client may go on sending its body before the connection is closed. */
const LINGER_MS = 2_000

export type Exchange = {
  /** `req_…`, ours: never what the client sent. */
  id: string
  request: IncomingMessage
  response: ServerResponse
  /** Decoded by nobody: what was matched is what is passed on. Without the query. */
  path: string
  /** In whose words trouble is told; null = OpenAI's. */
  dialect: Dialect | null
  /** The client's, as client-address.ts decides; undefined where the connection was gone at once. */
  address: string | undefined
  /** Where traces are sent; absent = nowhere. */
  trace?: RequestTrace
  /** What limits say to the answer; absent = nothing does. */
  limitHeaders?: OutgoingHttpHeaders
  /** Which of several models answers; absent = there was no choice. */
  routeHeaders?: OutgoingHttpHeaders
  /** Of a request that comes from within: the key in whose name it is made. Absent = the client sends its secret. */
  keyId?: string
  /** Of a request that asks a guard model: for whom. No hook looks at it. */
  askedFor?: AskedFor
  startedAtMs: number
  /** By `performance.now()`. */
  startedAt: number
  /** For metrics and logs; found out on the way. */
  /** A stream that control keeps open, such as the console's: not worth waiting for when the worker ends. */
  isEndless: boolean
  seen: { route: string; model: string | null; keyId: string | null; keyKind: KeyKind | null; errorCode: string | null }
}

/** @throws KeyMissing · KeyUnknown · KeyExpired · IpNotAuthorized */
export function callerOf({ request, address, keyId }: Exchange, keys: KeyRing): SnapshotKey {
  if (keyId !== undefined) return keys.byId(keyId)
  return keys.callerOf(request.headers, address)
}

/** What a client may do again, and when. Official SDKs obey `x-should-retry` before their own rules. */
export type Retry = 'as-the-status-says' | 'never' | { afterMs: number }

/** Headers of every answer that the gateway itself begins. */
export function baseHeaders(exchange: Exchange): OutgoingHttpHeaders {
  return {
    'x-request-id': exchange.id,
    ...exchange.dialect?.headers(exchange.id),
    ...corsHeaders(exchange.path),
    ...limitHeadersOf(exchange),
    ...exchange.routeHeaders,
  }
}

function limitHeadersOf({ limitHeaders, dialect, startedAtMs, startedAt }: Exchange): OutgoingHttpHeaders {
  if (limitHeaders === undefined || dialect?.limitHeaders === undefined) return limitHeaders ?? {}
  const nowMs = startedAtMs + performance.now() - startedAt
  return { ...limitHeaders, ...dialect.limitHeaders(limitHeaders, nowMs) }
}

/**
 * Browsers may call the API from any page, as they may call OpenAI's, since it takes keys and never cookies.
 * What takes cookies (`/api`) says nothing, which means no.
 */
export function corsHeaders(path: string): OutgoingHttpHeaders {
  if (!path.startsWith('/v1/')) return {}
  return {
    'access-control-allow-origin': '*',
    'access-control-expose-headers': EXPOSED_HEADERS,
  }
}

export function answerJson(
  exchange: Exchange,
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  const body = Buffer.from(JSON.stringify(value))
  answerBytes(exchange, status, body, { 'content-type': 'application/json; charset=utf-8', ...headers })
}

/** @param body null for a status that has none */
export function answerBytes(
  exchange: Exchange,
  status: number,
  body: Buffer | null,
  headers: OutgoingHttpHeaders,
): void {
  const { request, response } = exchange
  if (response.headersSent || response.destroyed) return
  const length = body === null ? {} : { 'content-length': String(body.length) }
  const isStillSending = hasBody(request) && !request.complete
  const closing = isStillSending ? { connection: 'close' } : {}
  response.writeHead(status, { ...baseHeaders(exchange), ...headers, ...length, ...closing })
  if (body !== null && request.method !== 'HEAD') response.write(body)
  if (isStillSending) void discardBody(request, LINGER_MS).then(() => response.end())
  else response.end()
}

/** The bytes that another request of the same idempotency key was answered with; `x-request-id` is this request's own. */
export function answerReplay(exchange: Exchange, { requestId, status, contentType, body }: Replay): void {
  const headers = { 'idempotent-replayed': 'true', 'idempotent-request-id': requestId }
  answerBytes(exchange, status, body, { 'content-type': contentType, ...headers })
}

export function hasBody(request: IncomingMessage): boolean {
  return Number(request.headers['content-length'] ?? 0) > 0 || request.headers['transfer-encoding'] !== undefined
}

/** Turns expected trouble into the error shape of whoever asks: OpenAI's, or that of a dialect. */
export function answerError(exchange: Exchange, error: AppError, retry: Retry = retryOfError(error)): void {
  exchange.seen.errorCode = error.code
  const challenge = isAboutTheKey(error) ? { 'www-authenticate': 'Bearer' } : {}
  const { status, body } = exchange.dialect?.refusal(error, exchange.id) ?? {
    status: error.status,
    body: wireError(error),
  }
  answerJson(exchange, status, body, { ...retryHeaders(retry), ...challenge })
}

/** A bug of ours: the client is told so, or its answer is broken off if it had begun. */
export function answerUnexpected(exchange: Exchange, cause: unknown): void {
  if (exchange.response.headersSent) exchange.response.destroy()
  else answerError(exchange, new AppError({}, { cause }))
}

/** Hands on another process's words, or says the same in a dialect's. */
export function answerRefusal(exchange: Exchange, refusal: Refusal, headers: OutgoingHttpHeaders = {}): void {
  const code = codeIn(refusal.body)
  exchange.seen.errorCode = code
  const retry = retryHeaders(retryOf(refusal.status))
  if (exchange.dialect !== null) {
    const trouble = { status: refusal.status, code, message: messageIn(refusal.body) }
    const { status, body } = exchange.dialect.refusal(trouble, exchange.id)
    answerJson(exchange, status, body, { ...retry, ...headers })
    return
  }
  answerBytes(exchange, refusal.status, refusal.body, { ...retry, ...headers, 'content-type': refusal.contentType })
}

export function wireError(error: AppError): ErrorBody {
  const param = typeof error.data.param === 'string' ? error.data.param : null
  return errorBody(error.code, error.status, error.message, param)
}

export function retryHeaders(retry: Retry): OutgoingHttpHeaders {
  if (retry === 'as-the-status-says') return {}
  if (retry === 'never') return { 'x-should-retry': 'false' }
  const afterMs = Math.ceil(retry.afterMs)
  return { 'retry-after': String(Math.ceil(afterMs / 1000)), 'retry-after-ms': String(afterMs) }
}

function retryOfError({ data, status }: AppError): Retry {
  return typeof data.retryAfterMs === 'number' ? { afterMs: data.retryAfterMs } : retryOf(status)
}

/** 503 passes soon, other trouble of the request itself never does, and a 502 speaks for itself. */
function retryOf(status: number): Retry {
  if (status === 503) return { afterMs: 1_000 }
  return status < 500 && status !== 408 && status !== 429 ? 'never' : 'as-the-status-says'
}

function isAboutTheKey(error: AppError): boolean {
  return error instanceof KeyMissing || error instanceof KeyUnknown || error instanceof KeyExpired
}
