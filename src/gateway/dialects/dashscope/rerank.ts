/** `{ model, input: { query, documents }, parameters }` into a rerank request, and its answer back. Pure module. */
import { usageIn } from '../../answer-watch.ts'
import { Fields, isObject, type Json } from '../fields.ts'

/** @throws FieldMissing · FieldOfWrongType */
export function rerankBody(body: unknown): Json {
  const asked = new Fields(body)
  const input = asked.requiredObject('input')
  const parameters = asked.object('parameters') ?? new Fields({}, 'parameters')
  const top = parameters.integer('top_n', 1)
  const instruction = parameters.string('instruct')
  return {
    model: asked.requiredString('model'),
    query: input.required('query'),
    documents: input.required('documents'),
    return_documents: parameters.boolean('return_documents') ?? false,
    ...(top === null ? {} : { top_n: top }),
    ...(instruction === null ? {} : { instruction }),
  }
}

export function rerankOf(answer: Json, requestId: string): Json {
  const results = Array.isArray(answer.results) ? answer.results.filter(isObject) : []
  return {
    output: {
      results: results.map(({ index, relevance_score, document }) => ({
        index,
        relevance_score,
        ...(document === undefined ? {} : { document }),
      })),
    },
    usage: { total_tokens: usageIn(isObject(answer.usage) ? answer.usage : {}).tokensIn },
    request_id: requestId,
  }
}
