/** /v1/files, for whoever has a key: control answers in the name of the key that a worker has let in. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { knownKey } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { byteRangeOf } from './byte-range.ts'
import { DiskFull } from './errors.ts'
import type { Files } from './files.ts'
import * as wire from './schema.ts'

const tags = ['Files']
const config = { access: 'key' } as const
const params = Type.Object({ id: Type.String({ maxLength: 64 }) })
const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }

/** Adds the routes. The server must be guarded (`guardRoutes`). */
export async function fileRoutes(server: Server, { files }: { files: Files }): Promise<void> {
  await server.register(uploadRoute, { files })

  server.get(
    '/v1/files',
    {
      config,
      schema: {
        tags,
        operationId: 'listFiles',
        summary: 'List the files of the key’s project',
        querystring: wire.FileQuery,
        response: { 200: wire.FileList, ...refusals },
      },
    },
    async (request) => {
      const { limit = 10_000, after = null, order = 'desc', purpose = null } = request.query
      const { data, hasMore } = await files.list(knownKey(request), { purpose }, { limit, after, order })
      return {
        object: 'list' as const,
        data: data.map(wire.fileOnWire),
        first_id: data[0]?.id ?? null,
        last_id: data.at(-1)?.id ?? null,
        has_more: hasMore,
      }
    },
  )

  server.get(
    '/v1/files/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'getFile',
        summary: 'What is known of a file',
        params,
        response: { 200: wire.FileShape, ...refusals },
      },
    },
    async (request) => wire.fileOnWire(await files.get(knownKey(request), request.params.id)),
  )

  server.get(
    '/v1/files/:id/content',
    {
      config,
      schema: {
        tags,
        operationId: 'getFileContent',
        summary: 'Download a file',
        description: 'Its bytes as they came. One range is served (`Range: bytes=…`), so a download can go on.',
        params,
        response: {
          200: { description: 'The bytes.', content: { 'application/octet-stream': { schema: Type.String() } } },
          206: { description: 'The range.', content: { 'application/octet-stream': { schema: Type.String() } } },
          ...refusals,
          416: ErrorShape,
        },
      },
    },
    async (request, reply) => {
      const file = await files.get(knownKey(request), request.params.id)
      const range = byteRangeOf(request.headers.range, file.sizeBytes)
      const isPart = range !== null
      const bytes = isPart ? range.end - range.start + 1 : file.sizeBytes
      reply
        .code(isPart ? 206 : 200)
        .type('application/octet-stream')
        .header('content-length', bytes)
        .header('accept-ranges', 'bytes')
        .header('content-disposition', `attachment; filename*=UTF-8''${encodeURIComponent(file.filename)}`)
      if (isPart) reply.header('content-range', `bytes ${range.start}-${range.end}/${file.sizeBytes}`)
      return reply.send((isPart ? files.read(file, range) : files.read(file)) as never)
    },
  )

  server.delete(
    '/v1/files/:id',
    {
      config,
      schema: {
        tags,
        operationId: 'deleteFile',
        summary: 'Delete a file',
        description: 'A batch that still reads it ends as failed at its next start.',
        params,
        response: { 200: wire.FileDeleted, ...refusals },
      },
    },
    async (request) => {
      await files.delete(knownKey(request), request.params.id)
      return { id: request.params.id, object: 'file' as const, deleted: true as const }
    },
  )
}

/** By itself, since here alone a body is not read before the route is. */
async function uploadRoute(server: Server, { files }: { files: Files }): Promise<void> {
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', (_request, payload, done) => done(null, payload))

  server.post(
    '/v1/files',
    {
      config,
      bodyLimit: Number.MAX_SAFE_INTEGER, // the house counts by itself, and says how much may be
      schema: {
        tags,
        operationId: 'createFile',
        summary: 'Upload a file',
        description:
          'A form (`multipart/form-data`) with `file`, `purpose` and, if it is to go by itself, `expires_after[anchor]` = `created_at` and `expires_after[seconds]`. It streams to disk and is never held in memory. Files for `batch` go after 30 days unless they say otherwise. A file is kept because it was uploaded, whatever its project says about prompts on disk.',
        consumes: ['multipart/form-data'],
        response: { 200: wire.FileShape, ...refusals, 409: ErrorShape, 413: ErrorShape, 507: ErrorShape },
      },
    },
    async (request, reply) => {
      const length = request.headers['content-length']
      const form = {
        contentType: request.headers['content-type'],
        lengthBytes: length === undefined ? null : Number(length),
      }
      const body = (request.body as Readable | null | undefined) ?? Readable.from([])
      try {
        return wire.fileOnWire(await files.upload(knownKey(request), body, form))
      } catch (error) {
        // Official clients try again what a server failed at; room does not come by that.
        if (error instanceof DiskFull) reply.header('x-should-retry', 'false')
        throw error
      }
    },
  )
}
