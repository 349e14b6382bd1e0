/** /api/upstreams: endpoints elsewhere that serve models for this installation. */
import { Type } from 'typebox'
import { knownCaller } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, pageOnWire } from '../platform/wire-shapes.ts'
import * as wire from './schema.ts'
import type { Upstreams } from './upstreams.ts'

const tags = ['Upstreams']
const params = Type.Object({ id: Type.String({ maxLength: 64 }) })
const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape }
const ofOne = { ...refusals, 404: ErrorShape }
const config = { access: 'upstreams.change' } as const

/** Adds the routes. The server must be guarded (`guardRoutes`). */
export async function upstreamRoutes(server: Server, { upstreams }: { upstreams: Upstreams }): Promise<void> {
  server.get(
    '/api/upstreams',
    {
      config: { access: 'upstreams.read' },
      schema: {
        tags,
        summary: 'List upstreams with their health, newest first',
        querystring: wire.UpstreamQuery,
        response: { 200: wire.UpstreamPage, ...refusals },
      },
    },
    async (request) => {
      const { search = '', state = null } = request.query
      return pageOnWire(await upstreams.list({ search, state }, pageFrom(request.query, 'up')), wire.upstreamRowOnWire)
    },
  )

  server.get(
    '/api/upstream-models',
    {
      config: { access: 'models.list' },
      schema: {
        tags,
        summary: 'List models that upstreams serve, by name',
        querystring: wire.UpstreamModelQuery,
        response: { 200: wire.UpstreamModelPage, ...refusals },
      },
    },
    async (request) => {
      const { limit = 50, after = null } = request.query
      return pageOnWire(upstreams.models({ limit, after }), wire.upstreamModelOnWire)
    },
  )

  server.post(
    '/api/upstreams',
    {
      config,
      schema: {
        tags,
        summary: 'Add an upstream',
        description: 'It is looked at before this answers. One that is not well is added all the same, and says why.',
        body: wire.UpstreamWantedShape,
        response: { 201: wire.UpstreamShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request, reply) => {
      const { kind, ...rest } = request.body
      const wanted = { ...wire.changeIn(rest), kind, name: rest.name, baseUrl: rest.base_url }
      return reply.code(201).send(wire.upstreamOnWire(await upstreams.create(knownCaller(request), wanted)))
    },
  )

  server.post(
    '/api/upstreams/test',
    {
      config,
      schema: {
        tags,
        summary: 'Look at an upstream that is not saved',
        description: 'Asks it for its models. That it cannot be reached is an answer (200), with what is wrong.',
        body: wire.UpstreamDraftShape,
        response: { 200: wire.UpstreamTestShape, ...ofOne },
      },
    },
    async (request) => wire.testOnWire(await upstreams.testDraft(wire.draftIn(request.body))),
  )

  server.get(
    '/api/upstreams/:id',
    {
      config: { access: 'upstreams.read' },
      schema: {
        tags,
        summary: 'One upstream, with its models',
        params,
        response: { 200: wire.UpstreamShape, ...ofOne },
      },
    },
    async (request) => wire.upstreamOnWire(await upstreams.get(request.params.id)),
  )

  server.patch(
    '/api/upstreams/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Change an upstream',
        description:
          'What the body does not name stays. At another host the secret must be given again. It is looked at before this answers.',
        params,
        body: wire.UpstreamChangeShape,
        response: { 200: wire.UpstreamShape, ...ofOne, 409: ErrorShape },
      },
    },
    async (request) => {
      const changed = await upstreams.update(knownCaller(request), request.params.id, wire.changeIn(request.body))
      return wire.upstreamOnWire(changed)
    },
  )

  server.post(
    '/api/upstreams/:id/check',
    {
      config,
      schema: {
        tags,
        summary: 'Look at an upstream now',
        params,
        response: { 200: wire.UpstreamTestShape, ...ofOne },
      },
    },
    async (request) => wire.testOnWire(await upstreams.test(request.params.id)),
  )

  server.delete(
    '/api/upstreams/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Delete an upstream',
        description: 'Its models are gone for every client at once; requests that run end as they began.',
        params,
        response: { 204: Type.Null(), ...ofOne },
      },
    },
    async (request, reply) => {
      await upstreams.delete(knownCaller(request), request.params.id)
      return reply.code(204).send(null)
    },
  )
}
