/**
 * The rest of Ollama's API beside what engines answer: which models there are, from memory, and what is not done by it.
 *
 * These paths lie among the console's own, under `/api`. The gateway takes them by their exact names, and from who has a
 * key: no cookie counts here, since none of this is passed on to control.
 */
import { ollamaRunning, ollamaShown, ollamaTags } from './dialects/ollama/models.ts'
import { shownModel } from './dialects/ollama/request.ts'
import { parsedBody } from './dialects/translate-body.ts'
import { MethodNotAllowed, NotByThisApi, Starting } from './errors.ts'
import { answerJson, callerOf, type Exchange } from './exchange.ts'
import { requireScope } from './key-ring.ts'
import type { KeyUses } from './key-uses.ts'
import type { GatewayLimits } from './limits.ts'
import { type HeldBytes, readBody } from './read-body.ts'
import type { SnapshotKey } from './snapshot.ts'
import type { InForce, Snapshots } from './snapshot-client.ts'

export type OllamaDeps = { snapshots: Snapshots; keyUses: KeyUses; limits: GatewayLimits; held: HeldBytes }

/** The release of Ollama whose API is spoken here: clients ask for it to know what they may send. */
const OLLAMA_VERSION = '0.12.11'

/** What is done by people here, and how. */
const DONE_ELSEWHERE: Readonly<Record<string, string>> = {
  '/api/pull': 'Models are pulled in the console, or with "npm run tradewind -- models pull".',
  '/api/push': 'Models are not published from here.',
  '/api/create': 'Models are imported in the console, or with "npm run tradewind -- models import".',
  '/api/copy': 'A model has one name here, which an import gives it.',
  '/api/delete': 'Models are deleted in the console, or with "npm run tradewind -- models delete".',
}

const METHODS: Readonly<Record<string, string>> = {
  '/api/tags': 'GET',
  '/api/ps': 'GET',
  '/api/version': 'GET',
  '/api/show': 'POST',
  '/api/delete': 'DELETE',
}

/**
 * @param exchange of a path that OLLAMA_PATHS holds
 * @throws Starting · KeyMissing · KeyUnknown · KeyExpired · IpNotAuthorized · ScopeMissing · MethodNotAllowed · ModelNotFound ·
 *   NotByThisApi · what `readBody` throws · BodyNotJson · FieldMissing · FieldOfWrongType
 */
export async function answerOllama(exchange: Exchange, deps: OllamaDeps): Promise<void> {
  const { path, request } = exchange
  const method = METHODS[path] ?? 'POST'
  const asked = request.method === 'HEAD' ? 'GET' : request.method
  if (asked !== method) {
    exchange.response.setHeader('allow', method)
    throw new MethodNotAllowed({ method: request.method ?? '', path, allowed: method })
  }
  const { inForce, key } = callerNow(exchange, deps)
  deps.keyUses.note(key)
  const elsewhere = DONE_ELSEWHERE[path]
  if (elsewhere !== undefined) throw new NotByThisApi({ path, instead: elsewhere })
  if (path === '/api/version') return answerJson(exchange, 200, { version: OLLAMA_VERSION })
  requireScope(key, 'models.read')
  if (path === '/api/show') return showModel(exchange, deps)
  const routes = inForce.routes.visibleTo(key)
  answerJson(exchange, 200, path === '/api/ps' ? ollamaRunning(routes) : ollamaTags(routes))
}

async function showModel(exchange: Exchange, deps: OllamaDeps): Promise<void> {
  const body = await readBody(exchange.request, deps.limits, deps.held)
  try {
    const { inForce, key } = callerNow(exchange, deps) // a slow body may outlive its key
    const model = shownModel(parsedBody(body.bytes))
    answerJson(exchange, 200, ollamaShown(inForce.routes.find(key, model)))
  } finally {
    body.release()
  }
}

function callerNow(exchange: Exchange, { snapshots }: OllamaDeps): { inForce: InForce; key: SnapshotKey } {
  const inForce = snapshots.current()
  if (inForce === null) throw new Starting({})
  const key = callerOf(exchange, inForce.keys)
  exchange.seen.keyId = key.id
  return { inForce, key }
}
