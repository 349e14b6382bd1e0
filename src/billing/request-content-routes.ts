/** What requests said, where it is kept: reading one, how much there is, deleting it. */
import { Type } from 'typebox'
import { knownCaller } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { ContentNotKept } from './errors.ts'
import type { RequestContent } from './request-content.ts'
import {
  ContentLogDeletedShape,
  ContentLogShape,
  contentLogOnWire,
  RequestContentShape,
  requestContentOnWire,
} from './request-content-schema.ts'

/** Adds these routes. The server must be guarded (`guardRoutes`). */
export async function requestContentRoutes(
  server: Server,
  { requestContent }: { requestContent: RequestContent },
): Promise<void> {
  const projectId = Type.String({ maxLength: 64 })
  const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }

  server.get(
    '/api/requests/:id/content',
    {
      config: { access: 'requests.content.read' },
      schema: {
        tags: ['Usage'],
        summary: 'Read what a request and its answer said',
        description:
          'Where the project keeps it. The trail says who has read it, once for each person, request and day. Answers are text of a model: show them as text.',
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: { 200: RequestContentShape, ...refusals },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const content = await requestContent.contentOf(knownCaller(request), id)
      if (content === null) throw new ContentNotKept({ request: id })
      reply.header('cache-control', 'no-store')
      return requestContentOnWire(content)
    },
  )

  server.get(
    '/api/content-log',
    {
      config: { access: 'content_log.read' },
      schema: {
        tags: ['Usage'],
        summary: 'See how much is kept of what requests said',
        description:
          'Sizes and ceilings, nothing of what was said. Without `project_id`: of all projects, for operators.',
        querystring: Type.Object({ project_id: Type.Optional(projectId) }, { additionalProperties: false }),
        response: { 200: ContentLogShape, ...refusals },
      },
    },
    async (request) =>
      contentLogOnWire(await requestContent.status(knownCaller(request), request.query.project_id ?? null)),
  )

  server.delete(
    '/api/content-log',
    {
      config: { access: 'content_log.delete' },
      schema: {
        tags: ['Usage'],
        summary: 'Delete what is kept of what the requests of a project said',
        description: 'The policy of the project stays as it is; usage and parameters stay too.',
        querystring: Type.Object({ project_id: projectId }, { additionalProperties: false }),
        response: { 200: ContentLogDeletedShape, ...refusals },
      },
    },
    async (request) => {
      const { project_id } = request.query
      const { requests, bytes } = await requestContent.purge(knownCaller(request), project_id)
      return { project_id, deleted_requests: requests, deleted_bytes: bytes }
    },
  )
}
