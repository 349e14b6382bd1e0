/**
 * `/api/tags`, `/api/ps` and `/api/show`, of what a worker knows of models: their names, what they do, how much they read
 * and whether they run. Families, sizes and digests are no business of a worker, so that they are left out; `details` is
 * there and empty, since clients look into it. Pure module.
 */
import type { SnapshotRoute } from '../../snapshot.ts'

type Route = Pick<SnapshotRoute, 'model' | 'task' | 'contextTokens' | 'createdS' | 'replicas'>

export function ollamaTags(routes: readonly Route[]) {
  return { models: routes.map(listed) }
}

/** Those that an engine runs now. */
export function ollamaRunning(routes: readonly Route[]) {
  const running = routes.filter(({ replicas }) => replicas.length > 0)
  return { models: running.map((route) => ({ ...listed(route), context_length: route.contextTokens })) }
}

/** Tools are told to any chat model, by its template or without. */
export function ollamaShown(route: Route) {
  return {
    details: {},
    model_info: { 'general.basename': route.model, 'general.context_length': route.contextTokens },
    capabilities: route.task === 'chat' ? ['completion', 'tools'] : ['embedding'],
    modified_at: modifiedAt(route),
  }
}

function listed(route: Route) {
  return { name: route.model, model: route.model, modified_at: modifiedAt(route), details: {} }
}

function modifiedAt({ createdS }: Route): string {
  return new Date(createdS * 1000).toISOString()
}
