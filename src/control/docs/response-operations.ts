/** The routes of OpenAI's Responses API that a gateway worker answers by itself, as the document describes them. */
import type { GatewayOperation } from './gateway-operations.ts'
import type { Parameter } from './openapi.ts'
import * as shapes from './response-schemas.ts'

const ofAll = { tag: 'Inference', scope: 'inference' } as const
const id: Parameter = { in: 'path', name: 'id', required: true, schema: { type: 'string' } }
const WHOSE = 'Any key of the project that made it may; for others it is not there.'

export const RESPONSE_OPERATIONS: readonly GatewayOperation[] = [
  {
    ...ofAll,
    method: 'post',
    path: '/v1/responses',
    operationId: 'createResponse',
    summary: 'Answer a conversation, as OpenAI’s Responses API',
    description:
      'Answered by any chat model, whole or as typed events. A response is kept for 30 days where the project allows content on disk and `store` is not false; `previous_response_id` goes on from it. `truncation`, `service_tier`, `stream_options`, `context_management` and fields that nobody here has heard of are accepted without effect. `background: true`, `conversation`, `prompt`, `moderation`, and tools and items that exist at OpenAI only would change the answer, so that they do not pass.',
    body: shapes.ResponseRequest,
    answer: shapes.ResponseObject,
    event: shapes.ResponseEvent,
  },
  {
    ...ofAll,
    method: 'get',
    path: '/v1/responses/{id}',
    operationId: 'getResponse',
    summary: 'A response that is kept',
    description: WHOSE,
    parameters: [id],
    answer: shapes.ResponseObject,
  },
  {
    ...ofAll,
    method: 'delete',
    path: '/v1/responses/{id}',
    operationId: 'deleteResponse',
    summary: 'Delete a response that is kept',
    description: `It is gone when this answers. A conversation cannot be gone on with past a response that is deleted. ${WHOSE}`,
    parameters: [id],
    answer: shapes.DeletedResponse,
  },
  {
    ...ofAll,
    method: 'get',
    path: '/v1/responses/{id}/input_items',
    operationId: 'listResponseInputItems',
    summary: 'What the request of a response brought',
    description: WHOSE,
    parameters: [
      id,
      { in: 'query', name: 'limit', schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
      { in: 'query', name: 'order', schema: { type: 'string', enum: ['asc', 'desc'], default: 'desc' } },
      {
        in: 'query',
        name: 'after',
        description: 'Id of the last item of the page before.',
        schema: { type: 'string' },
      },
    ],
    answer: shapes.ResponseInputItems,
  },
  {
    ...ofAll,
    method: 'post',
    path: '/v1/responses/{id}/cancel',
    operationId: 'cancelResponse',
    summary: 'Cancel a response that is made in the background',
    description:
      'Nothing is made in the background here, so that this only says so: a response that is being made ends when its client closes the connection.',
    parameters: [id],
    answer: shapes.ResponseObject,
  },
]
