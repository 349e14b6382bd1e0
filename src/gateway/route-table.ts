/** Models by the name that clients use, and where each name leads. Pure module. */
import { ModelNotFound } from './errors.ts'
import { mayName } from './key-ring.ts'
import type { Target } from './routing/plan-route.ts'
import type { Snapshot, SnapshotAlias, SnapshotKey, SnapshotRoute } from './snapshot.ts'

/** How a name of several models is served: an alias, with the leaves that are there. */
export type AliasPlan = Omit<SnapshotAlias, 'tiers' | 'shadow'> & {
  tiers: Target[][]
  shadow: { leaf: SnapshotRoute; share: number } | null
}

/**
 * What a name leads to. Without `alias` it is a leaf, one model, and is served as it is. With it, the facts are those of
 * the first leaf under the alias's name: what a list of models says of it.
 */
export type NamedRoute = SnapshotRoute & { alias?: AliasPlan }

export type RouteTable = {
  /** @throws ModelNotFound also when the key may not name it. A key that may name an alias may use what it leads to. */
  find(key: SnapshotKey, model: string): NamedRoute
  /** A leaf. */
  byModel(model: string): SnapshotRoute | null
  /** What `GET /v1/models` shows to this key. An alias none of whose models is there is left out. */
  visibleTo(key: SnapshotKey): NamedRoute[]
  isDraining(leaf: SnapshotRoute): boolean
}

export function createRouteTable({
  routes,
  aliases,
  draining,
}: Pick<Snapshot, 'routes' | 'aliases' | 'draining'>): RouteTable {
  const leaves = new Map(routes.map((route) => [route.model, route]))
  const named = new Map<string, NamedRoute>(leaves)
  // A leaf keeps its name whatever happens: it may have come after the alias.
  for (const alias of aliases) if (!leaves.has(alias.name)) named.set(alias.name, routeOfAlias(alias, leaves))
  const shown = [...named.values()].filter(isServed)
  const drained = new Set(draining)
  return {
    find(key, model) {
      const route = named.get(model)
      if (route === undefined || !mayName(key, model)) throw new ModelNotFound({ model, param: 'model' })
      return route
    },
    byModel: (model) => leaves.get(model) ?? null,
    visibleTo: (key) => shown.filter((route) => mayName(key, route.model)),
    isDraining: ({ model }) => drained.has(model),
  }
}

function isServed({ alias }: NamedRoute): boolean {
  return alias === undefined || alias.tiers.length > 0
}

function routeOfAlias(alias: SnapshotAlias, leaves: ReadonlyMap<string, SnapshotRoute>): NamedRoute {
  const tiers = alias.tiers
    .map(({ targets }) =>
      targets.flatMap(({ model, weight }) => {
        const leaf = leaves.get(model)
        return leaf === undefined ? [] : [{ leaf, weight }]
      }),
    )
    .filter((targets) => targets.length > 0)
  const shadowLeaf = alias.shadow === null ? undefined : leaves.get(alias.shadow.model)
  const plan: AliasPlan = {
    ...alias,
    tiers,
    shadow: alias.shadow === null || shadowLeaf === undefined ? null : { leaf: shadowLeaf, share: alias.shadow.share },
  }
  return { ...(tiers[0]?.[0]?.leaf ?? NO_LEAF), model: alias.name, createdS: alias.createdS, alias: plan }
}

/** Facts of an alias that leads nowhere yet; no list shows them. */
const NO_LEAF: SnapshotRoute = {
  model: '',
  adapter: null,
  deploymentId: null,
  upstreamId: null,
  task: 'chat',
  contextTokens: 0,
  createdS: 0,
  ownedBy: 'tradewind',
  replicas: [],
}
