/**
 * `GET /v1/models` and `GET /v1/models/{id}`, from memory: what the key may use, loaded or not. In Anthropic's shape for
 * clients of Anthropic's.
 */
import { anthropicModel, anthropicModels } from './dialects/anthropic/models.ts'
import { ModelNotFound, Starting } from './errors.ts'
import { answerJson, callerOf, type Exchange } from './exchange.ts'
import { requireScope } from './key-ring.ts'
import type { KeyUses } from './key-uses.ts'
import type { SnapshotRoute } from './snapshot.ts'
import type { Snapshots } from './snapshot-client.ts'

const LIST = '/v1/models'

export function isModelsPath(path: string): boolean {
  return path === LIST || path.startsWith(`${LIST}/`)
}

/** @throws Starting · KeyMissing · KeyUnknown · KeyExpired · IpNotAuthorized · ScopeMissing · ModelNotFound · FieldInvalid */
export function listModels(exchange: Exchange, snapshots: Snapshots, keyUses: KeyUses): void {
  const inForce = snapshots.current()
  if (inForce === null) throw new Starting({})
  const key = callerOf(exchange, inForce.keys)
  exchange.seen.keyId = key.id
  keyUses.note(key)
  requireScope(key, 'models.read')
  if (exchange.path === LIST || exchange.path === `${LIST}/`) {
    const routes = inForce.routes.visibleTo(key)
    const list =
      exchange.dialect === null
        ? { object: 'list', data: routes.map(wireModel) }
        : anthropicModels(routes, queryOf(exchange))
    answerJson(exchange, 200, list)
    return
  }
  // Ids may hold a slash (`Qwen/Qwen3-0.6B`), which clients send as it is or encoded.
  const id = decoded(exchange.path.slice(LIST.length + 1))
  const route = inForce.routes.find(key, id)
  answerJson(exchange, 200, exchange.dialect === null ? wireModel(route) : anthropicModel(route))
}

function queryOf({ request }: Exchange): URLSearchParams {
  const url = request.url ?? ''
  const query = url.indexOf('?')
  return new URLSearchParams(query < 0 ? '' : url.slice(query))
}

function wireModel(route: SnapshotRoute) {
  return { id: route.model, object: 'model', created: route.createdS, owned_by: route.ownedBy }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new ModelNotFound({ model: text, param: 'model' }, { cause })
  }
}
