/** /api/audit: the trail of changes. */
import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, oneOf, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import { auditFile, EXPORT_FORMATS, EXPORT_TYPES } from './audit-export.ts'
import * as wire from './audit-schema.ts'
import type { Identity } from './identity.ts'

/** Text that goes out as it is made. */
const Lines = Type.Unsafe<Readable>(Type.String())

const refusals = { 401: ErrorShape, 403: ErrorShape }

export async function auditRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { audit } = identity

  server.get(
    '/api/audit',
    {
      config: { access: 'audit.read' },
      schema: {
        tags: ['Trail'],
        summary: 'List changes, newest first',
        description: 'Without `organization_id`: the trail of the installation itself, for operators.',
        querystring: Type.Object({ ...PageQuery, ...wire.AuditQuery }, { additionalProperties: false }),
        response: { 200: wire.AuditPage, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      const filter = wire.auditFilterFrom(request.query)
      const page = await audit.list(knownCaller(request), filter, pageFrom(request.query, 'evt'))
      return pageOnWire(page, wire.auditEventOnWire)
    },
  )

  server.get(
    '/api/audit/export',
    {
      config: { access: 'audit.read' },
      schema: {
        tags: ['Trail'],
        summary: 'The trail as a file, newest first',
        description:
          'All events that the filter lets through. Their hashes go with them, so that a file taken today shows tomorrow whether the trail was changed. In CSV, text that begins like a formula has an apostrophe before it.',
        querystring: Type.Object(
          { ...wire.AuditQuery, format: oneOf(EXPORT_FORMATS, { default: 'csv' }) },
          { additionalProperties: false },
        ),
        response: {
          200: {
            description: 'One line an event.',
            content: { 'text/csv': { schema: Lines }, 'application/jsonl': { schema: Lines } },
          },
          400: ErrorShape,
          ...refusals,
          404: ErrorShape,
        },
      },
    },
    async (request, reply) => {
      const { format } = request.query
      const events = await audit.export(knownCaller(request), wire.auditFilterFrom(request.query))
      return reply
        .type(EXPORT_TYPES[format])
        .header('content-disposition', `attachment; filename="audit.${format}"`)
        .header('cache-control', 'no-store')
        .send(Readable.from(auditFile(format, events), { objectMode: false }))
    },
  )

  server.get(
    '/api/audit/verification',
    {
      config: { access: 'audit.verify' },
      schema: {
        tags: ['Trail'],
        summary: 'Check that the trail is whole',
        response: { 200: wire.AuditVerdictShape, ...refusals },
      },
    },
    async (request) => wire.auditVerdictOnWire(await audit.verify(knownCaller(request))),
  )
}
