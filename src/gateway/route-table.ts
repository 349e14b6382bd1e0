/** Models by the name that clients use. Pure module. */
import { ModelNotFound } from './errors.ts'
import { mayName } from './key-ring.ts'
import type { SnapshotKey, SnapshotReplica, SnapshotRoute } from './snapshot.ts'

export type RouteTable = {
  /** @throws ModelNotFound also when the key may not name it */
  find(key: SnapshotKey, model: string): SnapshotRoute
  byModel(model: string): SnapshotRoute | null
  /** What `GET /v1/models` shows to this key. */
  visibleTo(key: SnapshotKey): SnapshotRoute[]
}

export function createRouteTable(routes: readonly SnapshotRoute[]): RouteTable {
  const byModel = new Map(routes.map((route) => [route.model, route]))
  return {
    find(key, model) {
      const route = byModel.get(model)
      if (route === undefined || !mayName(key, model)) throw new ModelNotFound({ model, param: 'model' })
      return route
    },
    byModel: (model) => byModel.get(model) ?? null,
    visibleTo: (key) => routes.filter((route) => mayName(key, route.model)),
  }
}

/**
 * The replica with the fewest requests of ours in hand; null when there is none to choose from.
 * @param turn moves with each call, so that equals take turns
 */
export function leastLoaded(
  replicas: readonly SnapshotReplica[],
  loadOf: (replica: SnapshotReplica) => number,
  turn: number,
): SnapshotReplica | null {
  let best: SnapshotReplica | null = null
  let bestLoad = Number.POSITIVE_INFINITY
  for (let i = 0; i < replicas.length; i++) {
    const replica = replicas[(i + turn) % replicas.length] as SnapshotReplica
    const load = loadOf(replica)
    if (load < bestLoad) {
      best = replica
      bestLoad = load
    }
  }
  return best
}
