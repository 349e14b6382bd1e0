/**
 * /api: who am I, organisations, projects, keys, the trail; pages and Better Auth's own routes. On the public socket a
 * session says who is calling; on the admin socket it is the operator of this machine.
 */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, PageQuery } from '../platform/wire-shapes.ts'
import { guardRoutes, knownCaller } from './access.ts'
import { authRoutes } from './auth-routes.ts'
import type { Identity } from './identity.ts'
import { type PageFacts, pageRoutes } from './page-routes.ts'
import * as wire from './schema.ts'

export type IdentityRoutesOptions = { identity: Identity; facts: PageFacts }

const refusals = { 401: ErrorShape, 403: ErrorShape }

/** Adds identity's routes. The server must be guarded (`guardRoutes`). */
export async function identityRoutes(server: Server, { identity, facts }: IdentityRoutesOptions): Promise<void> {
  if (!server.hasRequestDecorator('caller')) throw new Error(`call ${guardRoutes.name} on this server first`)
  const { audit, keys, organizations } = identity

  server.get(
    '/api/me',
    {
      config: { access: 'signed-in' },
      schema: {
        tags: ['People'],
        summary: 'Who is calling, and what they may do',
        response: { 200: wire.Me, 401: ErrorShape },
      },
    },
    async (request) => wire.meOnWire(knownCaller(request)),
  )

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
      return wire.pageOnWire(page, wire.organizationOnWire)
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
      return wire.pageOnWire(page, wire.projectOnWire)
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
      return wire.pageOnWire(page, wire.keyOnWire)
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
      return wire.pageOnWire(page, wire.auditEventOnWire)
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

  await server.register(authRoutes, { identity })
  await server.register(pageRoutes, { identity, facts })
}
