/**
 * The story of one request to a model.
 *
 *   key → body → head → route → usage record open → engine → bytes to the client → usage record close → last bytes
 *
 * From the moment a route is known, whatever happens leaves exactly one usage record.
 */
import type { OutgoingHttpHeaders } from 'node:http'
import type { UsageRecord } from '../billing/usage-record.ts'
import { AppError } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import { AnswerWatch } from './answer-watch.ts'
import { askEngine, engineHeaders } from './ask-engine.ts'
import { type Call, closeRecord } from './call.ts'
import { ClientAnswer } from './client-answer.ts'
import type { Asked } from './dialects/dialect.ts'
import { codeIn } from './engine-error.ts'
import { ClientLeft, TargetsExhausted } from './errors.ts'
import { answerError, answerRefusal, answerReplay, answerUnexpected, callerOf, type Exchange } from './exchange.ts'
import { WakeRefused } from './find-replica.ts'
import type { RecordedAnswer } from './idempotency/recorded-answer.ts'
import { type InferenceDeps, inForce } from './inference-deps.ts'
import type { InferencePath } from './inference-paths.ts'
import { requireScope } from './key-ring.ts'
import { createRoomSeeker, queueTimeoutOf } from './queue/wait-for-room.ts'
import { letIn } from './rate-limits/let-in.ts'
import { readBody } from './read-body.ts'
import { askEngines, type RoutedRequest } from './routing/ask-engines.ts'
import { chooseReplica } from './routing/plan-route.ts'
import { conversationKey, prefixKey } from './routing/request-key.ts'
import { settle } from './routing/settle.ts'
import { scanBody } from './scan-body.ts'
import type { ScopeLimits, SnapshotKey } from './snapshot.ts'
import type { InForce } from './snapshot-client.ts'
import { askUpstream } from './upstream-dialects/upstream-dialect.ts'

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
