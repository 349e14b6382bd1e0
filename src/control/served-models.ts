/** Everything that a route may lead to: models of this installation, and those of upstreams. */
import type { Deployments } from '../deployments/deployments.ts'
import { snapshotOfUpstream } from '../gateway/internal-routes.ts'
import type { ServedModel } from '../routing/routing.ts'
import type { Upstreams } from '../upstreams/upstreams.ts'

export type ServedModelsDeps = {
  deployments: Pick<Deployments, 'routes'>
  upstreams: Pick<Upstreams, 'routes'>
}

export function servedModels({ deployments, upstreams }: ServedModelsDeps): ServedModel[] {
  const own = deployments.routes().map(
    ({ model, task, replicas }): ServedModel => ({
      name: model,
      task,
      upstream: null,
      state: replicas.length > 0 ? 'ready' : 'asleep',
      engineIds: replicas.map(({ engineId }) => engineId),
    }),
  )
  const elsewhere = upstreams.routes().map((route): ServedModel => {
    const { model, task, ownedBy, replicas } = snapshotOfUpstream(route)
    const state = route.healthy ? 'ready' : 'unhealthy'
    return { name: model, task, upstream: ownedBy, state, engineIds: replicas.map(({ engineId }) => engineId) }
  })
  return [...own, ...elsewhere]
}
