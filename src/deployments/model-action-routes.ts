/** Doing things to models: pull, import, load, unload, delete, adapters. Each leaves its event in the trail. */
import { Type } from 'typebox'
import type { Catalog } from '../catalog/catalog.ts'
import { fileBelow } from '../catalog/import-folder.ts'
import { PRECISIONS } from '../catalog/model-family.ts'
import { knownCaller } from '../identity/access.ts'
import type { Identity } from '../identity/identity.ts'
import type { Caller } from '../identity/rules.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape, oneOf } from '../platform/wire-shapes.ts'
import type { Deployments } from './deployments.ts'
import { ModelId, refusals } from './model-list-routes.ts'
import { pullOnWire } from './on-wire.ts'
import { ModelShape, PullShape } from './schema.ts'
import type { ShowModels } from './show-models.ts'

export type ModelActionOptions = {
  catalog: Catalog
  deployments: Deployments
  show: ShowModels
  audit: Identity['audit']
  /** Below it lie the files of this machine that people may name; the command line may name any. */
  importFolder: string
}

const ofModels = { tags: ['Models'] }

export const LoadBody = Type.Object(
  {
    context_tokens: Type.Optional(
      Type.Integer({ minimum: 128, maximum: 10_000_000, description: 'Of each sequence; by default what fits.' }),
    ),
    sequences: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 256, description: 'Requests answered at once; by default what fits.' }),
    ),
  },
  { additionalProperties: false },
)

export async function modelActionRoutes(
  server: Server,
  { catalog, deployments, show, audit, importFolder }: ModelActionOptions,
): Promise<void> {
  /** @throws FileNotOffered */
  const fileFor = async (caller: Caller, path: string): Promise<string> =>
    caller.kind === 'machine' ? path : fileBelow(importFolder, path)

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
              precision: Type.Optional(oneOf(PRECISIONS)),
              as: Type.Optional(Type.String({ description: 'Another id for a file of the hub.' })),
              even_if_it_does_not_fit: Type.Optional(Type.Boolean()),
            },
            { additionalProperties: false },
          ),
        ),
        response: { 202: PullShape, ...refusals, 409: ErrorShape, 422: ErrorShape, 502: ErrorShape, 507: ErrorShape },
      },
    },
    async (request, reply) => {
      const { accept_licence = false, precision, as, even_if_it_does_not_fit = false } = request.body ?? {}
      const caller = knownCaller(request)
      const pull = await catalog.startPull({
        model: request.params.id,
        by: audit.by(caller).actor.id,
        acceptLicence: accept_licence,
        evenIfItDoesNotFit: even_if_it_does_not_fit,
        ...(precision ? { precision } : {}),
        ...(as ? { as } : {}),
      })
      await audit.note(caller, {
        action: 'model.pull_started',
        target: pull.model,
        after: { pull: pull.id, from: pull.from, precision: pull.precision, licenceAccepted: accept_licence },
      })
      return reply.code(202).send(pullOnWire(pull, show.nameOf(pull.model)))
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
          {
            path: Type.String({
              maxLength: 4096,
              description: 'Absolute path on the machine that runs Tradewind, below IMPORT_FOLDER.',
            }),
          },
          { additionalProperties: false },
        ),
        response: { 202: PullShape, ...refusals, 409: ErrorShape, 422: ErrorShape, 507: ErrorShape },
      },
    },
    async (request, reply) => {
      const caller = knownCaller(request)
      const pull = await catalog.importLocalFile(await fileFor(caller, request.body.path), {
        as: request.params.id,
        by: audit.by(caller).actor.id,
      })
      await audit.note(caller, {
        action: 'model.import_started',
        target: pull.model,
        after: { pull: pull.id, from: pull.from },
      })
      return reply.code(202).send(pullOnWire(pull, show.nameOf(pull.model)))
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
          'Answers when the model is ready. Where memory is short, models that nobody is using are unloaded first. With a wish, a loaded model is loaded again.',
        params: ModelId,
        body: Type.Optional(LoadBody),
        response: { 200: ModelShape, ...refusals, 409: ErrorShape, 422: ErrorShape, 503: ErrorShape },
      },
    },
    async (request) => {
      const { id } = request.params
      const { context_tokens, sequences } = request.body ?? {}
      const wish = { ...(context_tokens ? { contextTokens: context_tokens } : {}), ...(sequences ? { sequences } : {}) }
      const before = shapeOf(id)
      await deployments.load(id, Object.keys(wish).length > 0 ? wish : undefined)
      await audit.note(knownCaller(request), { action: 'model.loaded', target: id, before, after: shapeOf(id) })
      return show.model(id)
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
        response: { 200: ModelShape, ...refusals },
      },
    },
    async (request) => {
      const { id } = request.params
      catalog.getModel(id)
      const before = shapeOf(id)
      await deployments.unload(id)
      await audit.note(knownCaller(request), { action: 'model.unloaded', target: id, before, after: shapeOf(id) })
      return show.model(id)
    },
  )

  server.delete(
    '/api/models/:id/weights',
    {
      config: { access: 'models.delete' },
      schema: {
        ...ofModels,
        summary: 'Delete the weights from this machine',
        description:
          'What that ends is in `consequences` of the model. A loaded model is refused unless `unload` is true.',
        params: ModelId,
        querystring: Type.Object(
          {
            unload: Type.Optional(Type.Boolean({ default: false, description: 'Unload it first where it is loaded.' })),
          },
          { additionalProperties: false },
        ),
        response: { 204: Type.Null(), ...refusals, 409: ErrorShape },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const weights = catalog.weightsOf(id)
      const before = weights && { sha256: weights.sha256, bytes: weights.bytes, ...shapeOf(id) }
      await deployments.deleteWeights(id, { unload: request.query.unload ?? false })
      await audit.note(knownCaller(request), { action: 'model.weights_deleted', target: id, before, after: null })
      return reply.code(204).send(null)
    },
  )

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
            path: Type.String({
              maxLength: 4096,
              description: 'Absolute path on the machine that runs Tradewind, below IMPORT_FOLDER.',
            }),
            scale: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 10 })),
          },
          { additionalProperties: false },
        ),
        response: {
          201: Type.Object({ name: Type.String(), base_model: Type.String(), sha256: Type.String() }),
          ...refusals,
          409: ErrorShape,
          422: ErrorShape,
        },
      },
    },
    async (request, reply) => {
      const { name, path, scale = 1 } = request.body
      const { id } = request.params
      const caller = knownCaller(request)
      const file = await fileFor(caller, path)
      const { sha256 } = await deployments.addAdapter({ name, path: file, scale }, id)
      await audit.note(caller, {
        action: 'adapter.added',
        target: name,
        after: { baseModel: id, sha256, scale },
      })
      return reply.code(201).send({ name, base_model: id, sha256 })
    },
  )

  server.delete(
    '/api/adapters/:id',
    {
      config: { access: 'models.unload' },
      schema: {
        ...ofModels,
        summary: 'Stop serving an adapter',
        params: ModelId,
        response: { 204: Type.Null(), ...refusals },
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const found = deployments.adapters().find((row) => row.name === id)
      await deployments.removeAdapter(id)
      await audit.note(knownCaller(request), {
        action: 'adapter.removed',
        target: id,
        before: found ? { baseModel: found.baseModel, sha256: found.sha256, scale: found.scale } : null,
        after: null,
      })
      return reply.code(204).send(null)
    },
  )

  /** What the trail says of a loaded model; null while it is not loaded. */
  function shapeOf(model: string): Record<string, unknown> | null {
    const replica = deployments.replicas().find(({ engine }) => engine.model === model && engine.state === 'ready')
    return replica
      ? {
          replica: replica.engine.engineId,
          contextTokens: replica.engine.contextTokens,
          sequences: replica.engine.sequences,
          memoryBytes: Math.round(replica.engine.memoryBytes),
        }
      : null
  }
}
