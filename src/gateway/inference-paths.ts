/**
 * Which paths are answered by an engine, in whose words, and what the engine calls them; and in whose words trouble is
 * told. Clients look for everything under `/v1`. Pure module.
 */
import type { IncomingHttpHeaders } from 'node:http'
import { ANTHROPIC, askMessage, askTokenCount } from './dialects/anthropic/anthropic.ts'
import {
  askGeneration,
  askMultimodalGeneration,
  askTextEmbedding,
  askTextRerank,
  DASHSCOPE,
} from './dialects/dashscope/dashscope.ts'
import type { Asked, Dialect } from './dialects/dialect.ts'
import { askChat, askEmbed, askEmbeddings, askGenerate, OLLAMA } from './dialects/ollama/ollama.ts'
import { askResponse, type ResponseContext } from './dialects/responses/responses.ts'

export type InferencePath = {
  /** What records and metrics call it. */
  route: string
  /** What an engine calls it. */
  enginePath: string
  /** Reads a body in another dialect; null = the engine reads what the client wrote. @throws AppError */
  ask: ((body: Buffer, headers: IncomingHttpHeaders, context: ResponseContext) => Asked | Promise<Asked>) | null
}

const asItIs = (path: string): InferencePath => ({ route: path, enginePath: path, ask: null })

/** Control's own paths lie under `/api` too, but none under `/api/v1`; no cookie counts here, as on all paths of a worker. */
const DASHSCOPE_PATHS: ReadonlyMap<string, InferencePath> = new Map(
  [
    { route: '/aigc/text-generation/generation', enginePath: '/v1/chat/completions', ask: askGeneration },
    {
      route: '/aigc/multimodal-generation/generation',
      enginePath: '/v1/chat/completions',
      ask: askMultimodalGeneration,
    },
    { route: '/embeddings/text-embedding/text-embedding', enginePath: '/v1/embeddings', ask: askTextEmbedding },
    { route: '/rerank/text-rerank/text-rerank', enginePath: '/v1/rerank', ask: askTextRerank },
  ].map((path) => [`/api/v1/services${path.route}`, { ...path, route: `/api/v1/services${path.route}` }]),
)

export const INFERENCE_PATHS: ReadonlyMap<string, InferencePath> = new Map([
  ['/v1/chat/completions', asItIs('/v1/chat/completions')],
  ['/v1/completions', asItIs('/v1/completions')],
  ['/v1/embeddings', asItIs('/v1/embeddings')],
  ...['/v1/rerank', '/v2/rerank', '/rerank'].map((path) => [path, asItIs('/v1/rerank')] as const),
  ...['/v1/score', '/score'].map((path) => [path, asItIs('/v1/score')] as const),
  ['/tokenize', asItIs('/tokenize')],
  ['/v1/tokenize', asItIs('/tokenize')],
  ['/detokenize', asItIs('/detokenize')],
  ['/v1/detokenize', asItIs('/detokenize')],
  ['/v1/messages', { route: '/v1/messages', enginePath: '/v1/chat/completions', ask: askMessage }],
  ['/v1/messages/count_tokens', { route: '/v1/messages/count_tokens', enginePath: '/tokenize', ask: askTokenCount }],
  [
    '/v1/responses',
    {
      route: '/v1/responses',
      enginePath: '/v1/chat/completions',
      ask: (body, _headers, context) => askResponse(body, context),
    },
  ],
  ...DASHSCOPE_PATHS,
  ['/api/chat', { route: '/api/chat', enginePath: '/v1/chat/completions', ask: askChat }],
  ['/api/generate', { route: '/api/generate', enginePath: '/v1/chat/completions', ask: askGenerate }],
  ['/api/embed', { route: '/api/embed', enginePath: '/v1/embeddings', ask: askEmbed }],
  ['/api/embeddings', { route: '/api/embeddings', enginePath: '/v1/embeddings', ask: askEmbeddings }],
])

/** Where Alibaba Cloud serves Anthropic's API, so that a client which moves here changes its host only. */
const ANTHROPIC_BASE = '/apps/anthropic'
/** And where OpenAI's. */
const OPENAI_BASE = '/compatible-mode'

/** @returns the path that it is another name of, or the path itself */
export function canonicalPath(path: string): string {
  if (isVersionedChat(path)) return '/v1/chat/completions'
  if (path.startsWith(`${ANTHROPIC_BASE}/`)) return path.slice(ANTHROPIC_BASE.length)
  const rest = path.startsWith(`${OPENAI_BASE}/v1/`) ? path.slice(OPENAI_BASE.length) : null
  return rest === null || isMessagesPath(rest) ? path : rest
}

/**
 * Apple's client appends `/chat/completions` to whatever address it is given, and puts `/v1` between them only where no
 * segment is a version: under `/v2`, `/openai/v1` or `/api/v3/team` it means the same. Not by one pattern with two open
 * ends, which would take the square of a path's length.
 */
function isVersionedChat(path: string): boolean {
  return path.endsWith('/chat/completions') && path.split('/').some((segment) => /^v\d+$/.test(segment))
}

/**
 * Paths of Ollama's API. Control's own lie under `/api` too, and none of them has one of these names: test/ollama.test.ts
 * looks at what control serves.
 */
const OLLAMA_PATHS: ReadonlySet<string> = new Set(
  [
    ...['chat', 'generate', 'embed', 'embeddings', 'tags', 'show', 'ps', 'version'],
    ...['pull', 'push', 'create', 'copy', 'delete'],
  ].map((name) => `/api/${name}`),
)

/** @param path before it was made canonical; @returns null = OpenAI's own */
export function dialectOf(path: string, headers: IncomingHttpHeaders): Dialect | null {
  if (OLLAMA_PATHS.has(path)) return OLLAMA
  if (DASHSCOPE_PATHS.has(path)) return DASHSCOPE
  if (isMessagesPath(path)) return ANTHROPIC
  if (path.startsWith('/v1/models')) return headers['anthropic-version'] === undefined ? null : ANTHROPIC
  return path.startsWith(`${ANTHROPIC_BASE}/`) ? ANTHROPIC : null
}

function isMessagesPath(path: string): boolean {
  return path === '/v1/messages' || path.startsWith('/v1/messages/')
}
