/** /api/audit: the trail of changes. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import * as wire from './audit-schema.ts'
import type { Identity } from './identity.ts'

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
        querystring: Type.Object(
          { ...PageQuery, organization_id: Type.Optional(Type.String({ maxLength: 64 })) },
          { additionalProperties: false },
        ),
        response: { 200: wire.AuditPage, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      const filter = { organizationId: request.query.organization_id ?? null }
      const page = await audit.list(knownCaller(request), filter, pageFrom(request.query, 'evt'))
      return pageOnWire(page, wire.auditEventOnWire)
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
