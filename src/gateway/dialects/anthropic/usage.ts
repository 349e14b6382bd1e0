/**
 * Counts in Anthropic's buckets, which exclude each other, where OpenAI's are parts of a whole: `cached_tokens` are among
 * the `prompt_tokens` there, and beside the `input_tokens` here.
 *
 *   input_tokens + cache_creation_input_tokens + cache_read_input_tokens = prompt_tokens
 *
 * Nothing here writes a cache that is paid for, so that the bucket in the middle is always 0.
 * Pure module.
 */
import { usageIn } from '../../answer-watch.ts'
import { isObject } from '../fields.ts'

export type DeltaUsage = {
  input_tokens: number
  cache_creation_input_tokens: number
  cache_read_input_tokens: number
  output_tokens: number
  output_tokens_details: { thinking_tokens: number }
  server_tool_use: null
}

export type MessageUsage = DeltaUsage & {
  cache_creation: { ephemeral_1h_input_tokens: number; ephemeral_5m_input_tokens: number }
  inference_geo: null
  service_tier: 'standard'
  speed: null
}

/**
 * @param usage of a chat completion, or whatever an engine sent in its place
 * @param otherwise output tokens where the engine counted none
 */
export function deltaUsage(usage: unknown, otherwise = 0): DeltaUsage {
  const counts = isObject(usage)
    ? usageIn(usage)
    : { tokensIn: 0, tokensCached: 0, tokensOut: otherwise, tokensReasoning: 0 }
  return {
    input_tokens: counts.tokensIn - counts.tokensCached,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: counts.tokensCached,
    output_tokens: counts.tokensOut,
    output_tokens_details: { thinking_tokens: counts.tokensReasoning },
    server_tool_use: null,
  }
}

export function messageUsage(usage: unknown): MessageUsage {
  return {
    ...deltaUsage(usage),
    cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 0 },
    inference_geo: null,
    service_tier: 'standard',
    speed: null,
  }
}
