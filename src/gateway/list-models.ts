/** `GET /v1/models` and `GET /v1/models/{id}`, from memory: what the key may use, loaded or not. */
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

/** @throws Starting · KeyMissing · KeyUnknown · KeyExpired · IpNotAuthorized · ScopeMissing · ModelNotFound */
export function listModels(exchange: Exchange, snapshots: Snapshots, keyUses: KeyUses): void {
  const inForce = snapshots.current()
  if (inForce === null) throw new Starting({})
  const key = callerOf(exchange, inForce.keys)
  exchange.seen.keyId = key.id
  keyUses.note(key)
  requireScope(key, 'models.read')
  if (exchange.path === LIST || exchange.path === `${LIST}/`) {
    answerJson(exchange, 200, { object: 'list', data: inForce.routes.visibleTo(key).map(wireModel) })
    return
  }
  // Ids may hold a slash (`Qwen/Qwen3-0.6B`), which clients send as it is or encoded.
  const id = decoded(exchange.path.slice(LIST.length + 1))
  answerJson(exchange, 200, wireModel(inForce.routes.find(key, id)))
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
