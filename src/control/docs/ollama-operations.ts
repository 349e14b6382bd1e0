/** Ollama's API, as the document describes it. */
import type { GatewayOperation } from './gateway-operations.ts'
import * as shapes from './ollama-schemas.ts'

const ofOllama = { tag: 'Inference', error: shapes.OllamaError } as const
const inLines = { ...ofOllama, method: 'post', scope: 'inference', eventType: 'application/x-ndjson' } as const

export const OLLAMA_OPERATIONS: readonly GatewayOperation[] = [
  {
    ...inLines,
    path: '/api/chat',
    operationId: 'createOllamaChat',
    summary: 'Answer a conversation, in Ollama’s shapes',
    description:
      'Answered by any chat model; a stream of JSON lines unless `stream` is false. A stream that breaks off ends in a line with `error` and has none with `done: true`. `keep_alive`, options of how a model is run and fields that nobody here has heard of are accepted without effect.',
    body: shapes.OllamaChatRequest,
    answer: shapes.OllamaChatLine,
    event: shapes.OllamaChatLine,
  },
  {
    ...inLines,
    path: '/api/generate',
    operationId: 'createOllamaText',
    summary: 'Answer a prompt, in Ollama’s shapes',
    description:
      'As `/api/chat` with one message, or with `raw` as a text completion. `suffix`, `template` and `context` are refused, since ignoring them would change the answer.',
    body: shapes.OllamaGenerateRequest,
    answer: shapes.OllamaGenerateLine,
    event: shapes.OllamaGenerateLine,
  },
  {
    ...ofOllama,
    method: 'post',
    path: '/api/embed',
    operationId: 'createOllamaEmbeddings',
    summary: 'Turn texts into vectors, in Ollama’s shapes',
    description: 'Needs an embedding model. `truncate` is without effect: what is too long is refused.',
    scope: 'inference',
    body: shapes.OllamaEmbedRequest,
    answer: shapes.OllamaEmbeddings,
  },
  {
    ...ofOllama,
    method: 'post',
    path: '/api/embeddings',
    operationId: 'createOllamaEmbedding',
    summary: 'Turn one text into a vector, in Ollama’s older shape',
    description: 'As `/api/embed`, for one text.',
    scope: 'inference',
    body: shapes.OllamaEmbeddingsRequest,
    answer: shapes.OllamaEmbedding,
  },
  {
    ...ofOllama,
    method: 'get',
    path: '/api/tags',
    operationId: 'listOllamaModels',
    summary: 'List the models of a key, in Ollama’s shapes',
    description: 'Those that the key may name, loaded or not.',
    scope: 'models.read',
    answer: shapes.OllamaModels,
  },
  {
    ...ofOllama,
    method: 'get',
    path: '/api/ps',
    operationId: 'listRunningOllamaModels',
    summary: 'List the models that run, in Ollama’s shapes',
    description: 'Those of the key that an engine runs now.',
    scope: 'models.read',
    answer: shapes.OllamaModels,
  },
  {
    ...ofOllama,
    method: 'post',
    path: '/api/show',
    operationId: 'showOllamaModel',
    summary: 'One model of a key, in Ollama’s shapes',
    description: 'What it does and how much it reads.',
    scope: 'models.read',
    body: shapes.OllamaShowRequest,
    answer: shapes.OllamaShown,
  },
  {
    ...ofOllama,
    method: 'get',
    path: '/api/version',
    operationId: 'getOllamaVersion',
    summary: 'Which release of Ollama this API is that of',
    description: 'Clients ask for it to know what they may send. It is not the version of Tradewind. Any key will do.',
    scope: 'models.read',
    answer: shapes.OllamaVersion,
  },
]
