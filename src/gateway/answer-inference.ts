/**
 * The story of one request to a model.
 *
 *   key → body → head → route → usage record open → engine → bytes to the client → usage record close → last bytes
 *
 * From the moment a route is known, whatever happens leaves exactly one usage record.
 */
import type { OutgoingHttpHeaders } from 'node:http'
import type { UsageRecord, UsageSink } from '../billing/usage-record.ts'
import { ENGINE_HEADERS } from '../engines/engine-wire.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { AnswerText } from './answer-text.ts'
import { type AnswerCounts, AnswerWatch } from './answer-watch.ts'
import { type Call, closeRecord, noteEnd } from './call.ts'
import { ClientAnswer } from './client-answer.ts'
import type { ContentOutbox } from './content-outbox.ts'
import type { ControlClient } from './control-client.ts'
import type { Asked } from './dialects/dialect.ts'
import { codeIn } from './engine-error.ts'
import type { EngineConnection, EnginePools } from './engine-pools.ts'
import { ClientLeft, Starting, TargetsExhausted } from './errors.ts'
import {
  answerError,
  answerRefusal,
  answerReplay,
  answerUnexpected,
  baseHeaders,
  callerOf,
  type Exchange,
} from './exchange.ts'
import { WakeRefused } from './find-replica.ts'
import type { AnswerFilter } from './hooks/answer-filter.ts'
import type { AskWithin } from './hooks/moderator.ts'
import type { Idempotency } from './idempotency/idempotency.ts'
import type { RecordedAnswer } from './idempotency/recorded-answer.ts'
import type { InferencePath } from './inference-paths.ts'
import { requireScope } from './key-ring.ts'
import type { KeyUses } from './key-uses.ts'
import type { GatewayLimits } from './limits.ts'
import type { RoomQueue } from './queue/room-queue.ts'
import { createRoomSeeker, queueTimeoutOf } from './queue/wait-for-room.ts'
import { letIn } from './rate-limits/let-in.ts'
import type { RateLimiter } from './rate-limits/rate-limiter.ts'
import { type HeldBytes, readBody } from './read-body.ts'
import { type RelayEnd, relay } from './relay.ts'
import { failureOf } from './routing/after-attempt.ts'
import { askEngines, type Patience, type RoutedRequest, type RoutingDeps } from './routing/ask-engines.ts'
import { chooseReplica } from './routing/plan-route.ts'
import { conversationKey, prefixKey } from './routing/request-key.ts'
import { settle } from './routing/settle.ts'
import type { Shadows } from './routing/shadow.ts'
import { scanBody } from './scan-body.ts'
import type { KeyKind, ScopeLimits, SnapshotKey, SnapshotReplica } from './snapshot.ts'
import type { InForce, Snapshots } from './snapshot-client.ts'
import { type Phases, timingHeaders } from './timing-headers.ts'
import type { Tracing } from './tracing/tracing.ts'
import { askUpstream } from './upstream-dialects/upstream-dialect.ts'

export type InferenceDeps = Omit<RoutingDeps, 'limits'> & {
  shadows: Shadows
  snapshots: Snapshots
  pools: EnginePools
  usage: UsageSink
  content: ContentOutbox
  keyUses: KeyUses
  limits: GatewayLimits
  rateLimits: RateLimiter
  held: HeldBytes
  /** Null or absent = no spans are made. */
  tracing?: Tracing | null
  idempotency: Idempotency
  queue: RoomQueue
  /** Asks a guard model for a project's hooks. */
  askGuard: AskWithin
  /** Keeps responses. */
  control: Pick<ControlClient, 'responses'>
  clock: Clock
  /** Told of each closed record, for metrics. */
  onRecord(record: UsageRecord, keyKind: KeyKind): void
}

/** @throws AppError before a route is known; later trouble is answered and recorded here */
export async function answerInference(exchange: Exchange, path: InferencePath, deps: InferenceDeps): Promise<void> {
  if (deps.tracing == null) return answer(exchange, path, deps)
  const { request, startedAt } = exchange
  const trace = deps.tracing.begin({ method: 'POST', route: path.route, headers: request.headers, startedAt })
  exchange.trace = trace
  try {
    await answer(exchange, path, deps)
    trace.end(null)
  } catch (error) {
    const { status, code } = error instanceof AppError ? error : error instanceof ClientLeft ? LEFT : AppError
    trace.end({ status, code })
    throw error
  }
}

/** As the log of many servers has it. */
const LEFT = { status: 499, code: 'client_closed_request' }

async function answer(exchange: Exchange, path: InferencePath, deps: InferenceDeps): Promise<void> {
  const before = inForce(deps)
  requireScope(callerOf(exchange, before.keys), 'inference') // a stranger's body is not worth reading
  const body = await readBody(exchange.request, deps.limits, deps.held)
  try {
    const now = inForce(deps) // a slow body may outlive its key
    const key = keyOf(exchange, now)
    requireScope(key, 'inference')
    exchange.seen.keyId = key.id
    exchange.seen.keyKind = key.kind
    deps.keyUses.note(key)
    const hooks = exchange.askedFor === undefined ? (now.hooks?.get(key.projectId) ?? null) : null
    const sent = withoutByteOrderMark(body.bytes)
    const looked = hooks === null ? null : await hooks.before(sent, key, deps.askGuard)
    const bytes = looked?.body ?? sent
    const hooked = hooks === null ? null : { hooks, prompt: looked?.prompt ?? '' }
    const asking = { key, startedAtMs: exchange.startedAtMs, nowMs: deps.clock.nowMs, kept: deps.control.responses }
    const { enginePath = path.enginePath, ...asked } =
      (await path.ask?.(bytes, exchange.request.headers, asking)) ?? asItCame(bytes)
    if (asked.body.length > sent.length) body.grow(asked.body.length - sent.length)
    const route = now.routes.find(key, asked.head.model)
    exchange.seen.model = route.model
    const recorded = await recordedOnce(exchange, key, bytes, deps)
    if (recorded === 'replayed') return
    const opened = { exchange, key, route, path: { ...path, enginePath }, recorded, hooked, ...asked }
    await answerCall(openCall(opened, deps), deps)
  } finally {
    body.release()
  }
}

/** What a hook asks of a guard is its project's wish: the key need not be allowed the guard, nor have anything left. */
function keyOf(exchange: Exchange, { keys }: InForce): SnapshotKey {
  const key = callerOf(exchange, keys)
  return exchange.askedFor === 'hook' ? { ...key, models: null, limits: null } : key
}

/** Claims the idempotency key that came with a request; null = none came. */
async function recordedOnce(
  exchange: Exchange,
  key: SnapshotKey,
  body: Buffer,
  deps: InferenceDeps,
): Promise<RecordedAnswer | 'replayed' | null> {
  const name = exchange.request.headers['idempotency-key']
  if (name === undefined) return null
  const left = new AbortController()
  const leave = () => left.abort()
  exchange.response.once('close', leave)
  const claimed = await deps.idempotency.claim(
    { name, requestId: exchange.id, key, path: exchange.path, body },
    left.signal,
  )
  exchange.response.off('close', leave)
  if (claimed.kind === 'recorded') return claimed
  answerReplay(exchange, claimed)
  return 'replayed'
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

type AskedCall = Pick<
  Call,
  'exchange' | 'key' | 'route' | 'path' | 'head' | 'body' | 'openAnswer' | 'recorded' | 'hooked'
>

function openCall(asked: AskedCall, deps: InferenceDeps): Call {
  const { exchange, key, route, path, head } = asked
  const leaf = route.alias?.tiers[0]?.[0]?.leaf ?? route
  const record: UsageRecord = {
    id: exchange.id,
    startedAtMs: exchange.startedAtMs,
    organizationId: key.organizationId,
    projectId: key.projectId,
    keyId: key.id,
    model: leaf.model,
    requestedModel: leaf.model === route.model ? null : route.model,
    adapter: leaf.adapter,
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
  try {
    deps.usage.open(record)
  } catch (error) {
    void asked.recorded?.close()
    throw error
  }
  asked.recorded?.of(record)
  exchange.trace?.of(record)
  const client = new ClientAnswer(exchange.response, deps.limits.clientStallMs, asked.recorded)
  const isKept = exchange.askedFor !== 'hook' // what a guard reads may be what its project refuses to let go on
  const content = isKept ? deps.content.open(key, record.route, exchange.address ?? null) : null
  return {
    ...asked,
    leaf,
    client,
    record,
    content,
    bodyAt: performance.now(),
    failed: null,
    limitsMs: 0,
    queuedMs: 0,
    isClosed: false,
    admission: null,
  }
}

async function answerCall(call: Call, deps: InferenceDeps): Promise<void> {
  const { exchange, client, record } = call
  try {
    if (call.key.limits !== null) await awaitLimits(call, call.key.limits, deps)
    const last = await askEngines(routed(call, deps), inForce(deps).routes, deps)
    await settle(call, last, deps)
    if (last.end.kind === 'answered') sendShadow(call, deps)
  } catch (error) {
    if (error instanceof WakeRefused) {
      record.errorCode = codeIn(error.refusal.body)
      await closeRecord(call, error.refusal.status, deps)
      answerRefusal(exchange, error.refusal)
    } else if (error instanceof AppError) {
      record.errorCode = error.code
      await closeRecord(call, error.status, deps)
      answerError(exchange, error, error instanceof TargetsExhausted && error.data.wasReached ? 'never' : undefined)
    } else if (!(error instanceof ClientLeft)) {
      record.errorCode = AppError.code
      await closeRecord(call, AppError.status, deps)
      answerUnexpected(exchange, error)
      throw error
    }
  } finally {
    await closeRecord(call, 499, deps) // of who left; of all others it is closed already
    void call.recorded?.close()
    await client.settled
    call.content?.close(record, call.body, call.head)
  }
}

/** @throws RateLimitExceeded · RequestOverLimit · LimitsUnavailable */
async function awaitLimits(call: Call, limits: readonly ScopeLimits[], deps: InferenceDeps): Promise<void> {
  const { exchange, head, route, path, body } = call
  const answers = path.enginePath.endsWith('/completions')
  const request = { bodyBytes: body.length, head, contextTokens: route.contextTokens, answers }
  const before = performance.now()
  call.admission = await letIn(exchange, limits, request, deps.rateLimits)
  call.limitsMs = performance.now() - before
  exchange.trace?.waited('limits', call.limitsMs)
  call.bodyAt = performance.now() // waiting for control is not the gateway's own time
}

function routed(call: Call, deps: InferenceDeps): RoutedRequest {
  const { exchange, route, client, record, key, body, head } = call
  return {
    route,
    signal: client.signal,
    startedAt: exchange.startedAt,
    room: createRoomSeeker({
      queue: deps.queue,
      keyId: key.id,
      share: key.share,
      signal: client.signal,
      timeoutMs: queueTimeoutOf(exchange.request.headers, {
        defaultMs: deps.limits.queueMs,
        ceilingMs: deps.limits.queueMsMax,
      }),
      arrivedAt: exchange.startedAt,
      onWaited(ms) {
        call.queuedMs += ms
        exchange.trace?.waited('queue', ms)
        call.bodyAt += ms // waiting for room is not the gateway's own time
      },
    }),
    prefixKey: () => prefixKey({ body, head, salt: key.salt }),
    conversationKey: () => conversationKey({ body, head, salt: key.salt }),
    ask(leaf, replica, patience) {
      call.leaf = leaf
      exchange.routeHeaders = routeHeaders(call)
      return askEngine(call, replica, patience, deps)
    },
    onFailed(attempt) {
      call.failed ??= []
      call.failed.push(attempt)
    },
    onRetry() {
      record.retries++
    },
  }
}

/** Who answers, where the client named something else, and as which attempt. */
function routeHeaders({ leaf, route, failed }: Call): OutgoingHttpHeaders {
  const model = leaf.model === route.model ? {} : { 'x-tradewind-model': leaf.model }
  return failed === null ? model : { ...model, 'x-tradewind-attempts': String(failed.length + 1) }
}

async function askEngine(
  call: Call,
  replica: SnapshotReplica,
  patience: Patience,
  deps: InferenceDeps,
): Promise<RelayEnd> {
  const { exchange, record, head, client, leaf } = call
  record.model = leaf.model
  record.adapter = leaf.adapter
  record.deploymentId = leaf.deploymentId
  record.engineId = replica.engineId
  record.gatewayMs = performance.now() - call.bodyAt
  const request = { path: call.path.enginePath, body: call.body }
  const elsewhere = askUpstream(replica, { ...request, head, startedAtMs: exchange.startedAtMs })
  const { path, body } = elsewhere ?? request
  const connection = deps.pools.take(replica)
  const ended = deps.queue.began(leaf.model)
  const attempt = exchange.trace?.attempt(leaf.model, replica)
  const askedAt = performance.now()
  let wasTaken = true
  const text = call.content?.beginAnswer() ?? null
  if (client.isGone) text?.close()
  else client.signal.addEventListener('abort', () => text?.close(), { once: true })
  const filter = openFilter(call, text, deps, () => watch.counts())
  const watch: AnswerWatch = new AnswerWatch(connection.isOurs ? 'engine' : 'upstream', filter === null ? text : null)
  const note = (end: RelayEnd) => {
    noteEnd(record, watch, end, replica)
    if (filter?.isBlocked) record.finish = 'content_filter'
  }
  try {
    const end = await relay({
      dispatcher: connection.dispatcher,
      path: connection.pathPrefix + path,
      headers: engineHeaders(call, replica, connection, attempt?.headers),
      body,
      client,
      watch,
      upstream: elsewhere?.answer ?? null,
      rewrite: filter ?? call.openAnswer?.(exchange.id) ?? null,
      stripUsage: !head.includeUsage,
      clientHeaders: () => ({ ...baseHeaders(exchange), ...timingHeaders(phasesOf(call, askedAt)) }),
      cancelPath: connection.isOurs ? `/requests/${exchange.id}` : null,
      lastWordsMs: deps.limits.lastWordsMs,
      patience: head.stream ? patience : { ...patience, firstTokenMs: null },
      onContent: () => {
        record.firstTokenMs ??= performance.now() - exchange.startedAt
        deps.usage.progressed(record, watch)
      },
      beforeEnd: (end) => {
        note(end)
        return closeRecord(call, client.status, deps)
      },
    })
    wasTaken = end.kind !== 'refused'
    attempt?.end(
      end.kind === 'refused' ? end.status : null,
      failureOf(end)?.failed ?? (end.kind === 'answered' ? record.errorCode : end.kind),
    )
    if (!call.isClosed) note(end)
    return end
  } finally {
    connection.release()
    ended(wasTaken)
  }
}

/** Looks through an answer, where its project wants that; null = nobody does. */
function openFilter(
  { hooked, key, path, head, openAnswer, exchange }: Call,
  text: AnswerText | null,
  { askGuard }: InferenceDeps,
  counts: () => AnswerCounts,
): AnswerFilter | null {
  if (hooked === null || !path.enginePath.endsWith('/completions')) return null
  const inner = openAnswer?.(exchange.id) ?? null
  const { hooks, prompt } = hooked
  return hooks.filter({ key, ask: askGuard, prompt, inner, stripUsage: !head.includeUsage, text, counts })
}

function phasesOf({ limitsMs, queuedMs, record, exchange }: Call, askedAt: number): Phases {
  const now = performance.now()
  const { gatewayMs } = record
  return { limitsMs, queuedMs, gatewayMs, engineMs: now - askedAt, totalMs: now - exchange.startedAt }
}

/** A copy of a share of the requests of an alias, for a model that nobody hears. */
function sendShadow(call: Call, deps: InferenceDeps): void {
  const { route, exchange, head, key, body } = call
  const shadow = route.alias?.shadow ?? null
  if (shadow === null || call.record.status !== 200 || deps.random() >= shadow.share) return
  const { leaf } = shadow
  deps.shadows.send(route.model, () => {
    const ready = leaf.replicas.filter(({ healthy, engineId }) => healthy && deps.breakers.readyInMs(engineId) === 0)
    const replica = chooseReplica(ready, deps.pools.loadOf, prefixKey({ body, head, salt: key.salt }), 0)
    if (replica === null || inForce(deps).routes.isDraining(leaf)) return null
    const connection = deps.pools.take(replica)
    const { dispatcher, pathPrefix, release } = connection
    const own = { path: call.path.enginePath, body }
    const asked = askUpstream(replica, { ...own, head, startedAtMs: exchange.startedAtMs }) ?? own
    // An id of its own: by that of the request itself, a client that leaves would stop the copy too.
    const copied = { ...call, leaf, exchange: { ...exchange, id: newId('req') } }
    const headers = engineHeaders(copied, replica, connection)
    return { alias: route.model, dispatcher, path: pathPrefix + asked.path, headers, body: asked.body, release }
  })
}

/** Only what an engine needs to know goes there: nothing that the client sent names a person or a secret to it. */
function engineHeaders(
  call: Pick<Call, 'exchange' | 'key' | 'leaf' | 'openAnswer'>,
  replica: SnapshotReplica,
  connection: EngineConnection,
  trace: readonly string[] = [],
): string[] {
  const headers = ['content-type', 'application/json', ENGINE_HEADERS.requestId, call.exchange.id]
  if (replica.authorization !== null) headers.push(...Object.entries(replica.authorization).flat())
  if (!connection.isOurs) return headers
  headers.push(...trace)
  const { key, leaf } = call
  headers.push(ENGINE_HEADERS.salt, key.salt, ENGINE_HEADERS.share, key.share)
  headers.push(ENGINE_HEADERS.usage, call.openAnswer === null ? 'always' : 'both')
  if (leaf.adapter !== null) headers.push(ENGINE_HEADERS.adapter, leaf.adapter)
  if (key.contentOnDisk) headers.push(ENGINE_HEADERS.disk, 'allow')
  return headers
}
