/** Counts in the Responses API's words: `input_tokens` holds the cached ones, as everywhere at OpenAI. Pure module. */
import { usageIn } from '../../answer-watch.ts'
import { isObject } from '../fields.ts'

export type ResponseUsage = {
  input_tokens: number
  input_tokens_details: { cached_tokens: number; cache_write_tokens: number }
  output_tokens: number
  output_tokens_details: { reasoning_tokens: number }
  total_tokens: number
}

/**
 * @param usage of a chat completion, or whatever an engine sent in its place
 * @param otherwise output tokens where the engine counted none
 */
export function responseUsage(usage: unknown, otherwise: number): ResponseUsage {
  const counts = isObject(usage)
    ? usageIn(usage)
    : { tokensIn: 0, tokensCached: 0, tokensOut: otherwise, tokensReasoning: 0 }
  return {
    input_tokens: counts.tokensIn,
    input_tokens_details: { cached_tokens: counts.tokensCached, cache_write_tokens: 0 },
    output_tokens: counts.tokensOut,
    output_tokens_details: { reasoning_tokens: counts.tokensReasoning },
    total_tokens: counts.tokensIn + counts.tokensOut,
  }
}
