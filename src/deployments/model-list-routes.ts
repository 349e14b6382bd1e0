/** Reading models: the catalogue's table, one model's page, and what a load would take. */
import { Type } from 'typebox'
import { PRECISIONS } from '../catalog/model-family.ts'
import { knownCaller } from '../identity/access.ts'
import { may } from '../identity/rules.ts'
import type { Server } from '../platform/http.ts'
import { ErrorShape, oneOf } from '../platform/wire-shapes.ts'
import type { LoadEstimate } from './deployments.ts'
import { type DescribeModelDeps, describeModel } from './describe-model.ts'
import { type LoadEstimateOnWire, LoadEstimateShape, ModelDetailShape } from './detail-schema.ts'
import { listModels } from './list-models.ts'
import { speedOnWire } from './on-wire.ts'
import { ModelPage, ModelQuery } from './schema.ts'
import { maySeeReplicas } from './show-models.ts'

export const ModelId = Type.Object({ id: Type.String({ maxLength: 300 }) })
export const refusals = { 400: ErrorShape, 401: ErrorShape, 403: ErrorShape, 404: ErrorShape }

export async function modelListRoutes(server: Server, deps: DescribeModelDeps): Promise<void> {
  const { catalog, deployments, show } = deps

  server.get(
    '/api/models',
    {
      config: { access: 'models.list' },
      schema: {
        tags: ['Models'],
        summary: 'List models: the catalogue, and whatever else is here',
        description:
          'Filters are joined by "and", several values of one by "or". `strip` sums up what runs, for those who may see it (`status.read`), else null.',
        querystring: ModelQuery,
        response: { 200: ModelPage, 400: ErrorShape, 401: ErrorShape, 403: ErrorShape },
      },
    },
    async (request) => {
      const list = listModels(await show.models(), request.query)
      const strip = maySeeReplicas(knownCaller(request)) ? await show.strip(await show.replicas()) : null
      return { ...list, strip }
    },
  )

  server.get(
    '/api/models/:id',
    {
      config: { access: 'models.read' },
      schema: {
        tags: ['Models'],
        summary: 'One model: facts with their sources, whether it fits, who uses it',
        params: ModelId,
        response: { 200: ModelDetailShape, ...refusals },
      },
    },
    async (request) => describeModel(deps, knownCaller(request), request.params.id),
  )

  server.get(
    '/api/models/:id/fit',
    {
      config: { access: 'models.read' },
      schema: {
        tags: ['Models'],
        summary: 'What a load would take',
        description:
          'Before anybody loads. The engine library itself is asked where the weights are here and the caller may load them; that takes a second the first time.',
        params: ModelId,
        querystring: Type.Object(
          {
            context_tokens: Type.Optional(Type.Integer({ minimum: 128, maximum: 10_000_000 })),
            sequences: Type.Optional(Type.Integer({ minimum: 1, maximum: 256 })),
            precision: Type.Optional(oneOf(PRECISIONS)),
          },
          { additionalProperties: false },
        ),
        response: { 200: LoadEstimateShape, ...refusals, 422: ErrorShape },
      },
    },
    async (request) => {
      const { context_tokens, sequences, precision } = request.query
      const wish = {
        ...(context_tokens ? { contextTokens: context_tokens } : {}),
        ...(sequences ? { sequences } : {}),
        ...(precision ? { precision } : {}),
      }
      const { id } = request.params
      // Asking the library takes a process: only those who could load the model itself may have one started.
      const estimate = await deployments.estimate(id, wish, may(knownCaller(request), 'models.load'))
      const isHere = precision === undefined || catalog.weightsOf(id)?.precision === precision
      return estimateOnWire(estimate, isHere ? deployments.measuredSpeed(id) : null, show.nameOf)
    },
  )
}

function estimateOnWire(
  estimate: LoadEstimate,
  measured: Parameters<typeof speedOnWire>[0],
  nameOf: (model: string) => string,
): LoadEstimateOnWire {
  const rounded = (bytes: number | null) => (bytes === null ? null : Math.round(bytes))
  const { neededBytes, freeBytes } = estimate
  return {
    verdict: estimate.verdict,
    reason_code: estimate.reasonCode,
    basis: estimate.basis,
    precision: estimate.precision,
    context_tokens: estimate.contextTokens,
    sequences: estimate.sequences,
    context_tokens_max: estimate.contextTokensMax,
    context_bytes_per_token: estimate.contextBytesPerToken,
    weights_bytes: rounded(estimate.weightsBytes),
    context_bytes: rounded(estimate.contextBytes),
    working_bytes: rounded(estimate.workingBytes),
    needed_bytes: rounded(neededBytes),
    held_bytes: Math.round(estimate.heldBytes),
    free_bytes: Math.round(freeBytes),
    capacity_bytes: Math.round(estimate.capacityBytes),
    left_bytes: neededBytes === null ? null : Math.round(freeBytes - neededBytes),
    unloads: estimate.unloads.map((id) => ({ id, name: nameOf(id) })),
    speed: speedOnWire(measured, estimate.tokensPerSecond),
  }
}
