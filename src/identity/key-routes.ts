/** /api/keys: list, make, revoke. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import * as wire from './key-schema.ts'

const refusals = { 401: ErrorShape, 403: ErrorShape }

export async function keyRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { keys } = identity

  server.get(
    '/api/keys',
    {
      config: { access: 'keys.list' },
      schema: {
        tags: ['Keys'],
        summary: 'List keys',
        querystring: Type.Object(
          {
            ...PageQuery,
            organization_id: Type.Optional(Type.String({ maxLength: 64 })),
            project_id: Type.Optional(Type.String({ maxLength: 64 })),
            state: Type.Optional(wire.KeyStateShape),
          },
          { additionalProperties: false },
        ),
        response: { 200: wire.KeyPage, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      const { organization_id, project_id, state } = request.query
      const filter = { organizationId: organization_id ?? null, projectId: project_id ?? null, state: state ?? null }
      const page = await keys.list(knownCaller(request), filter, pageFrom(request.query, 'key'))
      return pageOnWire(page, wire.keyOnWire)
    },
  )

  server.post(
    '/api/keys',
    {
      config: { access: 'keys.create' },
      schema: {
        tags: ['Keys'],
        summary: 'Make a key',
        description: 'The answer holds the secret, which cannot be seen again.',
        body: wire.KeyWanted,
        response: { 201: wire.NewKeyShape, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request, reply) => {
      const { name, project_id, scopes, models, expires_at } = request.body
      const { key, secret } = await keys.create(knownCaller(request), {
        name: name.trim(),
        projectId: project_id ?? null,
        ...(scopes ? { scopes } : {}),
        models: models ?? null,
        expiresAt: expires_at == null ? null : new Date(expires_at),
      })
      return reply
        .code(201)
        .header('cache-control', 'no-store')
        .send({ ...wire.keyOnWire(key), secret })
    },
  )

  server.delete(
    '/api/keys/:id',
    {
      config: { access: 'keys.revoke' },
      schema: {
        tags: ['Keys'],
        summary: 'Revoke a key',
        description: 'Every gateway refuses it within 100 ms. Revoking a revoked key changes nothing.',
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: { 200: wire.KeyShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => wire.keyOnWire(await keys.revoke(knownCaller(request), request.params.id)),
  )
}
