/** /api/organizations and /api/projects. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery, pageOnWire } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import * as wire from './organization-schema.ts'

const refusals = { 401: ErrorShape, 403: ErrorShape }

export async function organizationRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { organizations } = identity

  server.get(
    '/api/organizations',
    {
      config: { access: 'organization.read' },
      schema: {
        tags: ['Organisations'],
        summary: 'List organisations',
        querystring: Type.Object(PageQuery, { additionalProperties: false }),
        response: { 200: wire.OrganizationPage, 400: ErrorShape, ...refusals },
      },
    },
    async (request) => {
      const page = await organizations.list(knownCaller(request), pageFrom(request.query, 'org'))
      return pageOnWire(page, wire.organizationOnWire)
    },
  )

  server.get(
    '/api/projects',
    {
      config: { access: 'project.read' },
      schema: {
        tags: ['Organisations'],
        summary: 'List projects',
        querystring: Type.Object(
          { ...PageQuery, organization_id: Type.Optional(Type.String({ maxLength: 64 })) },
          { additionalProperties: false },
        ),
        response: { 200: wire.ProjectPage, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      const filter = { organizationId: request.query.organization_id ?? null }
      const page = await organizations.listProjects(knownCaller(request), filter, pageFrom(request.query, 'proj'))
      return pageOnWire(page, wire.projectOnWire)
    },
  )

  server.patch(
    '/api/projects/:id',
    {
      config: { access: 'project.update' },
      schema: {
        tags: ['Organisations'],
        summary: 'Change a project',
        params: Type.Object({ id: Type.String({ maxLength: 64 }) }),
        body: wire.ProjectChange,
        response: { 200: wire.ProjectShape, 400: ErrorShape, ...refusals, 404: ErrorShape },
      },
    },
    async (request) => {
      const change = { contentOnDisk: request.body.content_on_disk }
      return wire.projectOnWire(await organizations.updateProject(knownCaller(request), request.params.id, change))
    },
  )
}
