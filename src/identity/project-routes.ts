/** /api/projects. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import * as wire from './organization-schema.ts'

const refusals = { 401: ErrorShape, 403: ErrorShape }
const named = Type.Object({ id: Type.String({ maxLength: 64 }) })

export async function projectRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { organizations } = identity

  server.get(
    '/api/projects',
    {
      config: { access: 'project.read' },
      schema: {
        tags: ['Organisations'],
        summary: 'List projects, newest first',
        querystring: Type.Object(
          { ...PageQuery, organization_id: Type.Optional(Type.String({ maxLength: 64 })) },
          { additionalProperties: false },
        ),
        response: { 200: wire.ProjectPage, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const filter = { organizationId: request.query.organization_id ?? null }
      const page = await organizations.listProjects(caller, filter, pageFrom(request.query, 'proj'))
      return pageOnWire(page, (row) => wire.projectOnWire(row, caller))
    },
  )

  server.get(
    '/api/projects/:id',
    {
      config: { access: 'project.read' },
      schema: {
        tags: ['Organisations'],
        summary: 'One project',
        params: named,
        response: { 200: wire.ProjectShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      return wire.projectOnWire(await organizations.projectShown(caller, request.params.id), caller)
    },
  )

  server.post(
    '/api/projects',
    {
      config: { access: 'project.create' },
      schema: {
        tags: ['Organisations'],
        summary: 'Make a project',
        body: wire.ProjectWanted,
        response: { 201: wire.ProjectShape, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request, reply) => {
      const caller = knownCaller(request)
      const { organization_id, name } = request.body
      const made = await organizations.createProject(caller, { organizationId: organization_id, name: name.trim() })
      return reply.code(201).send(wire.projectOnWire(made, caller))
    },
  )

  server.patch(
    '/api/projects/:id',
    {
      config: { access: 'project.update' },
      schema: {
        tags: ['Organisations'],
        summary: 'Change a project',
        description:
          'Switching content_on_disk off switches content_logging off with it. What is not to be kept any more is deleted before the answer comes.',
        params: named,
        body: wire.ProjectChange,
        response: { 200: wire.ProjectShape, 400: ErrorShape, ...refusals, 404: ErrorShape, 409: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const change = wire.projectChangeFrom(request.body)
      return wire.projectOnWire(await organizations.updateProject(caller, request.params.id, change), caller)
    },
  )

  server.delete(
    '/api/projects/:id',
    {
      config: { access: 'project.delete' },
      schema: {
        tags: ['Organisations'],
        summary: 'Delete a project with all that is in it',
        description:
          'Its keys, invitations and service accounts go, and what else is kept of it. When the answer comes, every gateway refuses its keys. The only project of an organisation cannot be deleted.',
        params: named,
        body: wire.DeletionWanted,
        response: { 200: wire.ProjectDeleted, 400: ErrorShape, ...refusals, 404: ErrorShape, 409: ErrorShape },
      },
    },
    async (request) => {
      const { id } = request.params
      const { keysRevoked } = await organizations.deleteProject(knownCaller(request), id, request.body.name)
      return { id, keys_revoked: keysRevoked.map(wire.revokedKeyOnWire) }
    },
  )
}
