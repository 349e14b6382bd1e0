/** /api/pulls: what is being fetched, and what was. */
import type { Catalog } from '../catalog/catalog.ts'
import { knownCaller } from '../identity/access.ts'
import type { Identity } from '../identity/identity.ts'
import type { Server } from '../platform/http.ts'
import { pageFrom } from '../platform/paging.ts'
import { ErrorShape, pageShape } from '../platform/wire-shapes.ts'
import { ModelId, refusals } from './model-list-routes.ts'
import { pullOnWire } from './on-wire.ts'
import { PullQuery, PullShape } from './schema.ts'
import type { ShowModels } from './show-models.ts'

export type PullRoutesOptions = { catalog: Catalog; show: ShowModels; audit: Identity['audit'] }

export async function pullRoutes(server: Server, { catalog, show, audit }: PullRoutesOptions): Promise<void> {
  const onWire = (pull: Awaited<ReturnType<Catalog['pull']>>) => pullOnWire(pull, show.nameOf(pull.model))

  server.get(
    '/api/pulls',
    {
      config: { access: 'models.list' },
      schema: {
        tags: ['Models'],
        summary: 'List pulls, newest first',
        querystring: PullQuery,
        response: { 200: pageShape(PullShape), 400: ErrorShape, 401: ErrorShape, 403: ErrorShape },
      },
    },
    async (request) => {
      const { limit, after } = pageFrom(request.query, 'pull')
      const { state, model } = request.query
      const rows = await catalog.pulls({
        limit: limit + 1,
        ...(after ? { before: after } : {}),
        ...(state ? { states: state } : {}),
        ...(model ? { model } : {}),
      })
      const data = rows.slice(0, limit)
      return { data: data.map(onWire), next: rows.length > limit ? (data.at(-1)?.id ?? null) : null }
    },
  )

  server.get(
    '/api/pulls/:id',
    {
      config: { access: 'models.list' },
      schema: { tags: ['Models'], summary: 'One pull', params: ModelId, response: { 200: PullShape, ...refusals } },
    },
    async (request) => onWire(await catalog.pull(request.params.id)),
  )

  for (const [verb, done, act, summary] of [
    ['pause', 'paused', catalog.pausePull, 'Pause a pull; what has come stays'],
    ['resume', 'resumed', catalog.resumePull, 'Go on with a pull'],
    ['cancel', 'cancelled', catalog.cancelPull, 'Give a pull up; what has come is deleted'],
  ] as const) {
    server.post(
      `/api/pulls/:id/${verb}`,
      {
        config: { access: 'models.pull' },
        schema: {
          tags: ['Models'],
          summary,
          params: ModelId,
          response: { 200: PullShape, ...refusals, 409: ErrorShape },
        },
      },
      async (request) => {
        const before = await catalog.pull(request.params.id)
        const after = await act(request.params.id)
        await audit.note(knownCaller(request), {
          action: `model.pull_${done}`,
          target: after.model,
          before: { pull: before.id, state: before.state },
          after: { pull: after.id, state: after.state },
        })
        return onWire(after)
      },
    )
  }
}
