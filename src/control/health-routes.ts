/**
 * How is it: `/readyz` for whoever waits for the start, `/healthz` for a person or a monitor, `/metrics` for Prometheus,
 * `/api/status` for the operator. `/livez` is the gateway's own, since it must answer while control is away.
 */
import { timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { AggregatorRegistry, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { Type } from 'typebox'
import type { Deployments } from '../deployments/deployments.ts'
import type { Engines } from '../engines/engines.ts'
import type { SupervisorLink } from '../engines/supervisor-link.ts'
import type { SnapshotFeed } from '../gateway/snapshot-feed.ts'
import { Forbidden } from '../identity/errors.ts'
import { isHostOfOurs } from '../identity/origins.ts'
import type { DataFolder } from '../platform/data-folder.ts'
import type { Database } from '../platform/database/database.ts'
import type { Server } from '../platform/http.ts'
import { VERSION } from '../version.ts'
import type { Starter } from './starter.ts'
import { journalIsWritable, workerMetrics } from './worker-counts.ts'

export type HealthRoutesOptions = {
  database: Database
  folder: DataFolder
  engines: Engines
  deployments: Deployments
  feed: SnapshotFeed
  starter: Starter
  link: SupervisorLink
  workersWanted: number
  publicUrl: string
  metricsToken: string | null
  /** Which way a request came. */
  wayOf: (request: FastifyRequest) => 'admin' | 'public'
  startedAtMs: number
  /** Whether what was loaded before this start is loaded again, or has failed to. */
  reloaded: () => boolean
}

const Health = Type.Object({
  status: Type.Union([Type.Literal('ok'), Type.Literal('starting'), Type.Literal('degraded')]),
  version: Type.String(),
  database: Type.Object({ kind: Type.String(), durability: Type.String() }),
  workers: Type.Object({ ready: Type.Integer(), wanted: Type.Integer() }),
  starter: Type.Object({
    state: Type.String(),
    model: Type.Union([Type.String(), Type.Null()]),
    problem: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()]),
  }),
  engines: Type.Object({ ready: Type.Integer(), loading: Type.Integer(), failed: Type.Integer() }),
  usage_journal: Type.Object({
    writable: Type.Boolean({
      description: 'false: a gateway worker cannot write its usage journal, and refuses requests to models.',
    }),
  }),
})

const Status = Type.Object({
  version: Type.String(),
  public_url: Type.String(),
  started_at: Type.String({ format: 'date-time' }),
  data_folder: Type.String(),
  database: Type.Object({ kind: Type.String(), durability: Type.String() }),
  memory: Type.Object({ budget_bytes: Type.Integer(), used_bytes: Type.Integer(), free_bytes: Type.Integer() }),
  workers: Type.Array(Type.Object({ worker: Type.String(), snapshot_version: Type.Integer() })),
  engines: Type.Array(
    Type.Object({
      engine_id: Type.String(),
      model: Type.String(),
      state: Type.String(),
      context_tokens: Type.Integer(),
      sequences: Type.Integer(),
      threads: Type.Integer(),
      memory_bytes: Type.Integer(),
      restarts: Type.Integer(),
      path: Type.Union([Type.String(), Type.Null()]),
      running: Type.Union([Type.Integer(), Type.Null()]),
      waiting: Type.Union([Type.Integer(), Type.Null()]),
      step_ms_p50: Type.Union([Type.Number(), Type.Null()]),
      step_ms_p95: Type.Union([Type.Number(), Type.Null()]),
    }),
  ),
})

export async function healthRoutes(server: Server, options: HealthRoutesOptions): Promise<void> {
  const { database, folder, engines, feed, starter, workersWanted, metricsToken, startedAtMs } = options
  const open = { access: 'anybody' } as const
  const registry = metricsOf(options)

  async function health() {
    const writable = await journalIsWritable(
      folder,
      feed.workers().map(({ worker }) => worker),
    )
    const byState = (state: string) => engines.list().filter((engine) => engine.state === state).length
    const ready = feed.workers().filter((worker) => worker.version > 0).length
    const status =
      ready < workersWanted || !options.reloaded() || !starter.settled()
        ? 'starting'
        : byState('failed') > 0 || starter.state().state === 'failed' || !writable
          ? 'degraded'
          : 'ok'
    return {
      status: status as 'ok' | 'starting' | 'degraded',
      version: VERSION,
      database: { kind: database.kind, durability: database.durability },
      workers: { ready, wanted: workersWanted },
      starter: starter.state(),
      engines: { ready: byState('ready'), loading: byState('loading'), failed: byState('failed') },
      usage_journal: { writable },
    }
  }

  server.get(
    '/readyz',
    {
      config: open,
      schema: {
        tags: ['Operations'],
        summary: 'Whether the installation serves',
        response: { 200: Health, 503: Health },
      },
    },
    async (_request, reply) => {
      const now = await health()
      return reply.code(now.status === 'starting' ? 503 : 200).send(now)
    },
  )

  server.get(
    '/healthz',
    { config: open, schema: { tags: ['Operations'], summary: 'How the installation is', response: { 200: Health } } },
    async ({ host }, reply) => {
      if (isHostOfOurs(host, options.publicUrl)) return health()
      reply.callNotFound()
      return reply
    },
  )

  server.get(
    '/metrics',
    {
      config: open,
      schema: {
        tags: ['Operations'],
        summary: 'Prometheus metrics',
        description:
          'With the bearer token of METRICS_TOKEN, as Prometheus sends it; without one only on the admin socket of the machine.',
      },
    },
    async (request, reply) => {
      // Not whoever is on this machine: it may have other accounts, whose business models and traffic are not, and pages in
      // a browser that give a name of theirs this machine's address.
      const isOperator = options.wayOf(request) === 'admin'
      if (!isOperator && !carriesToken(request.headers.authorization, metricsToken))
        throw new Forbidden({
          action: 'metrics.read',
          does: 'read metrics',
          who: 'whoever has METRICS_TOKEN, or the operator on the admin socket',
        })
      const counted = await Promise.all(feed.workers().map(({ worker }) => workerMetrics(folder, worker)))
      const workers = AggregatorRegistry.aggregate(counted.filter((metrics) => metrics !== null))
      return reply.type(registry.contentType).send(`${await registry.metrics()}\n${await workers.metrics()}`)
    },
  )

  server.get(
    '/api/status',
    {
      config: { access: 'status.read' },
      schema: { tags: ['Operations'], summary: 'What runs, with its figures', response: { 200: Status } },
    },
    async () => {
      const memory = await engines.memory()
      return {
        version: VERSION,
        public_url: options.publicUrl,
        started_at: new Date(startedAtMs).toISOString(),
        data_folder: folder.root,
        database: { kind: database.kind, durability: database.durability },
        memory: {
          budget_bytes: Math.round(memory.budgetBytes),
          used_bytes: Math.round(memory.usedBytes),
          free_bytes: Math.round(memory.freeBytes),
        },
        workers: feed.workers().map(({ worker, version }) => ({ worker, snapshot_version: version })),
        engines: await Promise.all(
          engines.list().map(async (engine) => {
            const stats = engine.state === 'ready' ? await engines.stats(engine.engineId) : null
            return {
              engine_id: engine.engineId,
              model: engine.model,
              state: engine.state,
              context_tokens: engine.contextTokens,
              sequences: engine.sequences,
              threads: stats?.threads ?? engine.threads,
              memory_bytes: Math.round(engine.memoryBytes),
              restarts: engine.restarts,
              path: engine.health?.model?.path ?? null,
              running: stats?.running ?? null,
              waiting: stats?.waiting ?? null,
              step_ms_p50: stats?.stepMsP50 ?? null,
              step_ms_p95: stats?.stepMsP95 ?? null,
            }
          }),
        ),
      }
    },
  )
}

function metricsOf({ engines, deployments }: HealthRoutesOptions): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'tradewind_control_' })
  new Gauge({
    name: 'tradewind_engines',
    help: 'Engines by state.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      for (const state of ['loading', 'ready', 'failed'])
        this.set({ state }, engines.list().filter((engine) => engine.state === state).length)
    },
  })
  new Gauge({
    name: 'tradewind_engine_memory_bytes',
    help: 'Memory set aside for a loaded model.',
    labelNames: ['model'],
    registers: [registry],
    collect() {
      this.reset()
      for (const engine of engines.list()) this.set({ model: engine.model }, engine.memoryBytes)
    },
  })
  new Gauge({
    name: 'tradewind_models',
    help: 'Names that a client may use in `model`.',
    registers: [registry],
    collect() {
      this.set(deployments.routes().length)
    },
  })
  return registry
}

function carriesToken(authorization: string | undefined, token: string | null): boolean {
  if (token === null || authorization === undefined) return false
  const given = Buffer.from(authorization.replace(/^Bearer /, ''))
  const wanted = Buffer.from(token)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
