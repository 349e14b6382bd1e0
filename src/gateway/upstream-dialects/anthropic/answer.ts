/**
 * Anthropic's message as a chat completion, with its counts.
 *
 *   input_tokens + cache_creation_input_tokens + cache_read_input_tokens = prompt_tokens, of which the last is cached
 *
 * Thoughts are `reasoning_content`; with their signatures they are in `reasoning_details` too, which a client sends back as
 * it is. Pure module.
 */
import { isObject, type Json } from '../../dialects/fields.ts'

/** @param createdS when it was asked, seconds since the epoch */
export function completionOf(message: Json, createdS: number): Json {
  const blocks = Array.isArray(message.content) ? message.content.filter(isObject) : []
  const text = joined(blocks, 'text', 'text')
  const thoughts = joined(blocks, 'thinking', 'thinking')
  const details = blocks.flatMap((block) => detailOf(block) ?? [])
  const calls = blocks.filter(({ type }) => type === 'tool_use').map(callOf)
  return {
    id: completionId(message.id),
    object: 'chat.completion',
    created: createdS,
    model: typeof message.model === 'string' ? message.model : '',
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && calls.length > 0 ? null : text,
          ...(thoughts === '' ? {} : { reasoning_content: thoughts }),
          ...(details.length === 0 ? {} : { reasoning_details: details }),
          ...(calls.length === 0 ? {} : { tool_calls: calls }),
        },
        ...endingOf(message),
        logprobs: null,
      },
    ],
    usage: usageOf(message.usage),
  }
}

export function completionId(id: unknown): string {
  return `chatcmpl-${typeof id === 'string' ? id.replace(/^msg_/, '') : ''}`
}

/** @param said a message, or the delta of one */
export function endingOf(said: Json): { finish_reason: string; stop_reason: string | null } {
  const stop = typeof said.stop_sequence === 'string' ? said.stop_sequence : null
  return { finish_reason: finishOf(said.stop_reason), stop_reason: stop }
}

function finishOf(stop: unknown): string {
  switch (stop) {
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'length'
    case 'tool_use':
      return 'tool_calls'
    case 'refusal':
      return 'content_filter'
    default:
      return 'stop'
  }
}

/** What comes with a thought for the day that it comes back; null = this is no thought. */
export function detailOf(block: Json): Json | null {
  if (block.type === 'thinking')
    return { type: 'reasoning.text', text: block.thinking ?? '', signature: block.signature ?? '' }
  return block.type === 'redacted_thinking' ? { type: 'reasoning.encrypted', data: block.data ?? '' } : null
}

/** @param usage Anthropic's; of a stream, what is known of it so far */
export function usageOf(usage: unknown): Json {
  const told = isObject(usage) ? usage : {}
  const [cached, written] = [countIn(told.cache_read_input_tokens), countIn(told.cache_creation_input_tokens)]
  const prompt = countIn(told.input_tokens) + cached + written
  const answer = countIn(told.output_tokens)
  const details = isObject(told.output_tokens_details) ? told.output_tokens_details : {}
  return {
    prompt_tokens: prompt,
    completion_tokens: answer,
    total_tokens: prompt + answer,
    prompt_tokens_details: { cached_tokens: cached, cache_creation_tokens: written },
    completion_tokens_details: { reasoning_tokens: Math.min(answer, countIn(details.thinking_tokens)) },
  }
}

function countIn(value: unknown): number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : 0
}

function callOf(block: Json): Json {
  return {
    id: block.id,
    type: 'function',
    function: { name: block.name, arguments: JSON.stringify(block.input ?? {}) },
  }
}

function joined(blocks: readonly Json[], type: string, field: string): string {
  return blocks
    .flatMap((block) => (block.type === type && typeof block[field] === 'string' ? [block[field]] : []))
    .join('')
}
