/** /api/batches: what the console and the command line see of batches, with a session instead of a key. */
import { Type } from 'typebox'
import type { Files } from '../files/files.ts'
import { knownCaller } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, pageOnWire } from '../platform/wire-shapes.ts'
import type { Batches } from './batches.ts'
import * as wire from './console-schema.ts'

const tags = ['Batches']
const params = Type.Object({ id: Type.String({ maxLength: 64 }) })
const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }

/** Adds the routes. The server must be guarded (`guardRoutes`). */
export async function batchConsoleRoutes(
  server: Server,
  { batches, files }: { batches: Batches; files: Files },
): Promise<void> {
  server.get(
    '/api/batches',
    {
      config: { access: 'batches.read' },
      schema: {
        tags,
        summary: 'List the batches of a project, newest first',
        operationId: 'listProjectBatches',
        querystring: wire.BatchPageQuery,
        response: { 200: wire.BatchPage, ...refusals },
      },
    },
    async (request) => {
      const { project_id, status = null, ...page } = request.query
      const filter = { projectId: project_id, status }
      return pageOnWire(await batches.page(knownCaller(request), filter, pageFrom(page, 'batch')), wire.batchInConsole)
    },
  )

  server.get(
    '/api/batches/:id',
    {
      config: { access: 'batches.read' },
      schema: {
        tags,
        summary: 'One batch of a project',
        operationId: 'getProjectBatch',
        params,
        response: { 200: wire.BatchInConsole, ...refusals },
      },
    },
    async (request) => wire.batchInConsole(await batches.view(knownCaller(request), request.params.id)),
  )

  server.post(
    '/api/batches/:id/cancel',
    {
      config: { access: 'batches.cancel' },
      schema: {
        tags,
        summary: 'Cancel a batch of a project',
        operationId: 'cancelProjectBatch',
        params,
        response: { 200: wire.BatchInConsole, ...refusals, 409: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      await batches.cancel(caller, request.params.id)
      return wire.batchInConsole(await batches.view(caller, request.params.id))
    },
  )

  for (const kind of ['output', 'error'] as const)
    server.get(
      `/api/batches/:id/${kind}`,
      {
        config: { access: 'files.read' },
        schema: {
          tags,
          summary: kind === 'output' ? 'Download the answers of a batch' : 'Download the lines of a batch that failed',
          operationId: kind === 'output' ? 'getBatchOutput' : 'getBatchErrors',
          params,
          response: {
            200: { description: 'JSON Lines.', content: { 'application/jsonl': { schema: Type.String() } } },
            ...refusals,
          },
        },
      },
      async (request, reply) => {
        const file = await batches.results(knownCaller(request), request.params.id, kind)
        return reply
          .type('application/jsonl')
          .header('content-length', file.sizeBytes)
          .header('content-disposition', `attachment; filename="${file.filename}"`)
          .send(files.read(file) as never)
      },
    )
}
