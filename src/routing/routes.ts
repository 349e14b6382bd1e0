/** /api/routes: names that lead to several models. /api/route-models: what they may lead to, and what takes nothing new. */
import { Type } from 'typebox'
import { knownCaller } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape, pageOnWire } from '../platform/wire-shapes.ts'
import type { Routing } from './routing.ts'
import * as wire from './schema.ts'

const tags = ['Routes']
const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape }
const ofOne = { ...refusals, 404: ErrorShape }
const config = { access: 'routes.change' } as const

/** Adds the routes. The server must be guarded (`guardRoutes`). */
export async function routingRoutes(server: Server, { routing }: { routing: Routing }): Promise<void> {
  server.get(
    '/api/routes',
    {
      config: { access: 'routes.read' },
      schema: {
        tags,
        summary: 'List routes with the health of their models, by name',
        querystring: wire.RouteQuery,
        response: { 200: wire.RoutePage, ...refusals },
      },
    },
    async (request) => {
      const { search = '', limit = 50, after = null } = request.query
      return pageOnWire(await routing.list(search, { limit, after }), wire.routeOnWire)
    },
  )

  server.get(
    '/api/routes/:name',
    {
      config: { access: 'routes.read' },
      schema: {
        tags,
        summary: 'One route',
        description: 'A slash in the name is written %2F.',
        params: wire.RouteParams,
        response: { 200: wire.RouteShape, ...ofOne },
      },
    },
    async (request) => wire.routeOnWire(await routing.get(request.params.name)),
  )

  server.put(
    '/api/routes/:name',
    {
      config,
      schema: {
        tags,
        summary: 'Make a route, or change all of it',
        description:
          'In force in every gateway worker when this answers. What the body leaves out becomes what a new route has. A model that is not served now is a warning, and passed over until it is.',
        params: wire.RouteParams,
        body: wire.RouteWantedShape,
        response: { 200: wire.RouteShape, 201: wire.RouteShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request, reply) => {
      const rules = wire.rulesIn(request.body)
      const { route, isNew } = await routing.set(knownCaller(request), request.params.name, rules)
      return reply.code(isNew ? 201 : 200).send(wire.routeOnWire(route))
    },
  )

  server.delete(
    '/api/routes/:name',
    {
      config,
      schema: {
        tags,
        summary: 'Remove a route',
        description: 'Its name is unknown to clients at once; requests that run end as they began.',
        params: wire.RouteParams,
        response: { 204: Type.Null(), ...ofOne },
      },
    },
    async (request, reply) => {
      await routing.remove(knownCaller(request), request.params.name)
      return reply.code(204).send(null)
    },
  )

  server.get(
    '/api/route-models',
    {
      config: { access: 'routes.read' },
      schema: {
        tags,
        summary: 'All models that a route may lead to, with their health',
        response: { 200: wire.RouteModelsShape, ...refusals },
      },
    },
    async () => ({ data: (await routing.models()).map(wire.routeModelOnWire) }),
  )

  server.patch(
    '/api/route-models/:model',
    {
      config,
      schema: {
        tags,
        summary: 'Drain a model, or let it take requests again',
        description:
          'A model that is drained gets no new request, by its own name (503 `model_draining`) or by a route (the next one is asked). Running answers end.',
        params: wire.RouteModelParams,
        body: wire.RouteModelChangeShape,
        response: { 200: wire.RouteModelShape, ...ofOne },
      },
    },
    async (request) =>
      wire.routeModelOnWire(await routing.drain(knownCaller(request), request.params.model, request.body.draining)),
  )
}
