/** `GET /v1/models` for clients that send `anthropic-version`. Pure module. */
import { FieldInvalid } from '../../errors.ts'
import type { SnapshotRoute } from '../../snapshot.ts'

const LIMIT_DEFAULT = 20
const LIMIT_MAX = 1000

export type AnthropicModel = ReturnType<typeof anthropicModel>

/** What nobody here knows of a model is null, as it is at Anthropic for what does not apply. */
export function anthropicModel({ model, createdS }: Pick<SnapshotRoute, 'model' | 'createdS'>) {
  return {
    type: 'model',
    id: model,
    display_name: model,
    created_at: new Date(createdS * 1000).toISOString(),
    capabilities: null,
    deprecated_at: null,
    lifecycle: 'active',
    line: null,
    max_input_tokens: null,
    max_tokens: null,
    retires_at: null,
  } as const
}

/**
 * One page, after or before a model that the last page showed.
 * @throws FieldInvalid for a limit that is none, or an id that the key may not name
 */
export function anthropicModels(
  routes: readonly Pick<SnapshotRoute, 'model' | 'createdS'>[],
  query: URLSearchParams,
): { data: AnthropicModel[]; first_id: string | null; last_id: string | null; has_more: boolean } {
  const limit = limitIn(query)
  const [after, before] = [placeOf(routes, query, 'after_id'), placeOf(routes, query, 'before_id')]
  const end = before ?? (after === null ? 0 : after + 1) + limit
  const start = before === null ? end - limit : Math.max(0, before - limit)
  const data = routes.slice(start, end).map(anthropicModel)
  return {
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: before === null ? end < routes.length : start > 0,
  }
}

function limitIn(query: URLSearchParams): number {
  const text = query.get('limit')
  if (text === null) return LIMIT_DEFAULT
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > LIMIT_MAX) throw new FieldInvalid({ param: 'limit', trouble: `must be 1 to ${LIMIT_MAX}` })
  return limit
}

function placeOf(
  routes: readonly Pick<SnapshotRoute, 'model'>[],
  query: URLSearchParams,
  name: 'after_id' | 'before_id',
): number | null {
  const id = query.get(name)
  if (id === null) return null
  const place = routes.findIndex(({ model }) => model === id)
  if (place < 0) throw new FieldInvalid({ param: name, trouble: 'names no model of this key' })
  return place
}
