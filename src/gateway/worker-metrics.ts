/**
 * What a worker counts, for Prometheus. Each worker serves its own on a Unix socket in the run folder, and control puts
 * them together, since the public port may lead to any of them:
 *
 *   GET /metrics       Prometheus text          GET /metrics.json   for `AggregatorRegistry.aggregate` of prom-client
 *
 * Labels are bounded: a route is one of ours or `control`, a model is one of the first `MODELS_MAX` that were asked for or
 * `other`, a key is known by its kind alone.
 */
import { unlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { UsageRecord } from '../billing/usage-record.ts'
import type { DataFolder } from '../platform/data-folder.ts'
import { createBoundedNames } from './bounded-names.ts'
import type { ContentDrop } from './content-outbox.ts'
import type { RoutingNews } from './routing/routing-news.ts'
import type { KeyKind } from './snapshot.ts'
import type { TrafficNews } from './traffic-news.ts'

/** Where worker `worker` serves its metrics. */
export function workerMetricsSocket(folder: DataFolder, worker: string): string {
  return join(folder.run, `worker-${worker}.sock`)
}

/** Read when asked for. */
export type WorkerGauges = {
  inFlight(): number
  heldBytes(): number
  snapshotVersion(): number
  snapshotAgeS(): number
  controlConnected(): boolean
  usageBacklog(): { queuedRecords: number; fileBytes: number; isWritable: boolean }
  contentBytes(): number
  queued(): number
  idempotencyUntold(): number
  brokenReplicas(): { engineId: string; state: string }[]
}

/** 1 for each replica that is left alone, by the id of its engine: as many as there are replicas at most. */
export const BREAKER_METRIC = 'tradewind_gateway_breaker'

export const JOURNAL_METRIC = 'tradewind_gateway_usage_journal_writable'

export type WorkerMetrics = ReturnType<typeof createWorkerMetrics>

/** More models than this share one label; Prometheus keeps each series for weeks. */
const MODELS_MAX = 100

const SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300]

export function createWorkerMetrics(worker: string, gauges: WorkerGauges) {
  const registry = new Registry()
  registry.setDefaultLabels({ worker })
  const registers = [registry]
  const nameOf = createBoundedNames(MODELS_MAX)
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read())
      },
    })

  const requests = new Counter({
    name: 'tradewind_gateway_requests_total',
    help: 'Answered requests.',
    labelNames: ['route', 'status', 'model', 'key'],
    registers,
  })
  const seconds = new Histogram({
    name: 'tradewind_gateway_request_seconds',
    help: 'From the headers of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: SECONDS,
    registers,
  })
  const firstToken = new Histogram({
    name: 'tradewind_gateway_first_token_seconds',
    help: 'From the headers of a request to its first content.',
    labelNames: ['model'],
    buckets: SECONDS,
    registers,
  })
  const overhead = new Histogram({
    name: 'tradewind_gateway_overhead_seconds',
    help: 'From the whole body to the engine that answered, waits included.',
    labelNames: [],
    buckets: [0.0001, 0.0005, ...SECONDS],
    registers,
  })
  const tokens = new Counter({
    name: 'tradewind_gateway_tokens_total',
    help: 'Tokens of closed requests.',
    labelNames: ['model', 'kind', 'key', 'route'],
    registers,
  })
  const retries = new Counter({
    name: 'tradewind_gateway_retries_total',
    help: 'Attempts at another engine before the first byte.',
    labelNames: ['model'],
    registers,
  })
  const cuts = new Counter({
    name: 'tradewind_gateway_cut_answers_total',
    help: 'Answers that ended early, by who ended them.',
    labelNames: ['by'],
    registers,
  })

  const contentDropped = new Counter({
    name: 'tradewind_gateway_content_dropped_total',
    help: 'Requests whose content was to be kept and was not, by why: memory, refused, failed.',
    labelNames: ['why'],
    registers,
  })

  const attempts = new Counter({
    name: 'tradewind_gateway_attempts_total',
    help: 'Attempts at models by how they ended: answered, cut, left, unavailable, draining, lost, timed_out, refused.',
    labelNames: ['model', 'outcome'],
    registers,
  })
  const fallbacks = new Counter({
    name: 'tradewind_gateway_fallbacks_total',
    help: 'Requests to a route that another model than the first choice answered.',
    labelNames: ['route'],
    registers,
  })
  const retriesDenied = new Counter({
    name: 'tradewind_gateway_retries_denied_total',
    help: 'Requests that were not tried again since the retry budget of this worker is spent.',
    registers,
  })
  const shadows = new Counter({
    name: 'tradewind_gateway_shadows_total',
    help: 'Copies of requests that went to the shadow of a route, by how they ended: answered, failed, skipped.',
    labelNames: ['route', 'outcome'],
    registers,
  })
  const shadowTokens = new Counter({
    name: 'tradewind_gateway_shadow_tokens_total',
    help: 'Tokens that answers to copies had; nobody is billed for them.',
    labelNames: ['route'],
    registers,
  })
  new Gauge({
    name: BREAKER_METRIC,
    help: 'Replicas that are left alone for a while, by state: open, half_open, resting.',
    labelNames: ['engine', 'state'],
    registers,
    collect() {
      this.reset()
      for (const { engineId, state } of gauges.brokenReplicas()) this.set({ engine: engineId, state }, 1)
    },
  })

  const limited = new Counter({
    name: 'tradewind_gateway_limited_total',
    help: 'Requests that a limit refused, by whose it is (key, project, organization) and of what (requests, tokens, concurrency); `unavailable` = control was away, and nobody could count.',
    labelNames: ['scope', 'of'],
    registers,
  })
  const replayed = new Counter({
    name: 'tradewind_gateway_idempotency_total',
    help: 'Requests whose idempotency key had been used: answered as before, or refused.',
    labelNames: ['outcome'],
    registers,
  })
  const queueWaits = new Histogram({
    name: 'tradewind_gateway_queue_wait_seconds',
    help: 'Waits for room at full engines, by how they ended: room, deadline, crowded, left.',
    labelNames: ['outcome'],
    buckets: SECONDS,
    registers,
  })

  gauge('tradewind_gateway_queued', 'Requests that wait for room at an engine.', gauges.queued)
  gauge(
    'tradewind_gateway_idempotency_untold',
    'Answers of requests with an idempotency key that control has not heard of yet.',
    gauges.idempotencyUntold,
  )
  gauge('tradewind_gateway_in_flight', 'Requests being answered.', gauges.inFlight)
  gauge(
    'tradewind_gateway_content_bytes',
    'Memory for what requests said, open requests counted with all they may come to hold.',
    gauges.contentBytes,
  )
  gauge('tradewind_gateway_held_bytes', 'Request bodies in memory.', gauges.heldBytes)
  gauge(
    'tradewind_gateway_snapshot_version',
    'Version of the keys and routes in force; 0 = none yet.',
    gauges.snapshotVersion,
  )
  gauge('tradewind_gateway_snapshot_age_seconds', 'Since the last snapshot came.', gauges.snapshotAgeS)
  gauge('tradewind_gateway_control_connected', '1 while the snapshot stream of control is open.', () =>
    Number(gauges.controlConnected()),
  )
  gauge(
    'tradewind_gateway_usage_queued_records',
    'Usage records that this process closed and control has not confirmed yet.',
    () => gauges.usageBacklog().queuedRecords,
  )
  gauge(
    'tradewind_gateway_usage_backlog_bytes',
    'Usage journal on disk that control has not confirmed yet, also of processes before; open requests included.',
    () => gauges.usageBacklog().fileBytes,
  )
  gauge(JOURNAL_METRIC, '0 while the usage journal cannot be written and requests are refused.', () =>
    Number(gauges.usageBacklog().isWritable),
  )

  return {
    registry,
    answered(route: string, status: number, model: string | null, ms: number, keyKind: KeyKind | null) {
      requests.inc({ route, status: String(status), model: model === null ? '' : nameOf(model), key: keyKind ?? '' })
      seconds.observe({ route }, ms / 1000)
    },
    routing: {
      attempt: (outcome, model) => attempts.inc({ model: nameOf(model), outcome }),
      fallback: (route) => fallbacks.inc({ route }),
      retryDenied: () => retriesDenied.inc(),
      shadow(outcome, route, tokensOut) {
        shadows.inc({ route, outcome })
        if (tokensOut > 0) shadowTokens.inc({ route }, tokensOut)
      },
    } satisfies RoutingNews,
    contentDropped(why: ContentDrop, requests: number) {
      contentDropped.inc({ why }, requests)
    },
    traffic: {
      waited(outcome, ms) {
        queueWaits.observe({ outcome }, ms / 1000)
      },
      limited: (scope, of) => limited.inc({ scope, of }),
      replayed: (outcome) => replayed.inc({ outcome }),
    } satisfies TrafficNews,
    recorded(record: UsageRecord, keyKind: KeyKind) {
      const model = nameOf(record.model)
      const of = { model, key: keyKind, route: record.route }
      overhead.observe(record.gatewayMs / 1000)
      if (record.firstTokenMs !== null) firstToken.observe({ model }, record.firstTokenMs / 1000)
      if (record.tokensIn > 0) tokens.inc({ ...of, kind: 'in' }, record.tokensIn)
      if (record.tokensCached > 0) tokens.inc({ ...of, kind: 'cached' }, record.tokensCached)
      if (record.tokensOut > 0) tokens.inc({ ...of, kind: 'out' }, record.tokensOut)
      if (record.retries > 0) retries.inc({ model }, record.retries)
      if (record.cutBy !== null) cuts.inc({ by: record.cutBy })
    },
  }
}

/** Serves the registry on a socket; one that an earlier process left there is taken over. */
export function serveMetrics(registry: Registry, socketPath: string): Promise<Server> {
  try {
    unlinkSync(socketPath)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const server = createServer(async (request, response) => {
    if (request.url === '/metrics')
      response.setHeader('content-type', registry.contentType).end(await registry.metrics())
    else if (request.url === '/metrics.json')
      response.setHeader('content-type', 'application/json').end(JSON.stringify(await registry.getMetricsAsJSON()))
    else response.writeHead(404).end()
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(socketPath, () => resolve(server))
  })
}
