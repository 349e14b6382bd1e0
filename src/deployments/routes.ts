/**
 * `/api/models`, `/api/pulls`, `/api/replicas`, `/api/events` and the hub: what there is, does it fit, get it, run it. The
 * house above the catalogue serves them all, since a person sees one list: facts and fit from the catalogue, loaded or
 * not from here.
 */
import type { FastifyRequest } from 'fastify'
import type { HubToken } from '../catalog/catalog.ts'
import type { Identity } from '../identity/identity.ts'
import type { Caller } from '../identity/rules.ts'
import type { Server } from '../platform/http.ts'
import type { DescribeModelDeps } from './describe-model.ts'
import { eventRoutes } from './event-routes.ts'
import { hubRoutes } from './hub-routes.ts'
import { modelActionRoutes } from './model-action-routes.ts'
import type { ModelEvents } from './model-events.ts'
import { modelListRoutes } from './model-list-routes.ts'
import { pullRoutes } from './pull-routes.ts'
import { replicaRoutes } from './replica-routes.ts'
import { createShowModels, type ShowModelsDeps } from './show-models.ts'

export type { ModelUsers } from './describe-model.ts'
export { createModelEvents, type StarterToWatch, type StarterView } from './model-events.ts'

export type ModelRoutesOptions = ShowModelsDeps &
  Pick<DescribeModelDeps, 'namesOf' | 'usersOf'> & {
    hub: { url: string; token: HubToken }
    audit: Identity['audit']
    /** Below it lie the files of this machine that people may name. */
    importFolder: string
    events: ModelEvents
    /** Who calls with the session of an earlier request, as of now; null = it has ended. */
    callerNow: (request: FastifyRequest) => Promise<Caller | null>
  }

/** Adds all of them. The server must be guarded (`guardRoutes`). */
export async function modelRoutes(server: Server, options: ModelRoutesOptions): Promise<void> {
  const show = createShowModels(options)
  await modelListRoutes(server, { ...options, show, hubUrl: options.hub.url })
  await modelActionRoutes(server, { ...options, show })
  await pullRoutes(server, { ...options, show })
  await replicaRoutes(server, { ...options, show })
  await hubRoutes(server, options)
  await eventRoutes(server, options)
}
