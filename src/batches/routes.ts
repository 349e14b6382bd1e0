/** /v1/batches, for whoever has a key: control answers in the name of the key that a worker has let in. */
import { Type } from 'typebox'
import { knownKey } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import type { Batches } from './batches.ts'
import * as wire from './schema.ts'

const tags = ['Batches']
const config = { access: 'key' } as const
const params = Type.Object({ id: Type.String({ maxLength: 64 }) })
const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }

/** Adds the routes. The server must be guarded (`guardRoutes`). */
export async function batchRoutes(server: Server, { batches }: { batches: Batches }): Promise<void> {
  server.post(
    '/v1/batches',
    {
      config,
      schema: {
        tags,
        operationId: 'createBatch',
        summary: 'Have the requests of a file answered when there is time',
        description:
          'Each line of the file is `{"custom_id": "…", "method": "POST", "url": "<endpoint>", "body": {…}}`, all for one model. Lines are asked when nobody else needs the model, in the name of the key that makes the batch, and count as its requests do. Limits make it wait and never fail. What ends the window unanswered is in the error file as `batch_expired`.',
        body: wire.BatchWanted,
        response: { 200: wire.BatchShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request) => {
      const { input_file_id, endpoint, completion_window, metadata = null, output_expires_after = null } = request.body
      return wire.batchOnWire(
        await batches.create(knownKey(request), {
          inputFileId: input_file_id,
          endpoint,
          completionWindow: completion_window,
          metadata,
          outputExpiresAfterS: output_expires_after?.seconds ?? null,
        }),
      )
    },
  )

  server.get(
    '/v1/batches',
    {
      config,
      schema: {
        tags,
        operationId: 'listBatches',
        summary: 'List the batches of the key’s project, newest first',
        querystring: wire.BatchQuery,
        response: { 200: wire.BatchList, ...refusals },
      },
    },
    async (request) => {
      const { limit = 20, after = null } = request.query
      const { data, hasMore } = await batches.list(knownKey(request), { limit, after })
      return {
        object: 'list' as const,
        data: data.map(wire.batchOnWire),
        first_id: data[0]?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more: hasMore,
      }
    },
  )

  server.get(
    '/v1/batches/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'getBatch',
        summary: 'How far a batch is',
        params,
        response: { 200: wire.BatchShape, ...refusals },
      },
    },
    async (request) => wire.batchOnWire(await batches.get(knownKey(request), request.params.id)),
  )

  server.post(
    '/v1/batches/:id/cancel',
    {
      config,
      schema: {
        tags,
        operationId: 'cancelBatch',
        summary: 'Cancel a batch',
        description: 'Answers that are there are kept, in its output file; the rest is in the error file.',
        params,
        response: { 200: wire.BatchShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request) => wire.batchOnWire(await batches.cancel(knownKey(request), request.params.id)),
  )
}
