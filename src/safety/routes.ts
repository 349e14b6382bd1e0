/** /api/projects/{id}/safety: what a project wants looked for in its requests and answers. */
import { Type } from 'typebox'
import { knownCaller } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import type { Safety } from './safety.ts'
import * as wire from './schema.ts'

const tags = ['Safety']
const params = Type.Object({ id: Type.String({ maxLength: 64 }) })
const refusals = { 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }

/** Adds the routes. The server must be guarded (`guardRoutes`). */
export async function safetyRoutes(server: Server, { safety }: { safety: Safety }): Promise<void> {
  server.get(
    '/api/projects/:id/safety',
    {
      config: { access: 'project.read' },
      schema: {
        tags,
        summary: 'What a project has looked for in its requests and answers',
        params,
        response: { 200: wire.SafetyShape, ...refusals },
      },
    },
    async (request) => wire.safetyOnWire(await safety.of(knownCaller(request), request.params.id)),
  )

  server.put(
    '/api/projects/:id/safety',
    {
      config: { access: 'project.update' },
      schema: {
        tags,
        summary: 'Say what a project has looked for',
        description:
          'Takes the place of all that was said before; empty rules, nobody who moderates and images from anywhere is off. In force in every gateway worker when this answers.',
        params,
        body: wire.SafetyWantedShape,
        response: { 200: wire.SafetyShape, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const policy = wire.policyFrom(request.body)
      return wire.safetyOnWire(await safety.change(knownCaller(request), request.params.id, policy))
    },
  )
}
