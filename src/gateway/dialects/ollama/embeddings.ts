/** Vectors in Ollama's shapes: of `/api/embed`, and of the older `/api/embeddings`, which knows one. Pure module. */
import { usageIn } from '../../answer-watch.ts'
import { isObject, type Json } from '../fields.ts'
import { type AnswerOptions, nanoseconds } from './answer.ts'

export function embeddingsOf({ model, now }: AnswerOptions, list: Json): Json {
  return {
    model,
    embeddings: vectorsIn(list),
    total_duration: nanoseconds(now().sinceAskedMs),
    prompt_eval_count: isObject(list.usage) ? usageIn(list.usage).tokensIn : 0,
  }
}

export function embeddingOf(_options: AnswerOptions, list: Json): Json {
  return { embedding: vectorsIn(list)[0] ?? [] }
}

/** Of an answer to nothing there are none. */
function vectorsIn({ data }: Json): unknown[] {
  return Array.isArray(data) ? data.filter(isObject).map(({ embedding }) => embedding) : []
}
