/**
 * `/api/models`: what there is, does it fit, get it, run it. The house above the catalogue serves both, since a person
 * sees one list: facts and fit from the catalogue, loaded or not from here.
 */
import { type Static, Type } from 'typebox'
import type { Catalog, ModelListing, Pull } from '../catalog/catalog.ts'
import { PRECISIONS } from '../catalog/model-family.ts'
import type { Engines } from '../engines/engines.ts'
import { knownCaller } from '../identity/access.ts'
import type { Caller } from '../identity/rules.ts'
import type { Server } from '../platform/http.ts'
import type { Deployments } from './deployments.ts'

export type ModelRoutesOptions = { catalog: Catalog; deployments: Deployments; engines: Engines }

const nullable = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()])
const bytes = Type.Integer({ minimum: 0 })

export const PullShape = Type.Object(
  {
    id: Type.String(),
    model: Type.String(),
    state: Type.Enum(['queued', 'running', 'paused', 'done', 'failed', 'cancelled']),
    allowed: Type.Array(Type.String(), { description: 'States that it may go to now.' }),
    phase: nullable(Type.String({ description: '`fetching` or `checking` while it runs.' })),
    from: Type.String({ description: 'Where the weights come from.' }),
    precision: Type.String(),
    bytes_done: bytes,
    bytes_total: bytes,
    bytes_per_second: bytes,
    seconds_left: nullable(Type.Integer()),
    error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
  },
  { $id: 'Pull' },
)

const FitShape = Type.Object({
  verdict: Type.Union([
    Type.Literal('fits'),
    Type.Literal('tight'),
    Type.Literal('fits-alone'),
    Type.Literal('does-not-fit'),
  ]),
  reason: Type.String(),
  precision: nullable(Type.String()),
  needed_bytes: nullable(bytes),
  tokens_per_second: nullable(Type.Number({ description: 'Estimated from the measured memory bandwidth.' })),
  served_by: Type.Array(Type.String({ description: 'Hardware that serves it, where it does not fit here.' })),
})

export const ModelShape = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    family: Type.String(),
    task: Type.String(),
    owned_by: Type.String(),
    licence: Type.Object({ id: Type.String(), name: Type.String(), url: Type.String(), must_accept: Type.Boolean() }),
    parameters_total: nullable(Type.Integer()),
    parameters_active: nullable(Type.Integer()),
    context_tokens: Type.Integer(),
    fit: FitShape,
    weights: nullable(Type.Object({ sha256: Type.String(), bytes })),
    state: Type.Union([
      Type.Literal('not-here'),
      Type.Literal('pulling'),
      Type.Literal('here'),
      Type.Literal('loading'),
      Type.Literal('loaded'),
      Type.Literal('failed'),
    ]),
    engine: nullable(
      Type.Object({
        engine_id: Type.String(),
        context_tokens: Type.Integer(),
        sequences: Type.Integer(),
        memory_bytes: bytes,
      }),
    ),
  },
  { $id: 'Model' },
)

const ModelId = Type.Object({ id: Type.String({ maxLength: 300 }) })
const ofModels = { tags: ['Models'] }

export async function modelRoutes(
  server: Server,
  { catalog, deployments, engines }: ModelRoutesOptions,
): Promise<void> {
  const onWire = (listing: ModelListing) => modelOnWire(listing, engines)

  async function listingOf(id: string): Promise<ModelListing> {
    catalog.getModel(id)
    const listing = (await catalog.listModels()).find((one) => one.model.id === id)
    if (!listing) throw new Error(`${id} is known and not listed`)
    return listing
  }

  server.get(
    '/api/models',
    {
      config: { access: 'models.list' },
      schema: {
        ...ofModels,
        summary: 'List models: the catalogue, and whatever else is here',
        querystring: Type.Object({
          task: Type.Optional(Type.String()),
          family: Type.Optional(Type.String()),
          here: Type.Optional(Type.Boolean({ description: 'Only models whose weights are here.' })),
          fits: Type.Optional(
            Type.Boolean({ description: 'Only models that fit this machine, alone or beside others.' }),
          ),
        }),
        response: { 200: Type.Object({ data: Type.Array(ModelShape) }) },
      },
    },
    async (request) => {
      const { task, family, here, fits } = request.query
      const models = (await catalog.listModels()).filter(
        ({ model, weights, fit }) =>
          (task === undefined || model.task === task) &&
          (family === undefined || model.family === family) &&
          (here === undefined || (weights !== null) === here) &&
          (fits === undefined || (isServed(model.task) && fit.verdict !== 'does-not-fit') === fits),
      )
      return { data: models.map(onWire) }
    },
  )

  server.get(
    '/api/models/:id',
    {
      config: { access: 'models.read' },
      schema: {
        ...ofModels,
        summary: 'One model: facts with their sources, and whether it fits',
        params: ModelId,
        response: {
          200: Type.Object({
            model: ModelShape,
            facts: Type.Unknown({
              description: 'Everything known of the model; `facts.facts` names the source of each group.',
            }),
          }),
        },
      },
    },
    async (request) => {
      const listing = await listingOf(request.params.id)
      return { model: onWire(listing), facts: listing.model }
    },
  )

  server.post(
    '/api/models/:id/pull',
    {
      config: { access: 'models.pull' },
      schema: {
        ...ofModels,
        summary: 'Fetch the weights',
        description:
          'A model of the catalogue by its id, or any GGUF of the hub as `hf:owner/repo/file.gguf`. Goes on after a restart.',
        params: ModelId,
        body: Type.Optional(
          Type.Object(
            {
              accept_licence: Type.Optional(Type.Boolean()),
              precision: Type.Optional(Type.Enum([...PRECISIONS])),
              as: Type.Optional(Type.String({ description: 'Another id for a file of the hub.' })),
              even_if_it_does_not_fit: Type.Optional(Type.Boolean()),
            },
            { additionalProperties: false },
          ),
        ),
        response: { 202: PullShape },
      },
    },
    async (request, reply) => {
      const { accept_licence, precision, as, even_if_it_does_not_fit } = request.body ?? {}
      const pull = await catalog.startPull({
        model: request.params.id,
        by: nameOf(knownCaller(request)),
        acceptLicence: accept_licence ?? false,
        evenIfItDoesNotFit: even_if_it_does_not_fit ?? false,
        ...(precision ? { precision } : {}),
        ...(as ? { as } : {}),
      })
      return reply.code(202).send(pullOnWire(pull))
    },
  )

  server.post(
    '/api/models/:id/import',
    {
      config: { access: 'models.pull' },
      schema: {
        ...ofModels,
        summary: 'Take a GGUF file that is on this machine',
        params: ModelId,
        body: Type.Object(
          { path: Type.String({ description: 'Absolute path on the machine that runs Tradewind.' }) },
          { additionalProperties: false },
        ),
        response: { 202: PullShape },
      },
    },
    async (request, reply) => {
      const pull = await catalog.importLocalFile(request.body.path, {
        as: request.params.id,
        by: nameOf(knownCaller(request)),
      })
      return reply.code(202).send(pullOnWire(pull))
    },
  )

  server.post(
    '/api/models/:id/load',
    {
      config: { access: 'models.load' },
      schema: {
        ...ofModels,
        summary: 'Serve a model',
        description:
          'Answers when the model is ready. Where memory is short, models that nobody is using are unloaded first.',
        params: ModelId,
        body: Type.Optional(
          Type.Object(
            {
              context_tokens: Type.Optional(Type.Integer({ minimum: 128, maximum: 10_000_000 })),
              sequences: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
            },
            { additionalProperties: false },
          ),
        ),
        response: { 200: ModelShape },
      },
    },
    async (request) => {
      const { context_tokens, sequences } = request.body ?? {}
      const wish = { ...(context_tokens ? { contextTokens: context_tokens } : {}), ...(sequences ? { sequences } : {}) }
      await deployments.load(request.params.id, Object.keys(wish).length > 0 ? wish : undefined)
      return onWire(await listingOf(request.params.id))
    },
  )

  server.post(
    '/api/models/:id/unload',
    {
      config: { access: 'models.unload' },
      schema: {
        ...ofModels,
        summary: 'Stop serving a model and free its memory',
        params: ModelId,
        response: { 200: ModelShape },
      },
    },
    async (request) => {
      catalog.getModel(request.params.id)
      await deployments.unload(request.params.id)
      return onWire(await listingOf(request.params.id))
    },
  )

  server.delete(
    '/api/models/:id/weights',
    {
      config: { access: 'models.delete' },
      schema: {
        ...ofModels,
        summary: 'Delete the weights from this machine',
        params: ModelId,
        response: { 204: Type.Null() },
      },
    },
    async (request, reply) => {
      await catalog.deleteWeights(request.params.id)
      return reply.code(204).send(null)
    },
  )

  server.get(
    '/api/pulls',
    {
      config: { access: 'models.list' },
      schema: {
        ...ofModels,
        summary: 'List pulls, newest first',
        querystring: Type.Object({
          limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
          before: Type.Optional(Type.String({ description: 'Id that an earlier page ended with.' })),
        }),
        response: { 200: Type.Object({ data: Type.Array(PullShape) }) },
      },
    },
    async (request) => ({ data: (await catalog.pulls(request.query)).map(pullOnWire) }),
  )

  server.get(
    '/api/pulls/:id',
    {
      config: { access: 'models.list' },
      schema: { ...ofModels, summary: 'One pull', params: ModelId, response: { 200: PullShape } },
    },
    async (request) => pullOnWire(await catalog.pull(request.params.id)),
  )

  for (const [verb, act, summary] of [
    ['pause', catalog.pausePull, 'Pause a pull; what has come stays'],
    ['resume', catalog.resumePull, 'Go on with a pull'],
    ['cancel', catalog.cancelPull, 'Give a pull up; what has come is deleted'],
  ] as const) {
    server.post(
      `/api/pulls/:id/${verb}`,
      {
        config: { access: 'models.pull' },
        schema: { ...ofModels, summary, params: ModelId, response: { 200: PullShape } },
      },
      async (request) => pullOnWire(await act(request.params.id)),
    )
  }

  server.post(
    '/api/models/:id/adapters',
    {
      config: { access: 'models.load' },
      schema: {
        ...ofModels,
        summary: 'Serve a LoRA adapter beside its base model',
        description: 'A GGUF adapter on this machine. Clients name it in `model`; the base is not restarted.',
        params: ModelId,
        body: Type.Object(
          {
            name: Type.String({ pattern: '^[a-z0-9][a-z0-9._:-]{0,95}$' }),
            path: Type.String(),
            scale: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10 })),
          },
          { additionalProperties: false },
        ),
        response: { 201: Type.Object({ name: Type.String(), base_model: Type.String(), sha256: Type.String() }) },
      },
    },
    async (request, reply) => {
      const { name, path, scale } = request.body
      const { sha256, path: kept } = await catalog.takeAdapter(path)
      await deployments.addAdapter({ name, path: kept, sha256, scale: scale ?? 1 }, request.params.id)
      return reply.code(201).send({ name, base_model: request.params.id, sha256 })
    },
  )

  server.delete(
    '/api/adapters/:id',
    {
      config: { access: 'models.unload' },
      schema: { ...ofModels, summary: 'Stop serving an adapter', params: ModelId, response: { 204: Type.Null() } },
    },
    async (request, reply) => {
      await deployments.removeAdapter(request.params.id)
      return reply.code(204).send(null)
    },
  )
}

/** Whether an engine here runs models of this task. */
function isServed(task: string): boolean {
  return task === 'chat' || task === 'embedding'
}

function nameOf(caller: Caller): string {
  return caller.kind === 'person' ? caller.userId : caller.kind === 'key' ? caller.keyId : caller.kind
}

function modelOnWire({ model, fit, weights, pull }: ModelListing, engines: Engines): Static<typeof ModelShape> {
  const engine = engines.list().find((one) => one.model === model.id)
  const engineState = engine && ({ loading: 'loading', ready: 'loaded', failed: 'failed' } as const)[engine.state]
  return {
    id: model.id,
    name: model.name,
    family: model.family,
    task: model.task,
    owned_by: model.ownedBy,
    licence: {
      id: model.licence.id,
      name: model.licence.name,
      url: model.licence.url,
      must_accept: model.licence.mustAccept,
    },
    parameters_total: model.parameters.total,
    parameters_active: model.parameters.active,
    context_tokens: model.contextTokens,
    fit: {
      verdict: fit.verdict,
      reason: fit.reason,
      precision: fit.precision,
      needed_bytes: fit.neededBytes === null ? null : Math.round(fit.neededBytes),
      tokens_per_second: fit.tokensPerSecond?.estimate ?? null,
      served_by: fit.servedBy.map((one) => one.hardware),
    },
    weights: weights && { sha256: weights.sha256, bytes: weights.bytes },
    state:
      engineState ??
      (weights ? 'here' : pull?.state === 'running' || pull?.state === 'queued' ? 'pulling' : 'not-here'),
    engine: engine
      ? {
          engine_id: engine.engineId,
          context_tokens: engine.contextTokens,
          sequences: engine.sequences,
          memory_bytes: Math.round(engine.memoryBytes),
        }
      : null,
  }
}

function pullOnWire(pull: Pull): Static<typeof PullShape> {
  return {
    id: pull.id,
    model: pull.model,
    state: pull.state,
    allowed: [...pull.allowed],
    phase: pull.phase,
    from: pull.from,
    precision: pull.precision,
    bytes_done: Math.round(pull.bytesDone),
    bytes_total: Math.round(pull.bytesTotal),
    bytes_per_second: Math.round(pull.bytesPerSecond),
    seconds_left: pull.secondsLeft,
    error: pull.error,
  }
}
