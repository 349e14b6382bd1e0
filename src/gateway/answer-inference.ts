/**
 * The story of one request to a model.
 *
 *   key → body → head → route → usage record open → engine → bytes to the client → usage record close → last bytes
 *
 * From the moment a route is known, whatever happens leaves exactly one usage record.
 */
import type { OutgoingHttpHeaders } from 'node:http'
import type { ClosedRequest } from '../billing/request-detail.ts'
import type { UsageRecord, UsageSink } from '../billing/usage-record.ts'
import { ENGINE_HEADERS } from '../engines/engine-wire.ts'
import { AppError } from '../platform/errors.ts'
import { AnswerWatch } from './answer-watch.ts'
import { askForUsage } from './ask-for-usage.ts'
import { ClientAnswer } from './client-answer.ts'
import type { ContentCapture, ContentOutbox } from './content-outbox.ts'
import type { AnswerRewrite, Asked } from './dialects/dialect.ts'
import { codeIn } from './engine-error.ts'
import type { EngineConnection, EnginePools } from './engine-pools.ts'
import { ClientLeft, EngineLost, EngineTimeout, EngineUnavailable, Starting } from './errors.ts'
import { answerError, answerRefusal, answerUnexpected, baseHeaders, callerOf, type Exchange } from './exchange.ts'
import { type ReplicaFinder, type ReplicaSearch, WakeRefused } from './find-replica.ts'
import type { InferencePath } from './inference-paths.ts'
import { requireScope } from './key-ring.ts'
import type { KeyUses } from './key-uses.ts'
import type { GatewayLimits } from './limits.ts'
import { letIn } from './rate-limits/let-in.ts'
import type { Admission, RateLimiter } from './rate-limits/rate-limiter.ts'
import { type HeldBytes, readBody } from './read-body.ts'
import { type RelayEnd, relay } from './relay.ts'
import { detailOf } from './request-parameters.ts'
import { type BodyHead, scanBody } from './scan-body.ts'
import type { ScopeLimits, SnapshotKey, SnapshotReplica, SnapshotRoute } from './snapshot.ts'
import type { InForce, Snapshots } from './snapshot-client.ts'

export type InferenceDeps = {
  snapshots: Snapshots
  finder: ReplicaFinder
  pools: EnginePools
  usage: UsageSink
  content: ContentOutbox
  keyUses: KeyUses
  limits: GatewayLimits
  rateLimits: RateLimiter
  held: HeldBytes
  /** Told of each closed record, for metrics. */
  onRecord(record: UsageRecord): void
}

/** One request that has reached a route. */
type Call = {
  exchange: Exchange
  key: SnapshotKey
  route: SnapshotRoute
  path: InferencePath
  /** What the engine reads: the client's bytes, or what a dialect made of them. */
  head: BodyHead
  body: Buffer
  /** Makes the rewriter of an attempt's answer; null = its bytes are the client's. */
  openAnswer: ((requestId: string) => AnswerRewrite) | null
  client: ClientAnswer
  record: UsageRecord
  /** Takes what is said, where the project keeps it. */
  content: ContentCapture | null
  /** When the whole body was here, by `performance.now()`. */
  bodyAt: number
  /** Whether its record is on file. */
  isClosed: boolean
  /** Where its key has limits: what it was let in with, to be told of its end. */
  admission: Admission | null
}

/** @throws AppError before a route is known; later trouble is answered and recorded here */
export async function answerInference(exchange: Exchange, path: InferencePath, deps: InferenceDeps): Promise<void> {
  const before = inForce(deps)
  requireScope(callerOf(exchange, before.keys), 'inference') // a stranger's body is not worth reading
  const body = await readBody(exchange.request, deps.limits, deps.held)
  try {
    const now = inForce(deps) // a slow body may outlive its key
    const key = callerOf(exchange, now.keys)
    requireScope(key, 'inference')
    exchange.seen.keyId = key.id
    deps.keyUses.note(key)
    const bytes = withoutByteOrderMark(body.bytes)
    const { enginePath = path.enginePath, ...asked } = path.ask?.(bytes, exchange.request.headers) ?? asItCame(bytes)
    const route = now.routes.find(key, asked.head.model)
    exchange.seen.model = route.model
    await answerCall(openCall({ exchange, key, route, path: { ...path, enginePath }, ...asked }, deps), deps)
  } finally {
    body.release()
  }
}

function asItCame(bytes: Buffer): Omit<Asked, 'openAnswer'> & { openAnswer: null } {
  return { body: bytes, head: scanBody(bytes), openAnswer: null }
}

/** Some clients begin with one, which RFC 8259 lets a reader ignore. Whoever reads the body next need not know. */
function withoutByteOrderMark(bytes: Buffer): Buffer {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

function inForce(deps: InferenceDeps): InForce {
  const current = deps.snapshots.current()
  if (current === null) throw new Starting({})
  return current
}

type AskedCall = Pick<Call, 'exchange' | 'key' | 'route' | 'path' | 'head' | 'body' | 'openAnswer'>

function openCall(asked: AskedCall, deps: InferenceDeps): Call {
  const { exchange, key, route, path, head } = asked
  const record: UsageRecord = {
    id: exchange.id,
    startedAtMs: exchange.startedAtMs,
    organizationId: key.organizationId,
    projectId: key.projectId,
    keyId: key.id,
    model: route.model,
    adapter: route.adapter,
    deploymentId: null,
    engineId: null,
    route: path.route,
    stream: head.stream,
    status: 0,
    errorCode: null,
    ...new AnswerWatch('engine').counts(),
    cutBy: null,
    gatewayMs: 0,
    firstTokenMs: null,
    totalMs: 0,
    retries: 0,
  }
  deps.usage.open(record)
  const client = new ClientAnswer(exchange.response, deps.limits.clientStallMs)
  const content = deps.content.open(key, record.route, exchange.address ?? null)
  return { ...asked, client, record, content, bodyAt: performance.now(), isClosed: false, admission: null }
}

async function answerCall(call: Call, deps: InferenceDeps): Promise<void> {
  const { exchange, client, record } = call
  try {
    if (call.key.limits !== null) await awaitLimits(call, call.key.limits, deps)
    await askEngines(call, deps)
  } catch (error) {
    if (error instanceof WakeRefused) {
      record.errorCode = codeIn(error.refusal.body)
      await closeRecord(call, error.refusal.status, deps)
      answerRefusal(exchange, error.refusal)
    } else if (error instanceof AppError) {
      record.errorCode = error.code
      await closeRecord(call, error.status, deps)
      answerError(exchange, error)
    } else if (!(error instanceof ClientLeft)) {
      record.errorCode = AppError.code
      await closeRecord(call, AppError.status, deps)
      answerUnexpected(exchange, error)
      throw error
    }
  } finally {
    await closeRecord(call, 499, deps) // of who left; of all others it is closed already
    await client.settled
    call.content?.close(record, call.body, call.head)
  }
}

/** @throws RateLimitExceeded · RequestOverLimit · LimitsUnavailable */
async function awaitLimits(call: Call, limits: readonly ScopeLimits[], deps: InferenceDeps): Promise<void> {
  const { exchange, head, route, path, body } = call
  const answers = path.enginePath.endsWith('/completions')
  const request = { bodyBytes: body.length, head, contextTokens: route.contextTokens, answers }
  call.admission = await letIn(exchange, limits, request, deps.rateLimits)
  call.bodyAt = performance.now() // waiting for control is not the gateway's own time
}

/** Gives the request to one engine after another until one answers, or there is no point in going on. */
async function askEngines(call: Call, deps: InferenceDeps): Promise<void> {
  const { client, record, route } = call
  const search = deps.finder.search(route, client.signal)
  let deaths = 0
  for (;;) {
    const replica = await search.next()
    const end = await askEngine(call, replica, deps)
    if (end.kind === 'lost' && end.reached) deaths++
    if (mayAskAnother(end, search, deaths, deps.limits)) {
      record.retries++
      continue
    }
    return settle(call, end, replica, deaths, deps)
  }
}

function mayAskAnother(end: RelayEnd, search: ReplicaSearch, deaths: number, limits: GatewayLimits): boolean {
  if (end.kind === 'lost') return !end.timedOut && deaths <= limits.deathsMax
  if (end.kind !== 'refused') return false
  // 503: it is loading or closing, so waiting helps. 429: it is full, and only another one could help.
  return end.status === 503 || search.hasUntried()
}

async function askEngine(call: Call, replica: SnapshotReplica, deps: InferenceDeps): Promise<RelayEnd> {
  const { exchange, record, head, client, route } = call
  record.deploymentId = route.deploymentId
  record.engineId = replica.engineId
  record.gatewayMs = performance.now() - call.bodyAt
  const connection = deps.pools.take(replica)
  const text = call.content?.beginAnswer() ?? null
  if (client.isGone) text?.close()
  else client.signal.addEventListener('abort', () => text?.close(), { once: true })
  const watch = new AnswerWatch(connection.isOurs ? 'engine' : 'upstream', text)
  try {
    const end = await relay({
      dispatcher: connection.dispatcher,
      path: connection.pathPrefix + call.path.enginePath,
      headers: engineHeaders(call, replica, connection),
      body: connection.isOurs ? call.body : askForUsage(call.body, head),
      client,
      watch,
      rewrite: call.openAnswer?.(exchange.id) ?? null,
      stripUsage: !head.includeUsage,
      clientHeaders: baseHeaders(exchange),
      cancelPath: connection.isOurs ? `/requests/${exchange.id}` : null,
      lastWordsMs: deps.limits.lastWordsMs,
      onContent: () => {
        record.firstTokenMs ??= performance.now() - exchange.startedAt
        deps.usage.progressed(record, watch)
      },
      beforeEnd: (end) => {
        noteEnd(record, watch, end, replica)
        return closeRecord(call, client.status, deps)
      },
    })
    if (!call.isClosed) noteEnd(record, watch, end, replica)
    return end
  } finally {
    connection.release()
  }
}

/** Only what an engine needs to know goes there: nothing that the client sent names a person or a secret to it. */
function engineHeaders(call: Call, replica: SnapshotReplica, connection: EngineConnection): string[] {
  const headers = ['content-type', 'application/json', ENGINE_HEADERS.requestId, call.exchange.id]
  if (replica.authorization !== null) headers.push(...Object.entries(replica.authorization).flat())
  if (!connection.isOurs) return headers
  const { key, route } = call
  headers.push(ENGINE_HEADERS.salt, key.salt, ENGINE_HEADERS.share, key.share)
  headers.push(ENGINE_HEADERS.usage, call.openAnswer === null ? 'always' : 'both')
  if (route.adapter !== null) headers.push(ENGINE_HEADERS.adapter, route.adapter)
  if (key.contentOnDisk) headers.push(ENGINE_HEADERS.disk, 'allow')
  return headers
}

/** What is known of an attempt at its end, and who cut it. A stream without a finish reason of each choice is not whole. */
function noteEnd(record: UsageRecord, watch: AnswerWatch, end: RelayEnd, replica: SnapshotReplica): void {
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

/** Answers what no engine has answered; its record is closed first. */
async function settle(
  call: Call,
  end: RelayEnd,
  replica: SnapshotReplica,
  deaths: number,
  deps: InferenceDeps,
): Promise<void> {
  const { exchange, record, route, client } = call
  switch (end.kind) {
    case 'answered':
    case 'cut':
    case 'left':
      await closeRecord(call, client.status, deps) // of who left; of the others it is closed already
      return
    case 'refused': {
      const passedOn: OutgoingHttpHeaders = {}
      for (const name of ['retry-after', 'retry-after-ms', 'x-should-retry'])
        if (end.headers[name] !== undefined) passedOn[name] = end.headers[name]
      const contentType = end.headers['content-type'] ?? 'application/json'
      record.errorCode = codeIn(end.body)
      await closeRecord(call, end.status, deps)
      answerRefusal(exchange, { status: end.status, contentType, body: end.body }, passedOn)
      return
    }
    case 'lost': {
      const error = end.timedOut
        ? new EngineTimeout({ model: route.model, waitedMs: deps.limits.engineFirstByteMs })
        : end.reached
          ? new EngineLost({ model: route.model, attempts: deaths })
          : new EngineUnavailable({ model: route.model, waitedMs: deps.limits.restartWaitMs })
      record.errorCode = error.code
      record.cutBy = end.timedOut ? 'timeout' : replica.baseUrl === null ? 'engine' : 'upstream'
      await closeRecord(call, error.status, deps)
      // The engine may have worked on it: a client that tries again pays again, so that is a person's decision.
      answerError(exchange, error, end.reached ? 'never' : undefined)
      return
    }
    default:
      end satisfies never
  }
}

/**
 * Puts the record on file; to be called before the last bytes of an answer. Only the first call counts.
 * @param status what the client sees, unless it left before it saw anything
 * @returns null when it is as safe as the setting wants, otherwise resolves when it is
 */
function closeRecord(call: Call, status: number, deps: InferenceDeps): Promise<void> | null {
  if (call.isClosed) return null
  call.isClosed = true
  const { client, exchange, record } = call
  call.admission?.end(record.tokensIn + record.tokensOut)
  const isUnheard = client.isGone && !client.hasBegun
  if (isUnheard && record.cutBy === null) record.cutBy = 'client'
  record.status = isUnheard ? 499 : (exchange.dialect?.statusOf(status) ?? status)
  record.totalMs = performance.now() - exchange.startedAt
  exchange.seen.errorCode = record.errorCode
  for (const phase of ['gatewayMs', 'firstTokenMs', 'totalMs'] as const) {
    const ms = record[phase]
    if (ms !== null) record[phase] = Math.round(ms * 1000) / 1000
  }
  const closed: ClosedRequest = {
    ...record,
    detail: detailOf(call.body, call.head, exchange.request.headers['user-agent']),
  }
  const filed = deps.usage.close(closed)
  deps.onRecord(record)
  return filed
}
