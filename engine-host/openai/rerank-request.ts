/**
 * What `/v1/rerank` (in the form of Cohere and Jina) and `/v1/score` (in vLLM's) ask: pairs of a query and a document.
 * Pure module.
 */
import { Fields, invalidType, invalidValue, missing } from './fields.ts'
import { RequestError } from './request-error.ts'

export const DOCUMENTS_MAX = 1000
/** Cohere cut documents into chunks of about this many tokens and took the best ten of them. Here the first ones count. */
const CHUNK_TOKENS = 512

export type Pair = { query: string; document: string /** Where the document stands in the body. */; param: string }

export type PairRequest = {
  model: string | null
  pairs: Pair[]
  /** What a reranker is told to look for; null = its maker's words. */
  instruction: string | null
  /** Most tokens of one document; what is beyond is left out. Null = as many as fit, and one that does not is refused. */
  documentTokensMax: number | null
  /** Most tokens of one whole prompt, made so by leaving out the end of its document; null = too long is refused. */
  promptTokensMax: number | null
}

export type RerankRequest = PairRequest & {
  /** Most results. */
  top: number
  returnDocuments: boolean
}

/** @throws RequestError */
export function readRerankRequest(body: unknown, contextTokens: number): RerankRequest {
  const fields = new Fields(body)
  const query = textOf(fields.raw('query') ?? missing('query'), 'query')
  const documents = textsOf(fields.array('documents') ?? missing('documents'), 'documents')
  const top = fields.integer('top_n', { min: 1 }) ?? documents.length
  return {
    ...shared(fields, contextTokens),
    pairs: documents.map((document, index) => ({ query, document, param: `documents[${index}]` })),
    top: Math.min(top, documents.length),
    returnDocuments: fields.boolean('return_documents') ?? false,
  }
}

/** One text against many, or as many against as many. @throws RequestError */
export function readScoreRequest(body: unknown, contextTokens: number): PairRequest {
  const fields = new Fields(body)
  const [first, second] = fields.raw('queries') === undefined ? ['text_1', 'text_2'] : ['queries', 'documents']
  const queries = oneOrMore(fields.raw(first) ?? missing(first), first)
  const documents = oneOrMore(fields.raw(second) ?? missing(second), second)
  if (queries.length !== 1 && queries.length !== documents.length) {
    throw invalidValue(
      first,
      `Invalid '${first}': it must be one text, or as many as '${second}' has (${documents.length}), but it has ${queries.length}.`,
    )
  }
  return {
    ...shared(fields, contextTokens),
    pairs: documents.map((document, index) => ({
      query: queries[queries.length === 1 ? 0 : index] as string,
      document,
      param: `${second}[${index}]`,
    })),
  }
}

function shared(fields: Fields, contextTokens: number): Omit<PairRequest, 'pairs'> {
  const chunks = fields.integer('max_chunks_per_doc', { min: 1, max: 10_000 })
  const promptTokens = fields.integer('truncate_prompt_tokens', { min: -1 })
  if (promptTokens === 0) throw invalidValue('truncate_prompt_tokens', 'Expected −1, or at least 1, but got 0.')
  return {
    model: fields.string('model'),
    instruction: fields.string('instruction') ?? fields.string('instruct'),
    documentTokensMax:
      fields.integer('max_tokens_per_doc', { min: 1 }) ?? (chunks === null ? null : chunks * CHUNK_TOKENS),
    promptTokensMax:
      promptTokens === null ? null : promptTokens === -1 ? contextTokens : Math.min(promptTokens, contextTokens),
  }
}

function oneOrMore(value: unknown, path: string): string[] {
  return Array.isArray(value) ? textsOf(value, path) : [textOf(value, path)]
}

function textsOf(values: readonly unknown[], path: string): string[] {
  if (values.length === 0) {
    throw new RequestError({
      status: 400,
      code: 'empty_array',
      param: path,
      message: `Invalid '${path}': empty array. Expected at least one text.`,
    })
  }
  if (values.length > DOCUMENTS_MAX) {
    throw new RequestError({
      status: 400,
      code: 'array_above_max_length',
      param: path,
      message: `Invalid '${path}': at most ${DOCUMENTS_MAX} texts are scored in one request, but got ${values.length}. Please send them in several requests.`,
    })
  }
  return values.map((value, index) => textOf(value, `${path}[${index}]`))
}

/** A string, or an object that holds it as `text`. */
function textOf(value: unknown, path: string): string {
  const text = typeof value === 'object' && value !== null ? (value as { text?: unknown }).text : value
  if (typeof text === 'string') return text
  throw invalidType(path, 'a string or an object with a text', value)
}
