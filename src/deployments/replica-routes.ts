/** /api/replicas: what runs. Pages ask every two seconds; the figures behind it are at most a second old. */
import { knownCaller } from '../identity/access.ts'
import type { Identity } from '../identity/identity.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape } from '../platform/wire-shapes.ts'
import type { Deployments } from './deployments.ts'
import { ReplicaUnknown } from './errors.ts'
import { ModelId, refusals } from './model-list-routes.ts'
import { ReplicaList, ReplicaShape } from './schema.ts'
import type { ShowModels } from './show-models.ts'

export type ReplicaRoutesOptions = { deployments: Deployments; show: ShowModels; audit: Identity['audit'] }

export async function replicaRoutes(server: Server, { deployments, show, audit }: ReplicaRoutesOptions): Promise<void> {
  server.get(
    '/api/replicas',
    {
      config: { access: 'status.read' },
      schema: {
        tags: ['Models'],
        summary: 'List replicas, with what they do now and did in the last hour',
        response: { 200: ReplicaList, 401: ErrorShape, 403: ErrorShape },
      },
    },
    async () => {
      const data = await show.replicas()
      return { data, strip: await show.strip(data) }
    },
  )

  server.post(
    '/api/replicas/:id/restart',
    {
      config: { access: 'models.load' },
      schema: {
        tags: ['Models'],
        summary: 'End a replica and start one like it',
        description:
          'Running answers may finish first, for some seconds. Answers with the new replica, which has an id of its own.',
        params: ModelId,
        response: { 200: ReplicaShape, ...refusals, 409: ErrorShape, 422: ErrorShape, 503: ErrorShape },
      },
    },
    async (request) => {
      const { engineId, model } = await deployments.restart(request.params.id)
      await audit.note(knownCaller(request), {
        action: 'replica.restarted',
        target: model,
        before: { replica: request.params.id },
        after: { replica: engineId },
      })
      const replica = (await show.replicas()).find((one) => one.id === engineId)
      if (!replica) throw new ReplicaUnknown({ replica: engineId })
      return replica
    },
  )
}
