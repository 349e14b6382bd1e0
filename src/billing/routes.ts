/** /api/usage: what was consumed, record by record. */
import { Type } from 'typebox'
import { knownCaller } from '../identity/access.ts'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery } from '../platform/wire-shapes.ts'
import type { Billing } from './billing.ts'
import { UsageRecordShape, usageRecordOnWire } from './schema.ts'

/** Adds billing's routes. The server must be guarded (`guardRoutes`). */
export async function billingRoutes(server: Server, { billing }: { billing: Billing }): Promise<void> {
  const id = Type.Optional(Type.String({ maxLength: 64 }))

  server.get(
    '/api/usage/records',
    {
      config: { access: 'usage.read' },
      schema: {
        tags: ['Usage'],
        summary: 'List usage records, newest first',
        description:
          'One for each request that reached a model. A record is here about a second after its answer ended.',
        querystring: Type.Object(
          { ...PageQuery, organization_id: id, project_id: id, key_id: id },
          { additionalProperties: false },
        ),
        response: {
          200: Type.Object({
            data: Type.Array(UsageRecordShape),
            next: Type.Union([Type.String(), Type.Null()], {
              description: 'Give it as `after` to get the next page; null on the last.',
            }),
          }),
          400: ErrorShape,
          401: ErrorShape,
          403: ErrorShape,
          404: ErrorShape,
        },
      },
    },
    async (request) => {
      const { organization_id, project_id, key_id } = request.query
      const filter = { organizationId: organization_id ?? null, projectId: project_id ?? null, keyId: key_id ?? null }
      const { data, next } = await billing.listUsage(knownCaller(request), filter, pageFrom(request.query, 'req'))
      return { data: data.map(usageRecordOnWire), next }
    },
  )
}
