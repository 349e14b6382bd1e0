/** Counts in DashScope's words. Pure module. */
import { usageIn } from '../../answer-watch.ts'
import { isObject } from '../fields.ts'

export type GenerationUsage = {
  input_tokens: number
  output_tokens: number
  total_tokens: number
  prompt_tokens_details: { cached_tokens: number }
  output_tokens_details: { reasoning_tokens: number }
}

/**
 * @param usage of a chat completion, or whatever an engine sent in its place
 * @param outputAtLeast output tokens that are known of without it
 */
export function generationUsage(usage: unknown, outputAtLeast = 0): GenerationUsage {
  const { tokensIn, tokensCached, tokensOut, tokensReasoning } = usageIn(isObject(usage) ? usage : {})
  const output = Math.max(tokensOut, outputAtLeast)
  return {
    input_tokens: tokensIn,
    output_tokens: output,
    total_tokens: tokensIn + output,
    prompt_tokens_details: { cached_tokens: tokensCached },
    output_tokens_details: { reasoning_tokens: tokensReasoning },
  }
}
