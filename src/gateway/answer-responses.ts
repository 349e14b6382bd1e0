/**
 * What clients ask of responses that are kept: to see one, what its request brought, and to delete it. The key is looked
 * at here, as for a request to a model; control knows what is kept.
 */
import type { InputItemsAsked } from '../responses/stored-response.ts'
import type { ControlClient } from './control-client.ts'
import {
  ControlUnavailable,
  FieldInvalid,
  FieldUnsupported,
  NotInBackground,
  ResponseNotFound,
  RouteUnknown,
  Starting,
} from './errors.ts'
import { answerJson, callerOf, type Exchange } from './exchange.ts'
import { requireScope } from './key-ring.ts'
import type { KeyUses } from './key-uses.ts'
import { discardBody } from './read-body.ts'
import type { SnapshotKey } from './snapshot.ts'
import type { Snapshots } from './snapshot-client.ts'

const PATH = /^\/v1\/responses\/([^/]+)(?:\/(input_items|cancel))?$/
const PAGE_DEFAULT = 20
const PAGE_MAX = 100

export type ResponsesDeps = {
  snapshots: Snapshots
  control: Pick<ControlClient, 'responses'>
  keyUses: KeyUses
}

export function isResponsePath(path: string): boolean {
  return PATH.test(path)
}

/**
 * @throws Starting · KeyMissing · KeyUnknown · KeyExpired · IpNotAuthorized · ScopeMissing
 * @throws ResponseNotFound · NotInBackground · FieldInvalid · FieldUnsupported · RouteUnknown · ControlUnavailable
 */
export async function answerResponses(exchange: Exchange, deps: ResponsesDeps): Promise<void> {
  const { request, path } = exchange
  const [, id = '', part] = PATH.exec(path) ?? []
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '')
  const does = DOES[`${method} ${part ?? ''}`.trim()]
  if (does === undefined) throw new RouteUnknown({ method, path })
  const key = keyOf(exchange, deps)
  if (method === 'POST') void discardBody(request, BODY_MS)
  answerJson(exchange, 200, await does({ id, key, query: queryOf(exchange), kept: deps.control.responses }))
}

/** Nobody reads what comes with a cancel. */
const BODY_MS = 2_000

type Asked = { id: string; key: SnapshotKey; query: URLSearchParams; kept: ControlClient['responses'] }

const DOES: Readonly<Record<string, (asked: Asked) => Promise<object>>> = {
  async GET({ id, key, query, kept }) {
    if (query.get('stream') === 'true') {
      throw new FieldUnsupported({ param: 'stream', trouble: 'a response that is kept is not streamed again' })
    }
    return found(await fromControl(kept.read({ projectId: key.projectId, id })), id)
  },

  async DELETE({ id, key, kept }) {
    const removed = await fromControl(kept.remove({ projectId: key.projectId, id }))
    if (!removed) throw new ResponseNotFound({ response: id })
    return { id, object: 'response', deleted: true }
  },

  async 'GET input_items'({ id, key, query, kept }) {
    const asked = { projectId: key.projectId, id, ...pageOf(query) }
    const { data, hasMore } = found(await fromControl(kept.inputItems(asked)), id)
    return {
      object: 'list',
      data,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
      has_more: hasMore,
    }
  },

  async 'POST cancel'({ id, key, kept }) {
    found(await fromControl(kept.read({ projectId: key.projectId, id })), id)
    throw new NotInBackground({ response: id })
  },
}

function keyOf(exchange: Exchange, { snapshots, keyUses }: ResponsesDeps): SnapshotKey {
  const inForce = snapshots.current()
  if (inForce === null) throw new Starting({})
  const key = callerOf(exchange, inForce.keys)
  exchange.seen.keyId = key.id
  keyUses.note(key)
  requireScope(key, 'inference')
  return key
}

function found<Thing>(thing: Thing | null, id: string): Thing {
  if (thing === null) throw new ResponseNotFound({ response: id })
  return thing
}

/** @throws ControlUnavailable */
async function fromControl<Answer>(asking: Promise<Answer>): Promise<Answer> {
  return asking.catch((cause) => {
    throw new ControlUnavailable({}, { cause })
  })
}

/** @throws FieldInvalid */
function pageOf(query: URLSearchParams): Pick<InputItemsAsked, 'limit' | 'order' | 'after'> {
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw new FieldInvalid({ param: 'order', trouble: 'must be asc or desc' })
  const limit = Number(query.get('limit') ?? PAGE_DEFAULT)
  if (!Number.isInteger(limit) || limit < 1 || limit > PAGE_MAX) {
    throw new FieldInvalid({ param: 'limit', trouble: `must be a whole number from 1 to ${PAGE_MAX}` })
  }
  return { limit, order, after: query.get('after') }
}

function queryOf({ request }: Exchange): URLSearchParams {
  const url = request.url ?? ''
  const query = url.indexOf('?')
  return new URLSearchParams(query < 0 ? '' : url.slice(query))
}
