/** Rerank, score and moderation: their routes, and their wire shapes, as the document describes them. */
import { Type } from 'typebox'
import type { GatewayOperation } from './gateway-operations.ts'

const maybe = Type.Optional
const Count = Type.Integer({ minimum: 0 })
const Model = Type.String({ description: 'Name of a model, as `GET /v1/models` lists it.' })
const Text = Type.Union([Type.String(), Type.Object({ text: Type.String() })])
const Texts = Type.Array(Text, { minItems: 1, maxItems: 1000 })
const Usage = Type.Object({ prompt_tokens: Count, total_tokens: Count })

const shared = {
  model: Model,
  instruction: maybe(
    Type.String({
      description: 'What a document is to be good for; default: a query of a web search. Also `instruct`.',
    }),
  ),
  max_tokens_per_doc: maybe(Type.Integer({ minimum: 1, description: 'Only so many tokens of a document count.' })),
  max_chunks_per_doc: maybe(Type.Integer({ minimum: 1, description: 'The same in chunks of 512 tokens.' })),
  truncate_prompt_tokens: maybe(
    Type.Integer({
      minimum: -1,
      description: 'The end of a document is left out until its prompt has so many tokens; −1: until it fits.',
    }),
  ),
}

export const RerankRequest = Type.Object(
  {
    ...shared,
    query: Text,
    documents: Texts,
    top_n: maybe(Type.Integer({ minimum: 1, description: 'Most results; default: one for each document.' })),
    return_documents: maybe(Type.Boolean({ description: 'Default false.' })),
  },
  { $id: 'RerankRequest' },
)
export const RerankAnswer = Type.Object(
  {
    id: Type.String(),
    model: Type.String(),
    results: Type.Array(
      Type.Object({
        index: Type.Integer({ minimum: 0, description: 'Place of the document in the request.' }),
        relevance_score: Type.Number(),
        document: maybe(Type.Object({ text: Type.String() })),
      }),
      { description: 'Best first.' },
    ),
    usage: Usage,
  },
  { $id: 'RerankAnswer' },
)
export const ScoreRequest = Type.Object(
  {
    ...shared,
    text_1: maybe(Type.Union([Text, Texts], { description: 'One text, or as many as `text_2` has. Also `queries`.' })),
    text_2: maybe(Type.Union([Text, Texts], { description: 'Also `documents`, with `queries`.' })),
  },
  { $id: 'ScoreRequest' },
)
export const ScoreAnswer = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('list'),
    created: Count,
    model: Type.String(),
    data: Type.Array(Type.Object({ index: Count, object: Type.Literal('score'), score: Type.Number() })),
    usage: Usage,
  },
  { $id: 'ScoreAnswer' },
)

const DashScopeRerankRequest = Type.Object(
  {
    model: Model,
    input: Type.Object({ query: Type.String(), documents: Texts }),
    parameters: maybe(
      Type.Object({
        top_n: maybe(Type.Integer({ minimum: 1 })),
        return_documents: maybe(Type.Boolean()),
        instruct: maybe(Type.String()),
      }),
    ),
  },
  { $id: 'DashScopeRerankRequest' },
)
const DashScopeRerank = Type.Object(
  {
    output: Type.Object({
      results: Type.Array(
        Type.Object({
          index: Count,
          relevance_score: Type.Number(),
          document: maybe(Type.Object({ text: Type.String() })),
        }),
      ),
    }),
    usage: Type.Object({ total_tokens: Count }),
    request_id: Type.String(),
  },
  { $id: 'DashScopeRerank' },
)

export const ModerationRequest = Type.Object(
  {
    model: maybe(
      Type.String({
        description: 'A guard model that answers as Qwen3Guard-Gen does; default: whom the project has chosen.',
      }),
    ),
    input: Type.Union(
      [
        Type.String(),
        Type.Array(Type.String(), { minItems: 1, maxItems: 100 }),
        Type.Array(Type.Object({ type: Type.Literal('text'), text: Type.String() }), { minItems: 1 }),
      ],
      { description: 'A text, several, or one in parts.' },
    ),
  },
  { $id: 'ModerationRequest' },
)
export const ModerationAnswer = Type.Object(
  {
    id: Type.String(),
    model: Type.Union([Type.String(), Type.Null()]),
    results: Type.Array(
      Type.Object({
        flagged: Type.Boolean(),
        categories: Type.Record(Type.String(), Type.Boolean()),
        category_scores: Type.Record(Type.String(), Type.Number({ minimum: 0, maximum: 1 })),
        category_applied_input_types: Type.Record(Type.String(), Type.Array(Type.String())),
      }),
    ),
  },
  { $id: 'ModerationAnswer' },
)

const SCORED =
  'An embedding model gives the cosine of two vectors, −1 to 1. Any other is asked in the words of Qwen3-Reranker, and its score is the probability of “yes” against “no”, 0 to 1; only a model that was trained for this judges well. At most 1,000 documents, and 300,000 tokens with their queries.'
const ofAll = { method: 'post', tag: 'Inference', scope: 'inference' } as const

export const RERANK_AND_MODERATION_OPERATIONS: readonly GatewayOperation[] = [
  {
    ...ofAll,
    path: '/v1/rerank',
    operationId: 'rerank',
    summary: 'Rank documents by a query',
    description: `In the form of Cohere and Jina; also at \`/rerank\` and \`/v2/rerank\`. ${SCORED}`,
    body: RerankRequest,
    answer: RerankAnswer,
  },
  {
    ...ofAll,
    path: '/v1/score',
    operationId: 'score',
    summary: 'Score pairs of texts',
    description: `In vLLM’s form; also at \`/score\`. ${SCORED}`,
    body: ScoreRequest,
    answer: ScoreAnswer,
  },
  {
    ...ofAll,
    path: '/api/v1/services/rerank/text-rerank/text-rerank',
    operationId: 'rerankTexts',
    summary: 'Rank documents by a query, in DashScope’s shapes',
    description: 'The same as `/v1/rerank`. Errors come in DashScope’s shape and with its codes.',
    body: DashScopeRerankRequest,
    answer: DashScopeRerank,
    error: Type.Object({ code: Type.String(), message: Type.String(), request_id: Type.String() }),
  },
  {
    ...ofAll,
    path: '/v1/moderations',
    operationId: 'createModeration',
    summary: 'Judge texts',
    description:
      'By a guard model, which is asked once a text and leaves a usage record each time, or by the keywords and patterns of the project, which cost nothing and are categories of their own. A guard of Qwen3Guard-Gen’s kind weighs nothing: a score is 1 for unsafe, 0.5 for controversial, else 0; what OpenAI has no category for stands beside the others. Names of OpenAI’s own moderation models mean whom the project has chosen.',
    body: ModerationRequest,
    answer: ModerationAnswer,
  },
]
