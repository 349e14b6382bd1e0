/**
 * What workers ask of control, on the admin socket: the snapshot stream, loading a model that has no engine, and where
 * usage goes. The contract is in `snapshot.ts`.
 */
import { Type } from 'typebox'
import type { Billing } from '../billing/billing.ts'
import type { UsageRecord } from '../billing/usage-record.ts'
import type { Deployments, Route } from '../deployments/deployments.ts'
import type { Identity } from '../identity/identity.ts'
import type { Server } from '../platform/http.ts'
import type { SnapshotRoute } from './snapshot.ts'
import type { SnapshotFeed } from './snapshot-feed.ts'

export type InternalRoutesOptions = {
  feed: SnapshotFeed
  deployments: Deployments
  billing: Billing
  identity: Identity
}

/** Records of one delivery; a worker's file of waiting records may hold more lines than one batch. */
const USAGE_BYTES_MAX = 16_777_216

export async function internalRoutes(
  server: Server,
  { feed, deployments, billing, identity }: InternalRoutesOptions,
): Promise<void> {
  const config = { access: 'machine' } as const

  server.get(
    '/internal/snapshot',
    { config, schema: { hide: true, querystring: Type.Object({ worker: Type.String() }) } },
    async (request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson' })
      reply.raw.flushHeaders()
      const disconnect = await feed.connect({ worker: request.query.worker, write: (line) => reply.raw.write(line) })
      reply.raw.on('close', disconnect)
    },
  )

  server.post(
    '/internal/snapshot/:version/seen',
    {
      config,
      schema: {
        hide: true,
        params: Type.Object({ version: Type.Integer() }),
        body: Type.Object({ worker: Type.String() }),
      },
    },
    async (request, reply) => {
      feed.noteSeen(request.body.worker, request.params.version)
      return reply.code(204).send()
    },
  )

  server.post(
    '/internal/wake',
    { config, schema: { hide: true, body: Type.Object({ model: Type.String() }) } },
    async (request) => {
      await deployments.load(request.body.model)
      const route = deployments.routes().find((one) => one.model === request.body.model)
      if (!route) throw new Error(`${request.body.model} was loaded and has no route`)
      return { route: snapshotRoute(route) }
    },
  )

  server.post(
    '/internal/usage',
    { config, bodyLimit: USAGE_BYTES_MAX, schema: { hide: true } },
    async (request, reply) => {
      const { records } = request.body as { worker: string; records: UsageRecord[] }
      await billing.recordUsage(records)
      for (const record of records) deployments.noteUse(record.model, record.startedAtMs)
      await identity.keys.recordUse(records.map((record) => ({ keyId: record.keyId, atMs: record.startedAtMs })))
      return reply.code(204).send()
    },
  )
}

/** A deployment's route as workers hold it. */
export function snapshotRoute(route: Route): SnapshotRoute {
  const { createdAtMs, replicas, ...rest } = route
  return {
    ...rest,
    createdS: Math.floor(createdAtMs / 1_000),
    replicas: replicas.map((replica) => ({
      ...replica,
      baseUrl: null,
      authorization: null,
    })),
  }
}
