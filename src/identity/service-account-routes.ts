/** /api/service-accounts: owners of keys that are no person. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import { revokedKeyOnWire } from './organization-schema.ts'
import * as wire from './service-account-schema.ts'

const refusals = { 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }
const id = Type.Optional(Type.String({ maxLength: 64 }))

export async function serviceAccountRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { serviceAccounts } = identity

  server.get(
    '/api/service-accounts',
    {
      config: { access: 'service_accounts.list' },
      schema: {
        tags: ['Keys'],
        summary: 'List service accounts, newest first',
        querystring: Type.Object(
          { ...PageQuery, organization_id: id, project_id: id },
          { additionalProperties: false },
        ),
        response: { 200: wire.ServiceAccountPage, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const { organization_id, project_id } = request.query
      const filter = { organizationId: organization_id ?? null, projectId: project_id ?? null }
      const page = await serviceAccounts.list(knownCaller(request), filter, pageFrom(request.query, 'sa'))
      return pageOnWire(page, wire.serviceAccountOnWire)
    },
  )

  server.post(
    '/api/service-accounts',
    {
      config: { access: 'service_accounts.create' },
      schema: {
        tags: ['Keys'],
        summary: 'Make a service account',
        description: 'It can own API keys, which then outlast the people who made them.',
        body: wire.ServiceAccountWanted,
        response: { 201: wire.ServiceAccountShape, 400: ErrorShape, ...refusals },
      },
    },
    async (request, reply) => {
      const { organization_id, project_id, name } = request.body
      const wanted = { organizationId: organization_id, projectId: project_id ?? null, name: name.trim() }
      return reply.code(201).send(wire.serviceAccountOnWire(await serviceAccounts.create(knownCaller(request), wanted)))
    },
  )

  server.delete(
    '/api/service-accounts/:id',
    {
      config: { access: 'service_accounts.delete' },
      schema: {
        tags: ['Keys'],
        summary: 'Delete a service account and revoke its keys',
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        response: { 200: wire.ServiceAccountDeleted, ...refusals },
      },
    },
    async (request) => {
      const { id } = request.params
      const { keysRevoked } = await serviceAccounts.delete(knownCaller(request), id)
      return { id, keys_revoked: keysRevoked.map(revokedKeyOnWire) }
    },
  )
}
