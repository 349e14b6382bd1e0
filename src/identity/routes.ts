/**
 * /api of this house, one file for each idea. On the public socket a session says who is calling; on the admin socket it is the operator of this machine.
 */
import type { Server } from '../platform/http.ts'
import { guardRoutes } from './access.ts'
import { accountRoutes } from './account-routes.ts'
import { auditRoutes } from './audit-routes.ts'
import { authRoutes } from './auth-routes.ts'
import type { Identity } from './identity.ts'
import { invitationRoutes } from './invitation-routes.ts'
import { keyRoutes } from './key-routes.ts'
import { meRoutes } from './me-routes.ts'
import { memberRoutes } from './member-routes.ts'
import { operatorRoutes } from './operator-routes.ts'
import { organizationRoutes } from './organization-routes.ts'
import { projectRoutes } from './project-routes.ts'
import { rateLimitRoutes } from './rate-limit-routes.ts'
import { serviceAccountRoutes } from './service-account-routes.ts'
import { type SetupRoutesOptions, setupRoutes } from './setup-routes.ts'

export type IdentityRoutesOptions = { identity: Identity } & Pick<SetupRoutesOptions, 'sampleModel'>

/** Adds identity's routes. The server must be guarded (`guardRoutes`). */
export async function identityRoutes(server: Server, { identity, sampleModel }: IdentityRoutesOptions): Promise<void> {
  if (!server.hasRequestDecorator('caller')) throw new Error(`call ${guardRoutes.name} on this server first`)
  await server.register(meRoutes, { identity })
  await server.register(organizationRoutes, { identity })
  await server.register(projectRoutes, { identity })
  await server.register(memberRoutes, { identity })
  await server.register(operatorRoutes, { identity })
  await server.register(invitationRoutes, { identity })
  await server.register(serviceAccountRoutes, { identity })
  await server.register(keyRoutes, { identity })
  await server.register(rateLimitRoutes, { identity })
  await server.register(auditRoutes, { identity })
  await server.register(setupRoutes, { identity, sampleModel })
  await server.register(authRoutes, { identity })
  await server.register(accountRoutes, { identity })
}
