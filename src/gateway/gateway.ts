/**
 * The front door: one HTTP server that answers what it can from memory and engines, and passes the rest to control.
 *
 *   POST /v1/chat/completions · /v1/completions · /v1/embeddings · /tokenize · /detokenize   → an engine
 *   POST /v1/rerank · /v1/score                                                              → an engine
 *   POST /v1/moderations                                    → here, or guard models through the inner door
 *   POST /v1/messages · /v1/messages/count_tokens, in Anthropic's words                      → an engine
 *   POST /api/v1/services/… of four names, in DashScope's words                              → an engine
 *   POST /api/chat · generate · embed · embeddings, in Ollama's words                        → an engine
 *   the rest of Ollama's API                                                                 → memory
 *   GET · DELETE /v1/responses/{id}, and what belongs to one                                 → control, for a key
 *   GET  /v1/models[/{id}]                                                                   → memory
 *   GET  /livez                                                                              → here
 *   /v1/files · /v1/batches, once their key is let in                                        → control
 *   everything else                                                                          → control, unchanged
 *
 * Built once per worker by worker.ts; holds no database and waits for none.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Dispatcher } from 'undici'
import type { UsageRecord, UsageSink } from '../billing/usage-record.ts'
import type { Clock } from '../platform/clock.ts'
import { AppError, errorBody } from '../platform/errors.ts'
import { newId } from '../platform/ids.ts'
import type { Log } from '../platform/log.ts'
import { answerInference } from './answer-inference.ts'
import { answerModerations } from './answer-moderations.ts'
import { answerOllama } from './answer-ollama.ts'
import { answerResponses, isResponsePath } from './answer-responses.ts'
import { type ClientAddressOf, createClientAddressOf } from './client-address.ts'
import type { ContentOutbox } from './content-outbox.ts'
import type { ControlClient } from './control-client.ts'
import { OLLAMA } from './dialects/ollama/ollama.ts'
import { createEnginePools } from './engine-pools.ts'
import {
  ClientLeft,
  HeadersTooMany,
  KeyMissing,
  MethodNotAllowed,
  RouteUnknown,
  Starting,
  TargetRefused,
} from './errors.ts'
import { answerBytes, answerError, answerJson, answerUnexpected, callerOf, type Exchange } from './exchange.ts'
import { createReplicaFinder } from './find-replica.ts'
import { ASKED_FOR_HEADER, askedForIn, createAskWithin } from './hooks/ask-within.ts'
import { createIdempotency } from './idempotency/idempotency.ts'
import { canonicalPath, dialectOf, INFERENCE_PATHS } from './inference-paths.ts'
import { fromWithin, listenWithin } from './inner-door.ts'
import { keyPathOf } from './key-paths.ts'
import { requireScope } from './key-ring.ts'
import type { KeyUses } from './key-uses.ts'
import type { GatewayLimits } from './limits.ts'
import { isModelsPath, listModels } from './list-models.ts'
import { passOn } from './pass-on.ts'
import { createRoomQueue } from './queue/room-queue.ts'
import { createRateLimiter } from './rate-limits/rate-limiter.ts'
import { type Breakers, createBreakers } from './routing/circuit-breaker.ts'
import { createRetryBudget } from './routing/retry-budget.ts'
import { type RoutingNews, UNHEARD_NEWS } from './routing/routing-news.ts'
import { createShadows } from './routing/shadow.ts'
import type { KeyKind } from './snapshot.ts'
import type { Snapshots } from './snapshot-client.ts'
import type { Tracing } from './tracing/tracing.ts'
import type { TrafficNews } from './traffic-news.ts'

export type GatewayDeps = {
  snapshots: Snapshots
  /** Control's admin socket. */
  control: ControlClient
  /** Control's public socket. */
  controlPublic: Dispatcher
  usage: UsageSink
  content: ContentOutbox
  keyUses: KeyUses
  limits: GatewayLimits
  publicUrl: string
  /** Addresses and ranges of proxies whose X-Forwarded-For counts. */
  trustedProxies: readonly string[]
  clock: Clock
  log: Log
  onAnswered(route: string, status: number, model: string | null, ms: number, keyKind: KeyKind | null): void
  onRecord(record: UsageRecord, keyKind: KeyKind): void
  /** Null or absent = no spans are made. */
  tracing?: Tracing | null
  /** Told of limits, waits and replays, for metrics. */
  trafficNews?: TrafficNews
  /** Told of attempts, fallbacks and copies, for metrics. */
  routingNews?: RoutingNews
  /** Instead of chance, for tests. */
  random?: () => number
}

export type Gateway = {
  /** @throws Error EADDRINUSE, EACCES … */
  listen(options: { host: string; port: number; reusePort: boolean }): Promise<AddressInfo>
  /** Opens the door for requests of our own, a Unix socket. */
  listenWithin(socketPath: string): Promise<void>
  inFlight(): number
  heldBytes(): number
  /** Requests that wait for room at an engine. */
  queued(): number
  /** Ends of requests with an idempotency key of which control has not heard yet. */
  idempotencyUntold(): number
  /** Replicas that are left alone for a while. */
  brokenReplicas(): ReturnType<Breakers['notClosed']>
  /** Stops accepting, lets running requests end for at most `limits.drainMs`, then closes everything. */
  drain(): Promise<void>
}

export function createGateway(deps: GatewayDeps): Gateway {
  const { snapshots, control, limits, log } = deps
  const pools = createEnginePools(limits)
  const breakers = createBreakers(() => performance.now(), Math.random)
  const finder = createReplicaFinder({ snapshots, control, pools, breakers, limits })
  const budget = createRetryBudget(() => performance.now())
  const addressOf = createClientAddressOf(deps.trustedProxies)
  const held = { bytes: 0 }
  const rateLimits = createRateLimiter({
    exchange: control.exchangeLimits,
    worker: control.worker,
    onRefused: deps.trafficNews?.limited,
  })
  const stopTelling = snapshots.onChange(rateLimits.tell) // there may be another owner, or other limits
  const news = deps.routingNews ?? UNHEARD_NEWS
  const shadows = createShadows(limits.shadowsMax, news)
  const routing = { breakers, budget, shadows, random: deps.random ?? Math.random, news }
  const idempotency = createIdempotency({
    port: control.idempotency,
    log,
    onReplayed: deps.trafficNews?.replayed,
    mayKeep: (keyId) => snapshots.current()?.snapshot.keys.find(({ id }) => id === keyId)?.contentOnDisk ?? false,
  })
  const queue = createRoomQueue(
    { waitingMax: limits.queueWaitingMax, waitingPerKeyMax: limits.queueWaitingPerKeyMax },
    deps.trafficNews,
  )
  const askWithin = createAskWithin()
  const askGuard = askWithin.forHook
  const inference = { ...deps, ...routing, pools, finder, held, rateLimits, idempotency, queue, askGuard }
  const stopSweeping = snapshots.onChange(({ snapshot }) => {
    const replicas = snapshot.routes.flatMap((route) => route.replicas)
    pools.keepOnly(replicas)
    breakers.keepOnly(new Set(replicas.map(({ engineId }) => engineId)))
  })
  const open = new Set<Exchange>()
  let draining = false
  let wakeDrain = () => {}

  const answer = async (exchange: Exchange): Promise<void> => {
    const { request, path, seen } = exchange
    if (request.rawHeaders.length > 2 * limits.headersMax) throw new HeadersTooMany({ headersMax: limits.headersMax })
    if (!path.startsWith('/')) throw new TargetRefused({})
    const reads = request.method === 'GET' || request.method === 'HEAD'
    const inferencePath = INFERENCE_PATHS.get(path)
    if (request.method === 'POST' && inferencePath !== undefined) {
      seen.route = inferencePath.route
      await answerInference(exchange, inferencePath, inference)
    } else if (request.method === 'POST' && path === '/v1/moderations') {
      seen.route = path
      const { keyUses } = deps
      await answerModerations(exchange, { snapshots, keyUses, limits, held, ask: askWithin.forClient })
    } else if (reads && isModelsPath(path)) {
      seen.route = '/v1/models'
      listModels(exchange, snapshots, deps.keyUses)
    } else if (reads && path === '/livez') {
      seen.route = path
      answerJson(exchange, 200, { status: 'ok' })
    } else if (isPreflight(exchange)) {
      seen.route = 'preflight'
      answerPreflight(exchange)
    } else if (isResponsePath(path)) {
      seen.route = '/v1/responses/{id}'
      await answerResponses(exchange, inference)
    } else if (inferencePath !== undefined) {
      const error = new MethodNotAllowed({ method: request.method ?? '', path, allowed: 'POST' })
      exchange.response.setHeader('allow', error.data.allowed)
      throw error
    } else if (exchange.dialect === OLLAMA) {
      seen.route = path
      await answerOllama(exchange, inference)
    } else if (exchange.dialect !== null) {
      throw new RouteUnknown({ method: request.method ?? '', path }) // control would say so in OpenAI's words
    } else {
      const keyPath = keyPathOf(path)
      const keyId = keyPath === null ? {} : { keyId: letKeyIn(exchange) }
      seen.route = keyPath ?? seen.route
      await passOn(exchange, { control: deps.controlPublic, publicUrl: deps.publicUrl, limits, ...keyId })
    }
  }

  /** @returns the key's id @throws Starting · KeyMissing · KeyUnknown · KeyExpired · IpNotAuthorized · ScopeMissing */
  const letKeyIn = (exchange: Exchange): string => {
    const current = snapshots.current()
    if (current === null) throw new Starting({})
    const key = callerOf(exchange, current.keys)
    requireScope(key, 'inference')
    exchange.seen.keyId = key.id
    deps.keyUses.note(key)
    return key.id
  }

  const answerWithin = async (exchange: Exchange): Promise<void> => {
    const { request, path, seen } = exchange
    const inferencePath = INFERENCE_PATHS.get(path)
    if (request.method !== 'POST' || inferencePath === undefined)
      throw new RouteUnknown({ method: request.method ?? '', path })
    const named = fromWithin(request.headers)
    if (named === null) throw new KeyMissing({})
    exchange.id = named.requestId
    exchange.keyId = named.keyId
    const askedFor = askedForIn(request.headers[ASKED_FOR_HEADER])
    if (askedFor !== null) exchange.askedFor = askedFor
    seen.route = inferencePath.route
    await answerInference(exchange, inferencePath, inference)
  }

  const handle = (
    request: IncomingMessage,
    response: ServerResponse,
    answer: (exchange: Exchange) => Promise<void>,
  ) => {
    if (draining) response.shouldKeepAlive = false
    const exchange = openExchange(request, response, deps.clock, addressOf)
    open.add(exchange)
    response.once('close', () => {
      open.delete(exchange)
      if (open.size === 0) wakeDrain()
      noteAnswer(exchange, deps)
    })
    answer(exchange).catch((error) => {
      if (error instanceof AppError) answerError(exchange, error)
      else if (!(error instanceof ClientLeft)) {
        log.error({ requestId: exchange.id, err: error }, 'a request failed in a way nobody expected')
        answerUnexpected(exchange, error)
      }
    })
  }

  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersMs,
      requestTimeout: 0, // an upload may take hours; silence within a body is watched where bodies are read
      connectionsCheckingInterval: Math.min(1_000, limits.headersMs),
      keepAliveTimeout: limits.keepAliveMs,
      noDelay: true,
    },
    (request, response) => handle(request, response, answer),
  )
  const within = createServer({ keepAliveTimeout: limits.keepAliveMs, requestTimeout: 0 }, (request, response) =>
    handle(request, response, answerWithin),
  )
  // One more than we bear: the server cuts off what is beyond it in silence, and we want to say so.
  server.maxHeadersCount = limits.headersMax + 1
  server.maxConnections = limits.connectionsMax
  server.on('clientError', refuseBrokenRequest)

  return {
    async listen(options) {
      await listening(server, options)
      return server.address() as AddressInfo
    },
    listenWithin(socketPath) {
      askWithin.at(socketPath)
      return listenWithin(within, socketPath)
    },
    inFlight: () => open.size,
    heldBytes: () => held.bytes,
    queued: queue.waiting,
    idempotencyUntold: idempotency.untold,
    brokenReplicas: breakers.notClosed,
    async drain() {
      draining = true
      server.close()
      within.close()
      for (const exchange of open) if (exchange.isEndless) exchange.response.destroy()
      if (open.size > 0) {
        const ended = new Promise<void>((resolve) => {
          wakeDrain = resolve
        })
        await Promise.race([ended, sleep(limits.drainMs, undefined, { ref: false })])
      }
      server.closeAllConnections()
      within.closeAllConnections()
      stopSweeping()
      stopTelling()
      rateLimits.stop()
      queue.stop()
      await idempotency.stop()
      await Promise.all([pools.close(), askWithin.close()])
    },
  }
}

function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  clock: Clock,
  addressOf: ClientAddressOf,
): Exchange {
  if (request.url !== undefined && /^https?:\/\//i.test(request.url)) request.url = originForm(request.url)
  const url = request.url ?? ''
  const query = url.indexOf('?')
  const path = query < 0 ? url : url.slice(0, query)
  const startedAtMs = clock.nowMs()
  return {
    id: newId('req', startedAtMs),
    request,
    response,
    path: canonicalPath(path),
    dialect: dialectOf(path, request.headers),
    address: addressOf(request.socket.remoteAddress, forwardedFor(request)),
    startedAtMs,
    startedAt: performance.now(),
    isEndless: false,
    seen: { route: 'control', model: null, keyId: null, keyKind: null, errorCode: null },
  }
}

/** Node joins several headers of this name, as it does those of most names; its type allows a list all the same. */
function forwardedFor({ headers }: IncomingMessage): string | undefined {
  const value = headers['x-forwarded-for']
  return Array.isArray(value) ? value.join() : value
}

/** Proxies may send the whole address; the path is what counts here. */
function originForm(url: string): string {
  if (!URL.canParse(url)) return ''
  const { pathname, search } = new URL(url)
  return pathname + search
}

function isPreflight({ request, path }: Exchange): boolean {
  return (
    request.method === 'OPTIONS' &&
    path.startsWith('/v1/') &&
    request.headers['access-control-request-method'] !== undefined
  )
}

function answerPreflight(exchange: Exchange): void {
  const wanted = exchange.request.headers['access-control-request-headers'] ?? ''
  const isPlain = /^[\w\-, ]{0,1000}$/.test(wanted)
  answerBytes(exchange, 204, null, {
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers': isPlain && wanted !== '' ? wanted : 'authorization, content-type',
    'access-control-max-age': '86400',
    vary: 'access-control-request-headers',
  })
}

function noteAnswer(exchange: Exchange, deps: GatewayDeps): void {
  const { request, response, seen } = exchange
  const status = response.headersSent ? response.statusCode : 499
  const ms = performance.now() - exchange.startedAt
  deps.onAnswered(seen.route, status, seen.model, ms, seen.keyKind)
  const clientsOwn = request.headers['x-request-id']
  deps.log[seen.model === null ? 'debug' : 'info'](
    {
      requestId: exchange.id,
      ...(typeof clientsOwn === 'string' && /^[\w.-]{1,64}$/.test(clientsOwn) ? { clientRequestId: clientsOwn } : {}),
      method: request.method,
      route: seen.route,
      status,
      ms: Math.round(ms * 10) / 10,
      ...(seen.model === null ? {} : { model: seen.model }),
      ...(seen.keyId === null ? {} : { keyId: seen.keyId }),
      ...(seen.errorCode === null ? {} : { errorCode: seen.errorCode }),
    },
    'answered',
  )
}

/** What never became a request: headers too large, too slow, or no HTTP at all. */
function refuseBrokenRequest(
  error: NodeJS.ErrnoException,
  socket: Socket & { _httpMessage?: { headersSent: boolean } | null },
): void {
  if (!socket.writable || error.code === 'ECONNRESET' || socket._httpMessage?.headersSent) {
    socket.destroy()
    return
  }
  const [status, reason, code, message] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', 'headers_too_large', 'The headers of this request are too large.']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'request_timeout', 'The headers of this request did not come in time.']
        : [400, 'Bad Request', 'invalid_request', 'This is not a well-formed HTTP request.']
  const body = JSON.stringify(errorBody(code as string, status as number, message as string))
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${newId('req')}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
}

function listening(server: Server, options: { host: string; port: number; reusePort: boolean }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
