/** The routes that a gateway worker answers by itself, as the document describes them. */
import type { Type } from 'typebox'
import { anthropicStatus } from '../../gateway/dialects/anthropic/errors.ts'
import * as messages from './anthropic-schemas.ts'
import { DASHSCOPE_OPERATIONS } from './dashscope-operations.ts'
import * as shapes from './inference-schemas.ts'
import { OLLAMA_OPERATIONS } from './ollama-operations.ts'
import type { Method, OpenApiResponse, Parameter, Schema } from './openapi.ts'
import { RERANK_AND_MODERATION_OPERATIONS } from './rerank-and-moderation.ts'
import { RESPONSE_OPERATIONS } from './response-operations.ts'

export type GatewayOperation = {
  method: Method
  path: string
  operationId: string
  tag: string
  summary: string
  description: string
  /** The scope that a key needs; null = open to anybody. */
  scope: 'inference' | 'models.read' | null
  parameters?: Parameter[]
  body?: Type.TSchema
  answer: Type.TSchema
  /** One event of its stream. */
  event?: Type.TSchema
  /** Of that stream. Default: `text/event-stream`. */
  eventType?: 'text/event-stream' | 'application/x-ndjson'
  /** How it refuses, where that is not in OpenAI's shape. */
  error?: Type.TSchema
  /** With which status, where that is another than OpenAI's. */
  statusOf?(status: number): number
}

const Inference = 'Inference'

export const GATEWAY_OPERATIONS: readonly GatewayOperation[] = [
  {
    method: 'post',
    path: '/v1/chat/completions',
    operationId: 'createChatCompletion',
    tag: Inference,
    summary: 'Answer a conversation',
    description:
      'OpenAI’s chat completions, whole or as a stream. Fields that are null count as absent; fields that nobody here has heard of are accepted. `audio`, `prediction`, `web_search_options`, `functions` and `function_call` are refused, since ignoring them would change the answer. A client that hangs up stops the generation.',
    scope: 'inference',
    body: shapes.ChatRequest,
    answer: shapes.ChatCompletion,
    event: shapes.ChatChunk,
  },
  {
    method: 'post',
    path: '/v1/completions',
    operationId: 'createCompletion',
    tag: Inference,
    summary: 'Go on with a text',
    description:
      'OpenAI’s older text completions: no template, no tools; what the model would write next. `suffix` is refused.',
    scope: 'inference',
    body: shapes.CompletionRequest,
    answer: shapes.Completion,
    event: shapes.CompletionChunk,
  },
  {
    method: 'post',
    path: '/v1/embeddings',
    operationId: 'createEmbedding',
    tag: Inference,
    summary: 'Turn texts into vectors',
    description: 'Needs an embedding model, such as `all-minilm-l6-v2`; a chat model makes none.',
    scope: 'inference',
    body: shapes.EmbeddingRequest,
    answer: shapes.EmbeddingList,
  },
  ...RERANK_AND_MODERATION_OPERATIONS,
  ...RESPONSE_OPERATIONS,
  {
    method: 'post',
    path: '/v1/messages',
    operationId: 'createMessage',
    tag: Inference,
    summary: 'Answer a conversation, in Anthropic’s shapes',
    description:
      'Anthropic’s Messages API, whole or as a stream, answered by any chat model. Also at `/apps/anthropic/v1/messages`. `metadata`, `service_tier`, `cache_control`, `container`, the headers `anthropic-version` and `anthropic-beta`, and fields that nobody here has heard of are accepted without effect. `mcp_servers`, tools of Anthropic’s servers, files and a begun answer at the end of `messages` would change the answer, so that they do not pass. Errors come in Anthropic’s shape, and what is busy answers 529 where other routes answer 503.',
    scope: 'inference',
    body: messages.MessageRequest,
    answer: messages.Message,
    event: messages.MessageEvent,
    error: messages.MessageError,
    statusOf: anthropicStatus,
  },
  {
    method: 'post',
    path: '/v1/messages/count_tokens',
    operationId: 'countMessageTokens',
    tag: Inference,
    summary: 'Count the tokens of a conversation, in Anthropic’s shapes',
    description:
      'Exactly what the model would read of that request, its template and tools included: `input_tokens` and `cache_read_input_tokens` of the answer, together. Costs no generation. Also at `/apps/anthropic/v1/messages/count_tokens`.',
    scope: 'inference',
    body: messages.TokenCountRequest,
    answer: messages.TokenCount,
    error: messages.MessageError,
    statusOf: anthropicStatus,
  },
  {
    method: 'get',
    path: '/v1/models',
    operationId: 'listServedModels',
    tag: Inference,
    summary: 'List the models of a key',
    description:
      'Those that the key may name, loaded or not: a model whose weights are here is loaded when somebody asks for it. With the header `anthropic-version`, or at `/apps/anthropic/v1/models`, in Anthropic’s shape and pages.',
    scope: 'models.read',
    answer: shapes.ModelCards,
  },
  {
    method: 'get',
    path: '/v1/models/{id}',
    operationId: 'getServedModel',
    tag: Inference,
    summary: 'One model of a key',
    description: 'An id that holds slashes may be sent as it is or encoded.',
    scope: 'models.read',
    parameters: [{ in: 'path', name: 'id', required: true, schema: { type: 'string' } }],
    answer: shapes.ModelCard,
  },
  {
    method: 'post',
    path: '/tokenize',
    operationId: 'tokenize',
    tag: Inference,
    summary: 'Count tokens',
    description: 'The very tokens that a model would read. Costs no generation.',
    scope: 'inference',
    body: shapes.TokenizeRequest,
    answer: shapes.Tokens,
  },
  {
    method: 'post',
    path: '/detokenize',
    operationId: 'detokenize',
    tag: Inference,
    summary: 'Text of tokens',
    description: 'What `/tokenize` did, undone.',
    scope: 'inference',
    body: shapes.DetokenizeRequest,
    answer: shapes.DetokenizedText,
  },
  {
    method: 'get',
    path: '/livez',
    operationId: 'getLivez',
    tag: 'Operations',
    summary: 'Whether the gateway is alive',
    description: 'Answered by the gateway itself, also while the rest restarts.',
    scope: null,
    answer: shapes.Alive,
  },
  ...DASHSCOPE_OPERATIONS,
  ...OLLAMA_OPERATIONS,
]

const HOW_STREAMED = {
  'text/event-stream': 'with `stream: true` as events',
  'application/x-ndjson': 'without `stream: false` as lines of JSON',
} as const

/** What it answers when all is well. */
export function successOf({ answer, event, eventType = 'text/event-stream' }: GatewayOperation): OpenApiResponse {
  return {
    description: event ? `The answer, whole; or ${HOW_STREAMED[eventType]}.` : 'The answer.',
    headers: {
      'x-request-id': { description: 'Names the request in logs and usage records.', schema: { type: 'string' } },
    },
    content: {
      'application/json': { schema: asSchema(answer) },
      ...(event ? { [eventType]: { schema: asSchema(event) } } : {}),
    },
  }
}

/** TypeBox's types list keywords one by one; a document is read by whoever comes. */
export function asSchema(shape: Type.TSchema): Schema {
  return shape as unknown as Schema
}
