/**
 * What workers ask of control, on the admin socket: the snapshot stream, loading a model that has no engine, and where
 * usage goes. The contract is in `snapshot.ts`.
 */
import { Type } from 'typebox'
import type { Billing } from '../billing/billing.ts'
import type { RequestContent } from '../billing/request-content.ts'
import type { ClosedRequest, SentContent } from '../billing/request-detail.ts'
import type { Deployments, Route } from '../deployments/deployments.ts'
import type { Identity } from '../identity/identity.ts'
import type { Server } from '../platform/http.ts'
import type { Responses } from '../responses/responses.ts'
import type { InputItemsAsked, ItemsAsked, ResponseAsked, StoredResponse } from '../responses/stored-response.ts'
import type { UpstreamRoute } from '../upstreams/upstreams.ts'
import type { LeaseMessage } from './rate-limits/lease-wire.ts'
import type { LimitsOwner } from './rate-limits/limits-owner.ts'
import type { KeyUse, SnapshotRoute } from './snapshot.ts'
import type { SnapshotFeed } from './snapshot-feed.ts'

export type InternalRoutesOptions = {
  feed: SnapshotFeed
  deployments: Deployments
  billing: Billing
  requestContent: RequestContent
  identity: Identity
  limits: LimitsOwner
  responses: Responses
}

/** Records of one delivery; a worker's file of waiting records may hold more lines than one batch. */
const USAGE_BYTES_MAX = 16_777_216
/** A worker sends about 2 MB at once. */
const CONTENT_BYTES_MAX = 8_388_608
/** One response, which a worker has measured. */
const RESPONSE_BODY_BYTES_MAX = 16_777_216

export async function internalRoutes(
  server: Server,
  { feed, deployments, billing, requestContent, identity, limits, responses }: InternalRoutesOptions,
): Promise<void> {
  const config = { access: 'machine', takesAnyTextIn: 'all' } as const // our own workers: content as it came

  server.get(
    '/internal/snapshot',
    { config, schema: { hide: true, querystring: Type.Object({ worker: Type.String() }) } },
    async (request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'application/x-ndjson' })
      reply.raw.flushHeaders()
      const disconnect = await feed.connect({
        worker: request.query.worker,
        write: (line) => reply.raw.write(line),
        end: () => reply.raw.end(),
      })
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

  server.post('/internal/limits', { config, schema: { hide: true } }, async (request) =>
    limits.exchange(request.body as LeaseMessage),
  )

  server.post('/internal/key-uses', { config, schema: { hide: true } }, async (request, reply) => {
    const { uses } = request.body as { worker: string; uses: KeyUse[] }
    await identity.keys.recordUse(uses)
    return reply.code(204).send()
  })

  server.post(
    '/internal/usage',
    { config, bodyLimit: USAGE_BYTES_MAX, schema: { hide: true } },
    async (request, reply) => {
      const { records } = request.body as { worker: string; records: ClosedRequest[] }
      await billing.recordUsage(records.map(({ detail: _, ...record }) => record))
      await requestContent.recordDetails(records)
      for (const record of records) deployments.noteUse(record)
      return reply.code(204).send()
    },
  )

  server.post(
    '/internal/content',
    { config, bodyLimit: CONTENT_BYTES_MAX, schema: { hide: true } },
    async (request, reply) => {
      const { contents } = request.body as { worker: string; contents: SentContent[] }
      await requestContent.store(contents)
      return reply.code(204).send()
    },
  )

  server.post(
    '/internal/responses',
    { config, bodyLimit: RESPONSE_BODY_BYTES_MAX, schema: { hide: true } },
    async (request, reply) => {
      const isKept = await responses.keep(request.body as StoredResponse)
      return reply.code(isKept ? 201 : 204).send()
    },
  )

  server.post('/internal/responses/items', { config, schema: { hide: true } }, async (request) =>
    responses.itemsBefore(request.body as ItemsAsked),
  )

  server.post('/internal/responses/read', { config, schema: { hide: true } }, async (request) => ({
    response: await responses.response(request.body as ResponseAsked),
  }))

  server.post('/internal/responses/remove', { config, schema: { hide: true } }, async (request) => ({
    removed: await responses.remove(request.body as ResponseAsked),
  }))

  server.post('/internal/responses/input-items', { config, schema: { hide: true } }, async (request) => ({
    page: await responses.inputItems(request.body as InputItemsAsked),
  }))
}

/** An upstream's route as workers hold it. */
export function snapshotOfUpstream(route: UpstreamRoute): SnapshotRoute {
  const { createdAtMs, speaks, baseUrl, network, authorization, remoteModel, healthy, ...rest } = route
  return {
    ...rest,
    adapter: null,
    deploymentId: null,
    createdS: Math.floor(createdAtMs / 1_000),
    replicas: [
      {
        engineId: route.upstreamId,
        speaks,
        socketPath: null,
        baseUrl,
        authorization,
        remoteModel,
        network,
        healthy,
      },
    ],
  }
}

/** A deployment's route as workers hold it. */
export function snapshotRoute(route: Route): SnapshotRoute {
  const { createdAtMs, replicas, ...rest } = route
  return {
    ...rest,
    upstreamId: null,
    createdS: Math.floor(createdAtMs / 1_000),
    replicas: replicas.map((replica) => ({
      ...replica,
      baseUrl: null,
      authorization: null,
      remoteModel: null,
      network: 'private' as const,
      healthy: true,
    })),
  }
}
