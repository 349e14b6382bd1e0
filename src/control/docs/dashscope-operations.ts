/** The routes in DashScope's shapes that a gateway worker answers by itself, as the document describes them. */
import * as shapes from './dashscope-schemas.ts'
import type { GatewayOperation } from './gateway-operations.ts'

const SERVICES = '/api/v1/services'
const REFUSED =
  '`X-DashScope-Async: enable` is refused. Fields that nobody here has heard of are accepted. Errors come in DashScope’s shape and with its codes.'
const STREAMED =
  'Streamed with the header `X-DashScope-SSE: enable` or `Accept: text/event-stream`: events repeat the answer so far, or with `incremental_output` have what is new.'

const ofAll = { method: 'post', tag: 'Inference', scope: 'inference', error: shapes.DashScopeError } as const
const ofGeneration = { ...ofAll, body: shapes.GenerationRequest, answer: shapes.Generation, event: shapes.Generation }

export const DASHSCOPE_OPERATIONS: readonly GatewayOperation[] = [
  {
    ...ofGeneration,
    path: `${SERVICES}/aigc/text-generation/generation`,
    operationId: 'generateText',
    summary: 'Answer a conversation, in DashScope’s shapes',
    description: `DashScope’s generation, answered by any chat model. ${STREAMED} ${REFUSED}`,
  },
  {
    ...ofGeneration,
    path: `${SERVICES}/aigc/multimodal-generation/generation`,
    operationId: 'generateMultimodal',
    summary: 'Answer a conversation with images, in DashScope’s shapes',
    description: `Content is a list of parts, \`{text}\` or \`{image}\`, and is answered as one. ${STREAMED} ${REFUSED}`,
  },
  {
    ...ofAll,
    path: `${SERVICES}/embeddings/text-embedding/text-embedding`,
    operationId: 'embedTexts',
    summary: 'Turn texts into vectors, in DashScope’s shapes',
    description: `Needs an embedding model. ${REFUSED}`,
    body: shapes.TextEmbeddingRequest,
    answer: shapes.TextEmbeddings,
  },
]
