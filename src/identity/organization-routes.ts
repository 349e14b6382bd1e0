/** /api/organizations. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import * as wire from './organization-schema.ts'

const refusals = { 401: ErrorShape, 403: ErrorShape }
const named = Type.Object({ id: Type.String({ maxLength: 64 }) })

export async function organizationRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { organizations } = identity

  server.get(
    '/api/organizations',
    {
      config: { access: 'organization.read' },
      schema: {
        tags: ['Organisations'],
        summary: 'List organisations, newest first',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: wire.OrganizationPage, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const page = await organizations.list(caller, pageFrom(request.query, 'org'))
      return pageOnWire(page, (row) => wire.organizationOnWire(row, caller))
    },
  )

  server.get(
    '/api/organizations/:id',
    {
      config: { access: 'organization.read' },
      schema: {
        tags: ['Organisations'],
        summary: 'One organisation',
        params: named,
        response: { 200: wire.OrganizationShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      return wire.organizationOnWire(await organizations.organization(caller, request.params.id), caller)
    },
  )

  server.post(
    '/api/organizations',
    {
      config: { access: 'organizations.create' },
      schema: {
        tags: ['Organisations'],
        summary: 'Make an organisation',
        description: 'It begins with one project.',
        body: wire.OrganizationWanted,
        response: { 201: wire.OrganizationShape, 400: ErrorShape, ...refusals },
      },
    },
    async (request, reply) => {
      const caller = knownCaller(request)
      const { name, become_owner } = request.body
      const made = await organizations.create(caller, { name: name.trim(), becomeOwner: become_owner ?? false })
      // The caller was known before it existed, so what he holds now is added here.
      const now =
        caller.kind === 'person' && made.members > 0
          ? { ...caller, memberships: [...caller.memberships, { organizationId: made.id, role: 'owner' as const }] }
          : caller
      return reply.code(201).send(wire.organizationOnWire(made, now))
    },
  )

  server.patch(
    '/api/organizations/:id',
    {
      config: { access: 'organization.update' },
      schema: {
        tags: ['Organisations'],
        summary: 'Rename an organisation',
        params: named,
        body: wire.OrganizationChange,
        response: { 200: wire.OrganizationShape, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const renamed = await organizations.rename(caller, request.params.id, request.body.name.trim())
      return wire.organizationOnWire(renamed, caller)
    },
  )

  server.delete(
    '/api/organizations/:id',
    {
      config: { access: 'organization.delete' },
      schema: {
        tags: ['Organisations'],
        summary: 'Delete an organisation with all that is in it',
        description:
          'Its projects, keys, members and invitations go, and what else is kept of it. When the answer comes, every gateway refuses its keys. Its people can still sign in. The only organisation there is cannot be deleted.',
        params: named,
        body: wire.DeletionWanted,
        response: { 200: wire.OrganizationDeleted, 400: ErrorShape, ...refusals, 404: ErrorShape, 409: ErrorShape },
      },
    },
    async (request) => {
      const { id } = request.params
      const { keysRevoked } = await organizations.delete(knownCaller(request), id, request.body.name)
      return { id, keys_revoked: keysRevoked }
    },
  )
}
