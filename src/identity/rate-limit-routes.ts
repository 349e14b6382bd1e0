/** PATCH /api/{keys,projects,organizations}/{id}/limits: how much may be asked of models. Read with the thing itself. */
import { Type } from 'typebox'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import { knownCaller } from './access.ts'
import type { Identity } from './identity.ts'
import { KeyParams, KeyShape, keyOnWire } from './key-schema.ts'
import { OrganizationShape, organizationOnWire, ProjectShape, projectOnWire } from './organization-schema.ts'
import { RateLimitChangeShape, rateLimitChangeFrom } from './rate-limit-schema.ts'

const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape, 429: ErrorShape }
const named = Type.Object({ id: Type.String({ maxLength: 64 }) })
const inForce = 'In force in every gateway within 100 ms.'

export async function rateLimitRoutes(server: Server, { identity }: { identity: Identity }): Promise<void> {
  const { rateLimits } = identity

  server.patch(
    '/api/keys/:id/limits',
    {
      config: { access: 'keys.update' },
      schema: {
        tags: ['Keys'],
        summary: 'Limit a key',
        description: `Requests and tokens per minute, and how many requests run at once. ${inForce} What its project and organisation may holds all the same.`,
        params: KeyParams,
        body: RateLimitChangeShape,
        response: { 200: KeyShape, ...refusals, 409: ErrorShape },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const key = await rateLimits.limitKey(caller, request.params.id, rateLimitChangeFrom(request.body))
      return keyOnWire(key, caller)
    },
  )

  server.patch(
    '/api/projects/:id/limits',
    {
      config: { access: 'project.update' },
      schema: {
        tags: ['Organisations'],
        summary: 'Limit a project',
        description: `For all its keys together, those of the playground among them. ${inForce}`,
        params: named,
        body: RateLimitChangeShape,
        response: { 200: ProjectShape, ...refusals },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const limited = await rateLimits.limitProject(caller, request.params.id, rateLimitChangeFrom(request.body))
      return projectOnWire(limited, caller)
    },
  )

  server.patch(
    '/api/organizations/:id/limits',
    {
      config: { access: 'organization.limit' },
      schema: {
        tags: ['Organisations'],
        summary: 'Limit an organisation',
        description: `For the keys of all its projects together. ${inForce}`,
        params: named,
        body: RateLimitChangeShape,
        response: { 200: OrganizationShape, ...refusals },
      },
    },
    async (request) => {
      const caller = knownCaller(request)
      const limited = await rateLimits.limitOrganization(caller, request.params.id, rateLimitChangeFrom(request.body))
      return organizationOnWire(limited, caller)
    },
  )
}
