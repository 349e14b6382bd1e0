/** One request that has reached a route, and its usage record: opened once, closed once. */
import type { ClosedRequest, FailedAttempt } from '../billing/request-detail.ts'
import type { UsageRecord, UsageSink } from '../billing/usage-record.ts'
import type { AnswerWatch } from './answer-watch.ts'
import type { ClientAnswer } from './client-answer.ts'
import type { ContentCapture } from './content-outbox.ts'
import type { AnswerRewrite } from './dialects/dialect.ts'
import { EngineLost, EngineTimeout } from './errors.ts'
import type { Exchange } from './exchange.ts'
import type { ProjectHooks } from './hooks/project-hooks.ts'
import type { RecordedAnswer } from './idempotency/recorded-answer.ts'
import type { InferencePath } from './inference-paths.ts'
import type { Admission } from './rate-limits/rate-limiter.ts'
import type { RelayEnd } from './relay.ts'
import { detailOf } from './request-parameters.ts'
import type { NamedRoute } from './route-table.ts'
import type { BodyHead } from './scan-body.ts'
import type { KeyKind, SnapshotKey, SnapshotReplica, SnapshotRoute } from './snapshot.ts'

/** One request that has reached a route. */
export type Call = {
  exchange: Exchange
  key: SnapshotKey
  /** What the client named. */
  route: NamedRoute
  /** The model that is being asked: of a name of one model, `route` itself. */
  leaf: SnapshotRoute
  path: InferencePath
  /** What the engine reads: the client's bytes, or what a dialect made of them. */
  head: BodyHead
  body: Buffer
  /** Makes the rewriter of an attempt's answer; null = its bytes are the client's. */
  openAnswer: ((requestId: string) => AnswerRewrite) | null
  /** What its project wants looked through, and what was said; null = nothing. */
  hooked: { hooks: ProjectHooks; prompt: string } | null
  client: ClientAnswer
  /** Of a request with an idempotency key: what its client gets, and its claim. */
  recorded: RecordedAnswer | null
  record: UsageRecord
  /** Takes what is said, where the project keeps it. */
  content: ContentCapture | null
  /** When the whole body was here, by `performance.now()`. */
  bodyAt: number
  /** How long it waited for control to count it, and for room at an engine. */
  limitsMs: number
  queuedMs: number
  /** Of this request, in vain; null = none. */
  failed: FailedAttempt[] | null
  /** Whether its record is on file. */
  isClosed: boolean
  /** Where its key has limits: what it was let in with, to be told of its end. */
  admission: Admission | null
}

export type RecordDeps = {
  usage: UsageSink
  /** Told of each closed record, for metrics. */
  onRecord(record: UsageRecord, keyKind: KeyKind): void
}

/** What is known of an attempt at its end, and who cut it. A stream without a finish reason of each choice is not whole. */
export function noteEnd(record: UsageRecord, watch: AnswerWatch, end: RelayEnd, replica: SnapshotReplica): void {
  Object.assign(record, watch.counts())
  record.errorCode = watch.errorCode
  const engine = replica.baseUrl === null ? 'engine' : 'upstream'
  if (end.kind === 'cut') {
    record.cutBy = end.timedOut ? 'timeout' : engine
    record.errorCode ??= end.timedOut ? EngineTimeout.code : EngineLost.code
  } else if (end.kind === 'left') record.cutBy = 'client'
  else if (end.kind === 'answered' && watch.done && watch.isBroken) {
    record.cutBy = engine
    record.errorCode ??= EngineLost.code
  }
}

/**
 * Puts the record on file; to be called before the last bytes of an answer. Only the first call counts.
 * @param status what the client sees, unless it left before it saw anything
 * @returns null when it is as safe as the setting wants, otherwise resolves when it is
 */
export function closeRecord(call: Call, status: number, deps: RecordDeps): Promise<void> | null {
  if (call.isClosed) return null
  call.isClosed = true
  const { client, exchange, record } = call
  call.admission?.end(record.tokensIn + record.tokensOut)
  const isUnheard = client.isGone && !client.hasBegun
  if (isUnheard && record.cutBy === null) record.cutBy = 'client'
  record.status = isUnheard ? 499 : (exchange.dialect?.statusOf(status) ?? status)
  record.totalMs = performance.now() - exchange.startedAt
  // Waiting is waiting, here or in the engine.
  if (call.queuedMs > 0) record.queueMs = Math.round(((record.queueMs ?? 0) + call.queuedMs) * 1000) / 1000
  exchange.seen.errorCode = record.errorCode
  for (const phase of ['gatewayMs', 'firstTokenMs', 'totalMs'] as const) {
    const ms = record[phase]
    if (ms !== null) record[phase] = Math.round(ms * 1000) / 1000
  }
  const detail = detailOf(call.body, call.head, exchange.request.headers['user-agent'])
  if (call.failed !== null) detail.attempts = call.failed
  const closed: ClosedRequest = { ...record, detail }
  const filed = deps.usage.close(closed)
  deps.onRecord(record, call.key.kind)
  return filed
}
